"""Crowds: a toll that halves a crowd (Pigou), and taxes of a small economy, after Mi et al. 2024.

Their tables were not available. The economy is ours, its equilibria are exact, and the best tax is the best of a grid.
"""

import functools
from collections.abc import Mapping, Sequence

import numpy as np

from firstmover.followers import Population
from firstmover.games import CrowdToll, Tax
from firstmover.jobs.finished import Design
from firstmover.leaders import CommitmentGradient
from firstmover.report.charts import Chart, Series
from firstmover.report.statistics import mean_interval
from firstmover.reproduce.crowd_charts import (
    CROWDS_OF,
    at_prices_without_tax,
    economy,
    households,
    scatter,
    tax_charts,
    toll_charts,
)
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.solvers.mean_field import best_known, earns

_TOLL = Experiment(
    "crowd-toll", CrowdToll(), Population(), CommitmentGradient(updates=20, episodes=16, restarts=1, entropy=0.0)
)
_TAX = Experiment("tax", economy(), Population(), CommitmentGradient(updates=20, episodes=10, restarts=1, entropy=0.0))
_HSV = Experiment(
    "tax-hsv",
    Tax("large", "hsv"),
    Population(),
    CommitmentGradient(updates=16, episodes=10, learning_rate=0.25, restarts=1, entropy=0.0),
)
_CLOSE = 0.03
_SHARE = 0.8


_TAXED = 0.3


def _ginis() -> Verdict:
    """What a tax that is handed back does to two Ginis, and what it does where prices stay as they were."""
    free, taxed, alone = households(0.0), households(_TAXED), at_prices_without_tax(_TAXED)
    wealth, consumption = (
        [own.statistics[f"gini of {what}"] for own in (free, taxed, alone)] for what in ("wealth", "consumption")
    )
    return Verdict(
        "a tax that is handed back raises the Gini of wealth and lowers that of consumption",
        "not compared: their tables were not available",
        f"from no tax to {_TAXED:g}, of wealth from {wealth[0]:.4f} to {wealth[1]:.4f}, of consumption from "
        f"{consumption[0]:.4f} to {consumption[1]:.4f}",
        "the same: both are computed at the exact fixed points",
        wealth[1] > wealth[0] and consumption[1] < consumption[0],
        "the transfer insures households, who save less against bad luck: at the prices of the economy without a tax, "
        f"{alone.with_nothing:.1%} would own nothing in place of {free.with_nothing:.1%}, and the Gini of wealth be "
        f"{wealth[2]:.4f}; capital that grows scarce raises interest, which takes part of that back",
    )


def _near() -> Verdict:
    """How a finite crowd comes near the mean field."""
    found = [scatter(members) for members in CROWDS_OF]
    scaled = np.array(found) * np.sqrt(CROWDS_OF)
    slope = float(np.polyfit(np.log(CROWDS_OF), np.log(found), 1)[0])
    told = ", ".join(f"{share:.2%} with {members:,}" for share, members in zip(found, CROWDS_OF, strict=True))
    return Verdict(
        "a crowd of N households comes near the mean field like 1 / sqrt(N)",
        "-",
        f"their labour is off by {told}; slope {slope:.3f} on logarithmic axes",
        "slope -1/2: sums over N who move independently",
        bool(scaled.max() < 2 * scaled.min()),
        "200 periods at the tax 0.1; what they feel are the aggregates of the mean field",
    )


def _judge_toll(made: Mapping[str, Design]) -> Sequence[Verdict]:
    (done,) = made.values()
    near = int(np.sum(done.learned_values > -0.75 - 1e-3))
    return [
        Verdict(
            "a toll halves the crowd of the road that fills up",
            "mean cost 3/4 in place of 1 (Pigou 1920)",
            f"{near} of {done.seeds} seeds within 0.001 of it, best {done.value:.6f}",
            "3/4, by x^2 + 1 - x at x = 1/2",
            near >= _SHARE * done.seeds,
            "the toll is learned; travellers are at the exact fixed point in every episode",
        )
    ]


def _judge_tax(made: Mapping[str, Design]) -> Sequence[Verdict]:
    (done,) = made.values()
    found = best_known(economy(), "strong")
    assert found.rule is not None
    known = float(found.details()["best_known"])
    best = float(found.rule[0]["do"]["tax"])
    none = earns(economy(), np.zeros(1))
    taxes = np.asarray(done.tables)[:, 0, 0]
    near = int(np.sum(np.abs(taxes - best) < _CLOSE))
    gained = float(np.mean((done.learned_values - none) / (known - none)))
    return [
        _ginis(),
        _near(),
        Verdict(
            "a leader who learns taxes a population of households raises welfare",
            "raises welfare (Mi et al. 2024; their tables were not available)",
            f"{near} of {done.seeds} seeds within {_CLOSE} of {best:.4f}, mean {taxes.mean():.4f}, "
            f"sd {taxes.std():.4f}; {gained:.1%} of the gain in welfare in the mean",
            f"best known {known:.6f} at {best:.4f}, from a grid; no tax earns {none:.6f}",
            near >= _SHARE * done.seeds and gained >= 0.9,
            "the economy and its numbers are ours; no optimum is claimed",
        ),
    ]


@functools.cache
def schedules() -> dict[str, float]:
    """What the larger economy earns without a tax, at the best that is known of a grid, and under the brackets."""
    flat, brackets = Tax("large"), Tax("large", "brackets")
    return {
        "no tax": earns(flat, np.zeros(1)),
        "best flat tax": float(best_known(flat, "strong").details()["best_known"]),
        "progressive brackets": earns(brackets, np.ones(1)),
        "brackets, best scale": float(best_known(brackets, "strong").details()["best_known"]),
    }


def _judge_schedules(made: Mapping[str, Design]) -> Sequence[Verdict]:
    (done,) = made.values()
    others = schedules()
    tables = np.asarray(done.tables)[:, 0].astype(float)
    mean, low, high = mean_interval(np.asarray(done.learned_values))
    best = tables[int(np.argmax(done.learned_values))]
    return [
        Verdict(
            "a tax of two parameters that is learned beats no tax, the best flat tax and a progressive schedule",
            "learned taxes beat these (Mi et al. 2024; their tables were not available)",
            f"mean {mean:.5f} [{low:.5f}, {high:.5f}], best {done.value:.5f} at tax {best[0]:.3f} and progressivity "
            f"{best[1]:.3f}; progressivity {tables[:, 1].mean():.3f} in the mean",
            ", ".join(f"{name} {value:.5f}" for name, value in others.items()),
            mean > max(others.values()),
            "best of a grid and a local search, no optima; all revenue is handed back to all alike, which is "
            "progressive already: a schedule that is progressive besides costs work, one slightly below flat is best",
        )
    ]


def _schedule_charts(made: Mapping[str, Design]) -> Sequence[Chart]:
    (done,) = made.values()
    tables = np.asarray(done.tables)[:, 0].astype(float)
    learned = Series("learned", tables[:, 0], tables[:, 1], "points")
    return [Chart("learned-schedules", "Taxes of two parameters", "tax", "progressivity", [learned])]


CROWD_TOLL = Figure(
    "crowd-toll",
    "Pigou 1920",
    "A toll that is handed back lowers everybody's cost from 1 to 3/4.",
    "welfare",
    {"Pigou's roads": _TOLL},
    lambda: {"no toll": -1.0, "best": -0.75},
    _judge_toll,
    charts=toll_charts,
)
TAX = Figure(
    "tax",
    "Mi et al. 2024; economy ours",
    "A leader finds the tax on labour that a crowd of households that work and save is best off with.",
    "mean utility of a period",
    {"flat tax": _TAX},
    lambda: {"no tax": earns(economy(), np.zeros(1)), "tax 0.13": earns(economy(), np.array([0.13]))},
    _judge_tax,
    charts=tax_charts,
)
TAX_SCHEDULES = Figure(
    "tax-schedules",
    "Mi et al. 2024; economy ours",
    "A tax of two parameters that is learned beats no tax, the best flat tax and a progressive schedule.",
    "mean utility of a period",
    {"two parameters (HSV)": _HSV},
    schedules,
    _judge_schedules,
    charts=_schedule_charts,
)
CROWDS = (CROWD_TOLL, TAX, TAX_SCHEDULES)
