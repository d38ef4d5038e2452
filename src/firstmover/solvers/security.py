"""Security games: optimal coverage by linear programs, one for each target that may be attacked."""

import numpy as np

from firstmover.equilibria.margins import LinearGame
from firstmover.equilibria.security_commitments import security_commitment
from firstmover.games.base import Ties
from firstmover.games.security import SecurityGame
from firstmover.solvers.registry import Baseline, baseline, linear_form, optimum
from firstmover.solvers.solution import Solution


@optimum.register(SecurityGame)
def optimal_coverage(game: SecurityGame, ties: Ties) -> Solution:
    """The optimal coverage."""
    optimal = security_commitment(game.table.fractions[:, :2], game.table.fractions[:, 2:], game.resources, ties)
    return Solution(
        value=optimal.value,
        rule=game.rule(np.asarray(optimal.commitment)[None]),
        attained=optimal.attained,
        method=optimal.method,
        followers=f"best response, ties {ties}",
    )


@linear_form.register(SecurityGame)
def over_coverages(game: SecurityGame) -> LinearGame:
    """The game over coverages within the budget."""
    n = len(game.names)
    covered, uncovered = game.payoffs[:, ::2].T, game.payoffs[:, 1::2].T  # [player, target]
    leader, follower = (np.vstack([np.diag(c - u), u]) for c, u in zip(covered, uncovered, strict=True))
    is_target = np.r_[np.ones(n), 0.0]  # the last coordinate is always 1
    return LinearGame(
        leader[None],
        follower[None],
        np.ones(1),
        np.ones(n + 1),
        1 - is_target,
        is_target[None],
        np.array([game.resources]),
        pure=False,
    )


@baseline.register(SecurityGame)
def uniform(game: SecurityGame) -> Baseline:
    """The same coverage everywhere."""
    n = len(game.names)
    return "uniform coverage", game, np.full((1, n), game.resources / n)
