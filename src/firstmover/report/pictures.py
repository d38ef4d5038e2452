"""Pictures of a page, as SVG that stands within HTML: text stays text, nothing is loaded."""

import hashlib
import html
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from firstmover.report.numbers import count, number
from firstmover.report.statistics import mean_interval

_INK, _MUTED, _BLUE, _ORANGE = "#1a1a1a", "#5a5a5a", "#1f5fa8", "#a33b00"
_MOST_POINTS = 120
_MOST_LINES = 25

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Mark(NamedTuple):
    """A value on the bar.

    Attributes:
        name: what has it.
        value: the value.
        own: whether it is the rule's that the page is about.
    """

    name: str
    value: float | int
    own: bool = False


def value_bar(
    marks: Sequence[Mark],
    spread: tuple[float | int, float | int] | None,
    possible: tuple[float | int, float | int],
    unit: str,
) -> str:
    """Values on one bar, each with its name; the rule's over its equilibria as a thick piece.

    Args:
        marks: the values.
        spread: the rule's least and greatest value over equilibria, if they are known.
        possible: the least and the greatest payoff.
        unit: what is measured.
    """
    from matplotlib.figure import Figure

    least, most = _shown([mark.value for mark in marks] + list(spread or ()), possible)
    middle = (least + most) / 2
    left = sorted((mark for mark in marks if mark.value <= middle), key=lambda mark: -mark.value)
    right = sorted((mark for mark in marks if mark.value > middle), key=lambda mark: mark.value)
    figure = Figure(figsize=(7.6, 0.85 + 0.34 * len(marks)), layout="constrained")
    axes = figure.subplots()
    axes.plot([least, most], [0, 0], color="#c8c8c8", linewidth=6, solid_capstyle="butt", zorder=1)
    if spread is not None:
        axes.plot(spread, [0, 0], color=_BLUE, linewidth=6, solid_capstyle="butt", zorder=2)
    for row, mark in enumerate([*left, *right], 1):
        colour = _BLUE if mark.own else _INK
        axes.plot([mark.value] * 2, [0, -row], color=colour, linewidth=1, zorder=3)
        axes.plot([mark.value], [0], "o" if mark.own else "|", color=colour, markersize=9, markeredgewidth=2, zorder=4)
        axes.annotate(
            f"{mark.name}: {number(mark.value, *possible)}",
            (mark.value, -row),
            xytext=(5 if mark in left else -5, 0),
            textcoords="offset points",
            ha="left" if mark in left else "right",
            va="center",
            color=colour,
            fontweight="bold" if mark.own else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            zorder=5,
        )
    axes.set(xlim=(least, most), ylim=(-len(marks) - 0.6, 0.6), xlabel=unit)
    axes.yaxis.set_visible(False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    words = "; ".join(f"{mark.name} {number(mark.value, *possible)}" for mark in marks)
    return _inline(figure, f"Value on one bar: {words}.")


def _shown(values: Sequence[float | int], possible: tuple[float | int, float | int]) -> tuple[float | int, float | int]:
    """What a bar shows: all values with some room, but nothing that is not possible."""
    low, high = min(values), max(values)
    room = 0.15 * (high - low) or 0.15 * (possible[1] - possible[0]) or 1.0
    least, most = max(possible[0], low - room), min(possible[1], high + room)
    return (least, most) if least < most else (low - room, high + room)


def learning_curves(
    steps: Float[np.ndarray, "updates"],
    values: Float[np.ndarray, "updates seeds"],
    levels: dict[str, float | int],
    possible: tuple[float | int, float | int],
    unit: str,
) -> str:
    """Every seed as a thin line, their mean with its 95 % interval, and levels to compare with.

    Args:
        steps: environment steps of a seed after every update.
        values: what was measured after every update, for every seed.
        levels: horizontal lines by name.
        possible: the least and the greatest value.
        unit: what is measured.
    """
    from matplotlib.figure import Figure

    points = np.unique(np.linspace(0, len(steps) - 1, _MOST_POINTS).round().astype(int))
    ends = np.array([mean_interval(values[point]) for point in points])
    figure = Figure(figsize=(7.6, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(steps[points], values[points][:, :_MOST_LINES], color="#9db8d6", linewidth=0.6, zorder=1)
    band = np.clip(ends[:, 1:], *possible)
    axes.fill_between(steps[points], band[:, 0], band[:, 1], color=_BLUE, alpha=0.25, linewidth=0, zorder=2)
    axes.plot(steps[points], ends[:, 0], color=_BLUE, linewidth=2, zorder=4, label="mean of the seeds")
    for (name, level), style in zip(levels.items(), ((0, (6, 6)), (6, (6, 6)), (0, (1, 2))), strict=False):
        colour = _INK if name == "optimum" else _ORANGE
        axes.axhline(level, color=colour, linewidth=1.6, linestyle=style, zorder=5, label=name)
    axes.set(xlabel="environment steps of a seed", ylabel=unit)
    axes.xaxis.set_major_formatter(lambda steps, _: count(steps))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=4)
    last = number(float(ends[-1, 0]), *possible)
    return _inline(figure, f"Learning curves of {values.shape[1]} seeds: their mean ends at {last}.")


def _inline(figure: "Figure", words: str) -> str:
    """A figure as an SVG element with a description; its ids are its own among several in one page."""
    import matplotlib

    stream = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "firstmover", "path.simplify": True}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn = stream.getvalue().decode()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r' xmlns(:\w+)?="[^"]*"', "", drawn).replace("xlink:href", "href")
    drawn = re.sub(r"<!--.*?-->", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"(\d+\.\d{2})\d+", r"\1", drawn)  # a hundredth of a point is not seen
    drawn = re.sub(r"font: ([^;\"']*)'[^;\"]*sans-serif", r"font: \1sans-serif", drawn)
    drawn = re.sub(r"\s*\n\s*", "\n", drawn)
    own = "fm" + hashlib.sha256((words + drawn).encode()).hexdigest()[:8]
    drawn = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{own}-", drawn)
    label = html.escape(words, quote=True)
    return drawn.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
