"""Procurement: a city buys from one of three sellers whose costs are correlated, and who ask a low or a high price."""

import jax.numpy as jnp
import numpy as np

from firstmover import Discrete, Market

ASKS = ["6", "9"]


class Procurement(Market):
    """Sellers have low costs together or high costs together, for the most part; the city sees what they ask."""

    status_quo = "A"

    def __init__(self, together: float = 0.6, worth: float = 12.0):
        self.worth = worth
        alone = np.full((2, 2, 2), (1 - together) / 8)  # else each is low or high by itself
        alone[0, 0, 0] += together / 2
        alone[1, 1, 1] += together / 2
        super().__init__(
            types=[Discrete(["low", "high"], "costs")] * 3,
            joint=alone,
            acts=[Discrete(ASKS, "asks")] * 3,
            sees=[Discrete(ASKS, f"seller {name}") for name in "ABC"],
            decides=Discrete(["A", "B", "C"], "buy from"),
        )

    def payoff(self, costs, asked, seller):
        price = jnp.array([6.0, 9.0])[asked]
        cost = jnp.array([3.0, 8.0])[costs]
        sold = jnp.arange(3) == seller
        return self.worth - (sold * price).sum(), sold * (price - cost)
