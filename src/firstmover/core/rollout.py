"""Playing a game against a commitment: one step, a sub-episode, many sub-episodes.

`play_step` is the one way to step a game. Counterfactual queries, reward sub-episodes, the step-level problem and
certificates all come through it.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.commitment import Commitment
from firstmover.core.plays import Play
from firstmover.core.trees import GameState, Memory
from firstmover.games.base import Game

W = TypeVar("W")

_UNROLLED = 4  # sub-episodes up to this long are unrolled: a loop would cost more than its body


class Step(NamedTuple):
    """What happened in one step."""

    leader_obs: Array
    leader_acts: Bool[Array, ""]
    leader_action: Array
    follower_obs: Int[Array, "n"]
    followers_act: Bool[Array, "n"]
    follower_actions: Int[Array, "n"]
    leader_reward: Float[Array, ""]
    follower_rewards: Float[Array, "n"]
    transfers: Float[Array, ""] | None


class Position(NamedTuple):
    """Where a sub-episode stands: the state of the game, and what the followers' play remembers."""

    state: GameState
    memory: Memory


class Payments(NamedTuple):
    """Total payments of a sub-episode; transfers are None in games without money."""

    leader: Float[Array, ""]
    followers: Float[Array, "n"]
    transfers: Float[Array, ""] | None


class Query(NamedTuple):
    """Sub-episodes that a follower wants played: Q of them.

    Attributes:
        types: type profile of each.
        play: how the followers act: shared by all, or with a leading axis Q (`Play.per_episode`).
        noise: uniform numbers for their draws in L steps, or None where nothing is drawn in the steps of the horizon.
        chance: address of the chance of each within its round; equal addresses share their chance, so that
            counterfactuals differ in the action only.
        start: where each of them stands, so that it goes on from there; None for their beginning.
        clock: the time of their first step; None for 0.
    """

    types: Int[Array, "Q n"]
    play: Play
    noise: Float[Array, "Q L n"] | None
    chance: Int[Array, "Q"]
    start: Position | None = None
    clock: Int[Array, ""] | None = None

    def length(self, game: Game) -> int:
        """How many steps are played in each."""
        return game.horizon if self.noise is None else self.noise.shape[1]


class Outcome(NamedTuple):
    """The outcome of a query.

    Attributes:
        leader, followers: total payments of each sub-episode.
        steps: all steps of each, where they were kept.
        leader_rows: for each step the row of the leader's observation; where it did not act, the number of rows.
        transfers: what the leader received less what it paid in each; None in games without money.
        ends: where each of them stands afterwards.
    """

    leader: Float[Array, "Q"]
    followers: Float[Array, "Q n"]
    steps: Step | None = None
    leader_rows: Int[Array, "Q L"] | None = None
    transfers: Float[Array, "Q"] | None = None
    ends: Position | None = None


def opening(game: Game, play: Play, types: Int[Array, "n"], key: Key[Array, ""]) -> Position:
    """The start of a sub-episode that has this key."""
    return Position(game.reset(types, jax.random.fold_in(key, 0)), play.begin(types))


def play_step(
    game: Game,
    commitment: Commitment,
    play: Play,
    noise: Float[Array, "n"],
    position: Position,
    time: Int[Array, ""] | int,
    key: Key[Array, ""],
) -> tuple[Position, Step]:
    """Let everybody who acts now act, and step the game.

    The key is the sub-episode's; with the time it serves the leader's draw and the game's chance.
    """
    state, memory = position
    turn = game.observe(state)
    key_leader, key_chance = jax.random.split(jax.random.fold_in(key, time + 1))
    action = commitment(turn.leader_obs, game.leader_mask(turn.leader_obs), key_leader)
    follower_actions, memory = play.act(memory, turn, time, noise)
    state, rewards = game.step(state, action, follower_actions, key_chance)
    if play.learns:
        memory = play.learn(memory, turn, time, follower_actions, rewards, game.observe(state))
    return Position(state, memory), Step(
        turn.leader_obs,
        turn.leader_acts,
        action,
        turn.follower_obs,
        turn.followers_act,
        follower_actions,
        rewards.leader,
        rewards.followers,
        rewards.transfers,
    )


def rollout(
    game: Game,
    commitment: Commitment,
    play: Play,
    noise: Float[Array, "L n"] | None,
    types: Int[Array, "n"],
    key: Key[Array, ""],
) -> Step:
    """One sub-episode from its start, every field with a leading axis L = horizon."""
    start = opening(game, play, types, key)
    return continued(game, commitment, play, noise, start, key, length=game.horizon, watch=lambda step: step)[2]


def continued(
    game: Game,
    commitment: Commitment,
    play: Play,
    noise: Float[Array, "L n"] | None,
    start: Position,
    key: Key[Array, ""],
    *,
    length: int,
    watch: Callable[[Step], W],
    clock: Int[Array, ""] | int = 0,
) -> tuple[Position, Payments, W]:
    """A sub-episode from where it stands. Payments are added up as they come; of the steps, what is watched is kept.

    Args:
        game: what is played.
        commitment: the leader's rule.
        play: how the followers act.
        noise: uniform numbers for their draws, or None where nothing is drawn.
        start: where it stands.
        key: of the sub-episode.
        length: how many steps are played.
        watch: what is kept of a step.
        clock: the time of the first of them.

    Returns:
        Where it stands afterwards, the total payments, and what was kept, with a leading axis L = length.
    """
    if noise is None:
        noise = jnp.zeros((length, game.n_followers))

    def body(carry: tuple[Position, Payments], inputs: tuple[Array, Array]) -> tuple[tuple[Position, Payments], W]:
        (position, total), (time, u) = carry, inputs
        position, step = play_step(game, commitment, play, u, position, time, key)
        return (position, jax.tree.map(jnp.add, total, _paid(step))), watch(step)

    # The barrier keeps the compiler from folding the constant parts of the start through unrolled steps, for minutes.
    start = jax.lax.optimization_barrier(start)
    times = clock + jnp.arange(length, dtype=jnp.int32)
    paid = jax.eval_shape(lambda: _paid(play_step(game, commitment, play, noise[0], start, times[0], key)[1]))
    nothing = jax.tree.map(lambda total: jnp.zeros(total.shape, total.dtype), paid)
    (end, total), kept = jax.lax.scan(body, (start, nothing), (times, noise), unroll=length <= _UNROLLED)
    return end, total, kept


def _paid(step: Step) -> Payments:
    return Payments(step.leader_reward, step.follower_rewards, step.transfers)


def answer(
    game: Game, commitment: Commitment, query: Query, key: Key[Array, ""], *, keep_steps: bool = False
) -> Outcome:
    """Play all sub-episodes of a query; their steps are kept only if asked for, since they take most of the memory."""
    length, clock = query.length(game), 0 if query.clock is None else query.clock

    def watch(step: Step) -> tuple[Int[Array, ""], Step | None]:
        row = game.row(step.leader_obs)
        return jnp.where(step.leader_acts, row, game.n_rows), step if keep_steps else None

    def one(types: Array, play: Play, noise: Array | None, chance: Array, start: Position | None) -> Outcome:
        own = jax.random.fold_in(key, chance)
        start = opening(game, play, types, own) if start is None else start
        end, paid, (rows, steps) = continued(
            game, commitment, play, noise, start, own, length=length, watch=watch, clock=clock
        )
        return Outcome(paid.leader, paid.followers, steps, rows, paid.transfers, end)

    in_axes = (0, 0 if query.play.per_episode else None, None if query.noise is None else 0, 0, 0)
    return jax.vmap(one, in_axes)(query.types, query.play, query.noise, query.chance, query.start)
