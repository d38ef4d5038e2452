"""Optimal coverage against listed assignments, ORIGAMI and laws."""

import itertools
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.equilibria.commitments import mixed_commitment
from firstmover.equilibria.security_commitments import by_levels, by_programs, security_commitment
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions


def _usual(seed: int, targets: int) -> tuple[np.ndarray, np.ndarray]:
    """Payoffs (covered, uncovered) such that coverage helps the defender and hurts the attacker."""
    rng = np.random.default_rng(seed)
    defender = np.c_[rng.uniform(0, 10, targets), -rng.uniform(0, 10, targets)]
    attacker = np.c_[-rng.uniform(0, 10, targets), rng.uniform(0, 10, targets)]
    return defender, attacker


def _any(seed: int, targets: int, *, degenerate: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (2, targets, 2)
    payoffs = rng.integers(0, 3, shape).astype(float) if degenerate else rng.normal(size=shape)
    return payoffs[0], payoffs[1]


def _replies_pay(defender, attacker, coverage, tolerance=1e-9) -> tuple[float, float]:
    earns, pays = (payoffs[:, 1] + coverage * (payoffs[:, 0] - payoffs[:, 1]) for payoffs in (defender, attacker))
    replies = pays >= pays.max() - tolerance
    return earns[replies].min(), earns[replies].max()


def _listed(payoffs: np.ndarray, resources: int) -> np.ndarray:
    """The table [assignment, target] of all ways to cover at most this many targets."""
    n = len(payoffs)
    ways = [way for size in range(resources + 1) for way in itertools.combinations(range(n), size)]
    covered = np.array([[t in way for t in range(n)] for way in ways])
    return np.where(covered, payoffs[:, 0], payoffs[:, 1])


def _origami(defender: np.ndarray, attacker: np.ndarray, resources: float) -> float:
    """The defender's value where coverage hurts the attacker: hold the attacker to as little as possible.

    Kiekintveld et al. (2009), section 5, with bisection in place of their search over attack sets.
    """
    (covered, uncovered), low, high = attacker.T, attacker[:, 0].max(), attacker[:, 1].max()
    for _ in range(200):
        middle = (low + high) / 2
        needed = np.maximum(0, (uncovered - middle) / (uncovered - covered)).sum()
        low, high = (low, middle) if needed <= resources else (middle, high)
    coverage = np.maximum(0, (uncovered - high) / (uncovered - covered))
    return _replies_pay(defender, attacker, coverage, 1e-7)[1]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10_000), st.booleans())
def test_listed_assignments_give_the_same(targets: int, resources: int, seed: int, degenerate: bool) -> None:
    resources = min(resources, targets)
    defender, attacker = _any(seed, targets, degenerate=degenerate)
    for ties in ("strong", "weak"):
        found = security_commitment(defender, attacker, resources, ties)
        listed = mixed_commitment(_listed(defender, resources), _listed(attacker, resources), ties)
        assert found.value == pytest.approx(listed.value, abs=1e-7)
        assert found.attained == listed.attained
        coverage = np.asarray(found.commitment)
        assert coverage.min() >= 0
        assert coverage.max() <= 1
        assert coverage.sum() <= resources + 1e-12
        earned = _replies_pay(defender, attacker, coverage)[ties == "strong"]
        assert earned >= found.value - (1e-7 if found.attained else 1e-6 * np.ptp(defender) + 1e-7)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 30), st.floats(0.05, 0.95), st.integers(0, 10_000))
def test_origami_gives_the_same(targets: int, share: float, seed: int) -> None:
    defender, attacker = _usual(seed, targets)
    found = security_commitment(defender, attacker, share * targets, "strong")
    assert found.value == pytest.approx(_origami(defender, attacker, share * targets), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10_000), st.booleans(), st.sampled_from(["strong", "weak"]))
def test_laws(targets: int, seed: int, degenerate: bool, ties: str) -> None:
    defender, attacker = _any(seed, targets, degenerate=degenerate)
    rng = np.random.default_rng(seed)
    resources = rng.uniform(0.2, targets)
    found = security_commitment(defender, attacker, resources, ties)
    for _ in range(50):
        coverage = rng.uniform(size=targets)
        coverage *= min(1, resources / coverage.sum())
        assert _replies_pay(defender, attacker, coverage)[ties == "strong"] <= found.value + 1e-7
    order = rng.permutation(targets)
    shuffled = security_commitment(defender[order], attacker[order], resources, ties)
    assert (shuffled.value, shuffled.attained) == (pytest.approx(found.value, abs=1e-7), found.attained)
    # More resources never hurt: they need not be used.
    more = security_commitment(defender, attacker, min(resources + 0.5, targets), ties)
    assert more.value >= found.value - 1e-7
    assert security_commitment(defender, attacker, resources, "strong").value >= found.value - 1e-7


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 3)] * 4), min_size=2, max_size=5),
    st.integers(1, 12),
    st.sampled_from(["strong", "weak"]),
)
def test_levels_and_programs_agree_to_the_fraction(rows: list[tuple[int, ...]], quarters: int, ties: str) -> None:
    """Whole numbers, so that there are ties of all kinds; both decide them in fractions."""
    payoffs, resources = as_fractions(np.array(rows, float)), min(Fraction(quarters, 4), Fraction(len(rows)))
    low, listed = by_programs(payoffs[:, :2], payoffs[:, 2:], resources, ties)
    found = by_levels(payoffs[:, :2], payoffs[:, 2:], resources, ties)
    assert (found.value, found.attained) == (low + listed.value, listed.attained)
    x = found.x
    assert all(0 <= c <= 1 for c in x)
    assert sum(x) <= resources
    least, greatest = _replies_pay(payoffs[:, :2], payoffs[:, 2:], x, 0)
    if ties == "strong":
        assert greatest == found.value
        sure = _replies_pay(payoffs[:, :2], payoffs[:, 2:], listed.x[:-1], 0)[0]
        assert (least == found.value) == (sure == found.value)  # what does not rest on ties is shown
    elif found.attained:
        assert least == found.value
    else:
        assert found.value - 3 * Fraction(1, 10**6) <= least < found.value


def test_a_game_worked_out_by_hand() -> None:
    """Two targets and one guard: the attacker is indifferent where c covers the first and 1 - c the second.

    It is paid 2 (1 - c) on the first and 1 - (1 - c) = c on the second, so c = 2/3; the defender loses as much.
    """
    attacker = np.array([[0.0, 2.0], [0.0, 1.0]])
    for ties in ("strong", "weak"):
        found = security_commitment(-attacker, attacker, 1, ties)
        assert found.value == pytest.approx(-2 / 3)
        np.testing.assert_allclose(found.commitment, [2 / 3, 1 / 3], atol=1e-6)
        assert found.attained


def test_a_hundred_targets_are_solved() -> None:
    defender, attacker = _usual(1, 100)
    for ties in ("strong", "weak"):
        found = security_commitment(defender, attacker, 20, ties)
        assert found.value == pytest.approx(_origami(defender, attacker, 20), abs=1e-6)


@pytest.mark.parametrize("ties", ["strong", "weak"])
def test_a_thousand_targets_are_solved_in_two_seconds(ties: str) -> None:
    defender, attacker = _usual(1, 1000)
    began = time.process_time()
    found = security_commitment(defender, attacker, 200, ties)
    assert time.process_time() - began < 2
    assert found.value == pytest.approx(_origami(defender, attacker, 200), abs=1e-6)
    earned = _replies_pay(defender, attacker, np.asarray(found.commitment), 1e-9)[ties == "strong"]
    assert earned == pytest.approx(found.value, abs=2e-5)


def test_more_than_a_thousand_targets_are_refused() -> None:
    with pytest.raises(InputError, match="limited to 1000 targets"):
        security_commitment(np.zeros((1001, 2)), np.zeros((1001, 2)), 1, "strong")
