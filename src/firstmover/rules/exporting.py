"""A rule in other forms: a table as CSV, Markdown or LaTeX, and a Python file that acts on its own.

Nothing of a game is built for it: what the rule file says is enough.
"""

import csv
import inspect
import io
import json
import pprint
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from firstmover.errors import InputError
from firstmover.json_types import Json
from firstmover.rules import acting, reading
from firstmover.rules.reading import Contents, contents


class RuleTable(NamedTuple):
    """A rule as a table, one row per entry.

    Attributes:
        header: names of the columns.
        rows: values, None where any is meant.
        seen: how many columns, the first ones, are what is seen; the others are what is done.
    """

    header: list[str]
    rows: list[list[Json]]
    seen: int


def exported(path: str | Path, form: str) -> str:
    """A rule in one of `FORMS`.

    Args:
        path: a rule file or a run folder, see `load`.
        form: "csv", "markdown", "latex" or "python".

    Raises:
        InputError: there is no such rule.
    """
    if reading.is_network(path):
        return _distilled(path, form)
    held = contents(path)
    return FORMS[form](held._replace(entries=reading.acting(held).entries))


def _distilled(path: str | Path, form: str) -> str:
    """The trees that stand for a network, as Markdown, with what is lost by them.

    Raises:
        InputError: another form is asked for, or there are none.
    """
    told = reading.distilled(path)
    if form != "markdown" or told is None:
        raise InputError(
            f"the rule of {path} is a network, which is not written out: firstmover.rules.load reads it and acts, and "
            "--to markdown tells what it comes to."
        )
    low, high = told["value_interval"]
    lines = ["Pick the option of the highest score; lots decide between equals.", ""]
    lines += ["| when | score |", "| --- | ---: |"]
    lines += [f"| {case['when']} | {case['score']:g} |" for case in told["pick"]]
    heads = list(told["then"][0]["do"])
    lines += ["", f"| when it | {' | '.join(heads)} |", "| --- |" + " --- |" * len(heads)]
    for case in told["then"]:
        values = (", ".join(f"{value:g}" for value in case["do"][head]) for head in heads)
        lines.append(f"| {case['when']} | {' | '.join(values)} |")
    lines += [
        "",
        f"This is worth {told['value']:.6g} (95 %: {low:.6g} to {high:.6g}), {told['lost']:.4g} less than the network; "
        f"no follower gains more than {told['regret_bound']:.3g} by another action.",
    ]
    return "\n".join(lines) + "\n"


def rule_table(held: Contents) -> RuleTable:
    """The entries of a rule as a table."""
    parts: list[dict[str, list[str] | None]] = [{}, {}]
    for entry in held.entries:
        for columns, part in zip(parts, (entry["when"], entry["do"]), strict=True):
            for key, value in part.items():
                labels = _labels(held, key, value)
                columns[key] = labels if columns.get(key, labels) == labels else None
    rows = []
    for entry in held.entries:
        row: list[Json] = []
        for columns, part in zip(parts, (entry["when"], entry["do"]), strict=True):
            for key, labels in columns.items():
                value = part.get(key)
                if labels is None:
                    row.append(_named(held, key, value))
                else:
                    row += [None] * len(labels) if value is None else _values(value)
        rows.append(row)
    heads = [
        [name for key, labels in columns.items() for name in ([key] if labels is None else labels)] for columns in parts
    ]
    return RuleTable(heads[0] + heads[1], rows, len(heads[0]))


def _labels(held: Contents, key: str, value: Json) -> list[str] | None:
    """The names of a value's own columns, None where it has one column."""
    if isinstance(value, Mapping):
        return [str(name) for name in value]
    if not isinstance(value, list) or not value or any(isinstance(part, list | Mapping) for part in value):
        return None
    names = held.targets if key == "coverage" else held.actions if key == "mixture" else None
    if names is not None and len(names) == len(value):
        return list(names)
    return [f"{key} {k}" for k in range(len(value))]


def _values(value: Sequence[Json] | Mapping[str, Json]) -> list[Json]:
    return list(value.values()) if isinstance(value, Mapping) else list(value)


def _named(held: Contents, key: str, value: Json) -> Json:
    """An action by its name, where it has one."""
    if key != "action" or held.actions is None or type(value) is not int:
        return value
    return held.actions[value] if 0 <= value < len(held.actions) else value


def _csv(held: Contents) -> str:
    table, out = rule_table(held), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows([[_cell(value) for value in row] for row in table.rows])
    return out.getvalue()


def _cell(value: Json) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _markdown(held: Contents) -> str:
    table = rule_table(held)

    def line(cells: list[str]) -> str:
        return (
            "| "
            + " | ".join(cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for cell in cells)
            + " |"
        )

    body = [line([in_words(value) for value in row]) for row in table.rows]
    return "\n".join([line(table.header), "|" + " --- |" * len(table.header), *body]) + "\n"


_LATEX = {
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\n": " ",
}


def latex_text(text: str) -> str:
    """Text in which LaTeX finds no commands."""
    return "".join(_LATEX.get(c, c) for c in text)


def _latex(held: Contents) -> str:
    table = rule_table(held)

    def line(cells: list[str]) -> str:
        return " & ".join(map(latex_text, cells)) + r" \\"

    columns = "l" * table.seen + "|" * bool(table.seen) + "l" * (len(table.header) - table.seen)
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\hline", line(table.header), r"\hline"]
    lines += [line([in_words(value) for value in row]) for row in table.rows]
    return "\n".join([*lines, r"\hline", r"\end{tabular}"]) + "\n"


def in_words(value: Json) -> str:
    """A value as a person reads it."""
    if value is None:
        return "any"
    if isinstance(value, list):
        return "(" + ", ".join("-" if part is None else in_words(part) for part in value) + ")"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _python(held: Contents) -> str:
    source = inspect.getsource(acting)
    code = source.partition('"""\n\n')[2]
    return f'''"""A rule for {_plain(held.game)}, written by 'firstmover export'. It needs Python 3.11 and nothing else.

    from this_file import act

    act({_plain(repr(held.entries[0]["when"]))})

What is random is drawn with a generator: act(situation, random.Random(0)). `python this_file.py SITUATION` prints what
the rule does in a situation that is given as JSON.
"""

import json
import random
import sys
{code.rstrip()}


ENTRIES = {pprint.pformat(held.entries, width=110, sort_dicts=False)}
TARGETS = {pprint.pformat(held.targets, width=110)}

act = Acting(ENTRIES, TARGETS)

if __name__ == "__main__":
    try:
        print(json.dumps(act(json.loads(sys.argv[1] if len(sys.argv) > 1 else "{{}}"), random.SystemRandom())))
    except ValueError as error:
        sys.exit(f"{{error}}")
'''


def _plain(text: str) -> str:
    """Text that ends no docstring."""
    return text.replace("\\", "/").replace('"', "'")


FORMS: dict[str, Callable[[Contents], str]] = {
    "csv": _csv,
    "markdown": _markdown,
    "latex": _latex,
    "python": _python,
}
