"""Equilibrium sets against exact enumeration and another library."""

import itertools
import warnings
from fractions import Fraction

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.equilibria.polytopes import FiniteGame, regrets, value_bounds
from firstmover.errors import InputError


def _random_bayesian(rng, n_types=(2, 2), n_actions=(2, 3), integers=False) -> FiniteGame:
    support = np.array(list(itertools.product(*map(range, n_types))))
    probs = rng.dirichlet(np.ones(len(support)))
    shape = (len(support), *n_actions)
    draw = (lambda *s: rng.integers(0, 3, s).astype(float)) if integers else (lambda *s: rng.normal(size=s))
    allowed = tuple(np.ones((t, a), bool) for t, a in zip(n_types, n_actions, strict=True))
    return FiniteGame(support, probs, draw(*shape), draw(len(n_types), *shape), allowed)


def _exact_extremum(rows, objective):
    """Least value of a linear objective over {x >= 0, sum x = 1, rows . x >= 0}, by listing all vertices exactly."""
    n = len(objective)
    constraints = [[Fraction(v) for v in row] for row in rows] + [
        [Fraction(int(i == j)) for j in range(n)] for i in range(n)
    ]
    best = None
    for tight in itertools.combinations(range(len(constraints)), n - 1):
        point = _solve([constraints[k] for k in tight] + [[Fraction(1)] * n], [Fraction(0)] * (n - 1) + [Fraction(1)])
        if point is not None and all(sum(c * x for c, x in zip(row, point, strict=True)) >= 0 for row in constraints):
            value = sum(Fraction(o) * x for o, x in zip(objective, point, strict=True))
            best = value if best is None else min(best, value)
    return best


def _solve(matrix, right):
    """Gaussian elimination in rationals; None if singular."""
    rows = [[*row, r] for row, r in zip(matrix, right, strict=True)]
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(len(rows)):
            if i != k and rows[i][k] != 0:
                factor = rows[i][k] / rows[k][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[-1] / row[k] for k, row in enumerate(rows)]


@pytest.mark.parametrize("seed", range(12))
def test_cce_bounds_of_two_by_two_games_are_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    followers = rng.integers(0, 4, (2, 2, 2))
    leader = rng.integers(-3, 4, (2, 2))
    rows = []
    for i, a in itertools.product(range(2), range(2)):
        deviated = np.take(followers[i], [a, a], axis=i)
        rows.append((followers[i] - deviated).ravel().tolist())
    least = _exact_extremum(rows, leader.ravel().tolist())
    greatest = -_exact_extremum(rows, (-leader).ravel().tolist())
    game = FiniteGame.without_types(leader.astype(float), followers.astype(float))
    for which in ("bcce", "anf_cce"):
        assert value_bounds(game, which) == pytest.approx((float(least), float(greatest)), abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000), st.booleans())
def test_sets_are_nested_and_grow_with_epsilon(seed: int, integers: bool) -> None:
    game = _random_bayesian(np.random.default_rng(seed), integers=integers)
    previous = {}
    for epsilon in (0.0, 0.05, 0.5):
        wide, narrow = value_bounds(game, "bcce", epsilon=epsilon), value_bounds(game, "anf_cce", epsilon=epsilon)
        assert wide[0] <= narrow[0] + 1e-7
        assert narrow[1] <= wide[1] + 1e-7
        assert narrow[0] <= narrow[1]
        for which, (low, high) in (("bcce", wide), ("anf_cce", narrow)):
            if which in previous:
                assert low <= previous[which][0] + 1e-7
                assert high >= previous[which][1] - 1e-7
            previous[which] = (low, high)
    # With everything allowed, only the type profiles' best and worst are left.
    rows = game.leader.reshape(len(game.support), -1)
    low, high = value_bounds(game, "bcce", epsilon=100.0)
    assert low == pytest.approx(game.probs @ rows.min(1), abs=1e-7)
    assert high == pytest.approx(game.probs @ rows.max(1), abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_nash_equilibria_have_no_regret_and_lie_inside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    leader, one, other = rng.normal(size=(3, 3, 3))
    game = FiniteGame.without_types(leader, np.stack([one, other]))
    low, high = value_bounds(game, "anf_cce")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nashpy's own, when it suspects a degenerate game
        equilibria = list(nashpy.Game(one, other).support_enumeration())
    for x, y in equilibria:
        joint = np.outer(x, y)[None]
        assert max(regrets(game, joint).values()) < 1e-8
        assert low - 1e-7 <= (joint[0] * leader).sum() <= high + 1e-7


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_any_play_lies_inside_the_set_of_its_own_regret(seed: int) -> None:
    rng = np.random.default_rng(seed)
    game = _random_bayesian(rng)
    # A product of strategies by type: inside both sets, at its regret.
    strategies = [rng.dirichlet(np.ones(a), t) for a, t in zip(game.n_actions, (2, 2), strict=True)]
    joint = np.einsum("pa,pb->pab", *(s[game.support[:, i]] for i, s in enumerate(strategies)))
    found = regrets(game, joint)
    value = game.probs @ (joint * game.leader).sum((1, 2))
    for which in ("bcce", "anf_cce"):
        low, high = value_bounds(game, which, epsilon=max(0.0, *found.values()))
        assert low - 1e-7 <= value <= high + 1e-7


def test_regret_written_out() -> None:
    game = _random_bayesian(np.random.default_rng(3))
    joint = np.random.default_rng(4).dirichlet(np.ones(6), 4).reshape(4, 2, 3)
    found = regrets(game, joint)
    for (i, t), regret in found.items():
        rows = [r for r in range(4) if game.support[r, i] == t]
        total = sum(game.probs[r] for r in rows)
        gains = []
        for deviation in range(game.n_actions[i]):
            gain = 0.0
            for r, a, b in itertools.product(rows, range(2), range(3)):
                moved = (deviation, b) if i == 0 else (a, deviation)
                gain += (
                    game.probs[r]
                    / total
                    * joint[r, a, b]
                    * (game.followers[(i, r, *moved)] - game.followers[i, r, a, b])
                )
            gains.append(gain)
        assert regret == pytest.approx(max(gains), abs=1e-12)


def test_forbidden_actions_are_neither_played_nor_deviated_to() -> None:
    followers = np.array([[[[1.0, 5.0]], [[1.0, 5.0]]]])[0][None, :, 0]
    leader = np.array([[0.0, 1.0], [0.0, 1.0]])
    support, probs = np.array([[0], [1]]), np.array([0.5, 0.5])
    free = FiniteGame(support, probs, leader, followers, (np.ones((2, 2), bool),))
    bound = FiniteGame(support, probs, leader, followers, (np.array([[True, False], [True, True]]),))
    for which in ("bcce", "anf_cce"):
        assert value_bounds(free, which) == pytest.approx((1.0, 1.0))
        assert value_bounds(bound, which) == pytest.approx((0.5, 0.5))
    stay = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert regrets(free, stay)[0, 0] == pytest.approx(4.0)
    assert regrets(bound, stay)[0, 0] == pytest.approx(0.0)


def test_types_that_are_common_knowledge_or_not() -> None:
    """The separating example: an action may be correlated with another's type in `bcce`, never in `anf_cce`.

    Follower 0 has two types and no influence; follower 1 has one type and guesses. Only the leader is paid for a
    right guess. `bcce` lets the guess follow the type that the guesser cannot know.
    """
    support, probs = np.array([[0, 0], [1, 0]]), np.array([0.5, 0.5])
    leader = np.eye(2)[:, None, :]
    game = FiniteGame(support, probs, leader, np.zeros((2, 2, 1, 2)), (np.ones((2, 1), bool), np.ones((1, 2), bool)))
    assert value_bounds(game, "bcce") == pytest.approx((0.0, 1.0))
    assert value_bounds(game, "anf_cce") == pytest.approx((0.5, 0.5))


def test_programs_that_are_too_large_are_refused_with_their_size() -> None:
    n_types, n_actions = 12, 4
    support = np.array(list(itertools.product(range(n_types), range(n_types))))
    shape = (len(support), n_actions, n_actions)
    allowed = (np.ones((n_types, n_actions), bool),) * 2
    game = FiniteGame(support, np.full(len(support), 1 / len(support)), np.zeros(shape), np.zeros((2, *shape)), allowed)
    assert value_bounds(game, "bcce") == pytest.approx((0.0, 0.0))
    with pytest.raises(InputError, match=r"anf_cce has .* variables"):
        value_bounds(game, "anf_cce")
