"""Best replies to players that remember: every strategy tried, and the inequalities that prove a value."""

import itertools

import numpy as np
import pytest

from firstmover.equilibria.repeated_replies import best_reply_values, next_profiles, own_values

SIZES = (2, 2)


def long_run(pays, strategies, discount, start):
    """The discounted mean of what is paid, by playing."""
    total, state = 0.0, start
    for time in range(400):
        state = int(np.ravel_multi_index(tuple(strategies[:, state]), SIZES))
        total += (1 - discount) * discount**time * pays[state]
    return total


@pytest.mark.parametrize("seed", range(3))
def test_no_strategy_of_one_round_of_memory_earns_more(seed) -> None:
    rng = np.random.default_rng(seed)
    pays, strategies = rng.normal(size=4), rng.integers(2, size=(2, 4))
    best = best_reply_values(pays, strategies, SIZES, 0, 0.9)
    earned = []
    for own in itertools.product(range(2), repeat=4):
        tried = np.array([own, strategies[1]])
        earned.append([long_run(pays, tried, 0.9, s) for s in range(4)])
        np.testing.assert_allclose(own_values(pays, tried, SIZES, 0.9), earned[-1], atol=1e-9)
    np.testing.assert_allclose(best, np.max(earned, axis=0), atol=1e-9)
    ahead = next_profiles(strategies, SIZES, 0)
    assert (best + 1e-9 >= 0.1 * pays[ahead] + 0.9 * best[ahead]).all()


def test_tit_for_tat_is_a_best_reply_to_itself_where_it_should_be() -> None:
    prisoners = np.array([3.0, 0.0, 5.0, 1.0])  # cooperate first
    copy = np.array([[0, 1, 0, 1], [0, 0, 1, 1]])  # each repeats what the other did
    for discount, gains in ((0.9, False), (0.1, True)):
        gap = best_reply_values(prisoners, copy, SIZES, 0, discount) - own_values(prisoners, copy, SIZES, discount)
        assert (gap[0] > 1e-6) == gains
