"""The cells of a text table as people have them, and the numbers in them.

Cells are separated by commas, semicolons or tabs and may be quoted; the text is UTF-8, or UTF-16 with a byte order
mark; lines that begin with # are comments. Decimals have a point or a comma, thousands may be grouped, fractions stay
fractions, and 12.5% is 1/8. What can be read in two ways is refused with both.
"""

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from firstmover import files
from firstmover.errors import InputError
from firstmover.exact_numbers import exact, shortened

_SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
_COSTS = {b",": 420, b";": 420, b"\t": 420, b"\n": 560, b"\r": 560}  # bytes of memory that each stands for
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how .xlsx and .ods, and .xls begin
_NO_LABEL = frozenset(["", "nan", "inf", "-inf", "+inf", "infinity", "-infinity", "na", "n/a", "#n/a", "null", "none"])
# What a cell may be, by the mark of its decimals: a plain number of `exact_numbers`, or one with groups of thousands.
_PLAIN = re.compile(r"[-+]?(\d+/\d+|(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?)", re.ASCII)
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)
_PART = r"([-+\u2212]?(?:\d+/\d+|\d+\.?\d*|\.\d+))"
PAIR = re.compile(rf"[(\[]?\s*{_PART}\s*(?:[,;|]|\s)\s*{_PART}\s*[)\]]?", re.ASCII)  # two payoffs in a cell, "3,2"
_SWAPPED = str.maketrans(",.", ".,")
_SPACED = re.compile("[-+]?[1-9][0-9]{0,2}(['\u2019\u00a0\u202f][0-9]{3})+([.,][0-9]*)?")


class Row(NamedTuple):
    """A row of cells, and the number of the line that it ends on."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Sheet:
    """The rows of a file, all of one length but maybe the first, and how numbers are written in it.

    Attributes:
        path: the file.
        rows: its rows, without comments and empty ones; at least one.
        separator: what stands between cells.
        comma: whether decimals have a comma.
        comments: lines that begin with #, as rows.
    """

    path: str
    rows: list[Row]
    separator: str
    comma: bool
    comments: list[Row]

    def is_number(self, cell: str) -> bool:
        """Whether a cell is a number as this file writes them."""
        return _standard(cell, comma=self.comma) is not None

    def is_label(self, cell: str) -> bool:
        """Whether a cell is a word."""
        return cell.lower() not in _NO_LABEL and not self.is_number(cell)

    def number(self, row: Row, column: int, named: str = "") -> Fraction:
        """The number in a cell; `named` is what the column is called in messages.

        Raises:
            InputError: there is none, or it is too large or too small.
        """
        cell = row.cells[column]
        what = f"{named or self._column(row, column)} in row {row.line} of {self.path}"
        standard = _standard(cell, comma=self.comma)
        if standard is None:
            raise InputError(
                f"{what} has an empty cell; a number is needed." if not cell else _no_number(what, cell, self.comma)
            )
        if standard.endswith("%"):
            return exact(standard[:-1], what) / 100
        return exact(standard, what)

    def _column(self, row: Row, column: int) -> str:
        """What a column is called in messages about a row: its number from 1, and its name where one stands above."""
        first = self.rows[0].cells
        missing = len(self.rows[-1].cells) - len(first)  # cells that the first row has not, before its own
        head = first[column - missing] if 0 <= column - missing < len(first) else ""
        named = row is not self.rows[0] and self.is_label(head)
        return f"column {column + 1}" + (f" ({shortened(head)})" if named else "")

    def error(self, what: str) -> InputError:
        """The error for something that is wrong with the whole file."""
        return InputError(f"{self.path} {what}")


def _no_number(what: str, cell: str, comma: bool) -> str:
    if _standard(cell, comma=not comma) is not None:
        mark, other = ("a comma", "a point") if comma else ("a point", "a comma")
        return f"{what}: the decimals of the file have {mark}, and {shortened(cell)} has {other}."
    return f"{what} must be a finite number; got {shortened(cell)}."


def read_sheet(path: str | Path) -> Sheet:
    """The rows of a text table.

    Raises:
        InputError: it cannot be read, is a workbook, is empty, ragged, or can be read in two ways.
    """
    _refuse_workbook(path)
    text = files.read_text(path, _COSTS)
    lines = text.splitlines()
    wanted = None
    if lines and (named := re.fullmatch(r'"?sep=(.)"?', lines[0].strip() or "-")):  # as Excel writes it
        wanted, lines[0] = named[1], ""
    if not any(line.strip() for line in lines):
        raise InputError(f"{path} is empty; a table of numbers is needed, one row per line.")
    candidates = [wanted] if wanted in _SEPARATORS else [mark for mark in _SEPARATORS if mark in text] or [","]
    splits, faults = dict[str, list[Row]](), dict[str, InputError]()
    for separator in candidates:
        try:
            splits[separator] = _split(str(path), lines, separator)
        except InputError as error:
            faults[separator] = error
    if not splits:
        raise faults[max(faults, key=text.count)]
    clean = [mark for mark, rows in splits.items() if _is_clean(rows, set(candidates) - {mark})]
    fitting = clean or [mark for mark, rows in splits.items() if _is_numeric(rows)] or list(splits)
    if len(fitting) > 1:
        one, other = (f"{_SEPARATORS[mark]} ({' | '.join(splits[mark][-1].cells[:4])})" for mark in fitting[:2])
        raise InputError(
            f"{path} can be read in two ways, with {one} or with {other} between the cells; write "
            f"sep={fitting[0]} or sep={fitting[1]} on a line of its own at the top."
        )
    (separator,) = fitting
    rows = splits[separator]
    comments = [
        Row(k, [cell.strip() for cell in line.strip().split(separator)])
        for k, line in enumerate(lines, 1)
        if _skipped(line)
    ]
    return Sheet(str(path), rows, separator, _has_decimal_commas(str(path), rows, separator), comments)


def _skipped(line: str) -> bool:
    return line.lstrip().startswith("#")


def _refuse_workbook(path: str | Path) -> None:
    if files.is_file(path):
        with files.reading(path) as file:
            start = file.read(4)
        if start in _WORKBOOKS:
            raise InputError(
                f"{path} is a workbook, not a text table: open it, save the sheet as 'CSV UTF-8' (in Excel with File, "
                "Save As; in Sheets with File, Download), and name the .csv file."
            )


def _is_clean(rows: Sequence[Row], others: Collection[str]) -> bool:
    """Whether rows have several cells, and no other separator in a cell that is no number."""
    return len(rows[-1].cells) > 1 and not any(
        mark in cell and not _is_number(cell) and not _is_bracketed(cell)
        for row in rows[-50:]
        for cell in row.cells
        for mark in others
    )


def _is_bracketed(cell: str) -> bool:
    """Whether a cell is a pair of payoffs in brackets."""
    return cell[:1] in "([" and PAIR.fullmatch(cell) is not None


def _is_numeric(rows: Sequence[Row]) -> bool:
    """Whether the last row has numbers after its first cell, and nothing else."""
    return len(rows[-1].cells) > 1 and all(map(_is_number, rows[-1].cells[1:]))


def _is_number(cell: str) -> bool:
    return _standard(cell, comma=False) is not None or _standard(cell, comma=True) is not None


def _split(path: str, lines: Sequence[str], separator: str) -> list[Row]:
    """The rows of a table, all of one length but maybe the first.

    Raises:
        InputError: they are not, or there are none.
    """
    rows = list(_rows(path, ["" if _skipped(line) else line for line in lines], separator))
    if not rows:
        raise InputError(f"{path} is empty but for comments; a table of numbers is needed, one row per line.")
    while all(len(row.cells) > 1 and not row.cells[-1] for row in rows):  # every line ends with a separator
        for row in rows:
            row.cells.pop()
    first, *rest = (len(row.cells) for row in rows)
    if len(set(rest)) > 1 or (rest and first not in (rest[0], rest[0] - 1)):
        expected = first if first in rest or len(set(rest)) == 1 else max(set(rest), key=rest.count)
        row = next(row for row in rows if len(row.cells) != expected)
        hint = "; with decimal commas, separate cells by semicolons" if separator == "," else ""
        raise InputError(
            f"the rows differ in length: row {row.line} of {path} must have {expected} cells; got {len(row.cells)}"
            f"{hint}."
        )
    return rows


def _rows(path: str, lines: Sequence[str], separator: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=separator != "\t", strict=True)
    try:
        for cells in reader:
            if any(cells := [cell.strip() for cell in cells]):
                yield Row(reader.line_num, cells)
    except csv.Error as error:
        raise InputError(f"line {reader.line_num} of {path} is not a row of a table: {error}.") from None


def _has_decimal_commas(path: str, rows: Sequence[Row], separator: str) -> bool:
    """Whether decimals have a comma; a point where nothing tells.

    Raises:
        InputError: a number can be read in two ways, or decimals have both.
    """
    if separator == "," and not any("," in cell for row in rows for cell in row.cells):
        return False
    only: dict[bool, str] = {}
    doubtful = None
    for row in rows:
        for column, cell in enumerate(row.cells, 1):
            if "," not in cell and "." not in cell:
                continue
            with_point, with_comma = _standard(cell, comma=False), _standard(cell, comma=True)
            if with_point is None and with_comma is None:
                continue
            if with_point is None or with_comma is None:
                only.setdefault(with_point is None, cell)
            elif doubtful is None:
                doubtful = row, column, cell, with_point, with_comma
    if len(only) == 2:
        raise InputError(f"the decimals of {path} have a point in {only[False]} and a comma in {only[True]}; use one.")
    if not only and doubtful is not None:
        row, column, cell, with_point, with_comma = doubtful
        raise InputError(
            f"{cell} in column {column}, row {row.line} of {path} can be read in two ways, as {with_point} or as "
            f"{with_comma}; write "
            f"{min(with_point, with_comma, key=lambda text: '.' in text)}, or {cell}0."
        )
    return True in only


def _standard(cell: str, *, comma: bool) -> str | None:
    """A number as `exact_numbers` reads it, maybe with % behind; None where a cell is no number."""
    if not comma and _PLAIN.fullmatch(cell):
        return cell
    text = cell.replace("\u2212", "-")
    percent = "%" if text.endswith("%") else ""
    text = text.removesuffix("%").rstrip()
    if _SPACED.fullmatch(text):
        text = re.sub("['\u2019\u00a0\u202f]", "", text)
    if comma:
        text = text.translate(_SWAPPED)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    return text + percent if _PLAIN.fullmatch(text) else None
