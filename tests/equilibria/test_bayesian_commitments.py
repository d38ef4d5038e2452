"""Commitments against private types, compared with every combination of replies, and exactly along a line."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from test_commitments import worst_reply_along_a_line

from firstmover.equilibria.bayesian_commitments import bayesian_commitment, deterministic_bayesian_commitment
from firstmover.equilibria.commitments import mixed_commitment
from firstmover.errors import InputError


def _game(seed: int, types: int, rows: int, columns: int, *, degenerate: bool = False):
    rng = np.random.default_rng(seed)
    shape = (2, types, rows, columns)
    leader, follower = rng.integers(0, 3, shape).astype(float) if degenerate else rng.normal(size=shape)
    return leader, follower, rng.dirichlet(np.ones(types))


def _replies_pay(leader, follower, prior, mixture, tolerance=1e-9) -> tuple[float, float]:
    """What the leader earns by a mixture with weak and with strong ties."""
    worst = best = 0.0
    for chance, earns, pays in zip(prior, mixture @ leader, mixture @ follower, strict=True):
        replies = pays >= pays.max() - tolerance
        worst += chance * earns[replies].min()
        best += chance * earns[replies].max()
    return worst, best


def _every_combination(leader, follower, prior, *, strict: bool) -> float:
    """The best over all combinations of replies, one linear program each; with `strict`, of those with an inside."""
    types, rows, columns = leader.shape
    best = -np.inf
    for replies in itertools.product(range(columns), repeat=types):
        gains = np.vstack([(follower[k] - follower[k][:, [a]]).T for k, a in enumerate(replies)])
        simplex = {"A_eq": np.ones((1, rows)), "b_eq": [1.0]}
        if strict:
            own = np.concatenate([np.arange(columns) == a for a in replies])
            inside = linprog(
                np.r_[np.zeros(rows), -1],
                A_ub=np.hstack([gains[~own], np.ones(((~own).sum(), 1))]),
                b_ub=np.zeros((~own).sum()),
                A_eq=np.r_[np.ones(rows), 0][None],
                b_eq=[1.0],
                bounds=[(0, 1)] * rows + [(None, None)],
            )
            if inside.x[-1] <= 1e-7:
                continue
        earns = sum(chance * leader[k][:, a] for k, (a, chance) in enumerate(zip(replies, prior, strict=True)))
        found = linprog(-earns, A_ub=gains, b_ub=np.zeros(len(gains)), **simplex)
        if found.status == 0:
            best = max(best, -found.fun)
    return best


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 3), st.integers(2, 4), st.integers(2, 4), st.integers(0, 10_000), st.booleans())
def test_strong_ties_have_the_best_combination_of_replies(types, rows, columns, seed, degenerate) -> None:
    game = _game(seed, types, rows, columns, degenerate=degenerate)
    found = bayesian_commitment(*game, "strong")
    assert found.attained
    assert found.value == pytest.approx(_every_combination(*game, strict=False), abs=1e-6)
    assert _replies_pay(*game, found.commitment)[1] == pytest.approx(found.value, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 3), st.integers(2, 4), st.integers(2, 3), st.integers(0, 10_000))
def test_weak_ties_have_the_best_combination_of_strict_replies(types, rows, columns, seed) -> None:
    game = _game(seed, types, rows, columns)
    found = bayesian_commitment(*game, "weak")
    assert found.value == pytest.approx(_every_combination(*game, strict=True), abs=1e-6)
    assert _replies_pay(*game, found.commitment)[0] >= found.value - 1e-6 * np.ptp(game[0])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 100_000), st.booleans())
@example(3, 3, 30, False)
def test_weak_ties_are_exact_in_degenerate_games_of_two_rows(types, columns, seed, alike) -> None:
    """Also where all types have the same payoffs, so that most combinations of replies touch at borders only."""
    rng = np.random.default_rng(seed)
    leader, follower = rng.integers(0, 3, (2, types, 2, columns))
    if alike:
        follower[:] = follower[0]
    weights = rng.integers(1, 4, types).tolist()
    prior = [Fraction(weight, sum(weights)) for weight in weights]
    value, attained = worst_reply_along_a_line(leader, follower, prior)
    # In fractions: floats of a prior decide what is attained where all commitments of a region earn the same.
    game = leader.astype(float), follower.astype(float), np.array(prior, float)
    found = bayesian_commitment(*game[:2], np.array(prior, object), "weak")
    assert found.value == pytest.approx(float(value), abs=1e-8)
    assert found.attained == attained
    assert _replies_pay(*game, found.commitment)[0] >= found.value - (1e-8 if attained else 2e-6)
    assert found.value <= bayesian_commitment(*game, "strong").value + 1e-8


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.sampled_from(["strong", "weak"]))
def test_laws(seed: int, degenerate: bool, ties: str) -> None:
    leader, follower, prior = _game(seed, 2, 3, 3, degenerate=degenerate)
    found = bayesian_commitment(leader, follower, prior, ties)
    # No mixture does better, nor any single action.
    for mixture in np.random.default_rng(seed).dirichlet(np.ones(3), 50):
        assert _replies_pay(leader, follower, prior, mixture)[ties == "strong"] <= found.value + 1e-7
    single = deterministic_bayesian_commitment(leader, follower, prior, ties)
    row = np.eye(3)[single.commitment]
    assert _replies_pay(leader, follower, prior, row)[ties == "strong"] == pytest.approx(single.value)
    assert single.value <= found.value + 1e-7
    # The order of types and of actions does not matter; nor do types of probability zero, or two that are the same.
    rng = np.random.default_rng(seed)
    order = rng.permutation(2)
    shuffle = np.ix_(order, rng.permutation(3), rng.permutation(3))
    shuffled = bayesian_commitment(leader[shuffle], follower[shuffle], prior[order], ties)
    assert shuffled.value == pytest.approx(found.value, abs=1e-7)
    twice = [0, 1, 1, 0]
    split = bayesian_commitment(
        leader[twice], follower[twice], np.r_[prior[0], 0.4 * prior[1], 0.6 * prior[1], 0], ties
    )
    assert split.value == pytest.approx(found.value, abs=1e-7)
    # Types without a difference are one type.
    same = bayesian_commitment(leader[[0, 0]], follower[[0, 0]], prior, ties)
    assert same.value == pytest.approx(mixed_commitment(leader[0], follower[0], ties).value, abs=1e-7)


def test_a_game_worked_out_by_hand() -> None:
    """Type 0 goes where the leader is less likely to be, type 1 always goes Left; the leader wants to be found Left.

    With p the probability of Left: type 0 plays Right if p > 1/2. The leader earns p if found Left, else 0: type 0 pays
    at most 1/2, at p = 1/2 with strong ties; type 1 pays p. So both together pay 1/2 at p = 1/2, or 1/2 * 1 at p = 1.
    """
    leader = np.array([[[1.0, 0.0], [0.0, 0.0]]] * 2)
    follower = np.array([[[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]]])
    strong = bayesian_commitment(leader, follower, np.array([0.75, 0.25]), "strong")
    assert strong.value == pytest.approx(0.5)
    np.testing.assert_allclose(strong.commitment, [0.5, 0.5], atol=1e-9)
    weak = bayesian_commitment(leader, follower, np.array([0.75, 0.25]), "weak")
    assert weak.value == pytest.approx(0.5)
    assert not weak.attained
    assert bayesian_commitment(leader, follower, np.array([0.25, 0.75]), "weak").value == pytest.approx(0.75)


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(InputError, match="limited to 10000 payoffs"):
        bayesian_commitment(np.zeros((2, 100, 51)), np.zeros((2, 100, 51)), np.full(2, 0.5), "strong")


def test_two_types_and_twenty_actions_are_solved() -> None:
    game = _game(0, 2, 20, 20)
    found = bayesian_commitment(*game, "strong")
    assert _replies_pay(*game, found.commitment)[1] == pytest.approx(found.value, abs=1e-6)
    for k in range(2):
        assert found.value <= sum(
            chance * mixed_commitment(leader, follower, "strong").value
            for leader, follower, chance in zip(*game, strict=True)
        )
        assert np.all(game[1][k].shape == (20, 20))


def test_a_type_that_hardly_matters_does_not_decide_which_combinations_are_looked_at() -> None:
    """Of more than 400 payoffs combinations are gone through by what they may be worth, all types counted."""
    rng = np.random.default_rng(1)
    leader, follower = (rng.integers(0, 50, (2, 52, 4)).astype(float) for _ in range(2))
    leader[0] *= 0.02
    prior = np.array([0.1, 0.9])
    best = _every_combination(leader, follower, prior, strict=False)
    assert bayesian_commitment(leader, follower, prior, "strong").value == pytest.approx(best, abs=1e-6)
