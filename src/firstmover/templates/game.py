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
from firstmover.games.base import Game, Rewards, Turn
from firstmover.types import TypeDistribution

SENDS = Discrete(["easy", "hard"], "says")
DECIDES = Discrete(["by hand", "by machine"], "repair")


# Everything that changes in the course of a game, as arrays.
class _State(NamedTuple):
    time: Array
    types: Array
    said: Array
    paid: Array


class OwnGame(Game):
    """A customer says how hard its repair is; the shop chooses how to do it, twice: the second time for the rest."""

    name = "own_file"
    followers_act = "once"  # or "every step"
    has_chance = False  # True if reset or step uses its key
    objective = "what the repairs bring"
    status_quo = "by hand"  # what a rule has to beat

    def __init__(self, hard: float = 0.5):
        self.hard = hard
        self.types = TypeDistribution.independent([[1 - hard, hard]])  # the customer knows; the shop does not
        self.n_obs, self.n_actions = (2,), (2,)  # a follower that acts once observes its type
        self.horizon = 3  # steps
        self.leader_space = DECIDES
        self.leader_obs_sizes = (2, 2)  # what was said, and whether this is the second repair
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

    # Words: the entries of rule files, and sentences.

    def parameters(self):
        return {"hard": self.hard}

    def entry(self, observation, action):
        said, second = observation
        return {"when": SENDS.entry(said) | {"repair": 1 + int(second)}, "do": DECIDES.entry(action)}

    def decision(self, when, do):
        return DECIDES.read(do)

    def sentence(self, entry):
        when = entry["when"]
        return f"to a customer that says {when['says']}, repair {when['repair']}: {entry['do']['repair']}"

    def play_sentence(self, follower, type_, probabilities):
        shares = ", ".join(f"{label} ({p:.0%})" for label, p in zip(SENDS.labels, probabilities, strict=True))
        return f"a customer with a{' hard' if type_ else 'n easy'} repair says {shares}"
