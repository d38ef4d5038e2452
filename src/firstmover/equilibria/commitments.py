"""Optimal commitments in normal-form games, by linear programs (HiGHS, through SciPy).

Payoff tables are indexed [leader action, follower action, ...]; with several followers, the followers' tables are
stacked along a leading axis. Everyone maximises; all results are in the units of the payoffs.

Source: Conitzer and Sandholm, "Computing the optimal strategy to commit to" (EC 2006), for one follower and strong
ties; `reply_regions` for weak ones.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.polytopes import value_bounds
from firstmover.equilibria.reply_regions import Ties, all_candidates, optimal, over_mixtures
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions

MAX_PAYOFFS = 40_000  # entries of one table, of a game whose mixed commitment is computed: half a minute or less


class OptimalCommitment(NamedTuple):
    """An optimal commitment.

    Attributes:
        value: the leader's optimal payoff.
        commitment: the action index, or the mixture, or the coverage of every target. Where the value is not attained:
            one whose payoff falls short of it by a millionth of what is at stake there or less.
        attained: whether the value is a maximum, not only a supremum.
        method: what was computed, with its source.
    """

    value: float
    commitment: int | Float[np.ndarray, "m"]
    attained: bool
    method: str


def deterministic_commitment(
    leader: Shaped[np.ndarray, "leader_actions *actions"],
    followers: Shaped[np.ndarray, "n leader_actions *actions"],
    ties: Ties,
) -> OptimalCommitment:
    """The best single action to commit to.

    One follower plays a best response; several play a coarse correlated equilibrium of the game that the action
    leaves them. Ties, or the choice of equilibrium, go for the leader (`strong`) or against it (`weak`). Of actions
    that earn the same, the one that guarantees more is chosen. Payoffs are compared as the fractions that they are.

    Args:
        leader: the leader's payoffs.
        followers: the followers' payoffs, one table each.
        ties: "strong" or "weak".
    """
    exact_leader, exact_followers = as_fractions(leader), as_fractions(followers)
    values: list[Fraction | float] = []
    sure: list[Fraction | float] = []  # what each action guarantees, ties broken against the leader
    for row, tables in zip(exact_leader, exact_followers.swapaxes(0, 1), strict=True):
        if len(tables) == 1:
            paid = row[tables[0] == tables[0].max()]
            least, greatest = paid.min(), paid.max()
        else:
            least, greatest = value_bounds(FiniteGame.without_types(row, tables), "bcce")
        values.append(greatest if ties == "strong" else least)
        sure.append(least)
    chosen = max(range(len(values)), key=lambda row: (values[row], sure[row], -row))
    method = "enumeration of the leader's actions"
    if len(exact_followers) > 1:
        method += ", a linear program over coarse correlated equilibria for each"
    return OptimalCommitment(float(values[chosen]), chosen, True, method)


def mixed_commitment(
    leader: Shaped[np.ndarray, "m k"], follower: Shaped[np.ndarray, "m k"], ties: Ties
) -> OptimalCommitment:
    """The best mixture to commit to against one follower: one linear program per follower action.

        max_x  x . leader[:, j]   s.t.   x . follower[:, j] >= x . follower[:, a] for all a,   x in the simplex

    With weak ties only actions that are the sole best reply somewhere (up to actions of identical payoffs, the worst
    of which counts) can be counted on; the best value over their regions is a supremum, attained or not. What is
    equal is decided in fractions; of mixtures that earn the same, one is returned that guarantees the most.

    Args:
        leader: the leader's payoffs.
        follower: the follower's payoffs.
        ties: "strong" or "weak".

    Raises:
        InputError: the tables have more than `MAX_PAYOFFS` entries.
    """
    if leader.size > MAX_PAYOFFS:
        raise InputError(f"exact mixed commitments are limited to {MAX_PAYOFFS} payoffs a player; got {leader.size}.")
    game, low = over_mixtures(leader[None], follower[None], np.ones(1))
    found = optimal(game, all_candidates(game, ties), ties)
    return OptimalCommitment(
        float(low + found.value),
        found.x.astype(np.float64),
        found.attained,
        "multiple linear programs (Conitzer and Sandholm 2006)"
        if ties == "strong"
        else "multiple linear programs over regions of strict replies (von Stengel and Zamir 2010)",
    )
