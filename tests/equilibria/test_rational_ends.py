"""Ends in exact arithmetic: from any start the same, and decided where floats see a tie."""

from fractions import Fraction

import numpy as np
import pytest
from equilibria.games_at_random import KINDS, random_game

from firstmover.equilibria import FiniteGame, extreme
from firstmover.equilibria.exact_programs import TooLargeError
from firstmover.equilibria.polytopes import float_extreme
from firstmover.equilibria.rational_ends import rational_end


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("types", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_ends_agree_with_floats_from_any_start(seed: int, kind: str, types: bool) -> None:
    game = random_game(seed, kind, types=types, most=150).game
    for which in ("bcce", "bce", "anf_cce", "anf_ce") if types else ("cce", "ce"):
        for sense in ("least", "greatest"):
            found = float_extreme(game, which, sense, epsilon=0.25)
            ends = [
                rational_end(game, which, sense, Fraction(1, 4), start)
                for start in (None, found, found._replace(plays=found.plays[-1:], weights=np.ones(1)))
            ]
            assert len({end.value for end in ends}) == 1
            assert float(ends[0].value) == pytest.approx(found.value, abs=1e-9)
            assert all(weight > 0 for weight in ends[0].weights)
            assert all(m >= 0 for m in ends[0].multipliers.values())


def test_a_payoff_that_no_float_tells_from_another_decides() -> None:
    tiny = Fraction(1, 10**40)
    pays = np.array([[5 + tiny, Fraction(5), 5 - tiny]], object)
    game = FiniteGame.without_types([0.0, 1.0, 2.0], pays)
    assert float_extreme(game, "cce", "greatest").value == 2
    assert extreme(game, "cce", "greatest").value == 0
    assert rational_end(game, "cce", "greatest", Fraction(0)).value == 0
    assert rational_end(game, "cce", "greatest", tiny).value == 1
    assert rational_end(game, "cce", "greatest", tiny * 3 / 2).value == Fraction(3, 2)


@pytest.mark.parametrize("which", ["ce", "anf_ce"])
def test_an_end_goes_no_further_than_it_may(which) -> None:
    rng = np.random.default_rng(0)
    game = FiniteGame.without_types(rng.random((5, 5)), rng.random((2, 5, 5)))
    with pytest.raises(TooLargeError):
        rational_end(game, which, "greatest", Fraction(0), limit=10)
    assert rational_end(game, which, "greatest", Fraction(0), limit=1000).value > 0


def test_an_end_that_is_too_large_for_fractions_is_that_of_floats() -> None:
    rng = np.random.default_rng(0)
    game = FiniteGame.without_types(rng.random((12, 12)), rng.random((2, 12, 12)))
    found, floats = extreme(game, "ce", "least"), float_extreme(game, "ce", "least")
    assert found.fractions is None
    assert found.value == floats.value
    assert found.bound == pytest.approx(found.value, abs=1e-9)
