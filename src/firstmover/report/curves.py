"""Learning curves: the mean over seeds with its 95 % interval, as CSV and as a picture."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from firstmover.report.statistics import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_WIDTH = 1.5  # points
_NEAR = 0.01  # of what is drawn: curves this close cover each other


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
        possible: the least and the greatest value, which intervals do not leave; they may if it is not given.
    """

    title: str
    ylabel: str
    curves: Sequence[Curve]
    levels: dict[str, float]
    possible: tuple[float, float] | None = None


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


def _draw_group(axes: "Axes", panel: Panel, group: str) -> None:
    own = [curve for curve in panel.curves if _group(curve.label) == group]
    ends = [np.array([mean_interval(row) for row in curve.values]) for curve in own]
    for curve, found, width in zip(own, ends, widths([found[:, 0] for found in ends]), strict=True):
        style = "--" if curve.dashed else "-"
        (line,) = axes.plot(curve.steps, found[:, 0], style, label=_own(curve.label), linewidth=width)
        band = found[:, 1:] if panel.possible is None else np.clip(found[:, 1:], *panel.possible)
        axes.fill_between(curve.steps, band[:, 0], band[:, 1], alpha=0.15, color=line.get_color(), linewidth=0)
    for name, level in panel.levels.items():
        if _group(name) in ("", group):
            axes.axhline(level, color="black", linewidth=0.8, linestyle=(0, (4, 2)))
            axes.annotate(_own(name), (0.01, level), xycoords=("axes fraction", "data"), va="bottom", fontsize=7)
    axes.set(title=group, xlabel="environment steps of a seed", ylabel=panel.ylabel, xscale="log")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)


def widths(means: Sequence[Float[np.ndarray, "points"]]) -> list[float]:
    """Widths of lines of which the later ones lie above: wider where a later one covers it for a stretch.

    Example:
        >>> widths([np.zeros(4), np.ones(4), np.zeros(4)])
        [3.75, 1.5, 1.5]
    """
    known = np.concatenate([own[np.isfinite(own)] for own in means]) if means else np.zeros(0)
    near = _NEAR * float(np.ptp(known)) if known.size else 0.0
    covered = [sum(_alike(own, other, near) for other in means[k + 1 :]) for k, own in enumerate(means)]
    return [_WIDTH * (1 + 1.5 * times) for times in covered]


def _alike(first: Float[np.ndarray, "points"], second: Float[np.ndarray, "others"], near: float) -> bool:
    """Whether two curves are the same for a tenth of the way, or in the end."""
    if len(first) != len(second):
        return bool(abs(first[-1] - second[-1]) <= near)
    same = np.abs(first - second) <= near
    return bool(same.mean() >= 0.1 or same[-1])


def _group(label: str) -> str:
    return label.partition(": ")[0] if ": " in label else ""


def _own(label: str) -> str:
    return label.rpartition(": ")[2]
