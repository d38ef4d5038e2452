"""A public good: a town asks two neighbours whether they want a playground, and decides who pays for it."""

import jax.numpy as jnp

from firstmover import Discrete, Market

ANSWERS = ["no", "yes"]
DECISIONS = ["keep the lawn", "build, both pay", "build, first pays", "build, second pays"]


class PublicGood(Market):
    """Neighbours value a playground little or much, and answer as suits them; the town maximises welfare."""

    status_quo = "keep the lawn"

    def __init__(self, much: float = 0.5, cost: float = 3.0):
        self.cost = cost
        super().__init__(
            types=[Discrete(["little", "much"], "values it")] * 2,
            prior=[[1 - much, much]] * 2,
            acts=[Discrete(ANSWERS, "answers")] * 2,
            sees=[Discrete(ANSWERS, "first neighbour"), Discrete(ANSWERS, "second neighbour")],
            decides=Discrete(
                ["keep the lawn", "build, both pay", "build, first pays", "build, second pays"], "decision"
            ),
        )

    def payoff(self, types, answers, decision):
        built = decision > 0
        shares = jnp.array([[0.0, 0.0], [0.5, 0.5], [1.0, 0.0], [0.0, 1.0]])[decision]
        gains = built * jnp.array([1.0, 4.0])[types] - self.cost * shares
        return gains.sum(), gains
