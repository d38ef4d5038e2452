"""Playing a game against a commitment: one step, a sub-episode, many sub-episodes, all profiles.

`play_step` is the one way to step a game. Counterfactual queries, reward sub-episodes, the step-level problem and
certificates all come through it.
"""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.commitment import Commitment
from firstmover.errors import InputError
from firstmover.games.base import Game, Turn
from firstmover.noise import inverse_cdf
from firstmover.spaces import observation_index

MAX_PROFILES = 1_000_000
_UNROLLED = 4  # sub-episodes up to this long are unrolled: a loop would cost more than its body


class Actions(eqx.Module):
    """Every follower plays one given action whenever it acts; a query of many sub-episodes has a leading axis."""

    actions: Int[Array, "*Q n"]

    def __call__(self, turn: Turn, noise: Float[Array, "n"]) -> Int[Array, "n"]:
        """The actions of this step."""
        del turn, noise
        return self.actions


class Strategies(eqx.Module):
    """Every follower plays its own table of probabilities [observations, actions], independently of the others."""

    tables: tuple[Float[Array, "*seeds _observations _actions"], ...]

    def __call__(self, turn: Turn, noise: Float[Array, "n"]) -> Int[Array, "n"]:
        """The actions of this step, by inversion."""
        drawn = [inverse_cdf(table[turn.follower_obs[i]], noise[i]) for i, table in enumerate(self.tables)]
        return jnp.stack(drawn)


class TimedStrategies(eqx.Module):
    """As `Strategies`, with a table for every step of the sub-episode: [steps, observations, actions]."""

    tables: tuple[Float[Array, "*seeds L _observations _actions"], ...]


class JointPlay(eqx.Module):
    """Followers that act once play correlated actions: for every type profile, one distribution over profiles.

    The time average of several learners is of this kind. Shape [P, A_1 * ... * A_n], rows in the order of
    `game.types.profiles`.
    """

    probabilities: Float[Array, "*seeds P profiles"]


Play = Actions | Strategies | TimedStrategies


def play_at(play: Play, time: Int[Array, ""] | int) -> Actions | Strategies:
    """How the followers play in a step of a sub-episode."""
    if isinstance(play, TimedStrategies):
        return Strategies(tuple(table[time] for table in play.tables))
    return play


class Step(NamedTuple):
    """What happened in one step."""

    leader_obs: Int[Array, "d"]
    leader_acts: Bool[Array, ""]
    follower_obs: Int[Array, "n"]
    followers_act: Bool[Array, "n"]
    follower_actions: Int[Array, "n"]
    leader_reward: Float[Array, ""]
    follower_rewards: Float[Array, "n"]
    transfers: Float[Array, ""] | None


class Query(NamedTuple):
    """Sub-episodes that a follower wants played: Q of them.

    Attributes:
        types: type profile of each.
        play: how the followers act: `Actions` with a leading axis Q, or `Strategies` shared by all.
        noise: uniform numbers for their draws, or None where nothing is drawn.
        chance: address of the chance of each within its round; equal addresses share their chance, so that
            counterfactuals differ in the action only.
    """

    types: Int[Array, "Q n"]
    play: Play
    noise: Float[Array, "Q L n"] | None
    chance: Int[Array, "Q"]


class Outcome(NamedTuple):
    """What came of a query.

    Attributes:
        leader, followers: total payments of each sub-episode.
        steps: all steps of each, where they were kept.
        met: for each step, the row of the leader's observation, or the number of observations where it did not act.
        transfers: what the leader received less what it paid in each; None in games without money.
    """

    leader: Float[Array, "Q"]
    followers: Float[Array, "Q n"]
    steps: Step | None = None
    met: Int[Array, "Q L"] | None = None
    transfers: Float[Array, "Q"] | None = None


def play_step(
    game: Game,
    commitment: Commitment,
    play: Actions | Strategies,
    noise: Float[Array, "n"],
    state: object,
    key: Key[Array, ""],
) -> tuple[object, Step]:
    """Let everybody who acts now act, and step the game. The key serves the leader's draw and the game's chance."""
    turn = game.observe(state)
    key_leader, key_chance = jax.random.split(key)
    action = commitment(turn.leader_obs, game.leader_mask(turn.leader_obs), key_leader)
    follower_actions = play(turn, noise)
    state, rewards = game.step(state, action, follower_actions, key_chance)
    return state, Step(
        turn.leader_obs,
        turn.leader_acts,
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
    if noise is None:
        noise = jnp.zeros((game.horizon, game.n_followers))

    def body(state: object, inputs: tuple[Array, Array]) -> tuple[object, Step]:
        time, u = inputs
        return play_step(game, commitment, play_at(play, time), u, state, jax.random.fold_in(key, time + 1))

    # The barrier keeps the compiler from folding the constant parts of the start through unrolled steps, for minutes.
    start = jax.lax.optimization_barrier(game.reset(types, jax.random.fold_in(key, 0)))
    times = jnp.arange(game.horizon, dtype=jnp.int32)
    _, steps = jax.lax.scan(body, start, (times, noise), unroll=game.horizon <= _UNROLLED)
    return steps


def answer(
    game: Game, commitment: Commitment, query: Query, key: Key[Array, ""], *, keep_steps: bool = False
) -> Outcome:
    """Play all sub-episodes of a query; their steps are kept only if asked for, since they take most of the memory."""

    def one(types: Array, play: Play, noise: Array | None, chance: Array) -> Outcome:
        steps = rollout(game, commitment, play, noise, types, jax.random.fold_in(key, chance))
        rows = jax.vmap(lambda obs: observation_index(obs, game.leader_obs_sizes))(steps.leader_obs)
        met = jnp.where(steps.leader_acts, rows, game.n_observations)
        kept = steps if keep_steps else None
        transfers = None if steps.transfers is None else steps.transfers.sum(0)
        return Outcome(steps.leader_reward.sum(0), steps.follower_rewards.sum(0), kept, met, transfers)

    in_axes = (0, 0 if isinstance(query.play, Actions) else None, None if query.noise is None else 0, 0)
    return jax.vmap(one, in_axes)(query.types, query.play, query.noise, query.chance)


def all_profiles(game: Game) -> Query:
    """One sub-episode for every (type profile, action profile): the game that a commitment induces, in full.

    Rows are ordered by type profile, then by action profile with the last follower's action varying fastest.

    Raises:
        InputError: the game has chance, its followers act in every step, or it is too large.
    """
    if game.followers_act != "once":
        raise InputError(f"the profiles of {game.name} cannot be listed: its followers act in every step.")
    if game.has_chance:
        raise InputError(f"the profiles of {game.name} cannot be listed: the game has chance.")
    check_size(game)
    support, _ = game.types.profiles
    actions = np.indices(game.n_actions).reshape(game.n_followers, -1).T.astype(np.int32)
    types = np.repeat(support, len(actions), axis=0)
    profiles = np.tile(actions, (len(support), 1))
    return Query(jnp.asarray(types), Actions(jnp.asarray(profiles)), None, jnp.zeros(len(types), jnp.int32))


def check_size(game: Game) -> None:
    """Refuse a game with more (type profile, action profile) pairs than `MAX_PROFILES`.

    Raises:
        InputError: it is larger.
    """
    size = math.prod(map(float, game.n_actions)) * math.prod(map(float, game.n_types))
    if size > MAX_PROFILES:
        raise InputError(
            f"{game.name} has up to {size:.3g} (type, action) profiles, more than the {MAX_PROFILES} that are listed; "
            "use sampled updates and rewards ('-f update=sampled -l reward_episodes=30') or a smaller game."
        )


def joint_play(game: Game, play: Strategies | JointPlay) -> Float[Array, "P profiles"]:
    """Probability of every action profile at every type profile, for followers that act once."""
    if isinstance(play, JointPlay):
        return play.probabilities
    support, _ = game.types.profiles
    joint = jnp.ones((len(support), 1))
    for i, table in enumerate(play.tables):
        joint = (joint[:, :, None] * table[support[:, i]][:, None, :]).reshape(len(support), -1)
    return joint


def play_query(game: Game, play: Strategies | TimedStrategies | JointPlay, noise: Float[Array, "Q u"]) -> Query:
    """Q sub-episodes in which types are drawn anew and the followers play as given.

    `noise` has `play_noise_size(game)` uniform numbers a sub-episode. Followers that act once have drawn their
    actions when the sub-episode starts; the others draw in every step.
    """
    n, chance = game.n_followers, jnp.arange(noise.shape[0], dtype=jnp.int32)
    types = jax.vmap(game.types.sample)(noise[:, :n])
    if game.followers_act == "every step":
        assert not isinstance(play, JointPlay)
        return Query(types, play, noise[:, n:].reshape(-1, game.horizon, n), chance)
    assert not isinstance(play, TimedStrategies)
    if isinstance(play, Strategies):
        draws = [jax.vmap(inverse_cdf)(table[types[:, i]], noise[:, n + i]) for i, table in enumerate(play.tables)]
        return Query(types, Actions(jnp.stack(draws, -1)), None, chance)
    support, _ = game.types.profiles
    rows = jnp.argmax(jnp.all(types[:, None] == support, axis=-1), axis=-1)
    drawn = jax.vmap(inverse_cdf)(play.probabilities[rows], noise[:, n])
    return Query(types, Actions(jnp.stack(jnp.unravel_index(drawn, game.n_actions), -1)), None, chance)


def play_noise_size(game: Game) -> int:
    """Uniform numbers that one sub-episode of `play_query` consumes: types, then every follower as often as it acts."""
    return game.n_followers * (1 + (game.horizon if game.followers_act == "every step" else 1))


def type_masks(game: Game) -> tuple[Bool[Array, "_types _actions"], ...]:
    """What each type of each follower may do when it acts, in games whose followers act once."""
    masks = []
    key = jax.random.key(0)
    for i, (n_types, n_actions) in enumerate(zip(game.n_types, game.n_actions, strict=True)):
        types = np.zeros((n_types, game.n_followers), np.int32)
        types[:, i] = np.arange(n_types)
        turns = jax.vmap(lambda t: game.observe(game.reset(t, key)))(jnp.asarray(types))
        masks.append(turns.follower_mask[:, i, :n_actions])
    return tuple(masks)
