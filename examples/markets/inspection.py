"""Inspection: a harbour divides its patrols among three gates, against smugglers of two kinds."""

import jax.numpy as jnp

from firstmover import Box, Discrete, Market

GATES = ["north", "south", "harbour"]


class Inspection(Market):
    """A smuggler knows what it carries and how often each gate is watched; it may stay away."""

    status_quo = (0.4, 0.4, 0.4)

    def __init__(self, arms: float = 0.3, patrols: float = 1.2):
        super().__init__(
            types=Discrete(["cigarettes", "arms"], "smuggler of"),
            prior=[1 - arms, arms],
            acts=Discrete(["stays away", *GATES], "goes by"),
            decides=Box(GATES, 0.0, 1.0, total=patrols),
        )

    def payoff(self, carries, gate, watched):
        watched = jnp.concatenate([jnp.zeros(1), watched])[gate]
        goes = gate > 0
        profit = jnp.array([[0.0, 2.0, 3.0, 5.0], [0.0, 9.0, 6.0, 4.0]])[carries, gate]
        fine = jnp.array([4.0, 12.0])[carries]
        harm = jnp.array([[0.0, 1.0, 2.0, 4.0], [0.0, 8.0, 5.0, 3.0]])[carries, gate]
        return goes * (watched * 0.5 - (1 - watched) * harm), goes * ((1 - watched) * profit - watched * fine)
