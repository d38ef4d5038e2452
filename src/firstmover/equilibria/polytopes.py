"""The least and greatest value of an objective over an equilibrium set of a finite game, by linear programs (HiGHS).

The sets are those of `equilibria.sets`. The program is listed in full; over sets of the agent normal form that are
large its columns are generated instead. Nothing is sampled: what neither way can do is refused.
"""

from fractions import Fraction

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.column_generation import generated
from firstmover.equilibria.deviations import deviations, regrets, swap_regrets
from firstmover.equilibria.exact_programs import TooLargeError
from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.programs import (
    MAX_VARIABLES,
    Extreme,
    Sense,
    column_values,
    n_variables,
    objective_table,
    program,
    solve,
)
from firstmover.equilibria.rational_ends import rational_end
from firstmover.equilibria.sets import EquilibriumSet, check_set, is_of_maps
from firstmover.equilibria.solver import NoAnswerError
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions

_WRITTEN = 1_500  # coefficients that matter, up to which an end is computed in fractions
_MAX_LISTED = 4_000  # profiles of maps, beyond which generating columns is faster

__all__ = [
    "MAX_VARIABLES",
    "EquilibriumSet",
    "Extreme",
    "FiniteGame",
    "Sense",
    "extreme",
    "n_variables",
    "regrets",
    "swap_regrets",
    "value_bounds",
]


def value_bounds(
    game: FiniteGame, which: EquilibriumSet, *, objective: object = None, epsilon: float = 0.0
) -> tuple[float, float]:
    """The least and greatest expected value of an objective over an equilibrium set.

    Args:
        game: the game.
        which: the set; see `equilibria.sets`.
        objective: at every type and action profile, shape [P, *actions]; the leader's payoff if None.
        epsilon: regret allowed to every (follower, type), conditional on the type, in payoff units; >= 0.

    Raises:
        InputError: as `extreme`.

    Example:
        >>> from firstmover.equilibria import FiniteGame, value_bounds
        >>> chicken = FiniteGame.without_types([[12, 9], [9, 0]], [[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
        >>> [round(end, 6) for end in value_bounds(chicken, "ce")]
        [7.2, 10.5]
    """
    least = extreme(game, which, "least", objective=objective, epsilon=epsilon).value
    return least, max(least, extreme(game, which, "greatest", objective=objective, epsilon=epsilon).value)


def extreme(
    game: FiniteGame, which: EquilibriumSet, sense: Sense, *, objective: object = None, epsilon: float = 0.0
) -> Extreme:
    """An end of what an objective can be over an equilibrium set: a vertex that attains it, multipliers that prove it.

    Args:
        game: the game.
        which: the set; see `equilibria.sets`.
        sense: "least" or "greatest".
        objective: at every type and action profile, shape [P, *actions]; the leader's payoff if None.
        epsilon: regret allowed to every (follower, type), conditional on the type, in payoff units; >= 0.

    Raises:
        InputError: the game has no such set, the program is too large, or an argument is out of range.
        NoAnswerError: no method solves the program.

    Example:
        >>> from firstmover.equilibria import FiniteGame, extreme
        >>> chicken = FiniteGame.without_types([[12, 9], [9, 0]], [[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
        >>> round(extreme(chicken, "ce", "greatest").value, 6)
        10.5
    """
    end = None
    try:
        end = float_extreme(game, which, sense, objective=objective, epsilon=epsilon)
    except NoAnswerError as why:  # where floats find nothing, fractions begin without them
        if _is_long(game, which):
            raise NoAnswerError(f"the {sense} value over {which} is not known: {why}") from None
    keys = deviations(game, which)
    if end is not None and (_is_long(game, which) or len(end.plays) * len(keys) > 10 * _WRITTEN):
        return end
    exactly = None if objective is None else as_fractions(objective)
    allowed = Fraction(repr(float(epsilon)))
    try:
        found = rational_end(game, which, sense, allowed, end, objective=exactly, limit=_WRITTEN)
    except TooLargeError:
        if end is None:
            raise InputError(
                f"the {sense} value over {which} is too large for fractions, and floats find none"
            ) from None
        return end
    value = float(found.value)
    return Extreme(
        value,
        found.plays,
        np.array(found.weights, np.float64),
        {key: float(found.multipliers.get(key, 0)) for key in keys},
        value,
        (found.value, found.weights, found.multipliers),
    )


def float_extreme(
    game: FiniteGame, which: EquilibriumSet, sense: Sense, *, objective: object = None, epsilon: float = 0.0
) -> Extreme:
    """`extreme` in floats alone."""
    check_set(game, which, epsilon)
    if sense not in ("least", "greatest"):
        raise InputError(f"the end of a set is 'least' or 'greatest'; got {sense!r}.")
    sign = 1.0 if sense == "least" else -1.0
    table = sign * objective_table(game, objective)
    find = generated if _is_long(game, which) else _listed
    end = find(game, which, table, epsilon=epsilon)
    return end._replace(value=sign * end.value, bound=sign * end.bound)


def _is_long(game: FiniteGame, which: EquilibriumSet) -> bool:
    """Whether columns are generated, since listing them all would take longer."""
    return is_of_maps(which) and n_variables(game, which) > _MAX_LISTED


def _listed(
    game: FiniteGame, which: EquilibriumSet, objective: Float[np.ndarray, "P *actions"], *, epsilon: float
) -> Extreme:
    """The least value, by the program over all columns."""
    rows = program(game, which, epsilon)
    costs = column_values(game, which, rows.plays, objective)
    weights, multipliers, _ = solve(rows, costs, float(np.ptp(costs)) or 1.0)
    starts = np.unique(rows.blocks, return_index=True)[1]
    least = np.minimum.reduceat(costs + rows.gains.T @ multipliers, starts).sum()
    used = weights > 0
    return Extreme(
        float(costs @ weights),
        rows.plays[used],
        weights[used],
        dict(zip(rows.keys, multipliers.tolist(), strict=True)),
        float(least - multipliers @ rows.limits),
    )
