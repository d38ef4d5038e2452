"""Fictitious play: everybody plays a best reply to how the others have played so far, given their own type.

    p_i[t_i] = a pure best reply to the empirical joint play of the others, conditional on t_i

Payoffs are linear in the others' play, so a best reply to the empirical play is an action of the largest total payoff
over the past rounds: that total is all that has to be kept. In the first round all actions are tied.

Source: Brown 1951; with joint empirical play for three or more followers (Fudenberg and Levine 1998, chapter 2).
Also known as: follow the leader.
Differs from the source: followers move at once, also in the first round; types as above.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from firstmover.core.batching import short_max
from firstmover.followers.dynamics import TIE, Dynamics
from firstmover.followers.learners import State
from firstmover.games.base import Ties


@dataclass(frozen=True)
class FictitiousPlay(Dynamics):
    """Best replies to the empirical play of the others.

    It promises nothing in general. The average settles on an equilibrium in two-follower zero-sum games and in
    potential games, among others, and may cycle for ever elsewhere.

    Attributes:
        play: what is played in the reward phase: the last best replies, or the time average of joint play.
        ties: which of several best replies is played, in the rounds too: the first, all with equal probability, the
            best or the worst for the leader (by the payoffs met on the way).

    Example:
        >>> from firstmover.followers import FictitiousPlay
        >>> FictitiousPlay(rounds=50, ties="uniform")
        FictitiousPlay(rounds=50, ties='uniform')
    """

    play: Literal["last", "average"] = "average"

    name: ClassVar[str] = "fictitious-play"
    adds_up: ClassVar[bool] = True
    converges_to: ClassVar[str] = "nothing in general"

    @property
    def optimum_ties(self) -> Ties:
        return "weak" if self.ties == "weak" else "strong"

    def start(self, mask: Bool[Array, "types actions"]) -> Float[Array, "types actions"]:
        """Total payoffs, minus infinity where impossible."""
        return jnp.where(mask, 0.0, -jnp.inf)

    def mixed(self, state: State, i_follower: int) -> Float[Array, "types actions *rest"]:
        table = state.tables[i_follower]
        return self.choose(state, i_follower, table >= short_max(table, 1)[:, None] - TIE[table.dtype.itemsize])

    def learn(
        self,
        table: Float[Array, "types actions *rest"],
        mixed: Float[Array, "types actions *rest"],
        payoffs: Float[Array, "types actions *rest"],
    ) -> Float[Array, "types actions *rest"]:
        return table + payoffs
