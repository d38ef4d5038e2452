"""Optimal commitments against brute force, published values and another library."""

import itertools
import warnings
from fractions import Fraction

import nashpy
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from firstmover.equilibria.commitments import deterministic_commitment, mixed_commitment
from firstmover.equilibria.correlated_commitments import correlated_commitment
from firstmover.errors import InputError
from firstmover.games import Escape, Maintain

CONITZER = (np.array([[1.0, 3.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))


def _worst_and_best_reply(leader, follower, mixture, tolerance=1e-9):
    pays = mixture @ follower
    replies = pays >= pays.max() - tolerance
    values = (mixture @ leader)[replies]
    return values.min(), values.max()


def _vertices(follower):
    """Every vertex of every best-reply region: mixtures at which m - 1 constraints of one region are tight."""
    m, k = follower.shape
    for j in range(k):
        constraints = np.vstack([np.eye(m), (follower[:, [j]] - np.delete(follower, j, axis=1)).T])
        for tight in itertools.combinations(range(len(constraints)), m - 1):
            system = np.vstack([constraints[list(tight)], np.ones(m)])
            if abs(np.linalg.det(system)) > 1e-9:
                point = np.linalg.solve(system, np.r_[np.zeros(m - 1), 1.0])
                if np.all(constraints @ point >= -1e-9):
                    yield np.maximum(point, 0) / np.maximum(point, 0).sum()


@pytest.mark.parametrize(
    ("name", "game", "deterministic", "mixed", "mixture"),
    [
        ("escape", (Escape().leader_payoffs, Escape().follower_payoffs[0]), 30, 30, [0, 0, 1]),
        ("maintain", (Maintain().leader_payoffs, Maintain().follower_payoffs[0]), 20, 27.5, [0.25, 0.75, 0]),
        ("Conitzer and Sandholm 2006", CONITZER, 2, 2.5, [0.5, 0.5]),
    ],
)
def test_published_games(name, game, deterministic, mixed, mixture) -> None:
    leader, follower = game
    assert deterministic_commitment(leader, follower[None], "strong").value == deterministic
    strong = mixed_commitment(leader, follower, "strong")
    assert strong.value == pytest.approx(mixed)
    np.testing.assert_allclose(strong.commitment, mixture, atol=1e-7)
    weak = mixed_commitment(leader, follower, "weak")
    assert weak.value == pytest.approx(mixed)
    assert weak.attained == (name == "escape")
    worst, _ = _worst_and_best_reply(leader, follower, weak.commitment, tolerance=1e-12)
    assert weak.value - worst <= 1e-6 * np.ptp(leader) + 1e-12


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 3), st.integers(2, 4), st.integers(0, 10_000), st.booleans())
def test_strong_mixed_commitment_is_the_best_vertex(m: int, k: int, seed: int, degenerate: bool) -> None:
    rng = np.random.default_rng(seed)
    draw = (lambda: rng.integers(0, 3, (m, k)).astype(float)) if degenerate else (lambda: rng.normal(size=(m, k)))
    leader, follower = draw(), draw()
    best = max(_worst_and_best_reply(leader, follower, x)[1] for x in _vertices(follower))
    found = mixed_commitment(leader, follower, "strong")
    assert found.value == pytest.approx(best, abs=1e-6)
    assert _worst_and_best_reply(leader, follower, found.commitment, 1e-7)[1] >= best - 1e-6
    assert found.value >= deterministic_commitment(leader, follower[None], "strong").value - 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 4), st.integers(0, 10_000), st.booleans())
def test_weak_mixed_commitment_of_two_rows_is_the_supremum(k: int, seed: int, degenerate: bool) -> None:
    rng = np.random.default_rng(seed)
    draw = (lambda: rng.integers(0, 3, (2, k)).astype(float)) if degenerate else (lambda: rng.normal(size=(2, k)))
    leader, follower = draw(), draw()
    # With two rows the worst reply's payoff is piecewise linear in one number: look at every break point (where two
    # replies tie, for the follower or for the leader) itself and at its immediate neighbours.
    breaks = {0.0, 1.0}
    for payoffs in (follower, leader):
        slopes, starts = payoffs[0] - payoffs[1], payoffs[1]
        for a, b in itertools.combinations(range(k), 2):
            if slopes[a] != slopes[b]:
                p = (starts[b] - starts[a]) / (slopes[a] - slopes[b])
                if 0 <= p <= 1:
                    breaks.add(p)
    points = {min(max(p + d, 0.0), 1.0) for p in breaks for d in (-1e-9, 0.0, 1e-9)}
    values = {p: _worst_and_best_reply(leader, follower, np.array([p, 1 - p]), 1e-13)[0] for p in points}
    found = mixed_commitment(leader, follower, "weak")
    assert found.value == pytest.approx(max(values.values()), abs=1e-6)
    inner = [(a + b) / 2 for a, b in itertools.pairwise(sorted(breaks))]
    exact = [_worst_and_best_reply(leader, follower, np.array([p, 1 - p]), 1e-13)[0] for p in inner]
    best_exact = max([*exact, *(values[p] for p in breaks)])
    if found.attained:
        assert best_exact >= found.value - 1e-6
    worst, _ = _worst_and_best_reply(leader, follower, found.commitment, 1e-9)
    assert worst >= found.value - 2e-6 * max(np.ptp(leader), 1) or not found.attained


def worst_reply_along_a_line(leader: np.ndarray, follower: np.ndarray, prior: list[Fraction]) -> tuple[Fraction, bool]:
    """The supremum of what the leader earns with weak ties by mixing two rows, and whether it is attained; exactly.

    The tables, [type, 2, action], are whole numbers. What the worst best replies pay is linear in the probability of
    the first row between the points where two replies tie, for the follower or for the leader.
    """

    def line(column: np.ndarray) -> tuple[Fraction, Fraction]:
        return Fraction(int(column[0] - column[1])), Fraction(int(column[1]))

    lines = [[[line(column) for column in table.T] for table in tables] for tables in (leader, follower)]
    breaks = {Fraction(0), Fraction(1)}
    for columns in itertools.chain(*lines):
        for (a, b), (c, d) in itertools.combinations(columns, 2):
            if a != c and 0 <= (d - b) / (a - c) <= 1:
                breaks.add((d - b) / (a - c))

    def value(p: Fraction) -> Fraction:
        total = Fraction(0)
        for chance, earns, pays in zip(prior, *lines, strict=True):
            paid = [slope * p + start for slope, start in pays]
            total += chance * min(
                slope * p + start for (slope, start), u in zip(earns, paid, strict=True) if u == max(paid)
            )
        return total

    attained = max(value(p) for p in breaks)
    limits = []
    for low, high in itertools.pairwise(sorted(breaks)):
        third = (high - low) / 3
        one, two = value(low + third), value(high - third)
        limits += [2 * one - two, 2 * two - one]
        if one == two:
            attained = max(attained, one)
    return max(attained, *limits), attained >= max(limits)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 4), st.integers(0, 100_000))
def test_suprema_of_two_degenerate_rows_are_exact_and_so_is_whether_they_are_attained(k: int, seed: int) -> None:
    leader, follower = np.random.default_rng(seed).integers(0, 3, (2, 2, k))
    value, attained = worst_reply_along_a_line(leader[None], follower[None], [Fraction(1)])
    found = mixed_commitment(leader.astype(float), follower.astype(float), "weak")
    assert found.value == pytest.approx(float(value), abs=1e-9)
    assert found.attained == attained
    worst, _ = _worst_and_best_reply(leader, follower, found.commitment, tolerance=1e-9)
    assert worst >= found.value - (1e-8 if attained else 2e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.sampled_from(["strong", "weak"]))
def test_the_order_of_actions_changes_nothing(seed: int, degenerate: bool, ties: str) -> None:
    rng = np.random.default_rng(seed)
    leader, follower = rng.integers(0, 3, (2, 4, 5)).astype(float) if degenerate else rng.normal(size=(2, 4, 5))
    rows, columns = np.ix_(rng.permutation(4), rng.permutation(5))
    one = mixed_commitment(leader, follower, ties)
    other = mixed_commitment(leader[rows, columns], follower[rows, columns], ties)
    assert other.value == pytest.approx(one.value, abs=1e-8)
    assert other.attained == one.attained


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_zero_sum_games_have_their_minimax_value(seed: int) -> None:
    payoffs = np.random.default_rng(seed).normal(size=(4, 4))
    row, column = nashpy.Game(payoffs).linear_program()
    for ties in ("strong", "weak"):
        assert mixed_commitment(payoffs, -payoffs, ties).value == pytest.approx(row @ payoffs @ column, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_leading_is_at_least_as_good_as_every_nash_equilibrium(seed: int) -> None:
    leader, follower = np.random.default_rng(seed).normal(size=(2, 3, 3))
    value = mixed_commitment(leader, follower, "strong").value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nashpy's own, when it suspects a degenerate game
        equilibria = list(nashpy.Game(leader, follower).support_enumeration())
    assume(equilibria)  # the library loses them in some games
    assert all(value >= x @ leader @ y - 1e-7 for x, y in equilibria)
    # One follower: the correlated commitment is the mixed one (Conitzer and Korzhyk 2011).
    assert correlated_commitment(leader, follower[None]).value == pytest.approx(value, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 9), st.floats(-5, 5))
def test_affine_changes_of_units_change_nothing(seed: int, factor: float, shift: float) -> None:
    leader, follower = np.random.default_rng(seed).normal(size=(2, 3, 4))
    for ties in ("strong", "weak"):
        one = mixed_commitment(leader, follower, ties)
        other = mixed_commitment(factor * leader + shift, factor * follower - shift, ties)
        assert other.value == pytest.approx(factor * one.value + shift, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_correlated_commitments_are_obeyed_and_bound_every_row_and_its_equilibria(seed: int, degenerate: bool) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.integers(0, 3, (3, 3, 2, 3)).astype(float) if degenerate else rng.normal(size=(3, 3, 2, 3))
    coarse, fine = (correlated_commitment(payoffs[0], payoffs[1:], coarse=c) for c in (True, False))
    for found in (coarse, fine):
        assert found.joint.min() >= 0
        assert found.joint.sum() == pytest.approx(1)
        assert (found.joint * payoffs[0]).sum() == pytest.approx(found.value)
    for i in (1, 2):
        for told, instead in itertools.product(range(payoffs.shape[i + 1]), repeat=2):
            here = np.take(fine.joint, told, axis=i)
            gain = np.take(payoffs[i], instead, axis=i) - np.take(payoffs[i], told, axis=i)
            assert (here * gain).sum() <= 1e-8
        for instead in range(payoffs.shape[i + 1]):
            gain = np.take(payoffs[i], [instead], axis=i) - payoffs[i]
            assert (coarse.joint * gain).sum() <= 1e-8
    assert fine.value <= coarse.value + 1e-9
    strong = deterministic_commitment(payoffs[0], payoffs[1:], "strong").value
    assert strong <= coarse.value + 1e-9
    assert deterministic_commitment(payoffs[0], payoffs[1:], "weak").value <= strong + 1e-9


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(InputError, match="limited to 40000 payoffs"):
        mixed_commitment(np.zeros((201, 200)), np.zeros((201, 200)), "strong")
    with pytest.raises(InputError, match="limited to 20000000"):
        correlated_commitment(np.zeros((2, 300, 300)), np.zeros((2, 2, 300, 300)))


def test_a_hundred_by_a_hundred_game_is_solved() -> None:
    leader, follower = np.random.default_rng(0).normal(size=(2, 100, 100))
    strong, weak = (mixed_commitment(leader, follower, ties) for ties in ("strong", "weak"))
    assert _worst_and_best_reply(leader, follower, strong.commitment, 1e-9)[1] == pytest.approx(strong.value)
    worst, _ = _worst_and_best_reply(leader, follower, weak.commitment, 1e-10)
    assert worst >= weak.value - 1e-6 * np.ptp(leader)
