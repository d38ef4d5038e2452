"""Best replies to players that remember: every strategy tried, and the inequalities that prove a value."""

import itertools

import numpy as np
import pytest

from firstmover.equilibria.repeated_replies import best_reply_values, cycle_lengths, largest_violation, own_values

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
    assert largest_violation(best, pays, strategies, SIZES, 0, 0.9) < 1e-9
    assert largest_violation(best - [0.1, 0, 0, 0], pays, strategies, SIZES, 0, 0.9) > 1e-3


@pytest.mark.parametrize("seed", range(2))
def test_a_game_with_a_past(seed) -> None:
    """Two pasts: whoever goes by past and profile, which are eight states, earns no more than the value says."""
    rng = np.random.default_rng(seed)
    pays, rival, after = rng.normal(size=8), rng.integers(2, size=4), rng.integers(2, size=8)

    def play(own, state):
        total, past, profile, seen = 0.0, state // 4, state % 4, []
        for time in range(40):
            seen.append((past, profile))
            profile = 2 * own[4 * past + profile] + rival[profile]
            total += 0.5 * 0.5**time * pays[4 * past + profile]
            past = after[4 * past + profile]
        return total, next(k for k in range(1, 20) if seen[20 + k] == seen[20])

    given = pays, np.array([[0, 1, 1, 0], rival]), SIZES
    best = best_reply_values(*given, 0, 0.5, after)
    every = [[play(own, s)[0] for s in range(8)] for own in itertools.product(range(2), repeat=8)]
    np.testing.assert_allclose(best, np.max(every, axis=0), atol=1e-9)
    mine = [play([0, 1, 1, 0] * 2, s) for s in range(8)]
    np.testing.assert_allclose(own_values(*given, 0.5, after), [own for own, _ in mine], atol=1e-9)
    states = np.arange(8)
    many = np.broadcast_to(given[1], (8, 2, 4))
    assert cycle_lengths(many, SIZES, states, after).tolist() == [length for _, length in mine]
    assert largest_violation(best, *given, 0, 0.5, after) < 1e-9


def test_tit_for_tat_is_a_best_reply_to_itself_where_it_should_be() -> None:
    prisoners = np.array([3.0, 0.0, 5.0, 1.0])  # cooperate first
    copy = np.array([[0, 1, 0, 1], [0, 0, 1, 1]])  # each repeats what the other did
    for discount, gains in ((0.9, False), (0.1, True)):
        gap = best_reply_values(prisoners, copy, SIZES, 0, discount) - own_values(prisoners, copy, SIZES, discount)
        assert (gap[0] > 1e-6) == gains
