"""Ends in exact arithmetic: against floats where those can tell, and where they cannot."""

from fractions import Fraction

import numpy as np
import pytest
from equilibria.games_at_random import KINDS, random_game
from scipy.optimize import linprog

from firstmover.equilibria import FiniteGame, extreme
from firstmover.equilibria.rational import RationalProgram, whole
from firstmover.equilibria.rational_ends import Payoffs, rational_end


def _payoffs(game: FiniteGame) -> Payoffs:
    in_fractions = np.vectorize(Fraction, otypes=[object])
    probs = in_fractions(game.probs)
    return Payoffs(probs / probs.sum(), in_fractions(game.leader), in_fractions(game.followers))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("types", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_ends_agree_with_floats_from_any_start(seed: int, kind: str, types: bool) -> None:
    game = random_game(seed, kind, types=types, most=150).game
    for which in ("bcce", "bce", "anf_cce", "anf_ce") if types else ("cce", "ce"):
        for sense in ("least", "greatest"):
            found = extreme(game, which, sense, epsilon=0.25)
            ends = [
                rational_end(game, _payoffs(game), which, sense, Fraction(1, 4), start)
                for start in (None, found.plays, found.plays[::-1][:1])
            ]
            assert len({end.value for end in ends}) == 1
            assert float(ends[0].value) == pytest.approx(found.value, abs=1e-9)
            assert all(weight > 0 for weight in ends[0].weights)
            assert all(m >= 0 for m in ends[0].multipliers.values())


def test_a_payoff_that_no_float_tells_from_another_decides() -> None:
    tiny = Fraction(1, 10**40)
    floats = FiniteGame.without_types([0.0, 1.0, 2.0], [[5.0, 5.0, 5.0]])
    payoffs = Payoffs(
        np.array([Fraction(1)], object),
        np.array([[Fraction(k) for k in range(3)]], object),
        np.array([[[5 + tiny, Fraction(5), 5 - tiny]]], object),
    )
    assert extreme(floats, "cce", "greatest").value == 2
    assert rational_end(floats, payoffs, "cce", "greatest", Fraction(0)).value == 0
    assert rational_end(floats, payoffs, "cce", "greatest", tiny).value == 1
    assert rational_end(floats, payoffs, "cce", "greatest", tiny * 3 / 2).value == Fraction(3, 2)


def test_a_program_whose_rows_cannot_be_met_says_how_far_it_is_from_them() -> None:
    program = RationalProgram([3, 1], 1)  # x = 3, x <= 1
    program.add([1], whole([[1], [1]]))
    program.solve()
    assert program.excess == 2


class _Bland(RationalProgram):
    """By Bland's rule alone, which is otherwise for when the program does not get on."""

    def _entering(self, *, bland: bool) -> int | None:
        return super()._entering(bland=True)


@pytest.mark.parametrize("kind", [RationalProgram, _Bland])
def test_degenerate_programs_come_to_an_end(kind: type[RationalProgram]) -> None:
    """Beale's example (1955), on which some rules cycle; its optimum is -1/20, all times 100 here."""
    program = kind([0, 0, 1], 0)
    entries = whole([[25, -6000, -4, 900], [50, -9000, -2, 300], [0, 0, 1, 0]])
    program.add([-75, 15000, -2, 600], entries)
    program.solve()
    assert program.value == Fraction(-5)
    assert program.excess == 0


@pytest.mark.parametrize("seed", range(3))
def test_random_programs_have_the_values_that_floats_find(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(20):
        m, n = rng.integers(2, 6), rng.integers(3, 9)
        rows, costs, limits = rng.integers(-3, 6, (m, n)), rng.integers(-2, 9, n), rng.integers(0, 4, m)
        program = rng.choice([RationalProgram, _Bland])(limits.tolist(), 1)
        rows[-1] = 1  # bounded
        program.add(costs.tolist(), whole(rows))
        program.solve()
        found = linprog(costs, A_ub=rows[1:], b_ub=limits[1:], A_eq=rows[:1], b_eq=limits[:1])
        assert (found.status == 0) == (program.excess == 0)
        if found.status == 0:
            assert float(program.value) == pytest.approx(found.fun, abs=1e-9)
