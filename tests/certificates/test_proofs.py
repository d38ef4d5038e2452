"""Small games are always proved: those too whose rules leave followers as good as indifferent."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from firstmover import verify
from firstmover.certificates import exact
from firstmover.games import BayesianNormalForm, NormalForm, SecurityGame
from firstmover.games.base import Game
from firstmover.jobs.build import description, game_from
from firstmover.solvers.registry import optimum

SECURITY5 = Path(__file__).parents[1] / "cases" / "security5.csv"


def _optimal(game: Game) -> verify.Finite:
    """The followers' game under the optimal rule, which leaves them ties up to rounding."""
    told = description(game)
    solution = optimum(game, "strong")
    derived = verify.derive(
        verify.read(json.dumps({"game": told["name"], "parameters": told["parameters"], "rule": solution.rule}))
    )
    assert derived is not None
    return derived


def _security(rng: np.random.Generator) -> Game:
    n = int(rng.integers(2, 8))
    rows = np.stack([rng.integers(0, 9, n), -rng.integers(0, 9, n), -rng.integers(0, 9, n), rng.integers(0, 9, n)], 1)
    return SecurityGame(rows / rng.choice([1, 3, 7]), float(rng.uniform(0.2, n / 2)))


def _normal_form(rng: np.random.Generator) -> Game:
    shape = rng.integers(2, 6, 2)
    return NormalForm(rng.integers(-5, 6, shape), rng.integers(-5, 6, shape) / rng.choice([1, 3]), "mixed")


def _bayesian(rng: np.random.Generator) -> Game:
    shape = (2, *rng.integers(2, 4, 2))
    return BayesianNormalForm(rng.integers(-5, 6, shape), rng.integers(-5, 6, shape), (0.3, 0.7), "mixed")


@pytest.mark.parametrize("count", [15, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", [_security, _normal_form, _bayesian])
def test_every_interval_of_a_small_game_with_near_ties_is_proved(kind, count: int) -> None:
    rng = np.random.default_rng(0)
    close = 0
    for _ in range(count):
        game = _optimal(kind(rng))
        pays = [sorted(own[row], reverse=True)[:2] for own in game.followers for row in range(len(game.types))]
        close += any(0 < abs(first - second) < 1e-9 for first, second in pays)
        for which in ("bcce", "anf_cce") if len(game.types) > 1 else ("bcce",):
            for epsilon in (Fraction(0), Fraction(1, 10**12), Fraction(1, 3)):
                proof = exact.proved_interval(game, which, epsilon)
                assert proof.least.slack == proof.greatest.slack == 0
                assert proof.least.value <= proof.greatest.value
    assert close >= count / 20  # what the test is about


def test_five_targets_that_are_as_good_as_tied() -> None:
    game = _optimal(game_from("security", {"targets": str(SECURITY5), "resources": "2"}))
    best = max(range(5), key=lambda target: game.followers[0][0][target])
    for sense in ("least", "greatest"):
        end = exact.proved_end(game, "bcce", sense, Fraction(0))
        assert end.value == game.leader[0][best]
    greatest = exact.proved_end(game, "bcce", "greatest", Fraction(1, 10**9))
    assert float(greatest.value) == pytest.approx(-2.1459796, abs=1e-7)
