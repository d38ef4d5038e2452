"""Pure equilibria against another library, by hand, and at their limits (`test_random_games` has the definition)."""

import warnings

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.equilibria import FiniteGame, pure_equilibria
from firstmover.errors import InputError


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000), st.integers(2, 4), st.integers(2, 4))
def test_they_are_the_pure_ones_among_all_nash_equilibria(seed: int, rows: int, columns: int) -> None:
    one, other = np.random.default_rng(seed).normal(size=(2, rows, columns))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nashpy's own, when it suspects a degenerate game
        found = [(x, y) for x, y in nashpy.Game(one, other).support_enumeration() if x.max() == y.max() == 1]
    expected = sorted([int(x.argmax()), int(y.argmax())] for x, y in found)
    game = FiniteGame.without_types(np.zeros((rows, columns)), np.stack([one, other]))
    assert pure_equilibria(game).tolist() == expected


def test_three_followers_who_coordinate() -> None:
    same = np.zeros((2, 2, 2))
    same[0, 0, 0] = same[1, 1, 1] = 1
    # With one of them apart nobody alone can make them meet, but with two apart from the third, it can.
    assert pure_equilibria(FiniteGame.without_types(same, [same] * 3)).tolist() == [[0, 0, 0], [1, 1, 1]]


def test_no_pure_equilibrium_and_all_of_them() -> None:
    pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert pure_equilibria(FiniteGame.without_types(pennies, [pennies, -pennies])).shape == (0, 2)
    assert len(pure_equilibria(FiniteGame.without_types(pennies, np.zeros((2, 2, 2))))) == 4


def test_ties_within_the_tolerance_count() -> None:
    payoffs = np.array([0.0, 1.0, 1.0 - 1e-6])
    game = FiniteGame.without_types(np.zeros(3), payoffs[None])
    assert pure_equilibria(game).tolist() == [[1]]
    assert pure_equilibria(game, epsilon=1e-5).tolist() == [[1], [2]]
    with pytest.raises(InputError, match="epsilon must be at least 0; got -1"):
        pure_equilibria(game, epsilon=-1.0)


def test_types_that_signal() -> None:
    """Follower 0 knows the state; follower 1 guesses it from nothing but the likelier state."""
    prior = np.array([[0.3], [0.7]])
    right = np.zeros((2, 1, 1, 2))
    right[[0, 1], 0, 0, [0, 1]] = 1
    game = FiniteGame.with_types(prior, right, np.stack([right * 0, right]))
    assert pure_equilibria(game).tolist() == [[0, 0, 1]]


def test_many_pairs_of_which_few_can_choose() -> None:
    """More (follower, type) pairs than an array may have axes."""
    n = 80
    allowed = np.zeros((n, 2), bool)
    allowed[:, 0] = allowed[:3, 1] = True
    payoffs = np.tile([0.0, 1.0], (n, 1))
    game = FiniteGame.with_types(np.full(n, 1 / n), payoffs * 0, payoffs[None], [allowed])
    assert pure_equilibria(game).tolist() == [[1] * 3 + [0] * (n - 3)]


def test_more_profiles_than_can_be_looked_through_are_refused() -> None:
    n = 23
    game = FiniteGame.with_types(np.full(n, 1 / n), np.zeros((n, 2)), np.zeros((1, n, 2)))
    with pytest.raises(InputError, match=r"8.39e\+06 profiles of maps, more than 5000000"):
        pure_equilibria(game)
