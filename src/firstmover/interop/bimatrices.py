"""A game of two players as one table with a pair of payoffs in every cell, such as "3,2": the leader's comes first.

,left,right
up,"3,2","0,1"
down,"1,1","2,0"
"""

import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from firstmover.exact_numbers import exact, of_fractions
from firstmover.games import NormalForm
from firstmover.games.normal_form import CommitmentKind
from firstmover.interop.cells import PAIR, Row, Sheet

_Layout = tuple[tuple[str, ...] | None, Sequence[Row], bool]  # names of the columns, rows, whether rows have names


def is_bimatrix(sheet: Sheet) -> bool:
    """Whether every cell below and right of names is a pair of numbers, and there is one at least."""
    return any(_fits(rows, named) for _, rows, named in _layouts(sheet))


def read_bimatrix(sheet: Sheet, commitment: CommitmentKind = "deterministic") -> NormalForm:
    """The game in such a table, see `is_bimatrix`; the rows are the leader's actions.

    Raises:
        InputError: a payoff is too large or too small.
    """
    columns, rows, named = next(layout for layout in _layouts(sheet) if _fits(*layout[1:]))
    pairs = [[_pair(sheet, row, k) for k in range(named, len(row.cells))] for row in rows]
    payoffs = np.array(pairs, object)  # [rows, columns, players]
    names = (tuple(row.cells[0] for row in rows) if named else None, columns)
    labels = names if names != (None, None) else ()
    leader, follower = (of_fractions(payoffs[..., player], labels) for player in (0, 1))
    return NormalForm(leader, follower, commitment)


def _layouts(sheet: Sheet) -> list[_Layout]:
    """Names of the columns, rows, and whether a name stands before each: all four ways of naming."""
    first, *rest = sheet.rows
    ways: list[_Layout] = [(None, sheet.rows, False), (None, sheet.rows, True)]
    if rest:
        corner = len(first.cells) == len(rest[0].cells)
        ways += [(tuple(first.cells), rest, False)] if corner else []
        ways += [(tuple(first.cells[1:] if corner else first.cells), rest, True)]
    return ways


def _fits(rows: Sequence[Row], named: bool) -> bool:
    width = len(rows[-1].cells)
    return width > named and all(
        len(row.cells) == width
        and all(PAIR.fullmatch(cell) for cell in row.cells[named:])
        and not (named and PAIR.fullmatch(row.cells[0]))
        for row in rows
    )


def _pair(sheet: Sheet, row: Row, column: int) -> tuple[Fraction, Fraction]:
    what = f"column {column + 1} in row {row.line} of {sheet.path}"
    both = PAIR.fullmatch(row.cells[column])
    assert both is not None
    leader, follower = (exact(re.sub("\u2212", "-", part), what) for part in both.groups())
    return leader, follower
