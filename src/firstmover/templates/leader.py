"""A learner of your own.

Change what is here, then

    firstmover check own_file.py
    firstmover design simple-allocation --leader own_file.py:OwnLeader -l mutation=0.3

It never looks into the game or the followers: it proposes whole rules, and is told what an episode against each earns.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from firstmover.core.commitment import table_of
from firstmover.errors import require
from firstmover.leaders import Leader
from firstmover.leaders.base import Metrics
from firstmover.leaders.random_search import random_table


# Arrays only, of the same shapes in every update. `key` has to be among them.
class State(NamedTuple):
    """What is learnt."""

    best: Array  # the best rule so far, a decision for each of the leader's observations
    reward: Array  # of its episode
    step: Array
    key: Array


@dataclass(frozen=True)
class OwnLeader(Leader):
    """Change a few decisions of the best rule so far at random, and keep the change if it earns more.

    Attributes:
        updates: number of rules tried.
        reward_episodes: reward sub-episodes of an episode; 0 for the exact expectation.
        mutation: probability with which each decision is drawn anew, above 0 and at most 1.
    """

    # The fields are the parameters that -l sets.
    updates: int = 500
    reward_episodes: int = 0
    mutation: float = 0.5

    name: ClassVar[str] = "own_file"

    def __post_init__(self):
        require(self.updates >= 1, "updates must be at least 1", self.updates)
        require(0 < self.mutation <= 1, "mutation must be a number above 0 and at most 1", self.mutation)

    def init(self, problem, key):
        return State(random_table(problem, key), jnp.float32(-jnp.inf), jnp.int32(0), key)

    # Randomness comes from the key of the seed, so that a run can be resumed.
    def update(self, problem, state):
        first, second, third = jax.random.split(jax.random.fold_in(state.key, state.step), 3)
        drawn = random_table(problem, first)
        change = jax.random.bernoulli(second, self.mutation, drawn.shape[:1])
        tried = jnp.where(change.reshape(-1, *[1] * (drawn.ndim - 1)), drawn, state.best)
        episode = problem.episode(table_of(problem.game, tried), third)
        better = episode.reward > state.reward
        after = State(
            jnp.where(better, tried, state.best),
            jnp.where(better, episode.reward, state.reward),
            state.step + 1,
            state.key,
        )
        metrics = Metrics(
            value=episode.reward,
            best=after.reward,
            entropy=jnp.float32(0),
            env_steps=episode.env_steps,
            simulated_steps=episode.simulated_steps,
            evaluated=self.evaluated(problem, after),
            critic_loss=jnp.float32(0),
        )
        return after, metrics

    # The rules to commit to, one or several candidates; the one that earns most is kept.
    def tables(self, problem, state):
        return state.best[None]
