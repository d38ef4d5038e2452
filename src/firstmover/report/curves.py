"""Learning curves: the mean over seeds with its 95 % interval, as CSV and as a picture."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from firstmover.report.statistics import mean_interval


@dataclass(frozen=True)
class Curve:
    """One line of a figure.

    Attributes:
        label: what it is called.
        steps: environment steps of a seed at every point.
        values: what was measured at every point, for every seed.
        dashed: whether it is drawn dashed (commitment level).
    """

    label: str
    steps: Float[np.ndarray, "points"]
    values: Float[np.ndarray, "points seeds"]
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """A figure's content.

    Attributes:
        title: above the figure.
        ylabel: what is measured.
        curves: the lines.
        levels: horizontal lines by name, such as exact optima.
    """

    title: str
    ylabel: str
    curves: Sequence[Curve]
    levels: dict[str, float]


def as_csv(curves: Sequence[Curve]) -> str:
    """One line per curve, point and seed."""
    lines = ["curve,env_steps,seed,value"]
    for curve in curves:
        for steps, row in zip(curve.steps, curve.values, strict=True):
            lines += [f"{curve.label},{steps:.0f},{seed},{value:.9g}" for seed, value in enumerate(row)]
    return "\n".join(lines) + "\n"


def draw(panel: Panel, kind: str) -> bytes:
    """The picture as a file of this kind, "png" or "svg"; needs no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots()
    for curve in panel.curves:
        ends = np.array([mean_interval(row) for row in curve.values])
        (line,) = axes.plot(curve.steps, ends[:, 0], "--" if curve.dashed else "-", label=curve.label)
        axes.fill_between(curve.steps, ends[:, 1], ends[:, 2], alpha=0.2, color=line.get_color(), linewidth=0)
    for k, (name, level) in enumerate(panel.levels.items()):
        axes.axhline(level, color="black", linewidth=0.8, linestyle=(0, (4 - k % 3, 2)))
        axes.annotate(name, (0.01, level), xycoords=("axes fraction", "data"), va="bottom", fontsize=7)
    axes.set(title=panel.title, xlabel="environment steps of a seed", ylabel=panel.ylabel, xscale="log")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, dpi=150)
    return stream.getvalue()
