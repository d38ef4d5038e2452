"""A mixed-integer linear program that is written down line by line, and solved by HiGHS on one core."""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import csr_array

from firstmover.equilibria.solver import NoAnswerError, mixed_integer

Linear = defaultdict[int, float]  # a linear expression: the coefficient of every column


def linear(*terms: tuple[float, Mapping[int, float]]) -> Linear:
    """The sum of linear expressions times factors."""
    total: Linear = defaultdict(float)
    for factor, expression in terms:
        for column, coefficient in expression.items():
            total[column] += factor * coefficient
    return total


class Outcome(NamedTuple):
    """What the solver found.

    Attributes:
        point: the best point, or None where there is none (or none was found in time).
        value: the objective there.
        bound: no point is better than this: infinity where there is none.
    """

    point: Float[np.ndarray, "columns"] | None
    value: float
    bound: float


class Program:
    """Columns within [low, high], rows low <= expression <= high, and a linear objective to be minimised."""

    def __init__(self) -> None:
        self.columns: list[tuple[float, float, bool]] = []  # low, high, whole number
        self.rows: list[tuple[Mapping[int, float], float, float]] = []
        self.objective: Linear = defaultdict(float)

    def column(self, low: float = 0.0, high: float = 1.0, *, whole: bool = False) -> int:
        """A new column."""
        self.columns.append((low, high, whole))
        return len(self.columns) - 1

    def row(self, expression: Mapping[int, float], low: float = -np.inf, high: float = np.inf) -> None:
        """A new row."""
        self.rows.append((expression, low, high))

    def solve(self, seconds: float | None = None) -> Outcome:
        """The minimum, or what is known about it after a time, or where the solver gives up."""
        low, high, whole = (np.array(part) for part in zip(*self.columns, strict=True))
        cost = np.zeros(len(self.columns))
        for column, coefficient in self.objective.items():
            cost[column] = coefficient
        where = [(r, c, x) for r, (expression, _, _) in enumerate(self.rows) for c, x in expression.items() if x]
        r, c, x = (np.array(part) for part in zip(*where, strict=True))
        matrix = csr_array((x.astype(float), (r, c)), shape=(len(self.rows), len(self.columns)))
        least, most = np.array([row[1] for row in self.rows]), np.array([row[2] for row in self.rows])
        options: dict[str, float | bool] = {"mip_rel_gap": 0.0}
        if seconds is not None:
            options["time_limit"] = max(seconds, 0.01)
        least_cost = float(np.minimum(cost * low, cost * high).sum())
        try:
            result = mixed_integer(
                cost,
                options,
                denials=1,  # most of the time goes into what has no solution
                integrality=whole.astype(np.int64),
                bounds=Bounds(low, high),
                constraints=LinearConstraint(matrix, least, most),
            )
        except NoAnswerError:
            return Outcome(None, np.inf, least_cost)
        if result.status == 2:
            return Outcome(None, np.inf, np.inf)
        bound = result.get("mip_dual_bound")
        found = least_cost if bound is None or not np.isfinite(bound) else float(bound)
        if result.x is None:
            return Outcome(None, np.inf, found)
        return Outcome(np.array(result.x), float(result.fun), found if whole.any() else float(result.fun))
