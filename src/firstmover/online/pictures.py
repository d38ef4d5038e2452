"""Pictures of what was learnt online: curves over rounds with their intervals, what is exact dashed."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from firstmover.report.statistics import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Panel(NamedTuple):
    """One of the curves beside each other.

    Attributes:
        what: is drawn.
        values: of it, after as many rounds, for every seed.
        levels: exact ones, by name.
    """

    what: str
    values: Float[np.ndarray, "points seeds"]
    levels: Mapping[str, float]


def draw(at: Int[np.ndarray, "points"], panels: Sequence[Panel], title: str, kind: str) -> bytes:
    """The picture as a file of this kind, "png" or "svg"; needs no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5 * len(panels), 4), layout="constrained")
    FigureCanvasAgg(figure)
    for panel, axes in zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
        _band(axes, at, panel)
        _levels(axes, panel.levels)
    figure.suptitle(title)
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, dpi=150)
    return stream.getvalue()


def _band(axes: "Axes", at: np.ndarray, panel: Panel) -> None:
    ends = np.array([mean_interval(row) for row in panel.values])
    axes.plot(at, ends[:, 0])
    axes.fill_between(at, ends[:, 1], ends[:, 2], alpha=0.2, linewidth=0)
    axes.set(xscale="log", xlabel="rounds", ylabel=panel.what)
    axes.spines[["top", "right"]].set_visible(False)


def _levels(axes: "Axes", levels: Mapping[str, float]) -> None:
    for name, level in levels.items():
        axes.axhline(level, color="black", linewidth=0.8, linestyle="--")
        axes.annotate(name, (0.01, level), xycoords=("axes fraction", "data"), va="bottom", fontsize=8)
