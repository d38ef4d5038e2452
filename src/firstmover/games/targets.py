"""The targets of security games: what an attack on each is worth to both sides, by the type of the attacker."""

from typing import Annotated, Any, NamedTuple

import numpy as np

from firstmover.errors import InputError
from firstmover.exact_numbers import Table, table
from firstmover.json_types import Parsed
from firstmover.wording import told_apart

COLUMNS = ("defender_covered", "defender_uncovered", "attacker_covered", "attacker_uncovered")
Targets = Annotated[Any, "targets"]  # rows, a dict of columns, or on the command line CSV files


class TargetTable(NamedTuple):
    """Targets as they were given.

    Attributes:
        names: of the targets.
        types: of the attackers.
        payoffs: [types, targets, 4], columns as in `COLUMNS`.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    payoffs: Table

    def written(self) -> Parsed:
        """The columns, one type after the other, that `read_targets` reads as these targets again."""
        kinds = len(self.types)
        rows = Table(
            self.payoffs.floats.reshape(-1, len(COLUMNS)),
            None if self.payoffs.given is None else self.payoffs.given.reshape(-1, len(COLUMNS)),
        )
        named = {"type": [own for own in self.types for _ in self.names]} if kinds > 1 else {}
        columns = {column: rows[:, k] for k, column in enumerate(COLUMNS)}
        return named | {"target": list(self.names) * kinds} | columns


def read_targets(given: object) -> TargetTable:
    """Targets from rows of four payoffs, or from a dict of columns.

    Raises:
        InputError: a column is missing, sizes differ, a payoff is not a finite number, or the types have other targets.
    """
    names, types = None, None
    if isinstance(given, dict):
        if set(given) - {"target", "type"} != set(COLUMNS):
            raise InputError(
                f"targets need the columns {', '.join(COLUMNS)}, and maybe target and type; got {list(given)}."
            )
        names, types = given.get("target"), given.get("type")
        columns = [given[column] for column in COLUMNS]
        if len({len(column) if isinstance(column, list | tuple | np.ndarray) else -1 for column in columns}) > 1:
            raise InputError("the columns of targets must be lists of one length.")
        given = [list(row) for row in zip(*columns, strict=True)]
    read = table(given, "targets", "rows of four numbers, or a dict of columns")
    if read.floats.ndim != 2 or read.floats.shape[1] != len(COLUMNS) or not len(read.floats):
        raise InputError(f"targets need a row of four payoffs each; got shape {read.floats.shape}.")
    n = len(read.floats)
    types = _texts(["attacker"] * n if types is None else types, n, "the types of attackers")
    kinds = list(dict.fromkeys(types))
    rows = [[k for k, own in enumerate(types) if own == kind] for kind in kinds]
    if names is None:  # they are numbered, for each type anew
        place = {k: str(at) for own in rows for at, k in enumerate(own)}
        names = [place[k] for k in range(n)]
    names = _texts(names, n, "the names of targets")
    first = [names[k] for k in rows[0]]
    order = []
    for kind, own in zip(kinds, rows, strict=True):
        there = [names[k] for k in own]
        if len(kinds) > 1 and (sorted(there) != sorted(first) or len(set(there)) < len(there)):
            raise InputError(f"every type of attacker needs one row for every target; {kind} has {', '.join(there)}.")
        order.append(own if len(kinds) == 1 else [own[there.index(name)] for name in first])
    return TargetTable(told_apart(first), told_apart(kinds), read[np.array(order)])


def _texts(given: object, n: int, what: str) -> list[str]:
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise InputError(f"{what} must be a list of names.")
    if len(given) != n:
        raise InputError(f"{n} targets need as many names; got {list(given)}.")
    return list(given)
