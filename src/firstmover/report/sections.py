"""The page of a rule, from its certificate and the result of its design: JSON in, sentences and tables out."""

import contextlib

from firstmover.errors import InputError
from firstmover.json_types import Parsed
from firstmover.report.numbers import interval, number, share
from firstmover.report.page import Page, Table
from firstmover.report.pictures import Mark, value_bar
from firstmover.report.sentences import data_sentences, data_warnings, findings, statements
from firstmover.rules.exporting import in_words, rule_table
from firstmover.rules.reading import described_rule
from firstmover.rules.rule import Rule

_MOST_SENTENCES = 12
_MOST_ROWS = 200
_SAME = 5e-4  # of the payoff range: values this close are called equal, as in `Design.at_optimum`


def rule_page(rule: Rule, certificate: Parsed | None = None, result: Parsed | None = None) -> Page:
    """What a page says of a rule without anything being computed.

    Args:
        rule: the rule.
        certificate: what is proved of it, as JSON, if it is certified.
        result: the result of its design, as JSON, if it was designed.
    """
    title = f"A rule for {rule.game.name}"
    told = _first(rule.sentences, "sentences")
    if certificate is None:
        return Page(title, repr(rule.game), [], told, entries_table(rule), [], [])
    payoffs = tuple(certificate["payoff_range"]["leader"])
    result = result or {}
    objective, optimum = rule.game.objective, result.get("optimum")
    marks, spread = _marks(certificate, optimum)
    return Page(
        title,
        repr(rule.game),
        findings(certificate, objective, optimum, _SAME * (payoffs[1] - payoffs[0])),
        told,
        entries_table(rule),
        _first([f"{part.rstrip('.')}." for part in certificate["play_text"].split(". ") if part], "sentences"),
        statements(certificate),
        warnings=data_warnings(result),
        value_picture=value_bar(marks, spread, payoffs, objective),
        values=_values(certificate, marks, spread, payoffs),
        measures=_measures(result),
        constraints=_constraints(result),
        data=data_sentences(result, payoffs),
        rows_curve=_rows_curve(result, payoffs),
    )


def entries_table(rule: Rule) -> Table:
    """The entries of a rule, a row each."""
    held = described_rule(rule.as_file())
    with contextlib.suppress(InputError):  # its decisions have no names
        held = held._replace(actions=held.actions or list(rule.game.pure_decisions()))
    table = rule_table(held)
    rows = [[in_words(value) for value in row] for row in table.rows[:_MOST_ROWS]]
    return Table(table.header, rows, max(0, len(table.rows) - _MOST_ROWS))


def _first(sentences: list[str], what: str) -> list[str]:
    """The first sentences, and how many there are more."""
    more = len(sentences) - _MOST_SENTENCES
    return sentences if more <= 0 else [*sentences[:_MOST_SENTENCES], f"({more} more {what}.)"]


def _marks(
    certificate: Parsed, optimum: float | int | None
) -> tuple[list[Mark], tuple[float | int, float | int] | None]:
    """The values on the bar, and the rule's over the widest of its equilibrium sets."""
    marks = [Mark("this rule", certificate["value"], own=True)]
    if optimum is not None:
        marks.append(Mark("optimum", optimum))
    if certificate["baseline"]["value"] is not None:
        marks.append(Mark("status quo", certificate["baseline"]["value"]))
    ends = list((certificate["leader_value_bounds"] or {}).values())
    if not ends:
        return marks, None
    spread = min(low for low, _ in ends), max(high for _, high in ends)
    return [*marks, Mark("worst case over equilibria", spread[0])], spread


def _values(
    certificate: Parsed,
    marks: list[Mark],
    spread: tuple[float | int, float | int] | None,
    payoffs: tuple[float | int, float | int],
) -> Table:
    rows = [[mark.name, number(mark.value, *payoffs)] for mark in marks]
    if spread is not None:
        rows.append(["best case over equilibria", number(spread[1], *payoffs)])
    everybody = [certificate["payoff_range"]["leader"], *certificate["payoff_range"]["followers"]]
    sums = sum(low for low, _ in everybody), sum(high for _, high in everybody)
    rows.append(["welfare", number(certificate["welfare"], *sums)])
    if certificate["revenue"] is not None:
        rows.append(["revenue", number(certificate["revenue"], *payoffs)])
    return Table(["what", "value"], rows)


def _measures(result: Parsed) -> Table | None:
    measures = result.get("measures")
    if not measures:
        return None
    rows = []
    for name, measure in measures.items():
        ends = measure.get("interval")
        spread = max((abs(end) for end in ends), default=0.0) if ends else 0.0
        reach = (-spread, spread) if spread else (0.0, 0.0)
        rows.append([name, number(measure["value"], *reach), interval(ends, *reach) if ends else "not known"])
    return Table(["measure", "value", "over equilibria"], rows)


def _rows_curve(result: Parsed, payoffs: tuple[float | int, float | int]) -> Table | None:
    curve = result.get("rows_curve")
    if not curve:
        return None
    columns = zip(*(curve[key] for key in ("sizes", "promised", "value", "interval", "right")), strict=True)
    return Table(
        ["rows", "promised by them", "earned on all rows", "95 % of draws", "the right rule"],
        [
            [f"{size:,}", number(told, *payoffs), number(value, *payoffs), interval(ends, *payoffs), share(right)]
            for size, told, value, ends, right in columns
        ],
    )


def _constraints(result: Parsed) -> Table | None:
    constraints = result.get("constraints")
    if not constraints:
        return None
    rows = [
        [c["name"], number(c["at_least"]), number(c["value"]), "holds" if c["holds"] else "does not hold"]
        for c in constraints
    ]
    return Table(["constraint", "at least", "value", ""], rows)
