"""Coverage against several types of attackers, against linear programs for every combination of their targets."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from firstmover.equilibria.coverage_against_types import coverage_against_types


def _payoffs(seed: int, types: int, targets: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ends = ((0, 6), (-9, 1), (-5, 1), (0, 10))
    return np.stack([rng.integers(*end, (types, targets)) for end in ends], axis=-1).astype(float)


def _combinations(payoffs: np.ndarray, prior: np.ndarray, resources: float, *, strict: bool) -> float:
    """The most that the defender earns, by one program for each combination; `strict` if each must be best alone."""
    types, targets, _ = payoffs.shape
    best = -np.inf
    for attacked in itertools.product(range(targets), repeat=types):
        worth, constant, rows, limits = np.zeros(targets), 0.0, [np.ones(targets)], [resources]
        for k, t in enumerate(attacked):
            covered, uncovered, own, other = payoffs[k].T
            worth[t] += prior[k] * (covered - uncovered)[t]
            constant += prior[k] * uncovered[t]
            for s in set(range(targets)) - {t}:
                row = np.zeros(targets)
                row[s] += (own - other)[s]
                row[t] -= (own - other)[t]
                rows.append(row)
                limits.append(other[t] - other[s])
        A = np.array(rows)
        if strict:
            wide = np.c_[A, np.r_[0.0, np.ones(len(A) - 1)]]
            inside = linprog(np.r_[np.zeros(targets), -1], wide, limits, bounds=[(0, 1)] * targets + [(None, 1)])
            if inside.status or -inside.fun < 1e-9:
                continue
        found = linprog(-worth, A, limits, bounds=[(0, 1)] * targets)
        if found.status == 0:
            best = max(best, constant - found.fun)
    return best


@pytest.mark.parametrize(
    ("types", "targets", "resources", "ties"),
    [(2, 4, 1, "strong"), (2, 4, 1.5, "weak"), (3, 5, 2, "strong"), (3, 5, 2, "weak")],
)
def test_it_is_the_best_over_all_combinations(types: int, targets: int, resources: float, ties: str) -> None:
    payoffs, prior = _payoffs(types, types, targets), np.arange(1, types + 1) / sum(range(1, types + 1))
    found = coverage_against_types(payoffs, prior, resources, ties)
    assert found.value == pytest.approx(_combinations(payoffs, prior, resources, strict=ties == "weak"), abs=1e-7)
    coverage = np.asarray(found.commitment)
    assert coverage.min() >= 0
    assert coverage.max() <= 1
    assert coverage.sum() <= resources + 1e-9
    earned = 0.0
    for p, (covered, uncovered, own, other) in zip(prior, np.moveaxis(payoffs, -1, 1), strict=True):
        pays, paid = other + coverage * (own - other), uncovered + coverage * (covered - uncovered)
        tied = paid[pays >= pays.max() - 1e-9]
        earned += p * (tied.max() if ties == "strong" else tied.min())
    assert earned >= found.value - 2e-5
