"""Exp3: multiplicative weights on payoffs that are estimated from the played action alone.

    p[a]      = (1 - gamma) * w[a] / sum_b w[b] + gamma / K                               K possible actions
    w[played] <- w[played] * exp(gamma / K * payoff / p[played])

Source: Auer, Cesa-Bianchi, Freund and Schapire 2002, section 3, one learner per (follower, type).
Differs from the source: payoffs are above the follower's least payoff and divided by `scale`, which is what puts them
into [0, 1]; `gamma` counts all rounds, of which a type sees its share.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from firstmover.core.batching import short_softmax, short_sum
from firstmover.errors import require
from firstmover.followers.bandits import Bandits
from firstmover.followers.learners import State


@dataclass(frozen=True)
class Exp3(Bandits):
    """No-regret learners that see only what the action which they played has paid.

    They are slow. The proved bound falls as rounds ** -1/2, but it bounds an expectation: in a single run against
    others who learn too, estimates scatter, and what is left falls as rounds ** -1/4.

    Attributes:
        play: what is played in the reward phase: the last mixed strategy, or the time average of joint play.
        gamma: share of uniform play and step size, at most 1; 0 stands for the textbook's,
            min(1, sqrt(K log K / ((e - 1) rounds))), for which the promise is proved.

    Example:
        >>> from firstmover.followers import Exp3
        >>> Exp3(rounds=500, play="average")
        Exp3(rounds=500)
    """

    rounds: int = 1000
    play: Literal["last", "average"] = "average"
    gamma: float = 0.0

    name: ClassVar[str] = "exp3"
    traced: ClassVar[tuple[str, ...]] = ("gamma",)
    converges_to: ClassVar[str] = "anf_cce"

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        super().__post_init__()
        require(0 <= self.gamma <= 1, "gamma must lie between 0 (the textbook's) and 1", self.gamma)

    def start(self, mask: Bool[Array, "types actions"]) -> Float[Array, "types actions"]:
        """Logarithms of weights."""
        return jnp.where(mask, 0.0, -jnp.inf)

    def mixed(self, state: State, i_follower: int) -> Float[Array, "types actions *rest"]:
        table = state.tables[i_follower]
        gamma, uniform = self._exploration(table)
        return (1 - gamma) * short_softmax(table, 1) + gamma * uniform

    def learn(
        self,
        table: Float[Array, "types actions *rest"],
        mixed: Float[Array, "types actions *rest"],
        taken: Float[Array, "types actions *rest"],
        payoff: Float[Array, "*rest"],
    ) -> Float[Array, "types actions *rest"]:
        gamma, uniform = self._exploration(table)
        # What is impossible is never taken; its probability of 0 must not be divided by.
        return table + gamma * uniform * payoff * taken / jnp.where(mixed > 0, mixed, 1)

    def _exploration(
        self, table: Float[Array, "types actions *rest"]
    ) -> tuple[Float[Array, "types 1 *rest"], Float[Array, "types actions *rest"]]:
        """Gamma, and uniform play over what is possible."""
        possible = (table > -jnp.inf).astype(float)
        n = short_sum(possible, 1)[:, None]
        textbook = jnp.minimum(1, jnp.sqrt(n * jnp.log(n) / ((math.e - 1) * self.rounds)))
        return jnp.where(self.gamma > 0, self.gamma, textbook), possible / n
