"""Crowds: a toll that halves a crowd (Pigou), and taxes of a small economy, after Mi et al. 2024.

Their tables were not available. The economy is ours, its equilibria are exact, and the best tax is the best of a grid.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from firstmover.followers import Population
from firstmover.games import CrowdToll, Tax
from firstmover.jobs.finished import Design
from firstmover.leaders import CommitmentGradient
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.solvers.mean_field import best_known, earns

_TOLL = Experiment(
    "crowd-toll", CrowdToll(), Population(), CommitmentGradient(updates=20, episodes=16, restarts=1, entropy=0.0)
)
_TAX = Experiment("tax", Tax(), Population(), CommitmentGradient(updates=20, episodes=10, restarts=1, entropy=0.0))
_CLOSE = 0.03
_SHARE = 0.8


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
    found = best_known(Tax(), "strong")
    assert found.rule is not None
    known = float(found.details()["best_known"])
    best = float(found.rule[0]["do"]["tax"])
    none = earns(Tax(), np.zeros(1))
    taxes = np.asarray(done.tables)[:, 0, 0]
    near = int(np.sum(np.abs(taxes - best) < _CLOSE))
    gained = float(np.mean((done.learned_values - none) / (known - none)))
    return [
        Verdict(
            "a leader who learns taxes a population of households raises welfare",
            "raises welfare (Mi et al. 2024; their tables were not available)",
            f"{near} of {done.seeds} seeds within {_CLOSE} of {best:.4f}, mean {taxes.mean():.4f}, "
            f"sd {taxes.std():.4f}; {gained:.1%} of the gain in welfare in the mean",
            f"best known {known:.6f} at {best:.4f}, from a grid; no tax earns {none:.6f}",
            near >= _SHARE * done.seeds and gained >= 0.9,
            "the economy and its numbers are ours; no optimum is claimed",
        )
    ]


CROWD_TOLL = Figure(
    "crowd-toll",
    "Pigou 1920",
    "A toll that is handed back lowers everybody's cost from 1 to 3/4.",
    "welfare",
    {"Pigou's roads": _TOLL},
    lambda: {"no toll": -1.0, "best": -0.75},
    _judge_toll,
)
TAX = Figure(
    "tax",
    "Mi et al. 2024; economy ours",
    "A leader finds the tax on labour that a crowd of households that work and save is best off with.",
    "mean utility of a period",
    {"flat tax": _TAX},
    lambda: {"no tax": earns(Tax(), np.zeros(1)), "tax 0.13": earns(Tax(), np.array([0.13]))},
    _judge_tax,
)
CROWDS = (CROWD_TOLL, TAX)
