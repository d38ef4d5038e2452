"""The least and greatest value of an objective over an equilibrium set of a finite game, by linear programs (HiGHS).

The sets are those of `equilibria.sets`. The program is listed in full; over sets of the agent normal form that are
large its columns are generated instead. Nothing is sampled: what neither way can do is refused.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from firstmover.equilibria.column_generation import generated
from firstmover.equilibria.deviations import regrets, swap_regrets
from firstmover.equilibria.exact_ends import exact_end
from firstmover.equilibria.exact_programs import Exact
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
from firstmover.equilibria.sets import EquilibriumSet, check_set, is_of_maps
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions

_TIGHT = 1e-8  # share of the sizes of its terms by which a constraint may be slack and yet be taken as binding at first
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
    game: FiniteGame, which: EquilibriumSet, *, objective: Any = None, epsilon: float = 0.0
) -> tuple[float, float]:
    """The least and greatest expected value of an objective over an equilibrium set.

    Args:
        game: the game.
        which: the set; see `equilibria.sets`.
        objective: at every type and action profile, shape [P, *actions]; the leader's payoff if None.
        epsilon: regret allowed to every (follower, type), conditional on the type, in payoff units; >= 0.

    Raises:
        InputError: as `extreme`.
    """
    least = extreme(game, which, "least", objective=objective, epsilon=epsilon).value
    return least, max(least, extreme(game, which, "greatest", objective=objective, epsilon=epsilon).value)


def extreme(
    game: FiniteGame, which: EquilibriumSet, sense: Sense, *, objective: Any = None, epsilon: float = 0.0
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
    """
    check_set(game, which, epsilon)
    if sense not in ("least", "greatest"):
        raise InputError(f"the end of a set is 'least' or 'greatest'; got {sense!r}.")
    sign = 1.0 if sense == "least" else -1.0
    table = objective_table(game, objective)
    if is_of_maps(which) and n_variables(game, which) > _MAX_LISTED:
        end = generated(game, which, sign * table, epsilon=epsilon)
    else:
        exact = game.fractions[1] if objective is None else as_fractions(objective)
        end = _listed(game, which, exact if sense == "least" else -exact, epsilon)
    end = end._replace(value=sign * end.value, bound=sign * end.bound)
    if end.fractions is None:
        return end
    value, shares, proof = end.fractions
    return end._replace(fractions=(value if sense == "least" else -value, shares, proof))


def _listed(game: FiniteGame, which: EquilibriumSet, objective: Exact, epsilon: float) -> Extreme:
    """The least value, by the program over all columns: in floats first, then in fractions where that can be done."""
    rows = program(game, which, epsilon)
    costs = column_values(game, which, rows.plays, np.asarray(objective, np.float64))
    weights, multipliers, _ = solve(rows, costs, float(np.ptp(costs)) or 1.0)
    slack = rows.limits - rows.gains @ weights
    binding = (multipliers > 0) | (slack <= _TIGHT * (abs(rows.gains) @ weights + np.abs(rows.limits)))
    exact = exact_end(game, which, rows, objective, Fraction(repr(epsilon)), costs, weights, multipliers, binding)
    if exact is not None:
        used = sorted(exact.weights)
        shares = [exact.weights[j] for j in used]
        proof = {rows.keys[d]: m for d, m in exact.multipliers.items()}
        value = float(exact.value)
        return Extreme(
            value,
            rows.plays[used],
            np.array(shares, np.float64),
            {key: float(proof.get(key, 0)) for key in rows.keys},
            value,
            (exact.value, shares, proof),
        )
    starts = np.unique(rows.blocks, return_index=True)[1]
    least = np.minimum.reduceat(costs + rows.gains.T @ multipliers, starts).sum()
    used_columns = weights > 0
    return Extreme(
        float(costs @ weights),
        rows.plays[used_columns],
        weights[used_columns],
        dict(zip(rows.keys, multipliers.tolist(), strict=True)),
        float(least - multipliers @ rows.limits),
    )
