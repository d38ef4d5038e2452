"""The best rule by going through all, against optima that are known otherwise."""

import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.games import Escape, MatrixDesign, NormalForm, SimpleAllocation
from firstmover.solvers import best_rule


@pytest.mark.parametrize("ties", ["strong", "weak"])
@pytest.mark.parametrize("game", [SimpleAllocation(3, 2), SimpleAllocation(4, 2, (0.4, 0.3, 0.2, 0.1)), Escape()])
def test_it_agrees_with_the_games_own_method(game, ties) -> None:
    assert best_rule(game, ties).value == pytest.approx(game.optimum(ties).value, abs=1e-12)


@pytest.mark.parametrize("ties", ["strong", "weak"])
def test_random_games_agree_with_the_best_row(ties) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        leader, follower = rng.integers(0, 4, (2, 4, 3)).astype(float)
        game = NormalForm(leader, follower)
        replies = follower == follower.max(axis=1, keepdims=True)
        best, worst = np.where(replies, leader, -9).max(axis=1), np.where(replies, leader, 9).min(axis=1)
        assert best_rule(game, ties).value == max(best if ties == "strong" else worst)


def test_several_followers_are_bounded_over_equilibria() -> None:
    found = best_rule(MatrixDesign(), "weak")
    assert found.value == pytest.approx(MatrixDesign().optimum("weak").value, abs=1e-7)


def test_what_cannot_be_gone_through_is_refused() -> None:
    with pytest.raises(InputError, match="rules, more than"):
        best_rule(NormalForm([[1.0]], [[1.0]], "mixed"), "strong")
    with pytest.raises(InputError, match="rules, more than"):
        best_rule(SimpleAllocation(10, 9), "strong")
