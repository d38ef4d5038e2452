"""Optimal payments against all payments on a grid, and against linear programs over equilibria."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstmover.equilibria.payments import optimal_payments
from firstmover.equilibria.polytopes import FiniteGame, value_bounds
from firstmover.errors import InputError


def _earned(payoffs, aims, payments, charged, ties) -> float:
    leader = aims - payments.sum(axis=0) * charged
    least, greatest = value_bounds(FiniteGame.without_types(leader, payoffs + payments), "bcce")
    return greatest if ties == "strong" else least


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from(["strong", "weak"]))
@example(598, True, "weak")  # the leader aims at the same everywhere
def test_the_payments_earn_what_is_said_and_no_grid_exceeds_the_bound(seed: int, charged: bool, ties: str) -> None:
    rng = np.random.default_rng(seed)
    payoffs, aims, most = rng.integers(0, 4, (2, 2, 2)).astype(float), rng.integers(0, 4, (2, 2)).astype(float), 2
    try:
        found = optimal_payments(payoffs, aims, float(most), charged=charged, ties=ties)
    except InputError as error:
        assert "make no single profile" in str(error)
        return
    assert found.value <= found.upper_bound + 1e-9
    assert found.payments.min() >= 0
    assert found.payments.max() <= most
    earned = _earned(payoffs, aims, found.payments, charged, ties)
    slack = 1e-7 if found.attained else 1e-6 * (np.ptp(aims) or np.ptp(payoffs)) + 1e-7
    assert earned >= found.value - slack
    sample = rng.integers(0, most + 1, (15, 2, 2, 2)).astype(float)
    for payments in sample:
        assert _earned(payoffs, aims, payments, charged, ties) <= found.upper_bound + 1e-7


@pytest.mark.slow
def test_all_payments_on_a_grid() -> None:
    payoffs = np.array([[[3.0, 6.0], [4.0, 2.0]], [[3.0, 4.0], [6.0, 2.0]]])
    aims = payoffs.sum(axis=0)
    for most, ties in ((1, "strong"), (2, "strong"), (2, "weak")):
        found = optimal_payments(payoffs, aims, float(most), charged=True, ties=ties)
        best = max(
            _earned(payoffs, aims, np.reshape(p, (2, 2, 2)).astype(float), True, ties)
            for p in itertools.product(range(most + 1), repeat=8)
            if most == 1 or sum(p) <= 3
        )
        assert best <= found.upper_bound + 1e-7
        assert found.value >= best - 1e-6


def test_known_values() -> None:
    """The prisoners' dilemma: cooperation costs what defection gains, 1 for each."""
    payoffs = np.array([[[3.0, 1.0], [4.0, 2.0]], [[3.0, 4.0], [1.0, 2.0]]])
    strong = optimal_payments(payoffs, payoffs.sum(0), 5.0, charged=True, ties="strong")
    assert (strong.value, strong.upper_bound, strong.attained) == (pytest.approx(4.0), pytest.approx(4.0), True)
    weak = optimal_payments(payoffs, payoffs.sum(0), 5.0, charged=False, ties="weak")
    assert (weak.value, weak.upper_bound, weak.attained) == (pytest.approx(6.0), pytest.approx(6.0), True)
    with pytest.raises(InputError, match="raise max_payment"):
        optimal_payments(np.zeros((2, 2, 2)), np.zeros((2, 2)), 0.0, charged=False, ties="weak")
