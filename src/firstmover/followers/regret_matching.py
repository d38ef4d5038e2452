"""Regret matching: play each action in proportion to how much one regrets not having played it, if at all.

    R_i[t_i, a] <- R_i[t_i, a] + (payoff of a) - (payoff of the mixed strategy)           for every action a
    p_i[t_i, a]  = max(R_i[t_i, a], 0) / sum_b max(R_i[t_i, b], 0),                        uniform where all are <= 0

With `plus` regrets are cut off at 0 in every round, so that an action that turns good is played at once.

Source: Hart and Mas-Colell 2000, unconditional regrets; Tammelin 2014 for regret matching+.
Differs from the source: the payoff of the mixed strategy stands in place of the payoff of the action drawn from it;
regret matching+ weighs all rounds equally in its average.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from firstmover.core.batching import short_sum
from firstmover.followers.dynamics import Dynamics
from firstmover.followers.learners import State


@dataclass(frozen=True)
class RegretMatching(Dynamics):
    """No-regret learners without a step size, who play what they regret.

    Attributes:
        plus: regret matching+: regrets never fall below 0.

    Example:
        >>> from firstmover.followers import RegretMatching
        >>> RegretMatching(rounds=50, plus=True)
        RegretMatching(rounds=50, plus=True)
    """

    play: Literal["last", "argmax", "average"] = "average"
    plus: bool = False

    name: ClassVar[str] = "regret-matching"
    converges_to: ClassVar[str] = "anf_cce"

    def start(self, mask: Bool[Array, "types actions"]) -> Float[Array, "types actions"]:
        """Cumulative regrets, minus infinity where impossible."""
        return jnp.where(mask, 0.0, -jnp.inf)

    def mixed(self, state: State, i_follower: int) -> Float[Array, "types actions *rest"]:
        table = state.tables[i_follower]
        regret = jnp.maximum(table, 0)
        weights = jnp.where(short_sum(regret, 1)[:, None] > 0, regret, table > -jnp.inf)
        return weights / short_sum(weights, 1)[:, None]

    def learn(
        self,
        table: Float[Array, "types actions *rest"],
        mixed: Float[Array, "types actions *rest"],
        payoffs: Float[Array, "types actions *rest"],
    ) -> Float[Array, "types actions *rest"]:
        regret = table + payoffs - short_sum(mixed * payoffs, 1)[:, None]
        return jnp.where(table > -jnp.inf, jnp.maximum(regret, 0), table) if self.plus else regret
