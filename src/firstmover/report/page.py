"""The page that is handed on: what it holds, and how it becomes one HTML file without scripts.

What stands in it is worded already (`sections`, `pictures`); the templates in `html/` lay it out.
"""

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jinja2 import Environment

MARK = '<meta name="generator" content="firstmover">'  # by which a page is known again


class Table(NamedTuple):
    """A table of words.

    Attributes:
        header: names of the columns.
        rows: cells, a row each.
        more: rows that are left out.
    """

    header: list[str]
    rows: list[list[str]]
    more: int = 0


class Cell(NamedTuple):
    """A cell of the heat map.

    Attributes:
        text: the value.
        spread: half of its interval, in words, or nothing.
        colour: of the ground, `#rrggbb`.
        ink: of the text.
        below: whether it is worth less than the status quo.
        worst: whether it is the rule's worst case.
    """

    text: str
    spread: str
    colour: str
    ink: str
    below: bool
    worst: bool


class Row(NamedTuple):
    """A row of the heat map: one model of the followers."""

    model: str
    status_quo_wins: bool
    cells: list[Cell]


class Matrix(NamedTuple):
    """The behaviour matrix.

    Attributes:
        rules: names of the columns.
        rows: those in which the status quo wins come first.
        worst: the worst case of every rule.
        notes: how it is to be read, and what was left out.
    """

    rules: list[str]
    rows: list[Row]
    worst: list[str]
    notes: list[str]


class Statement(NamedTuple):
    """Something that is proved, or is not.

    Attributes:
        standing: "proved", "exact" (not checked as a whole), "computed", "sampled", "not known" or "refuted".
        text: in a sentence.
    """

    standing: str
    text: str


@dataclass(frozen=True)
class Page:
    """What a page shows; what is empty or None is left out.

    Attributes:
        title: what it is a page of.
        game: the game with its parameters, in short.
        findings: what the rule comes to, the first sentences.
        warnings: what speaks against using it.
        rule: in sentences.
        rule_table: its entries.
        play: what the followers do, in sentences.
        value_picture: SVG: value beside optimum, status quo and worst case.
        values: the same as a table.
        by_type: who gains and who loses.
        by_type_note: what that is compared with, or why it is not there.
        matrix: the behaviour matrix.
        matrix_note: why there is none.
        measures: named numbers of the outcome.
        constraints: and whether they hold.
        economics: what economists look at, beside rules with names.
        data: what is known from rows that were kept out, and from other priors.
        rows_curve: what fewer rows, or more, are good for.
        statements: what is proved, and what is not.
        curves_picture: SVG: the learning curves.
        curves_note: what they show.
        record: how it was made: command, versions, digests.
        checked: the line of `verify`.
    """

    title: str
    game: str
    findings: list[str]
    rule: list[str]
    rule_table: Table
    play: list[str]
    statements: list[Statement]
    warnings: list[str] = field(default_factory=list)
    value_picture: str | None = None
    values: Table | None = None
    by_type: Table | None = None
    by_type_note: str | None = None
    matrix: Matrix | None = None
    matrix_note: str | None = None
    measures: Table | None = None
    constraints: Table | None = None
    economics: Table | None = None
    data: list[str] = field(default_factory=list)
    rows_curve: Table | None = None
    curves_picture: str | None = None
    curves_note: str | None = None
    record: list[tuple[str, str]] = field(default_factory=list)
    checked: str | None = None


def whole(page: Page) -> str:
    """The page as one HTML file."""
    return _rendered("page.html", page=page, mark=MARK)


def fragment(page: Page) -> str:
    """The page as a piece of HTML, for notebooks."""
    return _rendered("fragment.html", page=page)


def _rendered(template: str, **content: object) -> str:
    return _environment().get_template(template).render(**content).strip() + "\n"


@functools.cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("firstmover.report", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
