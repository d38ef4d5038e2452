"""What is measured of a finished cohort, and put into words."""

import numpy as np
from jaxtyping import Float

from firstmover.core.selection import average
from firstmover.games import Game
from firstmover.jobs import build
from firstmover.jobs.finished import OPTIMUM_TOLERANCE, Design
from firstmover.report.statistics import mean_interval
from firstmover.reproduce.experiments import Verdict
from firstmover.solvers.registry import memory_optimum, optimum


def exact(game: Game) -> float:
    """The exact optimum of a game that has one, ties strong."""
    value = optimum(game, "strong").value
    assert value is not None
    return value


def remembered(game: Game) -> float:
    """As `exact`, against followers that reply by their own observations and do not count the steps."""
    value = memory_optimum(game, "strong").value
    assert value is not None
    return value


def reached(
    made: Design,
    value: float,
    tolerance: float = OPTIMUM_TOLERANCE,
    earned: Float[np.ndarray, "seeds"] | None = None,
) -> int:
    """How many seeds end within a share of the payoff range of a value, or above it.

    Args:
        made: the cohort.
        value: to be reached.
        tolerance: share of the leader's payoff range.
        earned: what every seed has earned, if not the value of its rule.
    """
    return int(np.sum((made.learned_values if earned is None else earned) >= value - tolerance * _range(made)))


def summary(
    made: Design,
    value: float,
    tolerance: float = OPTIMUM_TOLERANCE,
    earned: Float[np.ndarray, "seeds"] | None = None,
) -> str:
    """The mean over seeds with its interval, and how many reached a value; arguments as of `reached`."""
    mean, low, high = mean_interval(made.learned_values if earned is None else earned)
    count = reached(made, value, tolerance, earned)
    there = f"{count} of {made.seeds} seeds within {tolerance:.2%} of the range of {value:.4g}"
    return f"mean {mean:.4g} [{low:.4g}, {high:.4g}], {there}"


def departure(made: Design) -> str:
    """How a step-level cohort departs from the paper."""
    settings = build.description(made.leader)["parameters"]
    passes = f"in the learner's rate ({settings['learning_rate']:g}) and passes ({settings['epochs']})"
    return f"departs from the paper {passes}, {made.env_steps[-1]:.3g} steps a seed"


def drop(made: Design) -> float:
    """By how much the evaluated mean falls below its best so far, at the worst."""
    means = _evaluated_means(made)
    return float(np.max(np.maximum.accumulate(means) - means))


def reaches(label: str, made: Design, value: float, published: str, tolerance: float = OPTIMUM_TOLERANCE) -> Verdict:
    """Whether nine tenths of the seeds end at the optimum."""
    agrees = reached(made, value, tolerance) >= 0.9 * made.seeds
    short = "" if agrees else "; this budget is short for episodes so long: each update sees a few commitments only"
    there = _evaluated_means(made) >= value - 0.02 * _range(made)
    steps = made.env_steps[np.argmax(there)]
    when = f"; evaluated mean within 2 % after {steps:.3g} steps" if there.any() else ""
    return Verdict(
        f"{label} learns the optimum",
        published,
        summary(made, value, tolerance) + when,
        f"{value:.6g}",
        agrees,
        departure(made) + short,
    )


def _evaluated_means(made: Design) -> Float[np.ndarray, "updates"]:
    return average(np.asarray(made.history.evaluated), axis=1)


def _range(made: Design) -> float:
    low, high = made.game.leader_payoff_range
    return high - low
