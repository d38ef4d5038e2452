"""Security games with schedules: the Bayesian normal-form game of all assignments, or attackers that err."""

from collections.abc import Callable

from firstmover.equilibria.quantal import quantal_mixture
from firstmover.games.base import Ties
from firstmover.games.security_schedules import SecuritySchedules
from firstmover.games.targets import read_targets
from firstmover.solvers.registry import optimum, refuse_options, search
from firstmover.solvers.security import erring, quantal_solution
from firstmover.solvers.solution import Solution


@search.register(SecuritySchedules)
def best_assignments(
    game: SecuritySchedules,
    ties: Ties,
    *,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
    rationality: str | float | None = None,
    **options: object,
) -> Solution:
    """The optimal mixture of assignments, or with a rationality the best that is found against a logit attacker.

    Args and raises as `solvers.security.best_coverage`.
    """
    del time_limit, progress
    refuse_options(game, options)
    if rationality is None:
        return optimum(game, ties)
    payoffs = read_targets(game.parameters()["targets"]).payoffs.floats
    factor, attackers = erring(game, payoffs, rationality)
    found = quantal_mixture(attackers, game.covers.astype(float))
    return quantal_solution(
        game, factor, found, "gradients from several starts; bound: any coverage of as many targets"
    )
