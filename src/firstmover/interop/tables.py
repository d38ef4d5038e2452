"""Tables of payoffs, targets and values from text files, with the names that stand in them."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from firstmover.errors import InputError
from firstmover.exact_numbers import Labels, Table, agreed, of_fractions, shortened
from firstmover.games.targets import COLUMNS
from firstmover.interop.cells import PAIR, Row, Sheet, read_sheet


def read_matrix(path: str | Path) -> Table:
    """A table of numbers, with the names of its rows and columns where the file has any.

    The first line names the columns if it has no number in it, or if its first cell is empty. The first column names
    the rows if no line has a number there, or if the first line's cell there is empty or left out.

    Raises:
        InputError: the file cannot be read (see `read_sheet`), or holds something other than numbers.
    """
    sheet = read_sheet(path)
    columns, body, labelled = _layout(sheet)
    rows = tuple(row.cells[0] for row in body) if labelled else None
    _check_comments(sheet, labelled)
    _check_pairs(sheet, body, labelled)
    numbers = [[sheet.number(row, column) for column in range(labelled, len(row.cells))] for row in body]
    return of_fractions(np.array(numbers, object), (rows, columns) if rows or columns else ())


def _layout(sheet: Sheet) -> tuple[Labels, list[Row], bool]:
    """The names of the columns, the rows of numbers, and whether a name stands before each."""
    first, *rest = sheet.rows
    columns, body, labelled = None, sheet.rows, False
    if rest and len(first.cells) < len(rest[0].cells):
        if sheet.separator == "," and not all(sheet.is_label(row.cells[0]) for row in rest):
            row = next(row for row in rest if not sheet.is_label(row.cells[0]))
            one, *others = row.cells
            raise sheet.error(
                f"can be read in two ways: row {row.line} may be named {one!r}, or hold {one},{others[0]} with a "
                "decimal comma; give the first line a cell for every column, or separate cells by semicolons."
            )
        columns, body, labelled = first.cells, rest, True
        if not all(map(sheet.is_label, columns)):
            raise sheet.error(f"has {len(columns)} cells in its first line, and {len(rest[0].cells)} in the others.")
    elif not first.cells[0]:
        columns, body, labelled = first.cells[1:], rest, True
    elif all(map(sheet.is_label, first.cells)):
        body, labelled = rest, all(sheet.is_label(row.cells[0]) for row in rest)
        columns = first.cells[labelled:]
    elif len(first.cells) > 1:
        labelled = all(sheet.is_label(row.cells[0]) for row in sheet.rows)
    if not body:
        raise sheet.error("has a header only; a table of numbers is needed, one row per line.")
    if labelled and len(body[0].cells) < 2:
        raise sheet.error("holds names only; a table of numbers is needed, one row per line.")
    return None if columns is None else tuple(columns), body, labelled


def _check_pairs(sheet: Sheet, body: list[Row], labelled: bool) -> None:
    """Refuse cells that may all be pairs of payoffs, the leader's and the follower's.

    Raises:
        InputError: they may.
    """
    cells = [cell for row in body for cell in row.cells[labelled:]]
    pairs = [PAIR.fullmatch(cell) for cell in cells]
    if not all(pairs):
        return
    first = shortened(cells[0])
    if not any(map(sheet.is_number, cells)):
        raise sheet.error(
            f"has two payoffs in a cell ({first}): give the file itself as the game, not a table for each player."
        )
    # No payoff is written 05: such a cell is a decimal.
    decimal = any(pair is not None and re.fullmatch(r"0\d+", pair[2]) for pair in pairs)
    if sheet.separator == "," and not decimal:
        raise sheet.error(
            f"can be read in two ways: {first} may be one number with a decimal comma, or the payoffs of both players; "
            "separate cells by semicolons if they are numbers, or give the file itself as the game if they are pairs."
        )


def _check_comments(sheet: Sheet, labelled: bool) -> None:
    """Refuse a comment that may be a row named #1, or the names of the columns after #."""
    for line, cells in sheet.comments:
        if len(cells) == len(sheet.rows[-1].cells) > 1 and re.fullmatch(r"#\d*" if labelled else "#", cells[0]):
            raise sheet.error(
                f"can be read in two ways: line {line} may be a comment, or a row that begins with {cells[0]!r}; put "
                "quotes around the name, or remove the line."
            )


def read_matrices(names: str) -> Table:
    """Tables of one shape from files whose names stand between commas: [files, rows, columns].

    Raises:
        InputError: see `read_matrix`; or shapes or names differ.
    """
    paths = [name.strip() for name in names.split(",")]
    tables = [read_matrix(path) for path in paths]
    if len({table.floats.shape for table in tables}) > 1:
        raise InputError(f"the tables of {names} must have one shape; got {[table.floats.shape for table in tables]}.")
    labels = agreed(tables, names)
    return of_fractions(np.stack([table.fractions for table in tables]), (None, *labels) if labels else ())


def read_targets(names: str) -> dict[str, list[str | Fraction]]:
    """The columns of a security game's targets, whose header names them in any order.

    Of several files, whose names stand between commas, each is for a type of attacker, which is called as the file is;
    in one file a column `type` may name them.

    Raises:
        InputError: see `read_sheet`; or a column is missing or unknown, or holds something other than numbers.
    """
    paths = [name.strip() for name in names.split(",")]
    if len(paths) == 1:
        return _targets(paths[0], ("type",))
    tables = [_targets(path, ()) for path in paths]
    called = [Path(path).stem for path in paths]
    if len(set(called)) < len(called):
        called = paths
    types: list[str | Fraction] = [own for own, table in zip(called, tables, strict=True) for _ in table["target"]]
    columns = {column: [cell for table in tables for cell in table[column]] for column in ("target", *COLUMNS)}
    return {"type": types, **columns}


def _targets(name: str, more: Sequence[str]) -> dict[str, list[str | Fraction]]:
    """The columns of one file, which may have more of them."""
    sheet = read_sheet(name)
    header, *rows = sheet.rows
    names = ["_".join(cell.lower().replace("-", " ").replace("_", " ").split()) for cell in header.cells]
    texts = ["target", *(column for column in more if column in names)]
    if sorted(names) != sorted([*texts, *COLUMNS]):
        raise InputError(f"the header of {name} must be target,{','.join(COLUMNS)}; got {','.join(header.cells)}.")
    _check_below(sheet, "one row per target is needed")
    return {
        column: [row.cells[k] if column in texts else sheet.number(row, k, column) for row in rows]
        for k, column in enumerate(names)
    }


def read_schedules(name: str) -> Mapping[str, Sequence[object]]:
    """The schedules of a security game: their names, the targets that each covers, and their costs if there are any.

    The header is schedule, then the names of targets and maybe cost, in any order; below a target stands 1 where the
    schedule covers it, and 0, or nothing, where it does not.

    Raises:
        InputError: see `read_sheet`; or the header has no column schedule, or a cell is neither 0 nor 1.
    """
    sheet = read_sheet(name)
    header, *rows = sheet.rows
    kinds = [cell.strip().lower() if cell.strip().lower() in ("schedule", "cost") else "" for cell in header.cells]
    if kinds.count("schedule") != 1 or kinds.count("cost") > 1 or kinds.count("") == 0:
        raise InputError(
            f"the header of {name} must be schedule,TARGET,... and maybe cost; got {','.join(header.cells)}."
        )
    _check_below(sheet, "one row per schedule is needed")
    targets = [k for k, kind in enumerate(kinds) if not kind]
    covers = []
    for row in rows:
        marks = {k: row.cells[k].strip() or "0" for k in targets}
        for k, mark in marks.items():
            if mark not in ("0", "1"):
                raise InputError(f"{header.cells[k]} in row {row.line} of {name} must be 1 or 0; got {mark!r}.")
        covers.append([header.cells[k] for k in targets if marks[k] == "1"])
    read: dict[str, Sequence[object]] = {
        "schedule": [row.cells[kinds.index("schedule")] for row in rows],
        "covers": covers,
    }
    at = kinds.index("cost") if "cost" in kinds else None
    return read if at is None else read | {"cost": [sheet.number(row, at, "cost") for row in rows]}


def _check_below(sheet: Sheet, needed: str) -> None:
    """Refuse a header with nothing below it, or with fewer cells than the rows below it."""
    header, *rows = sheet.rows
    if not rows:
        raise sheet.error(f"has a header only; {needed}.")
    if len(header.cells) != len(rows[0].cells):
        raise sheet.error(f"has {len(header.cells)} cells in its header, and {len(rows[0].cells)} in the rows below.")


def read_values(name: str) -> Mapping[str, Sequence[object]]:
    """The agents' values and their probabilities, from a table with a header.

    Columns `agent, probability, value of item 0, ...` list the types of every agent, drawn independently; an agent is a
    name, or a number from 0. The header names the items, where there are several. Columns
    `probability, value of agent 0's item 0, ..., value of agent 1's item 0, ...` list joint realisations.

    Raises:
        InputError: see `read_sheet`; or it has neither form, or holds something other than numbers.
    """
    sheet = read_sheet(name)
    header, *rows = sheet.rows
    kind = header.cells[0].lower()
    if kind not in ("agent", "probability"):
        raise InputError(f"the header of {name} must begin with 'agent' or 'probability'; got {kind!r}.")
    _check_below(sheet, "a table of numbers is needed, one row per line")
    named = kind == "agent" and not any(sheet.is_number(row.cells[0]) for row in rows)
    numbers = np.array([[sheet.number(row, k) for k in range(named, len(row.cells))] for row in rows], object)
    if kind == "probability":
        return {"realisations": numbers[:, 1:].tolist(), "probabilities": numbers[:, 0].tolist()}
    if len(header.cells) < 3:
        raise sheet.error("needs the columns agent, probability and one per item.")
    items = {"items": header.cells[2:]} if len(header.cells) > 3 else {}
    if named:
        names = list(dict.fromkeys(row.cells[0] for row in rows))
        own = [numbers[[row.cells[0] == name for row in rows]] for name in names]
        values = {"values": [r[:, 1:].tolist() for r in own], "probabilities": [r[:, 0].tolist() for r in own]}
        return values | {"agents": names} | items
    agents = sorted(set(numbers[:, 0].tolist()))
    if agents != list(range(len(agents))):
        raise InputError(f"the agents of {name} must be numbered 0, 1, ...; got {', '.join(map(str, agents[:9]))}.")
    own = [numbers[numbers[:, 0] == i] for i in range(len(agents))]
    return {"values": [r[:, 2:].tolist() for r in own], "probabilities": [r[:, 1].tolist() for r in own]} | items
