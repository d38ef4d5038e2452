"""The behaviour matrix as a heat map: each value beside that of the status quo under the same model."""

import numpy as np

from firstmover.evaluation.behaviours import label
from firstmover.evaluation.matrix import STATUS_QUO, Evaluation
from firstmover.report.numbers import number
from firstmover.report.page import Cell, Matrix, Row
from firstmover.report.sentences import in_brackets

_MORE, _LESS, _NONE = (0x2A, 0x6F, 0xB8), (0xC2, 0x55, 0x0A), (0xFF, 0xFF, 0xFF)


def heat_map(evaluation: Evaluation) -> Matrix:
    """A row for every model, those under which the status quo wins first, and a column for every rule.

    The ground is blue where a rule is worth more than the status quo, orange where it is worth less. Where there is no
    status quo it is orange by as much as the best of the rules is worth more.
    """
    if evaluation.status_quo is None:
        change = -evaluation.behind_best
    else:
        change = evaluation.value - evaluation.value[evaluation.names.index(STATUS_QUO)]
    known = np.abs(change[np.isfinite(change)])
    widest = float(known.max()) if known.size and known.max() > 0 else 1.0
    rows = [
        Row(
            label(model),
            evaluation.best_for[column] == STATUS_QUO,
            [
                _cell(evaluation, row, column, float(change[row, column]) / widest)
                for row in range(len(evaluation.rules))
            ],
        )
        for column, model in enumerate(evaluation.followers)
    ]
    rows.sort(key=lambda row: not row.status_quo_wins)
    payoffs = evaluation.game.leader_payoff_range
    worst = [number(float(value), *payoffs) for value in evaluation.worst]
    return Matrix(evaluation.names, rows, worst, _notes(evaluation))


def _cell(evaluation: Evaluation, row: int, column: int, share: float) -> Cell:
    value, (low, high) = evaluation.value[row, column], evaluation.interval[row, column]
    payoffs = evaluation.game.leader_payoff_range
    half = float(max(value - low, high - value))
    worst = value == evaluation.worst[row] and np.ptp(evaluation.value[row]) > 0
    ground = _ground(share)
    return Cell(
        number(float(value), *payoffs),
        f"{half:.2g}" if half > 0 else "",
        "#{:02x}{:02x}{:02x}".format(*ground),
        "#000000" if _luminance(ground) > 0.18 else "#ffffff",  # the better contrast of the two
        bool(evaluation.below_status_quo[row, column]),
        bool(worst),
    )


def _ground(share: float) -> tuple[int, int, int]:
    """The colour of a change, from -1 to 1."""
    if not np.isfinite(share):
        return _NONE
    end = _MORE if share > 0 else _LESS
    weight = abs(share) ** 0.7  # small changes are seen, too
    red, green, blue = (round(none + weight * (full - none)) for none, full in zip(_NONE, end, strict=True))
    return red, green, blue


def _luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance, from 0 to 1 (WCAG 2, https://www.w3.org/TR/WCAG2/#dfn-relative-luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


def _notes(evaluation: Evaluation) -> list[str]:
    notes = [
        f"Each row is a model of the participants, each column a rule; values are of {evaluation.game.objective}, "
        f"± half of the 95 % interval over {evaluation.seeds} responses. 'worst' is the rule's worst case."
    ]
    if evaluation.status_quo is None:
        notes.append("There is no status quo to compare with: the game names none. Orange: another rule is better.")
    else:
        notes.append(
            f"Blue: worth more than the status quo{in_brackets(evaluation.status_quo)}; orange and 'below': less."
        )
    if evaluation.optimum_reason is not None:
        notes.append(f"The exact optimum is not there: {evaluation.optimum_reason}")
    if any(evaluation.sampled):
        names = [label(model) for model, flag in zip(evaluation.followers, evaluation.sampled, strict=True) if flag]
        notes.append(f"Values are sampled, for lack of exact ones, under {', '.join(names)}.")
    return [*notes, *(f"Left out: {label(model)}: {reason}" for model, reason in evaluation.left_out)]
