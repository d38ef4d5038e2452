"""Security games: optimal coverage by linear programs, one for each target that may be attacked."""

from collections.abc import Callable
from typing import Any

import numpy as np

from firstmover.equilibria.margins import LinearGame
from firstmover.equilibria.quantal import quantal_commitment
from firstmover.equilibria.security_commitments import security_commitment
from firstmover.errors import require
from firstmover.exact_numbers import number
from firstmover.games.base import Ties
from firstmover.games.security import SecurityGame
from firstmover.solvers.registry import Baseline, baseline, linear_form, optimum, refuse_options, search
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


@search.register(SecurityGame)
def best_coverage(
    game: SecurityGame,
    ties: Ties,
    *,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
    rationality: str | float | None = None,
    **options: Any,
) -> Solution:
    """The optimal coverage, or with a rationality the best that is found against a logit attacker, with a bound.

    Args:
        game: the game.
        ties: as in `registry.optimum`.
        time_limit: not needed.
        progress: not used.
        rationality: factor on the attacker's payoffs, as shares of what it has at stake; as of `followers.Logit`.
        options: none.

    Raises:
        InputError: the rationality is out of range, or there is such an option.
    """
    del time_limit, progress
    refuse_options(game, options)
    if rationality is None:
        return optimum(game, ties)
    factor = number(rationality, "--rationality")
    require(0 <= factor <= 1000, "the rationality must be from 0 to 1000", factor)
    units = game.standardised.payoff_units
    scale = 1.0 if units is None else units.scales[1]
    found = quantal_commitment(game.payoffs[:, :2], game.payoffs[:, 2:], game.resources, factor / scale)
    return Solution(
        value=None,
        rule=game.rule(found.coverage[None]),
        attained=False,
        method="Dinkelbach with a priced budget for the bound, a knapsack for the coverage (after Yang et al. 2012)",
        followers=f"logit response, rationality {factor:g}",
        bounds=(found.value, found.bound),
        play=[[found.attacked.tolist()]],
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
