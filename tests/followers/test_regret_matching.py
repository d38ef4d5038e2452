"""Regret matching against a plain reading of Hart and Mas-Colell, and Tammelin."""

import numpy as np
import pytest
from plain import PENNIES, SHAPLEY, assert_plays, counterfactual_rounds, respond
from tiny_games import Visits

from firstmover.followers import RegretMatching


def _start(allowed):
    return [0.0 if possible else None for possible in allowed]


def _mixed(regrets):
    positive = [0.0 if r is None else max(r, 0.0) for r in regrets]
    if sum(positive) == 0:
        positive = [float(r is not None) for r in regrets]
    return np.array(positive) / sum(positive)


def _learn(regrets, played, payoffs):
    own = played @ payoffs
    return [None if r is None else r + pay - own for r, pay in zip(regrets, payoffs, strict=True)]


def _learn_plus(regrets, played, payoffs):
    return [None if r is None else max(r, 0.0) for r in _learn(regrets, played, payoffs)]


@pytest.mark.parametrize("game", [Visits(), SHAPLEY], ids=["visits", "shapley"])
@pytest.mark.parametrize("update", ["expected", "sampled"])
@pytest.mark.parametrize("plus", [False, True])
@pytest.mark.parametrize("play", ["last", "average"])
def test_it_is_regret_matching(game, update: str, plus: bool, play: str) -> None:
    followers = RegretMatching(rounds=12, update=update, plus=plus, play=play)
    plain = counterfactual_rounds(game, followers, _start, _mixed, _learn_plus if plus else _learn)
    assert_plays(respond(game, followers), *plain)


def test_plus_forgets_what_it_does_not_regret() -> None:
    # The two differ only where a regret has been negative: not in the first rounds, but soon.
    tables = [respond(PENNIES, RegretMatching(rounds=40, plus=p, play="last")).strategy.tables for p in (False, True)]
    assert np.abs(np.asarray(tables[0][0]) - np.asarray(tables[1][0])).max() > 1e-3
