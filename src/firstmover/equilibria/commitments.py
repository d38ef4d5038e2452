"""Optimal commitments in normal-form games, by linear programs (HiGHS, through SciPy).

Payoff tables are indexed [leader action, follower action, ...]; with several followers, the followers' tables are
stacked along a leading axis. Everyone maximises; all results are in the units of the payoffs.

Source: Conitzer and Sandholm, "Computing the optimal strategy to commit to" (EC 2006), for one follower and strong
ties; `reply_regions` for weak ones.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.polytopes import value_bounds
from firstmover.equilibria.reply_regions import Ties, optimal, over_mixtures, single_type_candidates
from firstmover.errors import InputError

MAX_PAYOFFS = 40_000  # entries of one table, of a game whose mixed commitment is computed: half a minute or less


class OptimalCommitment(NamedTuple):
    """An optimal commitment.

    Attributes:
        value: the leader's optimal payoff.
        commitment: the action index, or the mixture, or the coverage of every target. Where the value is not attained:
            one whose payoff falls short of it by a millionth of the leader's payoff range or less.
        attained: whether the value is a maximum, not only a supremum.
        method: what was computed, with its source.
    """

    value: float
    commitment: int | Float[np.ndarray, "m"]
    attained: bool
    method: str


def deterministic_commitment(
    leader: Float[np.ndarray, "leader_actions *actions"],
    followers: Float[np.ndarray, "n leader_actions *actions"],
    ties: Ties,
    *,
    tolerance: float = 1e-9,
) -> OptimalCommitment:
    """The best single action to commit to.

    One follower plays a best response; several play a coarse correlated equilibrium of the game that the action
    leaves them. Ties, or the choice of equilibrium, go for the leader (`strong`) or against it (`weak`).

    Args:
        leader: the leader's payoffs.
        followers: the followers' payoffs, one table each.
        ties: "strong" or "weak".
        tolerance: payoffs this close, as a share of their range, count as equal; > 0.
    """
    values = []
    for row in range(leader.shape[0]):
        if len(followers) == 1:
            replies = followers[0, row]
            best = replies >= replies.max() - tolerance * np.ptp(followers[0])
            values.append(leader[row][best].max() if ties == "strong" else leader[row][best].min())
        else:
            induced = FiniteGame.without_types(leader[row], followers[:, row])
            least, greatest = value_bounds(induced, "bcce")
            values.append(greatest if ties == "strong" else least)
    chosen = int(np.argmax(values))
    method = "enumeration of the leader's actions"
    if len(followers) > 1:
        method += ", a linear program over coarse correlated equilibria for each"
    return OptimalCommitment(float(values[chosen]), chosen, True, method)


def mixed_commitment(
    leader: Float[np.ndarray, "m k"], follower: Float[np.ndarray, "m k"], ties: Ties
) -> OptimalCommitment:
    """The best mixture to commit to against one follower: one linear program per follower action.

        max_x  x . leader[:, j]   s.t.   x . follower[:, j] >= x . follower[:, a] for all a,   x in the simplex

    With weak ties only actions that are the sole best reply somewhere (up to actions of identical payoffs, the worst
    of which counts) can be counted on; the best value over their regions is a supremum, attained or not. Payoffs
    within 1e-9 of their range count as equal.

    Args:
        leader: the leader's payoffs.
        follower: the follower's payoffs.
        ties: "strong" or "weak".

    Raises:
        InputError: the tables have more than `MAX_PAYOFFS` entries.
    """
    if leader.size > MAX_PAYOFFS:
        raise InputError(f"exact mixed commitments are limited to {MAX_PAYOFFS} payoffs a player; got {leader.size}.")
    game = over_mixtures(leader[None], follower[None], np.ones(1))
    found, attained = optimal(game, single_type_candidates(game, ties), ties)
    return OptimalCommitment(
        float(leader.min() + found.value * np.ptp(leader)),
        found.x,
        attained,
        "multiple linear programs (Conitzer and Sandholm 2006)"
        if ties == "strong"
        else "multiple linear programs over regions of strict replies (von Stengel and Zamir 2010)",
    )
