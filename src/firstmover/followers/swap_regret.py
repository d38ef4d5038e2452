"""No swap regret: nobody regrets not having played b in all the rounds, and with the weight, in which it played a.

    R_i[t_i, a, b] <- R_i[t_i, a, b] + p_i[t_i, a] * (payoff of b - payoff of a)          for all actions a, b
    p_i[t_i] is invariant:  sum_a p[a] * max(R[a, b], 0) = p[b] * sum_a max(R[b, a], 0)   for every action b

So the flow of probability from actions to those that would have been better is balanced, and the sum of the squared
positive regrets grows by at most a constant in a round: every average regret falls as 1 / sqrt(rounds).

The invariant distribution is computed exactly, by eliminating one action after another (Grassmann, Taksar and Heyman
1985). That takes actions - 1 steps and not one subtraction, so that 32-bit numbers lose nothing; powers of the matrix
would need the more steps, the slower it mixes.

Source: Hart and Mas-Colell 2000, with the invariant distributions of Foster and Vohra 1997; Blum and Mansour 2007 for
the swap regret. Also known as: internal regret matching.
Differs from the source: probabilities stand in place of drawn actions; all pairs of actions have a small flow between
them beside their regret, so that there is one invariant distribution, the uniform one at the start.
Cost: actions cubed in a round, per follower and type.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from firstmover.core.batching import short_sum
from firstmover.followers.dynamics import Dynamics
from firstmover.followers.learners import State

# Scaled payoffs; adds at most actions * _FLOW to the growth of the squared regrets in a round, against `actions`.
_FLOW = 1e-6
# The regret of an impossible action: whoever held it would leave it at once.
_LEAVE = 1e9


@dataclass(frozen=True)
class SwapRegret(Dynamics):
    """Learners without regret for any action that they did play, whose joint play tends to correlated equilibria.

    The sets are those of the agent normal form: every (follower, type) is a player of its own.

    Example:
        >>> from firstmover.followers import SwapRegret
        >>> SwapRegret(rounds=50).converges_to
        'anf_ce'
    """

    play: Literal["last", "argmax", "average"] = "average"

    name: ClassVar[str] = "swap-regret"
    converges_to: ClassVar[str] = "anf_ce"

    def start(self, mask: Bool[Array, "types actions"]) -> Float[Array, "types actions actions"]:
        """Cumulative regrets [types, played, instead]; an impossible action is left at once and never taken up."""
        return jnp.where(mask[:, None, :], jnp.where(mask[:, :, None], 0.0, _LEAVE), -jnp.inf)

    def mixed(self, state: State, i_follower: int) -> Float[Array, "types actions *rest"]:
        table = state.tables[i_follower]
        possible = jnp.stack([table[:, a, a] > -jnp.inf for a in range(table.shape[1])], 1)
        balanced = jnp.where(possible, _invariant(jnp.maximum(table, 0) + _FLOW), 0)
        return balanced / short_sum(balanced, 1)[:, None]

    def learn(
        self,
        table: Float[Array, "types actions actions *rest"],
        mixed: Float[Array, "types actions *rest"],
        payoffs: Float[Array, "types actions *rest"],
    ) -> Float[Array, "types actions actions *rest"]:
        return table + mixed[:, :, None] * (payoffs[:, None, :] - payoffs[:, :, None])


def _invariant(flow: Float[Array, "types actions actions *rest"]) -> Float[Array, "types actions *rest"]:
    """Weights that balance positive flows [types, from, to]; what flows from an action to itself does not matter."""
    into = []
    for last in range(flow.shape[1] - 1, 0, -1):
        # Whoever would move to the last action moves on in its place, and the action is gone.
        out = short_sum(flow[:, last, :last], 1)
        share = flow[:, :last, last] / out[:, None]
        flow = flow[:, :last, :last] + share[:, :, None] * flow[:, last, None, :last]
        into.append(share)
    weights = jnp.ones_like(flow[:, :1, 0])
    for share in reversed(into):
        weights = jnp.concatenate([weights, short_sum(weights * share, 1)[:, None]], 1)
    return weights
