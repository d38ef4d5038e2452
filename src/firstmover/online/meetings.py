"""Two learners meet for many rounds: one loop, vmapped over games and seeds, counted at checkpoints.

What is kept is how often every pair of actions was played. Regret, rewards and shares are exact sums of it
(`outcomes`), whatever the number of rounds.
"""

import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree, UInt32

from firstmover.core.noise import address_uniform
from firstmover.errors import require
from firstmover.online.few import entry
from firstmover.online.learners import OnlineFollower, OnlineLeader, Setting, Table, at_pair
from firstmover.online.outcomes import last_tenth_begins

MOST_ROUNDS = 10_000_000  # counts are whole numbers in 32-bit floats, exact up to 2**24


def checkpoints(rounds: int, points: int = 60) -> Int[np.ndarray, "points"]:
    """Numbers of rounds after which is counted: a log grid, nine tenths of all, and all of them."""
    grid = np.unique(np.geomspace(1, rounds, points).round().astype(np.int64))
    return np.unique(np.concatenate([grid, [last_tenth_begins(rounds), rounds]]))


def meet(
    tables: Sequence[Table],
    leader: OnlineLeader,
    follower: OnlineFollower,
    *,
    rounds: int,
    seeds: int,
    seed: int = 0,
    at: Int[np.ndarray, "points"] | None = None,
    alive: Callable[[int], None] | None = None,
) -> Int[np.ndarray, "points games seeds rows columns"]:
    """How often every pair of actions had been played, at checkpoints.

    Rewards are 0 or 1, with the means of the table.

    Args:
        tables: games of one size.
        leader: how the leader learns.
        follower: how the follower learns.
        rounds: how many rounds, from 10 to `MOST_ROUNDS`.
        seeds: independent seeds of every game.
        seed: the first.
        at: the checkpoints; `checkpoints(rounds)` if not given.
        alive: told after how many rounds it stands, now and then.

    Raises:
        InputError: a number is out of range.
    """
    require(10 <= rounds <= MOST_ROUNDS, f"the number of rounds must be from 10 to {MOST_ROUNDS}", rounds)
    require(1 <= seeds <= 10_000, "the number of seeds must be from 1 to 10000", seeds)
    rows, columns = tables[0].leader.shape
    setting = Setting(rows, columns, jnp.float32(rounds))
    states = [(leader.init(setting), follower.init(setting, table)) for table in tables]
    states = jax.tree.map(lambda *own: jnp.repeat(jnp.stack(own, -1), seeds, axis=-1), *states)
    means = jnp.repeat(jnp.asarray(np.stack([np.stack(t) for t in tables], -1), jnp.float32), seeds, axis=-1)
    keys = jax.vmap(lambda k: jax.random.key_data(jax.random.key(k)))(jnp.arange(seed, seed + seeds))
    words = jnp.tile(keys.astype(jnp.uint32)[:, -2:].T, (1, len(tables)))
    words = words.at[1].add(jnp.repeat(jnp.arange(len(tables), dtype=jnp.uint32) * 7919, seeds))
    played = jnp.zeros((rows, columns, words.shape[1]))
    counted, done = [], 0
    for until in (checkpoints(rounds) if at is None else at).tolist():
        states, played = _rounds_of(leader, follower, rows, columns)(
            states, played, means, words, jnp.float32(rounds), jnp.int32(done), jnp.int32(until)
        )
        done = until
        counted.append(np.asarray(played).astype(np.int64))
        if alive is not None:
            alive(done)
    lanes_first = np.moveaxis(np.stack(counted), -1, 1)
    return lanes_first.reshape(len(counted), len(tables), seeds, rows, columns)


@functools.cache
def _rounds_of(
    leader: OnlineLeader, follower: OnlineFollower, rows: int, columns: int
) -> Callable[..., tuple[PyTree, Array]]:
    """The compiled rounds from one number to another, of all games and seeds."""

    def one_round(
        state: tuple[PyTree, PyTree],
        played: Float[Array, "rows columns"],
        means: Float[Array, "2 rows columns"],
        words: UInt32[Array, "2"],
        setting: Setting,
        time: Int[Array, ""],
    ) -> tuple[tuple[PyTree, PyTree], Float[Array, "rows columns"]]:
        own, others = state
        draw, *chance = address_uniform(words, time[None], 3)
        row = leader.act(setting, own, time, draw)
        column = follower.act(setting, others, row)
        rewards = [u < entry(entry(mean, row), column) for u, mean in zip(chance, means, strict=True)]
        earned, paid = (reward.astype(jnp.float32) for reward in rewards)
        own = leader.learn(setting, own, time, row, earned)
        others = follower.learn(setting, others, row, column, paid, earned)
        return (own, others), played + at_pair(row, column, rows, columns)

    @jax.jit
    def rounds_of(
        states: PyTree, played: Array, means: Array, words: Array, rounds: Array, start: Array, end: Array
    ) -> tuple[PyTree, Array]:
        # The batch comes last, so that inner loops run over it.
        batched = jax.vmap(one_round, in_axes=(-1, -1, -1, -1, None, None), out_axes=-1)

        def body(time: Array, carry: tuple[PyTree, Array]) -> tuple[PyTree, Array]:
            return batched(*carry, means, words, Setting(rows, columns, rounds), time)

        return jax.lax.fori_loop(start, end, body, (states, played))

    return rounds_of
