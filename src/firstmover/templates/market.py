"""A market of your own.

Change what is here, then

    firstmover check own_file.py
    firstmover design own_file.py:OwnMarket -g neighbours=0.5
    firstmover solve own_file.py:OwnMarket

You (the leader) decide first. Others (the followers) see what you have decided, and do what pays them best.
"""

import jax.numpy as jnp

from firstmover import Box, Discrete, Market


class OwnMarket(Market):
    """A museum sells day tickets and passes to tourists and to neighbours."""

    # What the constructor takes can be set on the command line, with -g. A run remembers it.
    def __init__(self, neighbours: float = 0.4, cost: float = 1.0):
        self.cost = cost
        super().__init__(
            # What a visitor knows of itself and you do not, and how likely each is.
            types=Discrete(["tourist", "neighbour"], "visitor"),
            prior=[1 - neighbours, neighbours],
            # What it can do. An action that pays it nothing is how it stays away.
            acts=Discrete(["nothing", "a ticket", "a pass"], "buys"),
            # What you decide: numbers from 0 to 10. Discrete([...]) for options, Mixture([...]) for probabilities.
            decides=Box(["ticket price", "pass price"], 0.0, 10.0),
            # To decide after you have seen what it does, say sees=Discrete([...], "word").
            # For several followers, give lists: types=[...], prior=[[...], ...], acts=[...].
        )

    # What everybody is paid: yourself, then the visitor. This is JAX: jnp.where in place of if, jnp.array to look
    # numbers up. With `plain = True` in the class it may be any Python, and is slower.
    def payoff(self, visitor, buys, prices):
        worth = jnp.array([[0.0, 5.0, 6.0], [0.0, 3.0, 9.0]])[visitor, buys]
        paid = jnp.concatenate([jnp.zeros(1), prices])[buys]
        cost = jnp.array([0.0, self.cost, 2 * self.cost])[buys]
        return paid - cost, worth - paid

    # The decision that a rule has to beat.
    status_quo = (2.0, 4.0)
