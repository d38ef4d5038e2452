"""Matrix design against values worked out by hand."""

from fractions import Fraction

import numpy as np
import pytest

from firstmover.equilibria.polytopes import value_bounds
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.games import MatrixDesign
from firstmover.jobs.build import build
from firstmover.solvers.registry import optimum


def test_payments_fall_where_the_paper_pays_them() -> None:
    game = MatrixDesign()
    finite = induced_game(game, np.array([4]))
    np.testing.assert_array_equal(finite.followers[0, 0], [[7, 6], [4, 2]])
    np.testing.assert_array_equal(finite.followers[1, 0], [[3, 4], [6, 6]])
    np.testing.assert_array_equal(finite.leader[0], [[0, 1], [1, 0]])


@pytest.mark.parametrize(("tau", "low"), [(0, 8 / 25), (1, 1 / 4), (2, 1), (3, 1), (4, 1), (10, 1)])
def test_leader_value_over_coarse_correlated_equilibria(tau: int, low: float) -> None:
    """From tau > 1 on, A strictly dominates for the row player, then B for the column player."""
    found = value_bounds(induced_game(MatrixDesign(), np.array([tau])), "bcce")
    np.testing.assert_allclose(found, [low, 1], atol=1e-9)


def test_weak_ties_need_a_payment_and_strong_ones_do_not() -> None:
    game = MatrixDesign()
    strong, weak = optimum(game, "strong"), optimum(game, "weak")
    assert strong.value == pytest.approx(1)
    assert strong.rule == [{"when": {}, "do": {"tau": 0}}]
    assert weak.value == pytest.approx(1)
    assert weak.rule == [{"when": {}, "do": {"tau": 2}}]


def test_payments_per_follower_and_profile() -> None:
    game = MatrixDesign(rule="per-follower", objective="welfare-minus-payments")
    table = np.arange(8.0).reshape(4, 2)
    finite = induced_game(game, table)
    payments = table.reshape(2, 2, 2)
    np.testing.assert_allclose(finite.followers[:, 0], game.payoffs + np.moveaxis(payments, -1, 0))
    np.testing.assert_allclose(finite.leader[0], game.payoffs.sum(0) - payments.sum(-1))
    low, high = game.leader_payoff_range
    assert low <= finite.leader.min()
    assert finite.leader.max() <= high


def test_any_number_of_followers() -> None:
    payoffs = np.random.default_rng(0).normal(size=(3, 2, 3, 2))
    game = MatrixDesign(payoffs, objective="welfare")
    finite = induced_game(game, np.array([5]))
    expected = payoffs.copy()
    expected[0, 0, 0, 0] += 5
    expected[1, 1, 1, 1] += 5
    np.testing.assert_allclose(finite.followers[:, 0], expected)
    np.testing.assert_allclose(finite.leader[0], payoffs.sum(0))


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"payoffs": [[1.0, 2.0], [3.0, 4.0]]}, "shape"),
        ({"payoffs": [[[1.0, float("nan")]] * 2] * 2}, "finite"),
        ({"payoffs": [[["x"]]]}, "finite number"),
        ({"max_payment": -1}, "negative"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(parameters, match: str) -> None:
    with pytest.raises(InputError, match=match):
        MatrixDesign(**parameters)


def test_the_names_of_a_base_game_come_back(tmp_path) -> None:
    path = tmp_path / "base.csv"
    path.write_text("Row;Column;r;c\nin;l;3;3\nin;r;4;6\nout;l;6;4\nout;r;2;1/3\n")
    game = build("game", "matrix-design", {"payoffs": str(path), "rule": "per-follower"})
    assert game.play_sentence(1, 0, np.array([0.5, 0.5])) == "Column plays l (50%) or r (50%)"
    assert game.sentence(game.entry((1, 0), np.array([1.0, 0.0]))) == "at actions out, l, pay 1, 0"
    again = build("game", "matrix-design", game.parameters())
    assert again.parameters() == game.parameters()
    assert again.tables.fractions[1, 1, 1] == Fraction(1, 3)
