"""The Stackelberg POMDP against several models of the followers: one episode, in which each of them responds."""

from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from firstmover.core.commitment import Commitment
from firstmover.core.pomdp import Episode, StackelbergPOMDP
from firstmover.followers.base import Follower

Over = Literal["worst", "mean"]
_SHARE_OF_MEAN = 0.01  # in the worst case: of rules that are equal in it, the better one on average


@dataclass(frozen=True)
class ManyBehaviours(StackelbergPOMDP):
    """As `StackelbergPOMDP`, rewarded for the worst or the mean of what several models of the followers leave.

    Attributes:
        behaviours: the models. `followers` are those whose play is shown and certified; they count if they are one of
            these.
        over: "worst" or "mean".
    """

    behaviours: tuple[Follower, ...] = ()
    over: Over = "worst"

    def __post_init__(self) -> None:
        """As `StackelbergPOMDP`, for every model."""
        super().__post_init__()
        self.problems  # noqa: B018 - refuses what one of them cannot play

    @property
    def problems(self) -> tuple[StackelbergPOMDP, ...]:
        """The problem against each model."""
        return tuple(StackelbergPOMDP(self.game, model, self.reward_episodes) for model in self.behaviours)

    def episode(self, commitment: Commitment, key: Key[Array, ""]) -> Episode:
        """One episode against a frozen commitment, in which all models respond in turn; its play is `followers`'."""
        own = super().episode(commitment, key)
        others = [problem.episode(commitment, key) for problem in self.problems]
        rewards = jnp.stack([other.reward for other in others])
        visited = own.visited
        for other in others:
            visited = visited | other.visited
        return Episode(
            self._objective(rewards),
            own.strategy,
            visited,
            own.env_steps + sum(other.env_steps for other in others),
            own.simulated_steps + sum(other.simulated_steps for other in others),
        )

    def _objective(self, rewards: Float[Array, "behaviours"]) -> Float[Array, ""]:
        mean = rewards.mean()
        return mean if self.over == "mean" else (1 - _SHARE_OF_MEAN) * rewards.min() + _SHARE_OF_MEAN * mean
