"""Linear programs in fractions: what they answer is proved here by duality, and compared with floats."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

from firstmover.equilibria.exact_programs import Optimum, TooLargeError, UnboundedError, least, near_by


def _exact(values) -> np.ndarray:
    array = np.array(values, object)
    return np.vectorize(Fraction, otypes=[object])(array) if array.size else array


def _prove(program, found: Optimum) -> None:
    costs, upper, limits, equal, sums = program
    assert min(found.point) >= 0
    assert all(upper @ found.point <= limits)
    assert all(equal @ found.point == sums)
    assert found.value == costs @ found.point
    assert min(found.multipliers, default=0) >= 0
    assert min(costs + found.multipliers @ upper - found.prices @ equal) >= 0
    assert found.value == found.prices @ sums - found.multipliers @ limits


def _random(rng: np.random.Generator, m: int, n: int) -> tuple[np.ndarray, ...]:
    """A program over weights that sum to 1 or more, mostly degenerate."""
    costs, upper, limits = rng.integers(-2, 9, n), rng.integers(-3, 6, (m, n)), rng.integers(0, 4, m)
    return tuple(map(_exact, (costs, upper, limits, np.ones((1, n), int), rng.integers(1, 4, 1))))


@pytest.mark.parametrize("shape", [(3, 6), (6, 9), (12, 25)])
@pytest.mark.parametrize("seed", range(3))
def test_random_programs_are_solved_from_anywhere(seed: int, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(10):
        program = _random(rng, *shape)
        costs, upper, limits, equal, sums = (part.astype(float) for part in program)
        floats = linprog(costs, A_ub=upper, b_ub=limits, A_eq=equal, b_eq=sums)
        starts = [None, near_by(*program), rng.random(shape[1]) * (rng.random(shape[1]) < 0.3)]
        for found in (least(*program, start) for start in starts):
            assert (found is None) == (floats.status == 2)
            if found is not None:
                assert float(found.value) == pytest.approx(floats.fun, abs=1e-9)
                _prove(program, found)


def test_a_program_on_which_some_rules_cycle_comes_to_an_end() -> None:
    """Beale's example (1955); its optimum is -1/20."""
    costs = _exact(["-3/4", 150, "-1/50", 6])
    upper = _exact([["1/4", -60, "-1/25", 9], ["1/2", -90, "-1/50", 3], [0, 0, 1, 0]])
    program = costs, upper, _exact([0, 0, 1]), np.zeros((0, 4), object), np.zeros(0, object)
    for start in (None, np.zeros(4), np.ones(4)):
        found = least(*program, start)
        assert found.value == Fraction(-1, 20)
        _prove(program, found)


def test_what_has_no_point_or_no_end_is_said_to_be_so() -> None:
    one, none = _exact([1]), (np.zeros((0, 1), object), np.zeros(0, object))
    assert least(one, _exact([[1]]), _exact([1]), _exact([[1]]), _exact([3])) is None  # x <= 1, x = 3
    with pytest.raises(UnboundedError):
        least(-one, _exact([[-1]]), _exact([0]), *none)


def test_a_program_in_which_too_much_matters_is_left_to_floats() -> None:
    program = _random(np.random.default_rng(0), 12, 25)
    with pytest.raises(TooLargeError) as why:
        least(*program, np.ones(25), limit=1)
    assert why.value.near.tolist() == [1] * 25
