"""The behaviour matrix as text, CSV and LaTeX."""

import csv
import io
import json
from collections.abc import Sequence

import numpy as np

from firstmover.errors import on_one_line
from firstmover.evaluation.behaviours import label
from firstmover.evaluation.evaluations import STATUS_QUO, Evaluation, Held
from firstmover.rules.exporting import latex_text
from firstmover.wording import written

_WINS = "the status quo wins"


def as_text(evaluation: Evaluation) -> str:
    """A row for every model, a column for every rule; marks at each worst case, and where the status quo wins."""
    rows = [["followers", *evaluation.names]]
    notes = [""]
    for column, model in enumerate(evaluation.followers):
        cells = [
            _cell(evaluation, row, column) + _marks(evaluation, row, column) for row in range(len(evaluation.rules))
        ]
        rows.append([label(model), *cells])
        notes.append(_WINS if _status_quo_wins(evaluation, column) else "")
    rows.append(["worst case", *(_number(evaluation, value) for value in evaluation.worst)])
    notes.append("")
    rows = [[on_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "   ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)), note])
        for row, note in zip(rows, notes, strict=True)
    ]
    return "\n".join([*(line.rstrip() for line in lines), "", *_legend(evaluation)])


def _legend(evaluation: Evaluation) -> list[str]:
    lines = [
        f"Values of the rules ({evaluation.game.objective}); ± half of the 95 % interval over {evaluation.seeds} "
        "responses."
    ]
    lines.append("* the rule's worst case")
    if evaluation.status_quo is not None:
        lines.append(f"! worth less than the status quo ({on_one_line(evaluation.status_quo)})")
    else:
        lines.append("There is no status quo to compare with: the game names none.")
    if evaluation.optimum_reason is not None:
        lines.append(f"The exact optimum is not there: {on_one_line(evaluation.optimum_reason)}")
    if any(evaluation.sampled):
        names = [
            label(model) for model, sampled in zip(evaluation.followers, evaluation.sampled, strict=True) if sampled
        ]
        lines.append(f"Values are sampled, for lack of exact ones, under {', '.join(names)}.")
    if np.isnan(evaluation.value).any():
        lines.append("- where a response ended in numbers that are not finite")
    lines += [f"Left out: {label(model)}: {reason}" for model, reason in evaluation.left_out]
    lines += [line for own in evaluation.constraints for line in _constraint(evaluation, own)]
    return [*lines, *_held_out(evaluation), *_when_off(evaluation), f"took {evaluation.seconds:.1f} s"]


def _constraint(evaluation: Evaluation, own: Held) -> list[str]:
    """A constraint, and where each rule does not keep it."""
    lines = [f"{on_one_line(own.name)} at least {own.at_least:g}:"]
    for name, values, held in zip(evaluation.names, own.value, own.holds, strict=True):
        broken = [
            f"{label(model)} ({value:.4g})"
            for model, value, keeps in zip(evaluation.followers, values, held, strict=True)
            if not keeps
        ]
        least = f"holds, {values.min():.4g} at least" if not broken else f"does not hold under {', '.join(broken)}"
        lines.append(f"  {on_one_line(name)}: {least}")
    return lines


def _held_out(evaluation: Evaluation) -> list[str]:
    """The same matrix on rows that were held out."""
    held = evaluation.holdout
    if held is None:
        return []
    rows = [["followers", *evaluation.names]]
    for column, model in enumerate(evaluation.followers):
        cells = [
            f"{_number(evaluation, value)} ± {_half(ends, value):.2g}"
            for value, ends in zip(held.value[:, column], held.interval[:, column], strict=True)
        ]
        rows.append([label(model), *cells])
    what = f"On {held.rows} rows that were held out, ± half of the 95 % interval over rows"
    return ["", what, *_aligned(rows), ""]


def _aligned(rows: list[list[str]]) -> list[str]:
    rows = [[on_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "   ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def _when_off(evaluation: Evaluation) -> list[str]:
    """The same matrix if payoffs are off: the mean over the draws, and the worst of them."""
    off = evaluation.when_off
    if off is None:
        return []
    rows = [["followers", *evaluation.names]]
    for column, model in enumerate(evaluation.followers):
        rows.append([label(model)])
        for row in range(len(evaluation.rules)):
            half = _half(off.interval[row, column], off.mean[row, column])
            rows[-1].append(f"{off.mean[row, column]:.4g} ± {half:.2g} ({off.worst[row, column]:.4g})")
    lines, errors = _aligned(rows), off.errors
    what = f"Every payoff off by up to {100 * errors.by:g} %, which followers know: {errors.draws} draws (seed "
    return ["", f"{what}{errors.seed}), mean ± half of the 95 % interval (worst draw)", *lines, ""]


def _marks(evaluation: Evaluation, row: int, column: int) -> str:
    """Always two characters, so that numbers stand below each other."""
    alike = np.ptp(evaluation.value[row]) == 0  # no case is the worst
    worst = "*" if evaluation.value[row, column] == evaluation.worst[row] and not alike else " "
    return worst + ("!" if evaluation.below_status_quo[row, column] else " ")


def _status_quo_wins(evaluation: Evaluation, column: int) -> bool:
    return evaluation.best_for[column] == STATUS_QUO


def _cell(evaluation: Evaluation, row: int, column: int) -> str:
    value, half = evaluation.value[row, column], _half(evaluation.interval[row, column], evaluation.value[row, column])
    return _number(evaluation, value) + (f" ± {half:.2g}" if half > 0 else "")


def _half(interval: Sequence[float] | np.ndarray, value: float) -> float:
    """Half an interval; of one that was cut off at what is possible, the longer half."""
    return float(max(value - interval[0], interval[1] - value))


def _number(evaluation: Evaluation, value: float) -> str:
    return "-" if np.isnan(value) else written(float(value), *evaluation.game.leader_payoff_range)


def as_csv(evaluation: Evaluation) -> str:
    """A line for every rule and model, in full precision; nothing where a number is not known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ["rule", "followers", "value", "low", "high", "regret", "behind best", "best", "below status quo"]
    off = evaluation.when_off
    if off is not None:
        head += ["mean if payoffs are off", "low if off", "high if off", "worst draw"]
    writer.writerow(head)
    for row, name in enumerate(evaluation.names):
        for column, model in enumerate(evaluation.followers):
            known = (evaluation.value, evaluation.regret, evaluation.behind_best)
            value, regret, behind = (array[row, column] for array in known)
            numbers = (value, *evaluation.interval[row, column], regret, behind)
            shown = ["" if np.isnan(number) else json.dumps(float(number)) for number in numbers]
            best, below = evaluation.best_for[column] == name, evaluation.below_status_quo[row, column]
            line = [name, label(model), *shown, *("yes" if flag else "no" for flag in (best, below))]
            if off is not None:
                drawn = (off.mean[row, column], *off.interval[row, column], off.worst[row, column])
                line += [json.dumps(float(number)) for number in drawn]
            writer.writerow(line)
    return out.getvalue()


def as_latex(evaluation: Evaluation) -> str:
    """A tabular with a row for every model; the best rule of each is bold."""
    rows = []
    for column, model in enumerate(evaluation.followers):
        cells = []
        for row, name in enumerate(evaluation.names):
            number = _number(evaluation, evaluation.value[row, column])
            half = _half(evaluation.interval[row, column], evaluation.value[row, column])
            spread = rf" \pm {half:.2g}" if half > 0 else ""
            bold = rf"\mathbf{{{number}}}" if evaluation.best_for[column] == name else number
            cells.append(number if number == "-" else f"${bold}{spread}$")
        rows.append([latex_text(label(model)), *cells])
    worst = ["worst case", *(f"${_number(evaluation, value)}$" for value in evaluation.worst)]
    head = ["followers", *map(latex_text, evaluation.names)]
    body = [" & ".join(cells) + r" \\" for cells in (head, *rows, worst)]
    tabular = rf"\begin{{tabular}}{{l{'r' * len(evaluation.rules)}}}"
    parts = [tabular, r"\hline", body[0], r"\hline", *body[1:-1], r"\hline", body[-1], r"\hline", r"\end{tabular}"]
    return "\n".join(parts) + "\n"
