"""A follower of iterated matrix games whose replies are exact, found by trying all tables in plain Python."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.core.plays import Strategies
from firstmover.followers.queried import Queried
from firstmover.games import IteratedMatrix


def payoffs_of(game: IteratedMatrix, leader, follower) -> np.ndarray:
    """Total payoffs (leader, follower) of two tables of actions, by playing them in plain Python."""
    pairs = [(), *itertools.product(range(2), repeat=2)]
    last, total = (), np.zeros(2)
    for _ in range(game.steps):
        row = pairs.index(last)
        last = leader[row], follower[row]
        total += game.leader_payoffs[last] - game.offset, game.follower_payoffs[last] - game.offset
    return total


@functools.cache
def replies(name: str, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All tables of the leader; the first best reply to each, ties for the leader; what the leader earns."""
    game = IteratedMatrix(name, steps=steps)
    tables = list(itertools.product(range(2), repeat=5))
    best = [max(tables, key=lambda b, a=a: tuple(payoffs_of(game, a, b)[::-1])) for a in tables]
    earned = [payoffs_of(game, a, b)[0] for a, b in zip(tables, best, strict=True)]
    return np.array(tables), np.array(best), np.array(earned)


class Replying(Queried):
    """The follower of an iterated matrix game that looks its exact reply up in a list of all leaders."""

    name, converges_to = "replying", "a best response without memory beyond the last actions"
    plays_pure = True

    def strategy(self, game, state):
        _, tables, _ = replies(game.game, game.steps)
        number = jnp.sum(state * 2 ** jnp.arange(5)[::-1])
        return Strategies((jax.nn.one_hot(jnp.asarray(tables)[number], 2),))
