"""Charts of numbers that were computed: lines and points over an axis, as CSV and as a picture.

Learning curves, which have an interval over seeds, are `curves`.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Series:
    """One line of a chart.

    Attributes:
        label: what it is called.
        x: where it was measured.
        y: what was measured there.
        style: "line"; "dashed", for what is expected; "points"; "steps", for a histogram whose bins begin at x.
    """

    label: str
    x: Float[np.ndarray, "points"]
    y: Float[np.ndarray, "points"]
    style: Literal["line", "dashed", "points", "steps"] = "line"


@dataclass(frozen=True)
class Chart:
    """Lines in one frame.

    Attributes:
        name: of its files.
        title: above it.
        xlabel, ylabel: what the axes measure.
        series: the lines.
        logarithmic: whether both axes are.
        names: what stands at 0, 1, ... of the first axis, where that is no number.
    """

    name: str
    title: str
    xlabel: str
    ylabel: str
    series: Sequence[Series]
    logarithmic: bool = False
    names: tuple[str, ...] = ()


def chart_csv(chart: Chart) -> str:
    """One line per series and point.

    Example:
        >>> chart = Chart("c", "", "tax", "welfare", [Series("flat", np.array([0.1]), np.array([-0.4]))])
        >>> chart_csv(chart).splitlines()
        ['series,tax,welfare', 'flat,0.1,-0.4']
    """
    lines = [f"series,{chart.xlabel},{chart.ylabel}"]
    for own in chart.series:
        at = [chart.names[int(x)] for x in own.x] if chart.names else [f"{x:.9g}" for x in own.x]
        lines += [f"{own.label},{x},{y:.9g}" for x, y in zip(at, own.y, strict=True)]
    return "\n".join(lines) + "\n"


def draw_chart(chart: Chart, kind: str) -> bytes:
    """The picture as a file of this kind, "png" or "svg"; needs no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    styles = {"line": "-", "dashed": "--", "points": "o", "steps": "-"}
    for own in chart.series:
        drawn = "steps-post" if own.style == "steps" else "default"
        axes.plot(own.x, own.y, styles[own.style], drawstyle=drawn, label=own.label, markersize=4, linewidth=1.5)
    if chart.logarithmic:
        axes.set(xscale="log", yscale="log")
    axes.set(title=chart.title, xlabel=chart.xlabel, ylabel=chart.ylabel)
    if chart.names:
        axes.set_xticks(range(len(chart.names)), chart.names, rotation=30, ha="right")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, dpi=150)
    return stream.getvalue()
