"""Small markets as users write them, for the tests of several rooms."""

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


class PlainShop(Shop):
    """The same in plain Python."""

    plain = True

    def payoff(self, buyer, buys, prices):
        worth = [[0.0, 4.0, 5.0], [0.0, 5.0, 9.0]][buyer][buys]
        paid = [0.0, *prices][buys]
        return paid - (self.cost if buys == 2 else 0.0), worth - paid


class Allocation(Market):
    """Simple allocation, as a market."""

    def __init__(self, items: int = 3, messages: int = 2):
        super().__init__(
            types=Discrete(items, "wants"),
            acts=Discrete(messages, "sends"),
            sees=Discrete(messages, "message"),
            decides=Discrete(items, "item"),
        )

    def payoff(self, wanted, message, item):
        right = (wanted == item) * 1.0
        return right, right


class Works(Market):
    """Two participants with correlated tastes vote; the leader sees the number of votes."""

    def __init__(self):
        super().__init__(
            types=[Discrete(["poor", "rich"], "taxpayer")] * 2,
            joint=[[0.4, 0.1], [0.1, 0.4]],
            acts=[Discrete(["no", "yes"], "votes")] * 2,
            sees=Discrete(3, "votes"),
            decides=Discrete(["keep", "build"], "decision"),
        )

    def seen(self, actions):
        return actions.sum()

    def payoff(self, types, actions, decision):
        gains = jnp.where(types == 1, 2.0, -1.0) * decision
        return gains.sum(), gains


def best_of_the_shop(keen: float) -> float:
    """Both versions sold, at (4, 8), or only the full one to keen buyers at 9."""
    return max(4 * (1 - keen) + 7 * keen, 8 * keen)
