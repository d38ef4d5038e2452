"""Sessions: Q-learners that play the same listed game over and over, thousands of sessions side by side.

In every round each player takes the best action of its row, or with probability exp(-beta * round) any action, and then

    Q[last, a] <- Q[last, a] + alpha * (paid + discount * target - Q[last, a])

where the target is the largest value at the profile just played (Q-learning) or the value of what is played next
(SARSA), and `last` is the profile of the round before, if players remember it. Of several best actions the first is
taken. After the learning rounds come rounds without exploring or learning, which go on from the last profile.

A game may have a past of its own (such as who was shown in the round before): what a profile pays then depends on it.

This is the inner loop of everything that is said about sellers who learn, so it is written for speed: one table per
player, one look at a row a round, sessions in blocks that fit a core's cache, random numbers drawn ahead for a block
of rounds. Their address is (session, round, player), so that they depend on no blocks or batches.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt32

from firstmover.core.batching import batch_last
from firstmover.core.noise import mix
from firstmover.core.value_tables import best, entry, row_of, with_entry, with_value

Arrays = tuple[Array, ...]

_AHEAD = 64  # rounds whose random numbers are drawn at once, at most
_CACHE = 1_500_000  # bytes of the tables of a block of sessions
_WIDEST = 512  # sessions in a block


class Stage(NamedTuple):
    """The game that is played in every round: S action profiles, the last player's action varying fastest.

    Attributes:
        pays: what every player is paid, [P, H * S], by past and profile.
        past: the past after a round, [P, H * S], or None where there is one only.
    """

    pays: tuple[Float[Array, "P HS"], ...]
    past: Int[Array, "P HS"] | None = None


class Parameters(NamedTuple):
    """How players learn; tuples have an entry for every player.

    Attributes:
        actions: numbers of actions.
        alpha: weights of what is new.
        beta: rates at which exploring falls.
        discount: weights of the next round.
        method: what the target is; or "ucb", for players of `ucb_sessions`.
        memory: whether players remember the last profile.
        masked: whether some actions are impossible: those whose first value is minus infinity.
        rounds: learning rounds; where sessions stop when they have converged, at most.
        calm: rounds without a change of a best action after which a session has converged; 0 to play all rounds.
        reward_rounds: rounds afterwards, without learning.
    """

    actions: tuple[int, ...]
    alpha: tuple[float, ...]
    beta: tuple[float, ...]
    discount: tuple[float, ...]
    method: Literal["q-learning", "sarsa", "ucb"] = "q-learning"
    memory: bool = True
    masked: bool = False
    rounds: int = 50_000
    calm: int = 0
    reward_rounds: int = 30

    @property
    def profiles(self) -> int:
        """How many action profiles there are."""
        return math.prod(self.actions)

    @property
    def states(self) -> int:
        """How many rows a player's table has."""
        return self.profiles if self.memory else 1


class Sessions(NamedTuple):
    """What came of sessions, each field with a leading axis of sessions.

    Attributes:
        tables: every player's values [S, actions].
        last: the profile of the last learning round.
        past: the game's past then.
        frequency: how often each profile came up in the reward rounds, by past, [H * S]; sums to 1.
        rounds: learning rounds until it had converged, the calm ones included; or all.
        converged: whether it has, where that is looked for.
    """

    tables: tuple[Float[Array, "N S _actions"], ...]
    last: Int[Array, "N"]
    past: Int[Array, "N"]
    frequency: Float[Array, "N HS"]
    rounds: Int[Array, "N"]
    converged: Bool[Array, "N"]


def first_values(stage: Stage, how: Parameters) -> tuple[Float[Array, "P _actions"], ...]:
    """Every player's discounted profit for ever if the others play uniformly, [P, actions] each."""
    values = []
    for i, pay in enumerate(stage.pays):
        table = pay.reshape(len(pay), -1, *how.actions)
        others = tuple(axis for axis in range(1, table.ndim) if axis != 2 + i)
        values.append(table.mean(axis=others) / (1 - how.discount[i]))
    return tuple(values)


def play_sessions(
    stage: Stage, values: tuple[Float[Array, "P _actions"], ...], seeds: UInt32[Array, "P"], how: Parameters
) -> Sessions:
    """A session for each of these stage games, with its own first values and seed.

    Batches of any nesting (`jax.vmap`) become one, worked off in blocks.
    """

    def block_of_sessions(pays: Arrays, past: Array | None, values: Arrays, seed: Array) -> Sessions:
        first = jax.tree.map(lambda leaf: jnp.moveaxis(leaf, -1, 0), (pays, past, values, seed))
        return jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, -1), _in_blocks(how, *first))

    return jax.vmap(batch_last(block_of_sessions))(
        jax.tree.map(lambda leaf: leaf.astype(jnp.float32), stage.pays),
        stage.past,
        jax.tree.map(lambda leaf: leaf.astype(jnp.float32), values),
        seeds,
    )


def draws(seed: UInt32[Array, ""], times: Int[Array, "rounds"], how: Parameters) -> tuple[Int[Array, "rounds"], ...]:
    """Every player's action where it explores in these rounds, -1 where it does not."""
    drawn = []
    for i, (actions, beta) in enumerate(zip(how.actions, how.beta, strict=True)):
        word = mix(
            mix(times.astype(jnp.uint32) * jnp.uint32(0x9E3779B9) + seed) ^ jnp.uint32(0x68E31DA4 * (i + 1) % 2**32)
        )
        unit = (word >> 8).astype(jnp.int32).astype(jnp.float32) * jnp.float32(2.0**-24)
        action = ((mix(word) >> 16) * jnp.uint32(actions)) >> 16
        explores = unit < jnp.exp(jnp.float32(-beta) * times.astype(jnp.float32))
        drawn.append(jnp.where(explores, action.astype(jnp.int32), -1))
    return tuple(drawn)


def session_seed(seed: UInt32[Array, ""], number: Int[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    """The seeds of the sessions with these numbers: hashed, so that sessions of two episodes share no rounds."""
    return mix(mix(seed) + number.astype(jnp.uint32) * jnp.uint32(0x85EBCA6B) + jnp.uint32(1))


def _in_blocks(how: Parameters, pays: Arrays, past: Array | None, values: Arrays, seed: Array) -> Sessions:
    """Sessions [N, ...], as many at a time as fit the cache."""
    total = seed.shape[0]
    size = min(_WIDEST, max(8, _CACHE // (4 * how.states * sum(how.actions))))
    blocks = -(-total // size)
    size = -(-total // blocks)
    rows = np.minimum(np.arange(blocks * size), total - 1).reshape(blocks, size)
    one = jax.vmap(lambda *given: _session(how, *given))
    if blocks == 1:
        return one(pays, past, values, seed)
    arguments = jax.tree.map(lambda leaf: leaf[rows], (pays, past, values, seed))
    results = jax.lax.map(lambda given: one(*given), arguments)
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[:total], results)


class _Running(NamedTuple):
    tables: tuple[Array, ...]
    last: Array
    past: Array
    changed: Array  # the round of the last change of a best action
    following: tuple[Array, ...]  # the best actions at the last profile; with SARSA, what is played next


def _session(how: Parameters, pays: Arrays, past: Array | None, values: Arrays, seed: Array) -> Sessions:
    sarsa, zero = how.method == "sarsa", jnp.int32(0)
    start = (mix(seed ^ jnp.uint32(0xB5297A4D)) % jnp.uint32(how.profiles)).astype(jnp.int32)

    def rows_at(tables: tuple[Array, ...], profile: Array) -> list[list[Array]]:
        """Every player's values of its actions after a profile."""
        row = profile if how.memory else zero
        return [row_of(own, row) for own in tables]

    def best_at(tables: tuple[Array, ...], profile: Array) -> tuple[Array, ...]:
        return tuple(best(own)[1] for own in rows_at(tables, profile))

    def chosen(greedy: tuple[Array, ...], explored: tuple[Array, ...]) -> tuple[Array, ...]:
        actions = []
        for own, first, e in zip(greedy, values, explored, strict=True):
            explores = (e >= 0) & (first[e] > -jnp.inf) if how.masked else e >= 0
            actions.append(jnp.where(explores, e, own))
        return tuple(actions)

    def round_of(state: _Running, inputs: tuple[Array, Arrays]) -> tuple[_Running, None]:
        time, explored = inputs
        actions = state.following if sarsa else chosen(state.following, explored)
        profile = _index(actions, how.actions)
        # What is paid at a profile, and the past afterwards.
        here = profile if past is None else state.past * how.profiles + profile
        after = state.past if past is None else entry(past, (here,))
        row, row_ahead = (state.last, profile) if how.memory else (zero, zero)
        ahead = rows_at(state.tables, profile)
        following = chosen(tuple(best(own)[1] for own in ahead), explored)
        tables, greedy, changed = [], [], state.changed
        for i, own in enumerate(state.tables):
            action = actions[i]
            target = entry(own, (row_ahead, following[i])) if sarsa else best(ahead[i])[0]
            old = entry(own, (row, action))
            alpha, discount = jnp.float32(how.alpha[i]), jnp.float32(how.discount[i])
            value = old + alpha * (entry(pays[i], (here,)) + discount * target - old)
            tables.append(with_entry(own, (row, action), value))
            # Of the row ahead after this change, without looking it up again.
            greedy.append(best(with_value(ahead[i], jnp.where(row == row_ahead, action, -1), value))[1])
            if how.calm:
                before = row_of(own, row)
                changed = jnp.where(best(before)[1] != best(with_value(before, action, value))[1], time, changed)
        return _Running(tuple(tables), profile, after, changed, following if sarsa else tuple(greedy)), None

    def some_rounds(state: _Running, first: Array, length: int) -> _Running:
        times = first + jnp.arange(length, dtype=jnp.int32)
        # SARSA chooses what it plays next, so its draws are a round ahead.
        explored = draws(seed, times + sarsa, how)
        return jax.lax.scan(round_of, state, (times, explored))[0]

    tables = tuple(jnp.tile(own, (how.states, 1)) for own in values)
    state = _Running(tables, start, zero, zero, best_at(tables, start))
    if sarsa:
        opening = draws(seed, jnp.zeros(1, jnp.int32), how)
        state = state._replace(following=chosen(state.following, tuple(own[0] for own in opening)))
    length = max(d for d in range(1, _AHEAD + 1) if how.rounds % d == 0)
    if how.calm:
        state, played = _until_calm(how, state, some_rounds, length)
    else:
        starts = jnp.arange(0, how.rounds, length, dtype=jnp.int32)
        state, _ = jax.lax.scan(lambda state, first: (some_rounds(state, first, length), None), state, starts)
        played = jnp.int32(how.rounds)

    def reward_round(carry: tuple[Array, Array, Array], _: None) -> tuple[tuple[Array, Array, Array], None]:
        last, then, counts = carry
        profile = _index(best_at(state.tables, last), how.actions)
        here = profile if past is None else then * how.profiles + profile
        after = then if past is None else past[here]
        return (profile, after, counts.at[here].add(jnp.float32(1))), None

    counts = jnp.zeros(pays[0].shape[0], jnp.float32)
    (_, _, counts), _ = jax.lax.scan(reward_round, (state.last, state.past, counts), None, length=how.reward_rounds)
    converged = played - state.changed > how.calm if how.calm else jnp.bool_(False)
    return Sessions(state.tables, state.last, state.past, counts / how.reward_rounds, played, converged)


def _until_calm(
    how: Parameters, state: _Running, some_rounds: Callable[[_Running, Array, int], _Running], length: int
) -> tuple[_Running, Array]:
    """Rounds until no best action has changed for long enough, or there are no more; and how many they were."""

    def goes_on(carry: tuple[_Running, Array]) -> Array:
        state, time = carry
        return (time < how.rounds) & (time - state.changed <= how.calm)

    def body(carry: tuple[_Running, Array]) -> tuple[_Running, Array]:
        state, time = carry
        return some_rounds(state, time, length), time + length

    return jax.lax.while_loop(goes_on, body, (state, jnp.int32(0)))


def _index(actions: tuple[Array, ...], sizes: tuple[int, ...]) -> Array:
    index = actions[0]
    for action, size in zip(actions[1:], sizes[1:], strict=True):
        index = index * size + action
    return index
