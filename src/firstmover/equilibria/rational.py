"""Linear programs in exact arithmetic, for what floats cannot decide: near-ties, and payoffs of many magnitudes.

    min  costs . x   s.t.   rows @ x = limits for the first rows, rows @ x <= limits for the others,   x >= 0

The simplex method with whole numbers: the tableau is kept times the determinant of its basis, so that every entry is
whole and every division comes out even. Columns may join at any time, so that a program with many can generate them.

Sources: Edmonds, "Systems of distinct representatives and linear algebra" (1967), for pivots without fractions; Bland,
"New finite pivoting rules for the simplex method" (1977), against cycling.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Shaped

Whole = Shaped[np.ndarray, "..."]  # of Python's own integers, which have any size; dtype object


class RationalProgram:
    """A program that grows by columns, and goes on from where it stands.

    How far rows are from equality (`excess`) is minimised first, then the costs.
    """

    def __init__(self, limits: Sequence[int], n_equal: int):
        """A program without columns.

        Args:
            limits: right-hand sides, whole and at least 0.
            n_equal: how many rows, from the first on, hold with equality.
        """
        self._rows, self._n_equal, self._determinant = len(limits), n_equal, 1
        # Columns: the limits; a unit vector for each row, its slack or what it lacks of equality; those that joined.
        # The last two rows are reduced costs, of the excess and of the costs.
        top = np.column_stack([whole(limits), whole(np.eye(self._rows, dtype=int))])
        self._tableau = np.vstack([top, -top[:n_equal].sum(axis=0), 0 * top[:1].sum(axis=0)])
        self._basis = np.arange(1, self._rows + 1)

    @property
    def excess(self) -> Fraction:
        """How far the rows with equality are from it in all; the program is feasible where it is 0."""
        return Fraction(-self._tableau[-2, 0], self._determinant)

    @property
    def value(self) -> Fraction:
        """The costs of the present solution."""
        return Fraction(-self._tableau[-1, 0], self._determinant)

    def weights(self) -> dict[int, Fraction]:
        """The positive entries of the present solution, by the number of the column."""
        held = sorted((int(k) - self._rows - 1, self._tableau[r, 0]) for r, k in enumerate(self._basis))
        return {k: Fraction(w, self._determinant) for k, w in held if k >= 0 and w}

    def prices(self) -> tuple[int, Whole]:
        """What a column would bring: the first number times its cost, plus the others times its entries.

        Less than 0 if it is worth adding. While there is excess its cost counts for nothing. Of the costs, and divided
        by the first number, the others are the multipliers of the rows.
        """
        feasible = self._tableau[-2, 0] == 0
        return (self._determinant if feasible else 0), self._tableau[-1 if feasible else -2, 1 : self._rows + 1]

    def add(self, costs: Sequence[int], columns: Whole) -> None:
        """Columns [rows, columns] join, with their costs; all whole."""
        new = self._tableau[:, 1 : self._rows + 1] @ columns
        new[-1] += self._determinant * whole(costs)
        self._tableau = np.hstack([self._tableau, new])

    def solve(self) -> None:
        """Go to the optimum over the present columns."""
        stalled = 0
        while (column := self._entering(bland=stalled > 2 * self._rows)) is not None:
            before = self.excess, self.value
            self._pivot(self._leaving(column), column)
            stalled = stalled + 1 if (self.excess, self.value) == before else 0

    def _entering(self, *, bland: bool) -> int | None:
        """The column to enter the basis; None at the optimum."""
        first = 1 + self._n_equal  # what a row lacks of equality never comes back
        of_excess, of_costs = self._tableau[-2:, first:]
        for reduced in (of_excess, np.where(of_excess == 0, of_costs, 0)):
            if (improving := np.flatnonzero(reduced < 0)).size:
                return first + int(improving[0] if bland else np.argmin(reduced))
        return None

    def _leaving(self, column: int) -> int:
        """The row whose column leaves the basis for this one."""
        limits, entries = self._tableau[:-2, 0].tolist(), self._tableau[:-2, column].tolist()
        rows = [r for r, entry in enumerate(entries) if entry > 0]
        return min(rows, key=lambda r: (Fraction(limits[r], entries[r]), self._basis[r]))

    def _pivot(self, row: int, column: int) -> None:
        kept, pivot = self._tableau[row].copy(), self._tableau[row, column]
        self._tableau = (self._tableau * pivot - np.outer(self._tableau[:, column], kept)) // self._determinant
        self._tableau[row] = kept
        self._basis[row], self._determinant = column, pivot


def whole(values: Any) -> Whole:
    """An array of whole numbers as Python's own integers."""
    flat = [int(value) for value in np.ravel(np.asarray(values, object))]
    return np.array([*flat, None], object)[:-1].reshape(np.shape(values))
