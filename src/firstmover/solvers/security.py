"""Security games: optimal coverage by linear programs, one for each target that may be attacked."""

from collections.abc import Callable

import numpy as np

from firstmover.equilibria.coverage_against_types import affine, coverage_against_types
from firstmover.equilibria.margins import LinearGame
from firstmover.equilibria.quantal import Attackers, QuantalCommitment, quantal_commitment
from firstmover.equilibria.security_commitments import security_commitment
from firstmover.errors import require
from firstmover.exact_numbers import number
from firstmover.games.base import Game, Ties
from firstmover.games.security import SecurityGame
from firstmover.solvers.registry import Baseline, baseline, linear_form, optimum, refuse_options, search
from firstmover.solvers.solution import Solution


@optimum.register(SecurityGame)
def optimal_coverage(game: SecurityGame, ties: Ties) -> Solution:
    """The optimal coverage."""
    payoffs, prior = game.table.fractions, game.types.fractions[0]
    possible = prior > 0
    if possible.sum() == 1:
        (payoffs,) = payoffs[possible]
        optimal = security_commitment(payoffs[:, :2], payoffs[:, 2:], game.resources, ties)
    else:
        optimal = coverage_against_types(payoffs[possible], prior[possible], game.resources, ties)
    return Solution(
        value=optimal.value,
        rule=game.rule(np.asarray(optimal.commitment)[None]),
        attained=optimal.attained,
        method=optimal.method,
        followers=f"best response{' of every type' if possible.sum() > 1 else ''}, ties {ties}",
    )


@search.register(SecurityGame)
def best_coverage(
    game: SecurityGame,
    ties: Ties,
    *,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
    rationality: str | float | None = None,
    **options: object,
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
    factor, attackers = erring(game, game.payoffs, rationality)
    found = quantal_commitment(attackers, game.resources)
    return quantal_solution(
        game, factor, found, "Dinkelbach with a priced budget for the bound, a knapsack for the coverage"
    )


def erring(game: Game, payoffs: np.ndarray, rationality: str | float) -> tuple[float, Attackers]:
    """The rationality, and logit attackers of it, whose payoffs are shares of what they have at stake.

    Raises:
        InputError: the rationality is out of range.
    """
    factor = number(rationality, "--rationality")
    require(0 <= factor <= 1000, "the rationality must be from 0 to 1000", factor)
    units, prior = game.standardised.payoff_units, game.types.tables[0]
    scale = 1.0 if units is None else units.scales[1]
    return factor, Attackers(payoffs[..., :2], payoffs[..., 2:], prior, factor / scale)


def quantal_solution(game: Game, factor: float, found: QuantalCommitment, method: str) -> Solution:
    """What was found against logit attackers, as a solution."""
    return Solution(
        value=None,
        rule=game.rule(found.choice[None]),
        attained=False,
        method=f"{method} (after Yang et al. 2012)",
        followers=f"logit response, rationality {factor:g}",
        bounds=(found.value, found.bound),
        play=[found.attacked.tolist()],
    )


@linear_form.register(SecurityGame)
def over_coverages(game: SecurityGame) -> LinearGame:
    """The game over coverages within the budget."""
    (support, prior), n = game.types.profiles, len(game.names)
    payoffs = game.payoffs[support[:, 0]]
    leader, follower = affine(payoffs[..., :2]), affine(payoffs[..., 2:])
    is_target = np.r_[np.ones(n), 0.0]  # the last coordinate is always 1
    return LinearGame(
        leader,
        follower,
        prior,
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
