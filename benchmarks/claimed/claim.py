"""What a document claims: a sentence with a number in it, or a table; and how the number is measured again.

A claim quotes its document. So neither can change without the other: a test compares them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from claimed.measurements import Measurement

ROOT = Path(__file__).parents[2]
Rows = list[dict[str, str]]

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?:/\d+)?")


@dataclass(frozen=True)
class Claim:
    """A number in a sentence.

    Attributes:
        document: path from the root of the repository.
        quote: the words that claim it, as they stand there, but for line breaks. The number is one of them.
        measurement: what is run.
        result: the number, from what came of it.
        claimed: the number, in the document's unit.
        within: by how much it may differ, or fall short.
        sense: "is", "at least" (more is as well), or "at most".
        quick: whether it is part of the quick run.
    """

    document: str
    quote: str
    measurement: Measurement
    result: Callable[[Any], float]
    claimed: float
    within: float = 0.0
    sense: Literal["is", "at least", "at most"] = "is"
    quick: bool = True

    def holds(self, measured: float) -> bool:
        """Whether the document may go on saying so."""
        above, below = measured >= self.claimed - self.within, measured <= self.claimed + self.within
        return {"is": above and below, "at least": above, "at most": below}[self.sense]


@dataclass(frozen=True)
class Table:
    """A table of a document, between the lines `<!-- claims: NAME -->` and `<!-- end -->`.

    Attributes:
        name: of the markers.
        document: path from the root of the repository.
        measurement: what is run.
        rows: the rows, from what came of it, cells by column.
        within: for each column that holds numbers, by how much they may differ, as an absolute distance; None for what
            depends on the machine and is shown, not judged. The other columns name the row.
        quick: whether it is part of the quick run.
    """

    name: str
    document: str
    measurement: Measurement
    rows: Callable[[Any], Rows]
    within: Mapping[str, float | None] = field(hash=False)
    quick: bool = False

    def key(self, row: Mapping[str, str]) -> tuple[str, ...]:
        """What names a row."""
        return tuple(cell for column, cell in row.items() if column not in self.within)

    def differences(self, stated: Rows, measured: Rows) -> dict[tuple[str, ...], str]:
        """What is wrong with each row of the document: "" if nothing is, by the row's key."""
        came = {self.key(row): row for row in measured}
        found = {}
        for row in stated:
            other = came.get(self.key(row))
            found[self.key(row)] = "not measured any more" if other is None else self._difference(row, other)
        return found | {key: "not in the document" for key in came if key not in found}

    def _difference(self, stated: Mapping[str, str], measured: Mapping[str, str]) -> str:
        wrong = []
        for column, within in self.within.items():
            if within is None:
                continue
            one, other = numbers(stated[column]), numbers(measured[column])
            close = len(one) == len(other) and all(abs(a - b) <= within for a, b in zip(one, other, strict=True))
            words = _NUMBER.sub("", stated[column]) == _NUMBER.sub("", measured[column])
            if not (close and words):
                wrong.append(f"{column}: {stated[column]}, measured {measured[column]}")
        return "; ".join(wrong)


def numbers(text: str) -> list[float]:
    """All numbers of a text, fractions too."""
    return [float(Fraction(number)) for number in _NUMBER.findall(text)]


def plain(text: str) -> str:
    """A text without its line breaks."""
    return " ".join(text.split())


def document(path: str) -> str:
    """The text of a document."""
    return (ROOT / path).read_text()


def marked(text: str) -> dict[str, str]:
    """The marked tables of a document, by name."""
    return dict(re.findall(r"<!-- claims: ([\w-]+) -->\n(.*?)<!-- end -->", text, re.S))


def read_table(text: str) -> Rows:
    """The rows of a table, cells by column."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line[1:].rstrip().removesuffix("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def printed(output: str, number: int = 0) -> Rows:
    """The rows of one of the tables that a benchmark has printed."""
    return read_table(re.findall(r"(?:^\|.*\n)+", output, re.M)[number])


def as_table(rows: Rows) -> str:
    """A table as it stands in a document."""
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([row[column] for column in columns] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
