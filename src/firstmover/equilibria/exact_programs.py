"""Linear programs in exact fractions: a simplex method whose tableau holds whole numbers over one denominator.

    minimise  costs . x   subject to   upper x <= limits,  equal x == sums,  x >= 0

Floats cannot tell a tie from a difference that is small beside the largest payoff; this can. It is meant to be started
where a solver in floats has ended: `near`, a point that may be the solution, says which columns come into the basis
first, and few steps are left then, mostly none. Without it the method is slow but as exact. Every step follows Bland's
rule, so that it ends.

Sources: Edmonds, "Systems of distinct representatives and linear algebra" (1967), and Avis, "lrs: a revised
implementation of the reverse search vertex enumeration algorithm" (2000), for pivots without fractions; Bland, "New
finite pivoting rules for the simplex method" (1977).
"""

import itertools
import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float

from firstmover.equilibria.solver import NoAnswerError, attempt

_LARGE = 200  # coefficients; in larger programs only the rows and columns that matter are written out
Exact = np.ndarray  # an array of objects that are fractions or whole numbers


class Optimum(NamedTuple):
    """A vertex at which the objective is least, and its proof.

    Attributes:
        value: the least value.
        point: x.
        multipliers: of the upper limits, at least 0: by how much the value falls per unit that a limit is raised.
        prices: of the equal sums: by how much the value rises per unit that a sum is raised.
    """

    value: Fraction
    point: Exact
    multipliers: Exact
    prices: Exact


class TooLargeError(ArithmeticError):
    """More coefficients matter than may be written out; `near` is the solution in floats."""

    def __init__(self, near: Float[np.ndarray, "columns"]):
        """With the solution in floats."""
        super().__init__("the program is too large to be solved in fractions")
        self.near = near


class UnboundedError(ArithmeticError):
    """The objective has no least value."""


def least(
    costs: Exact,
    upper: Exact,
    limits: Exact,
    equal: Exact,
    sums: Exact,
    near: Float[np.ndarray, "columns"] | None = None,
    limit: float | int = math.inf,
) -> Optimum | None:
    """The least value, with a vertex that attains it; None where nothing satisfies the constraints.

    Args:
        costs: of the columns, shape [columns].
        upper: shape [rows, columns].
        limits: shape [rows].
        equal: shape [sums, columns].
        sums: shape [sums].
        near: a point in floats that may be the solution, or close to it.
        limit: how many coefficients may be written out, where a point is given.

    Raises:
        TooLargeError: they are more.
        UnboundedError: the objective has no least value.
    """
    if near is None or upper.size <= _LARGE:
        return _least(costs, upper, limits, equal, sums, near)
    scale = np.abs(np.asarray(upper, float)) @ near + np.abs(np.asarray(limits, float))
    gap = np.asarray(limits, float) - np.asarray(upper, float) @ near
    rows, columns = gap <= 1e-7 * scale, near > 0
    while True:
        if rows.sum() * columns.sum() > limit:
            raise TooLargeError(near)
        try:
            found = _least(
                costs[columns], upper[rows][:, columns], limits[rows], equal[:, columns], sums, near[columns]
            )
        except UnboundedError:
            found = None
        if found is None and upper.size > 10 * limit:
            raise TooLargeError(near)
        if found is None:
            return _least(costs, upper, limits, equal, sums, near)
        reduced = costs + found.multipliers @ upper[rows] - found.prices @ equal
        broken = upper[:, columns] @ found.point > limits
        if not broken.any() and not (reduced < 0).any():
            point, multipliers = (np.full(len(part), Fraction(0), object) for part in (columns, rows))
            point[columns], multipliers[rows] = found.point, found.multipliers
            return Optimum(found.value, point, multipliers, found.prices)
        rows, columns = rows | broken, columns | (reduced < 0)


def near_by(
    costs: Exact, upper: Exact, limits: Exact, equal: Exact, sums: Exact
) -> Float[np.ndarray, "columns"] | None:
    """A solution in floats, as a start for `least`; None where a solver in floats finds none.

    Rows, then columns, are divided by their largest entry, so that the solver's tolerance counts for each by itself.
    """
    matrix = np.asarray(np.vstack([upper, equal]), float)
    right = np.r_[np.asarray(limits, float), np.asarray(sums, float)]
    heights = np.abs(matrix).max(axis=1, initial=0)
    heights = np.where(heights > 0, heights, 1.0)
    matrix, right = matrix / heights[:, None], right / heights
    widths = np.abs(matrix).max(axis=0, initial=0)
    widths = np.where(widths > 0, widths, 1.0)
    matrix, aims = matrix / widths, np.asarray(costs, float) / widths
    n = len(limits)
    try:
        result = attempt(
            aims / (np.abs(aims).max(initial=0) or 1.0),
            A_ub=scipy.sparse.csr_array(matrix[:n]) if n else None,
            b_ub=right[:n] if n else None,
            A_eq=scipy.sparse.csr_array(matrix[n:]) if len(sums) else None,
            b_eq=right[n:] if len(sums) else None,
        )
    except NoAnswerError:
        return None
    if result.x is None or result.status != 0:
        return None
    point = np.where(result.x > 1e-12, result.x, 0.0) / widths
    return point


def _least(
    costs: Exact,
    upper: Exact,
    limits: Exact,
    equal: Exact,
    sums: Exact,
    near: Float[np.ndarray, "columns"] | None,
) -> Optimum | None:
    """`least`, by the tableau of the whole program."""
    tableau = _Tableau(costs, np.vstack([upper, equal]), np.r_[limits, sums], len(limits))
    if near is not None:
        tableau.start(near)
    if not tableau.use_sums() or not tableau.reach_feasible():
        return None
    tableau.reach_optimal()
    return tableau.optimum()


class _Tableau:
    """Basic variables as functions of the others: d basic_r = table[r, -1] - sum over c of table[r, c] other_c.

    Variables are numbered: columns of the program, then the slacks of its rows. The last row is the objective.
    """

    def __init__(self, costs: Exact, matrix: Exact, right: Exact, n_upper: int):
        rows, self.n = matrix.shape
        self.n_upper = n_upper
        # Every row is multiplied by a number of its own, so that all are whole.
        whole = [_whole(row) for row in np.column_stack([matrix, right]).tolist()]
        cost, self.unit = _whole([-c for c in costs.tolist()])
        self.units = [unit for _, unit in whole]
        self.table = np.array([*(row for row, _ in whole), [*cost, 0]], object)
        self.d = 1
        self.basic, self.other = list(range(self.n, self.n + rows)), list(range(self.n))

    def pivot(self, r: int, c: int) -> None:
        """Exchange the basic variable of a row for the variable of a column."""
        p, row, column = self.table[r, c], self.table[r].copy(), self.table[:, c].copy()
        self.table = (self.table * p - np.outer(column, row)) // self.d
        self.table[r], self.table[:, c] = row, -column
        self.table[r, c] = self.d
        self.d = p
        if p < 0:
            self.table, self.d = -self.table, -p
        self.basic[r], self.other[c] = self.other[c], self.basic[r]

    def start(self, near: Float[np.ndarray, "columns"]) -> None:
        """Bring the columns that are not zero at a point into the basis, in the place of rows that are tight there."""
        wanted = [int(j) for j in np.argsort(-near, kind="stable") if near[j] > 0]
        rows = self.table[:-1]
        largest = np.array([max(map(abs, row)) or 1 for row in rows.tolist()], object).reshape(-1, 1)
        matrix = (rows / largest).astype(float)  # quotients of whole numbers of any size
        scale = np.abs(matrix[:, :-1]) @ np.abs(near) + np.abs(matrix[:, -1])
        gap = (matrix[:, -1] - matrix[:, :-1] @ near) / np.where(scale > 0, scale, 1.0)
        gap[self.n_upper :] = -2.0  # sums come first
        order = np.argsort(gap, kind="stable")
        free = {int(r) for r in order if gap[r] <= 1e-7}
        for j in wanted:
            c = self.other.index(j)
            r = next((int(r) for r in order if int(r) in free and self.table[r, c]), None)
            if r is not None:
                self.pivot(r, c)
                free.discard(r)

    def use_sums(self) -> bool:
        """Take the slacks of sums out for good; whether that is possible."""
        first = self.n + self.n_upper
        for slack in range(first, self.n + len(self.units)):
            if slack in self.basic:
                r = self.basic.index(slack)
                c = next((c for c in range(len(self.other)) if self.table[r, c] and self.other[c] < first), None)
                if c is not None:
                    self.pivot(r, c)
                elif self.table[r, -1]:
                    return False
        return True

    def reach_feasible(self) -> bool:
        """The dual simplex method for an objective of zero: it is optimal everywhere, so only feasibility is left."""
        while True:
            rows = [r for r in range(len(self.basic)) if self.table[r, -1] < 0]
            if not rows:
                return True
            r = min(rows, key=self.basic.__getitem__)
            columns = [c for c in self._open() if self.table[r, c] < 0]
            if not columns:
                return False
            self.pivot(r, min(columns, key=self.other.__getitem__))

    def reach_optimal(self) -> None:
        """The simplex method from a feasible basis: by the steepest column, and in the long run by Bland's rule."""
        for step in itertools.count():
            columns = [c for c in self._open() if self.table[-1, c] > 0]
            if not columns:
                return
            steepest = step < len(self.basic) + len(self.other)
            c = max(columns, key=lambda c: self.table[-1, c]) if steepest else min(columns, key=self.other.__getitem__)
            rows = [r for r in range(len(self.basic)) if self.table[r, c] > 0]
            if not rows:
                raise UnboundedError("the objective has no least value")
            self.pivot(min(rows, key=lambda r: (Fraction(self.table[r, -1], self.table[r, c]), self.basic[r])), c)

    def _open(self) -> list[int]:
        """Columns of variables that may come into the basis: all but the slacks of sums."""
        first = self.n + self.n_upper
        return [c for c, variable in enumerate(self.other) if variable < first]

    def optimum(self) -> Optimum:
        point, duals = [Fraction(0)] * self.n, [Fraction(0)] * len(self.units)
        for variable, value in zip(self.basic, self.table[:-1, -1], strict=True):
            if variable < self.n:
                point[variable] = Fraction(value, self.d)
        for variable, slope in zip(self.other, self.table[-1, :-1], strict=True):
            if variable >= self.n:
                k = variable - self.n
                duals[k] = Fraction(-slope * self.units[k], self.d * self.unit)
        exact = np.array(duals, object)
        value = Fraction(self.table[-1, -1], self.d * self.unit)
        return Optimum(value, np.array(point, object), exact[: self.n_upper], -exact[self.n_upper :])


def _whole(row: list[Fraction | int]) -> tuple[list[int], int]:
    """Fractions times a whole number that makes them whole, and that number."""
    unit = math.lcm(*(Fraction(x).denominator for x in row))
    return [int(x * unit) for x in row], unit
