"""A game of your own, of several steps.

Change what is here, then

    firstmover check own_file.py
    firstmover design own_file.py:OwnGame

A market in which everybody acts once is shorter as a Market: firstmover new NAME --kind market.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from firstmover import Discrete
from firstmover.core.types import TypeDistribution
from firstmover.games.base import Game, Rewards, Turn


# Everything that changes in the course of a game, as arrays.
class _State(NamedTuple):
    time: Array
    types: Array
    said: Array
    paid: Array


class OwnGame(Game):
    """A customer says how hard its repair is; the shop chooses how to do it, twice: the second time for the rest."""

    name = "own_file"
    horizon = 3  # steps
    followers_act = "once"  # or "every step"
    has_chance = False  # True if reset or step uses its key
    objective = "what the repairs bring"
    status_quo = "by hand"  # what a rule has to beat

    def __init__(self, hard: float = 0.5):
        # What every follower knows (its type, where it acts once) and does, with labels: all words follow from them.
        self.knows = (Discrete(["easy", "hard"], "damage"),)
        self.acts = (Discrete(["easy", "hard"], "says"),)
        self.types = TypeDistribution.independent([[1 - hard, hard]])
        # What the leader sees, component by component, and what it decides.
        self.sees = (self.acts[0], Discrete([1, 2], "repair"))
        self.leader_space = Discrete(["by hand", "by machine"], "way")
        # The least and the greatest sum of payments.
        self.leader_payoff_range, self.follower_payoff_ranges = (-2.0, 4.0), ((-1.0, 3.0),)

    # Pure functions of arrays, without a Python if on their values.

    def reset(self, types, key):
        return _State(jnp.int32(0), types, jnp.int32(0), jnp.int32(0))

    def observe(self, state):
        return Turn(
            leader_obs=jnp.stack([state.said, (state.time == 2).astype(jnp.int32)]),
            leader_acts=state.time > 0,
            follower_obs=state.types,
            followers_act=jnp.full(1, state.time == 0),
            follower_mask=jnp.ones((1, 2), bool),
        )

    def step(self, state, action, follower_actions, key):
        said = jnp.where(state.time == 0, follower_actions[0], state.said)
        hard = state.types[0]
        # A machine does easy repairs well and hard ones badly; by hand all go well, and cost more.
        leader = jnp.where(action == 1, jnp.where(hard == 1, -1.0, 2.0), 1.0)
        customer = jnp.where(action == 1, jnp.where(hard == 1, -0.5, 1.0), jnp.where(hard == 1, 1.5, 0.5))
        works = (state.time > 0).astype(float)
        after = _State(state.time + 1, state.types, said, state.paid + 1)
        return after, Rewards(works * leader, works * customer[None])
