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


class AffineShop(Shop):
    """The shop, in units of other people: everybody's payoffs multiplied, and added to."""

    def __init__(self, leader: tuple = (1.0, 0.0), buyer: tuple = (1.0, 0.0), keen: float = 0.4):
        self.leader, self.buyer = leader, buyer
        super().__init__(keen)

    def payoff(self, buyer, buys, prices):
        return in_other_units(super().payoff(buyer, buys, prices), self.leader, self.buyer)


class AffinePlainShop(PlainShop):
    """The same in plain Python."""

    def __init__(self, leader: tuple = (1.0, 0.0), buyer: tuple = (1.0, 0.0)):
        self.leader, self.buyer = leader, buyer
        super().__init__()

    def payoff(self, buyer, buys, prices):
        return in_other_units(super().payoff(buyer, buys, prices), self.leader, self.buyer)


class AffineWorks(Works):
    """The works, in units of other people."""

    def __init__(self, leader: tuple = (1.0, 0.0), taxpayers: tuple = (1.0, 0.0)):
        self.leader, self.taxpayers = leader, taxpayers
        super().__init__()

    def payoff(self, types, actions, decision):
        return in_other_units(super().payoff(types, actions, decision), self.leader, self.taxpayers)


class AffinePlainAllocation(Allocation):
    """The allocation in plain Python, tabulated, in units of other people."""

    plain = True

    def __init__(self, leader: tuple = (1.0, 0.0), buyer: tuple = (1.0, 0.0)):
        self.leader, self.buyer = leader, buyer
        super().__init__()

    def payoff(self, wanted, message, item):
        return in_other_units(super().payoff(wanted, message, item), self.leader, self.buyer)


def in_other_units(paid, leader, followers):
    """Payoffs multiplied by a number, and another added."""
    return leader[0] * paid[0] + leader[1], followers[0] * paid[1] + followers[1]


def best_of_the_shop(keen: float) -> float:
    """Both versions sold, at (4, 8), or only the full one to keen buyers at 9."""
    return max(4 * (1 - keen) + 7 * keen, 8 * keen)
