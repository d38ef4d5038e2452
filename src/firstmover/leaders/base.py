"""The contract of a leader: how its policy improves, from the rewards of adapted markets.

A learner is written for one seed; `init`, `update` and `tables` are vmapped over seeds by the caller. Its state is one
array pytree that holds everything: what is learnt, the optimiser, the step and the key. A checkpoint is that pytree.
"""

import abc
from typing import Any, ClassVar, NamedTuple

from jaxtyping import Array, Float, Key

from firstmover.pomdp import StackelbergPOMDP


class Metrics(NamedTuple):
    """What is recorded of every update of every seed.

    Attributes:
        value: mean reward of the episodes of this update, drawn from the exploring policy, in the game's units (of
            the best restart, where a learner has several).
        best: the largest reward of an episode.
        entropy: mean entropy of the policy over observations, in nats.
        env_steps: leader decisions whose payoff was consumed (see `Episode`).
        simulated_steps: leader decisions that were stepped.
    """

    value: Float[Array, ""]
    best: Float[Array, ""]
    entropy: Float[Array, ""]
    env_steps: Float[Array, ""]
    simulated_steps: Float[Array, ""]


class Leader(abc.ABC):
    """A learner; subclasses are frozen dataclasses of their parameters.

    Attributes:
        name: the registered name.
        updates: number of updates in a run.
        reward_episodes: reward sub-episodes of an episode; 0 for the exact expectation.
    """

    name: ClassVar[str]
    updates: int
    reward_episodes: int

    @abc.abstractmethod
    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> Any:
        """State before the first update."""

    @abc.abstractmethod
    def update(self, problem: StackelbergPOMDP, state: Any) -> tuple[Any, Metrics]:
        """One update."""

    @abc.abstractmethod
    def tables(self, problem: StackelbergPOMDP, state: Any) -> Array:
        """The rules learnt so far as they would be committed to: greedy actions [candidates, n_observations, ...].

        Learners with restarts have several candidates; the caller keeps the one that earns most.
        """
