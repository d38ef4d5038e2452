"""Fictitious play against best replies to counted play."""

import numpy as np
import pytest
from plain import PENNIES, SHAPLEY, expected_payoffs, joint_at, respond, some_rule
from tiny_games import Visits

from firstmover.certificates import certify_play
from firstmover.evaluators import induced_game, play_distribution
from firstmover.followers import FictitiousPlay
from firstmover.games import NormalForm


def _replies(game, average, ties: str):
    """A best reply of every type to what the others have played on average, or to nothing at first."""
    finite = induced_game(game, some_rule(game))
    strategies = [np.zeros(allowed.shape) for allowed in finite.allowed]
    for i, t in finite.follower_types():
        pays = np.zeros(finite.n_actions[i]) if average is None else expected_payoffs(finite, average, i, t)
        best = np.flatnonzero(finite.allowed[i][t] & (pays >= pays[finite.allowed[i][t]].max() - 1e-9))
        strategies[i][t, best if ties == "uniform" else best[:1]] = 1 / (len(best) if ties == "uniform" else 1)
    return strategies, np.array([joint_at(strategies, types) for types in finite.support])


@pytest.mark.parametrize("game", [Visits(), SHAPLEY, PENNIES], ids=["visits", "shapley", "pennies"])
@pytest.mark.parametrize("ties", ["first", "uniform"])
def test_it_replies_to_counted_play(game, ties: str) -> None:
    average = None
    for k in range(15):
        strategies, joint = _replies(game, average, ties)
        average = joint if average is None else average + (joint - average) / (k + 1)
    came = respond(game, FictitiousPlay(rounds=15, ties=ties))
    np.testing.assert_allclose(came.strategy.probabilities, average.reshape(len(average), -1), atol=1e-5)
    came = respond(game, FictitiousPlay(rounds=14, ties=ties, play="last"))
    for table, expected in zip(came.strategy.tables, strategies, strict=True):
        np.testing.assert_allclose(table, expected, atol=1e-5)


def test_ties_are_broken_by_the_leaders_payoffs_in_the_rounds_too() -> None:
    # The follower cares about nothing; the leader would like column 1 most and column 2 least.
    game = NormalForm([[5.0, 9.0, 1.0]], [[2.0, 2.0, 2.0]])
    for ties, column in (("first", 0), ("strong", 1), ("weak", 2)):
        followers = FictitiousPlay(rounds=50, ties=ties)
        played = np.asarray(respond(game, followers).strategy.probabilities)[0]
        assert played.argmax() == column
        assert played[column] >= 49 / 50 - 1e-6  # nothing is known in the first round
        assert followers.optimum_ties == ("weak" if ties == "weak" else "strong")


def test_it_finds_the_value_of_a_zero_sum_game_but_cycles_elsewhere() -> None:
    """Robinson 1951; Shapley 1964."""
    epsilons = []
    for rounds in (100, 10_000):
        came = respond(PENNIES, FictitiousPlay(rounds=rounds))
        epsilons.append(certify_play(PENNIES, np.array([0]), came.strategy).epsilon.most)
    assert epsilons[1] < 0.3 * epsilons[0]
    followers = [
        play_distribution(SHAPLEY, respond(SHAPLEY, FictitiousPlay(rounds=r)).strategy).sum(2)[0] for r in (1500, 3000)
    ]
    assert np.abs(followers[0] - followers[1]).max() > 0.05
