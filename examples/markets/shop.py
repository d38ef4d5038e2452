"""A screening shop: a seller of two versions, and a buyer who is casual or keen."""

import jax.numpy as jnp

from firstmover import Box, Discrete, Market


class Shop(Market):
    """A seller screens keen and casual buyers by what it charges for two versions."""

    status_quo = (3.0, 6.0)

    def __init__(self, keen: float = 0.4, cost: float = 1.0):
        self.cost = cost
        super().__init__(
            types=Discrete(["casual", "keen"], "buyer"),
            prior=[1 - keen, keen],
            acts=Discrete(["nothing", "basic", "full"], "buys"),
            decides=Box(["basic price", "full price"], 0.0, 10.0),
        )

    def payoff(self, buyer, buys, prices):
        worth = jnp.array([[0.0, 4.0, 5.0], [0.0, 5.0, 9.0]])[buyer, buys]
        paid = jnp.concatenate([jnp.zeros(1), prices])[buys]
        cost = jnp.array([0.0, 0.0, self.cost])[buys]
        return paid - cost, worth - paid
