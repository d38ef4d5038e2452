"""A model of followers of your own.

Change what is here, then

    firstmover check own_file.py
    firstmover design escape --followers own_file.py:OwnFollower -f stubborn=0.2

One object models all followers of a game. It never sees the rule: it sees what comes of it.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp

from firstmover.core.plays import Strategies
from firstmover.errors import require
from firstmover.evaluators.forms import possible_actions
from firstmover.followers import BestResponse


@dataclass(frozen=True)
class OwnFollower(BestResponse):
    """Followers of whom some do the same whatever the rule, and the others what is best.

    Attributes:
        stubborn: probability of the first action that is possible, from 0 to 1.
    """

    # The fields are the parameters that -f sets.
    stubborn: float = 0.1

    name: ClassVar[str] = "own_file"
    converges_to: ClassVar[str] = "nothing in particular"
    plays_pure: ClassVar[bool] = False
    acts = ("once",)  # in games of one decision; "every step" in games of many

    def __post_init__(self):
        require(0 <= self.stubborn <= 1, "stubborn must be a number from 0 to 1", self.stubborn)

    # How they play once they have responded: a table [types, actions] of probabilities for each follower.
    def strategy(self, game, state):
        tables = []
        for best, possible in zip(state, possible_actions(game), strict=True):
            first = jnp.argmax(jnp.asarray(possible), axis=1)
            habit = jnp.eye(best.shape[1])[first]
            tables.append((1 - self.stubborn) * best + self.stubborn * habit)
        return Strategies(tuple(tables))
