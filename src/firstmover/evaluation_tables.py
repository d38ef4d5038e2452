"""The behaviour matrix as text, CSV and LaTeX."""

import csv
import io
import json
from collections.abc import Sequence

import numpy as np

from firstmover.behaviours import label
from firstmover.errors import on_one_line
from firstmover.evaluation import STATUS_QUO, Evaluation
from firstmover.rules.exporting import latex_text
from firstmover.wording import written

_WINS = "the status quo wins"


def as_text(found: Evaluation) -> str:
    """A row for every model, a column for every rule; marks at each worst case, and where the status quo wins."""
    rows = [["followers", *found.names]]
    notes = [""]
    for column, model in enumerate(found.followers):
        cells = [_cell(found, row, column) + _marks(found, row, column) for row in range(len(found.rules))]
        rows.append([label(model), *cells])
        notes.append(_WINS if _status_quo_wins(found, column) else "")
    rows.append(["worst case", *(_number(found, value) for value in found.worst)])
    notes.append("")
    rows = [[on_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "   ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)), note])
        for row, note in zip(rows, notes, strict=True)
    ]
    return "\n".join([*(line.rstrip() for line in lines), "", *_legend(found)])


def _legend(found: Evaluation) -> list[str]:
    lines = [f"Values of the rules ({found.game.objective}); ± half of the 95 % interval over {found.seeds} responses."]
    lines.append("* the rule's worst case")
    if found.status_quo is not None:
        lines.append(f"! worth less than the status quo ({on_one_line(found.status_quo)})")
    else:
        lines.append("There is no status quo to compare with: the game names none.")
    if found.optimum_reason is not None:
        lines.append(f"The exact optimum is not there: {on_one_line(found.optimum_reason)}")
    if any(found.sampled):
        names = [label(model) for model, sampled in zip(found.followers, found.sampled, strict=True) if sampled]
        lines.append(f"Values are sampled, for lack of exact ones, under {', '.join(names)}.")
    if np.isnan(found.value).any():
        lines.append("- where a response ended in numbers that are not finite")
    lines += [f"Left out: {label(model)}: {reason}" for model, reason in found.left_out]
    return [*lines, f"took {found.seconds:.1f} s"]


def _marks(found: Evaluation, row: int, column: int) -> str:
    """Always two characters, so that numbers stand below each other."""
    alike = np.ptp(found.value[row]) == 0  # no case is the worst
    worst = "*" if found.value[row, column] == found.worst[row] and not alike else " "
    return worst + ("!" if found.below_status_quo[row, column] else " ")


def _status_quo_wins(found: Evaluation, column: int) -> bool:
    return found.best_for[column] == STATUS_QUO


def _cell(found: Evaluation, row: int, column: int) -> str:
    value, half = found.value[row, column], _half(found.interval[row, column], found.value[row, column])
    return _number(found, value) + (f" ± {half:.2g}" if half > 0 else "")


def _half(interval: Sequence[float] | np.ndarray, value: float) -> float:
    """Half an interval; of one that was cut off at what is possible, the longer half."""
    return float(max(value - interval[0], interval[1] - value))


def _number(found: Evaluation, value: float) -> str:
    return "-" if np.isnan(value) else written(float(value), *found.game.leader_payoff_range)


def as_csv(found: Evaluation) -> str:
    """A line for every rule and model, in full precision; nothing where a number is not known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rule", "followers", "value", "low", "high", "regret", "behind best", "best", "below status quo"])
    for row, name in enumerate(found.names):
        for column, model in enumerate(found.followers):
            known = (found.value, found.regret, found.behind_best)
            value, regret, behind = (array[row, column] for array in known)
            numbers = (value, *found.interval[row, column], regret, behind)
            told = ["" if np.isnan(number) else json.dumps(float(number)) for number in numbers]
            best, below = found.best_for[column] == name, found.below_status_quo[row, column]
            writer.writerow([name, label(model), *told, *("yes" if flag else "no" for flag in (best, below))])
    return out.getvalue()


def as_latex(found: Evaluation) -> str:
    """A tabular with a row for every model; the best rule of each is bold."""
    rows = []
    for column, model in enumerate(found.followers):
        cells = []
        for row, name in enumerate(found.names):
            number = _number(found, found.value[row, column])
            half = _half(found.interval[row, column], found.value[row, column])
            spread = rf" \pm {half:.2g}" if half > 0 else ""
            bold = rf"\mathbf{{{number}}}" if found.best_for[column] == name else number
            cells.append(number if number == "-" else f"${bold}{spread}$")
        rows.append([latex_text(label(model)), *cells])
    worst = ["worst case", *(f"${_number(found, value)}$" for value in found.worst)]
    head = ["followers", *map(latex_text, found.names)]
    body = [" & ".join(cells) + r" \\" for cells in (head, *rows, worst)]
    tabular = rf"\begin{{tabular}}{{l{'r' * len(found.rules)}}}"
    parts = [tabular, r"\hline", body[0], r"\hline", *body[1:-1], r"\hline", body[-1], r"\hline", r"\end{tabular}"]
    return "\n".join(parts) + "\n"
