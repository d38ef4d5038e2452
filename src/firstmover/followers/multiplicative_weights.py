"""Multiplicative weights: every (follower, type) keeps a weight per action and multiplies it up by what it pays.

    w_i[t_i, a] <- w_i[t_i, a] * (1 + epsilon) ** (payoff of a / scale)                  for every action a

With `update=sampled` this is Algorithm 2 of the paper.

Source: Brero et al., "Stackelberg POMDP", algorithm 2; Freund and Schapire 1997. Also known as: Hedge.
Differs from the source: payoffs are divided by `scale` (by default the range of the followers' payoffs, so that a
step means the same in every game); the sources' codes divide by the largest payoff of the game.
"""

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from firstmover.core.batching import short_softmax
from firstmover.errors import require
from firstmover.followers.dynamics import Dynamics
from firstmover.followers.learners import State


@dataclass(frozen=True)
class MultiplicativeWeights(Dynamics):
    """No-regret learners with full counterfactual feedback.

    The promise needs a step of the order of sqrt(log(actions) / rounds) and `play=average`; with a large constant step
    followers that chase each other keep a regret.

    Attributes:
        epsilon: step size, positive; a weight grows by the factor 1 + epsilon per unit of scaled payoff.

    Example:
        >>> from firstmover import design
        >>> from firstmover.followers import MultiplicativeWeights
        >>> from firstmover.games import Maintain
        >>> design(Maintain(), followers=MultiplicativeWeights(rounds=50, play="average"), seeds=2).rule.text
        'Always play A.'
    """

    epsilon: float = 10.0

    name: ClassVar[str] = "multiplicative-weights"
    adds_up: ClassVar[bool] = True
    traced: ClassVar[tuple[str, ...]] = ("epsilon", "rate")
    converges_to: ClassVar[str] = "anf_cce"

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        super().__post_init__()
        require(0 < self.epsilon < math.inf, "epsilon must be a positive number", self.epsilon)

    @functools.cached_property
    def rate(self) -> float:
        """By how much the logarithm of a weight grows per unit of scaled payoff."""
        return math.log1p(self.epsilon)

    def start(self, mask: Bool[Array, "types actions"]) -> Float[Array, "types actions"]:
        """Logarithms of weights."""
        return jnp.where(mask, 0.0, -jnp.inf)

    def mixed(self, state: State, i_follower: int) -> Float[Array, "types actions *rest"]:
        return short_softmax(state.tables[i_follower], 1)

    def learn(
        self,
        table: Float[Array, "types actions *rest"],
        mixed: Float[Array, "types actions *rest"],
        payoffs: Float[Array, "types actions *rest"],
    ) -> Float[Array, "types actions *rest"]:
        return table + self.rate * payoffs
