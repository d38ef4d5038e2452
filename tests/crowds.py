"""A tiny crowd for tests: members on a ring of cells, where company is a nuisance."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from firstmover.equilibria.crowds import Member
from firstmover.games.mean_field import MeanFieldGame
from firstmover.spaces import Box, Discrete

WORTH = np.array([3.0, 1.0, 1.5, 0.5])


class Ring(MeanFieldGame):
    """The leader sets a toll for every cell; members stay or walk on, and mind company and tolls."""

    name = "ring"
    leader_payoff_range, follower_payoff_ranges = (-20.0, 20.0), ((-30.0, 20.0),)

    def __init__(self, periods: int = 3, temperature: float = 0.2, lasting: bool = False):
        self.periods, self.temperature = None if lasting else periods, temperature
        self.discount = 0.9 if lasting else 1.0
        self.states = Discrete([f"cell {k}" for k in range(4)], "in")
        self.moves = Discrete(["stays", "walks"], "move")
        self.leader_space = Box([f"toll {k}" for k in range(4)], 0.0, 2.0)

    def crowd(self, mu: Array, decision: Array) -> Member:
        """Half of those who walk slip, and stay."""
        here = jnp.asarray(WORTH, float) - 4 * mu.sum((1, 2)) - decision
        rewards = here[:, None] - 0.1 * jnp.arange(2)
        cells = np.arange(4, dtype=np.int32)
        successors = np.stack([np.stack([cells, cells], -1), np.stack([cells, (cells + 1) % 4], -1)], 1)
        return Member(rewards[..., None], jnp.asarray(successors), jnp.full((4, 2, 2), 0.5, rewards.dtype))

    def transfers(self, mu: Array, decision: Array) -> Array:
        """Tolls."""
        return mu.sum((1, 2)) @ decision
