"""The point of greatest entropy, against a general solver and in degenerate games."""

import numpy as np
import pytest
from games_at_random import KINDS, random_game
from scipy.optimize import linprog, minimize

from firstmover.equilibria import FiniteGame, max_entropy, violation
from firstmover.equilibria.programs import program
from firstmover.errors import InputError


def _columns(game: FiniteGame, which: str, epsilon: float):
    """Gains, limits, sums and the columns' shares in the entropy, dense."""
    rows = program(game, which, epsilon)
    sums = (rows.blocks == np.unique(rows.blocks)[:, None]).astype(float)
    shares = np.ones(len(rows.plays)) if which.startswith("anf") else game.probs[rows.blocks]
    return rows.gains.toarray(), rows.limits, sums, shares, rows.plays.tolist()


def _greatest(objective, gains, limits, sums) -> float:
    found = linprog(-objective, A_ub=gains, b_ub=limits, A_eq=sums, b_eq=np.ones(len(sums)))
    assert found.status == 0
    return -found.fun


@pytest.mark.parametrize("seed", range(24))
def test_no_direction_leads_to_more_entropy(seed: int) -> None:
    """Concave: a point is the greatest if no other has more along the gradient. Columns without weight have none."""
    game = random_game(seed, KINDS[seed % len(KINDS)], types=seed % 4 > 0, most=40).game
    for which in ("bcce", "bce", "anf_cce", "anf_ce"):
        for epsilon in (0.0, 0.2):
            point = max_entropy(game, which, epsilon=epsilon)
            gains, limits, sums, shares, columns = _columns(game, which, epsilon)
            used = np.array([columns.index(play) for play in point.plays.tolist()])
            gradient = np.zeros(len(columns))
            gradient[used] = -shares[used] * (np.log(point.weights) + 1)
            most = _greatest(gradient, gains, limits, sums)
            assert most <= gradient[used] @ point.weights + 1e-6 * np.abs(gradient).max()
            unused = np.delete(np.arange(len(columns)), used)
            for column in unused[:5]:
                assert _greatest(np.eye(len(columns))[column], gains, limits, sums) < 1e-6
            assert violation(game, which, point.joint, epsilon=epsilon, tolerance=1e-7) is None


@pytest.mark.parametrize("which", ["bce", "anf_cce"])
def test_a_general_solver_finds_the_same(which: str) -> None:
    """Sequential quadratic programming on the columns themselves, where it finds an end at all."""
    n_found = 0
    for seed in range(6):
        game = random_game(seed, KINDS[seed % len(KINDS)], types=seed % 4 > 0, most=30).game
        gains, limits, sums, shares, _ = _columns(game, which, 0.05)
        found = _least_by_quadratics(gains, limits, sums, shares)
        if found is not None:
            n_found += 1
            assert max_entropy(game, which, epsilon=0.05).entropy == pytest.approx(-found, abs=1e-5)
    assert n_found >= 3


def _least_by_quadratics(gains, limits, sums, shares) -> float | None:
    n = len(shares)
    found = minimize(
        lambda x: shares @ (x * np.log(np.maximum(x, 1e-15))),
        (sums / sums.sum(axis=1, keepdims=True)).sum(axis=0),
        jac=lambda x: shares * (np.log(np.maximum(x, 1e-15)) + 1),
        bounds=[(0, 1)] * n,
        constraints=[
            {"type": "ineq", "fun": lambda x: limits - gains @ x, "jac": lambda x: -gains},
            {"type": "eq", "fun": lambda x: sums @ x - 1, "jac": lambda x: sums},
        ],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-12},
    )
    return found.fun if found.success else None


@pytest.mark.parametrize("which", ["bcce", "bce", "anf_cce", "anf_ce"])
def test_where_nothing_is_paid_play_is_uniform(which: str) -> None:
    prior = np.array([[0.2, 0.3], [0.5, 0.0]])
    game = FiniteGame.with_types(prior, np.zeros((2, 2, 2, 3)), np.zeros((2, 2, 2, 2, 3)))
    point = max_entropy(game, which)
    np.testing.assert_allclose(point.joint, 1 / 6, atol=1e-12)
    assert point.entropy == pytest.approx(np.log(6) if which.startswith("b") else np.log(2 * 2 * 3 * 3))


@pytest.mark.parametrize("which", ["cce", "ce"])
def test_a_unique_equilibrium_is_found(which: str) -> None:
    # Strictly dominant actions.
    point = max_entropy(FiniteGame.without_types(np.zeros((2, 2)), [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]), which)
    np.testing.assert_allclose(point.joint, [[[0, 0], [0, 1]]], atol=1e-9)
    assert point.entropy == pytest.approx(0.0, abs=1e-9)
    assert point.plays.tolist() == [[0, 1, 1]]
    # A unique equilibrium in the inside: all constraints are tight.
    pennies = np.array([[3.0, -1.0], [-1.0, 1.0]])
    point = max_entropy(FiniteGame.without_types(pennies, [pennies, -pennies]), which)
    np.testing.assert_allclose(point.joint, [np.outer([1, 2], [1, 2]) / 9], atol=1e-6)


def test_weakly_dominated_actions_keep_what_weight_they_may_have() -> None:
    # Action 1 of follower 0 is worse against action 1 of follower 1 only: they never meet.
    game = FiniteGame.without_types(np.zeros((2, 2)), [[[1, 1], [1, 0]], [[0, 0], [0, 0]]])
    point = max_entropy(game, "ce")
    np.testing.assert_allclose(point.joint, [[[1 / 3, 1 / 3], [1 / 3, 0]]], atol=1e-9)


def test_epsilon_that_allows_everything_makes_play_uniform() -> None:
    game = random_game(1, "real", types=True, most=60).game
    point = max_entropy(game, "bcce", epsilon=100.0)
    uniform = game.possible() / game.possible().sum(axis=tuple(range(1, game.leader.ndim)), keepdims=True)
    np.testing.assert_allclose(point.joint, uniform, atol=1e-12)


def test_more_deviations_than_a_step_can_handle_are_refused() -> None:
    game = FiniteGame.without_types(np.zeros((33, 33)), np.zeros((2, 33, 33)))
    with pytest.raises(InputError, match="the greatest entropy over ce has 2112 deviations, more than 2000"):
        max_entropy(game, "ce")
