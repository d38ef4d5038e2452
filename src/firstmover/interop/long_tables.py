"""A game of any number of players as one long table: a row for every profile, its actions first, then all payoffs.

leader,follower 1,follower 2,leader payoff,follower 1 payoff,follower 2 payoff
high,buy,leave,3,1,0
...
"""

import math
import re
from fractions import Fraction
from pathlib import Path

import numpy as np

from firstmover.errors import InputError
from firstmover.exact_numbers import of_fractions
from firstmover.games import NormalForm
from firstmover.games.normal_form import CommitmentKind
from firstmover.interop.bimatrices import is_bimatrix, read_bimatrix
from firstmover.interop.cells import Row, Sheet, read_sheet
from firstmover.interop.gambit import known

_FORM = (
    "a row for each profile: a column with the action of every player, then a column with the payoff of every player"
)


def read_long_table(path: Path, commitment: CommitmentKind = "deterministic") -> NormalForm:
    """The game in a long table; the first player leads, and actions are in the order in which they are first named.

    A table with a pair of payoffs in every cell is read too (see `bimatrices`).

    Raises:
        InputError: the file cannot be read (see `read_sheet`), or profiles are missing, or are there twice.
    """
    sheet = read_sheet(path)
    try:
        return _long(sheet, commitment)
    except InputError:
        if not is_bimatrix(sheet):
            raise
        return read_bimatrix(sheet, commitment)


def _long(sheet: Sheet, commitment: CommitmentKind) -> NormalForm:
    """The game of a long table.

    Raises:
        InputError: profiles are missing, or are there twice.
    """
    width = len(sheet.rows[-1].cells)
    if width < 4 or width % 2 or len(sheet.rows[0].cells) != width:
        raise sheet.error(
            f"is no game: it needs {_FORM}; or, of two players, a pair of payoffs in every cell, such as '3,2'. A "
            "table of one player's payoffs is given with -g leader_payoffs= or -g follower_payoffs= to normal-form."
        )
    n = width // 2
    header, rows = _header(sheet, n)
    actions: list[dict[str, int]] = [{} for _ in range(n)]
    profiles: dict[tuple[int, ...], Row] = {}
    for row in rows:
        named = row.cells[:n]
        if not all(named):
            raise sheet.error(f"names no action in a cell of row {row.line}.")
        profile = tuple(own.setdefault(name, len(own)) for own, name in zip(actions, named, strict=True))
        if profile in profiles:
            raise sheet.error(
                f"has the profile {', '.join(named)} in row {profiles[profile].line} and in row {row.line}."
            )
        profiles[profile] = row
    shape = tuple(map(len, actions))
    if math.prod(shape) != len(profiles):
        lists = [list(own) for own in actions]
        missing = next(at for at in np.ndindex(shape) if at not in profiles)
        absent = ", ".join(own[k] for own, k in zip(lists, missing, strict=True))
        raise sheet.error(f"lacks {math.prod(shape) - len(profiles)} of {math.prod(shape)} profiles, such as {absent}.")
    payoffs = np.full((n, *shape), Fraction(0), object)
    for profile, row in profiles.items():
        for player in range(n):
            payoffs[(player, *profile)] = sheet.number(row, n + player)
    table = of_fractions(payoffs)
    players = known(header.cells[:n]) if header else None
    return NormalForm(table[0], table[1:], commitment, [list(own) for own in actions], players)


def _header(sheet: Sheet, n: int) -> tuple[Row | None, list[Row]]:
    """The header, if there is one, and the rows of the profiles."""
    first, *rest = sheet.rows
    if any(map(sheet.is_number, first.cells[n:])):
        if all(map(sheet.is_number, first.cells[:n])):
            raise sheet.error(f"needs a header, and {_FORM}.")
        return None, sheet.rows
    if not rest:
        raise sheet.error(f"has a header only; it needs {_FORM}.")
    players = [_bare(cell) for cell in first.cells[:n]]
    paid = [_bare(cell) for cell in first.cells[n:]]
    if sorted(players) == sorted(paid) != [] and players != paid:
        raise sheet.error(f"must have its payoffs in the order of its players, {', '.join(first.cells[:n])}.")
    return first, rest


def _bare(cell: str) -> str:
    """The name of a player, without what says that a column holds its payoffs."""
    return " ".join(re.sub(r"\b(payoffs?|pay|utility|to|of)\b|'s\b|[_:-]", " ", cell.lower()).split())
