"""The picture of two learners: average regret and the follower's reward, with what is exact dashed."""

import io
from typing import Any

import numpy as np

from firstmover.online.outcomes import Meeting
from firstmover.report.statistics import mean_interval


def draw_meeting(met: Meeting, title: str, kind: str) -> bytes:
    """The picture as a file of this kind, "png" or "svg"; needs no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    exact = met.exact
    figure = Figure(figsize=(11, 4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    gap = exact.honest.leader - exact.manipulated.leader
    _band(left, met.at, met.leader_regret / met.at[:, None], "average regret")
    _levels(left, {"at the SE": 0.0, "at the FBM": gap})
    _band(right, met.at, met.follower_reward, "the follower's reward")
    _levels(right, {"SE": exact.honest.follower, "FBM": exact.manipulated.follower})
    left.set_ylabel("the leader's regret a round")
    right.set_ylabel("the follower's reward a round")
    figure.suptitle(title)
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, dpi=150)
    return stream.getvalue()


def _band(axes: Any, at: np.ndarray, values: np.ndarray, label: str) -> None:
    ends = np.array([mean_interval(row) for row in values])
    axes.plot(at, ends[:, 0], label=label)
    axes.fill_between(at, ends[:, 1], ends[:, 2], alpha=0.2, linewidth=0)
    axes.set(xscale="log", xlabel="rounds")
    axes.spines[["top", "right"]].set_visible(False)


def _levels(axes: Any, levels: dict[str, float]) -> None:
    for name, level in levels.items():
        axes.axhline(level, color="black", linewidth=0.8, linestyle="--")
        axes.annotate(name, (0.01, level), xycoords=("axes fraction", "data"), va="bottom", fontsize=8)
