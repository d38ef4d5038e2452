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
    """The picture as a file of this kind, "png" or "svg"; needs no display.

    Curves and levels that are called "GROUP: NAME" stand in axes of their own, side by side; a level without a group
    stands in all.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = list(dict.fromkeys(_group(curve.label) for curve in panel.curves))
    most = max(sum(_group(curve.label) == group for curve in panel.curves) for group in groups)
    figure = Figure(figsize=(6.5 * len(groups), 4.2 + 0.12 * most), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, group in zip(figure.subplots(1, len(groups), squeeze=False)[0], groups, strict=True):
        _draw_group(axes, panel, group)
    figure.suptitle(panel.title)
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, dpi=150)
    return stream.getvalue()


def _draw_group(axes: Any, panel: Panel, group: str) -> None:
    for curve in panel.curves:
        if _group(curve.label) == group:
            ends = np.array([mean_interval(row) for row in curve.values])
            (line,) = axes.plot(curve.steps, ends[:, 0], "--" if curve.dashed else "-", label=_own(curve.label))
            axes.fill_between(curve.steps, ends[:, 1], ends[:, 2], alpha=0.15, color=line.get_color(), linewidth=0)
    for name, level in panel.levels.items():
        if _group(name) in ("", group):
            axes.axhline(level, color="black", linewidth=0.8, linestyle=(0, (4, 2)))
            axes.annotate(_own(name), (0.01, level), xycoords=("axes fraction", "data"), va="bottom", fontsize=7)
    axes.set(title=group, xlabel="environment steps of a seed", ylabel=panel.ylabel, xscale="log")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)


def _group(label: str) -> str:
    return label.partition(": ")[0] if ": " in label else ""


def _own(label: str) -> str:
    return label.rpartition(": ")[2]
