"""Payoffs in plain Python that are no table: called in whole batches, counted before a design starts, and bounded."""

import json

import numpy as np
import pytest
from own_markets import Allocation, PlainShop, best_of_the_shop

from firstmover import design
from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.followers import BestResponse
from firstmover.jobs.calls import fitting
from firstmover.jobs.loop import Silent
from firstmover.leaders import CommitmentGradient, RandomSearch

FEW = CommitmentGradient(updates=3, episodes=10, restarts=2)
FILE = """
from firstmover import Box, Discrete, Market


class Toll(Market):
    plain = True

    def __init__(self, worth: float = 3.0):
        self.worth = worth
        super().__init__(acts=Discrete(["goes round", "pays"], "driver"), decides=Box(["toll"], 0.0, 5.0))

    def payoff(self, driver, action, toll):
        if action == 1 and 2.0 < toll[0] < 2.001:
            raise ValueError("the bridge is closed")
        return action * toll[0], action * (self.worth - toll[0])
"""


class Noting(Silent):
    """Keeps what it is told."""

    def __init__(self):
        self.said = []

    def announce(self, text):
        self.said.append(text)


def test_the_calls_of_a_design_are_those_that_were_announced() -> None:
    market, noting = PlainShop(0.6), Noting()
    made = design(market, leader=FEW, seeds=2, progress=noting)
    said = noting.said
    (announced,) = [int(text.split("at most ")[1].split()[0]) for text in said if "will be called at most" in text]
    assert 0.9 * announced <= market.calls.made <= announced
    assert made.optimum.value is None


def test_a_bound_on_calls_takes_updates_away() -> None:
    market = PlainShop(0.6)
    problem = FEW.problem(market, BestResponse())
    whole, calling = fitting(problem, FEW, 1, None)
    assert whole == FEW
    assert calling.more
    fits, _ = fitting(problem, FEW, 1, market.calls.made + 600)
    assert 1 <= fits.updates < 3
    made = design(market, leader=FEW, seeds=1, max_calls=market.calls.made + 600)
    assert 1 <= made.leader.updates <= fits.updates  # looking at the market anew took some
    assert market.calls.made <= market.calls.limit
    with pytest.raises(InputError, match="an update of commitment-gradient with 1 seed"):
        design(PlainShop(0.6), leader=FEW, seeds=1, max_calls=10)
    with pytest.raises(InputError, match="plain = True"):
        design(Allocation(), seeds=1, max_calls=10)


def test_random_search_makes_something_of_few_calls() -> None:
    market = PlainShop(0.6)
    made = design(market, leader=RandomSearch(), seeds=1, max_calls=market.calls.made + 10_000)
    assert made.leader.updates < RandomSearch().updates
    assert made.values[0] > 0.7 * best_of_the_shop(0.6)


def test_an_exception_in_the_middle_is_told_with_its_line(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toll.py").write_text(FILE)
    command = ["design", "toll.py", "--seeds", "2", "-l", "episodes=32", "--json"]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "line 14: ValueError: the bridge is closed" in said.splitlines()[-1]
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("goes_wrong", "says"), [("raise SystemExit", "SystemExit"), ("toll = [float('nan')]", "pays the leader nan, not")]
)
def test_what_goes_wrong_in_the_middle_is_blamed_on_the_file(goes_wrong, says, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toll.py").write_text(FILE.replace('raise ValueError("the bridge is closed")', goes_wrong))
    assert main(["design", "toll.py", "--seeds", "2", "-l", "episodes=32", "--json"]) == 2
    said = capsys.readouterr().err
    assert says in said.splitlines()[-1]
    assert "Traceback" not in said


def test_batches_and_single_calls_pay_the_same() -> None:
    market = PlainShop(0.6)
    types, actions = market.possible_profiles()
    decisions = np.random.default_rng(0).random((5, 2)) * 10
    leader, followers = market.paid_at(types, actions, decisions)
    traced = super(PlainShop, market)
    for k, (who, what) in enumerate(zip(types[:, 0], actions[:, 0], strict=True)):
        for d, prices in enumerate(decisions):
            paid, own = traced.payoff(int(who), int(what), prices)
            np.testing.assert_allclose([leader[k, d], followers[k, d, 0]], [paid, own], rtol=1e-5, atol=1e-5)


def test_what_was_not_asked_for_is_refused(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["design", "escape", "--max-calls", "100"]) == 2
    assert "plain = True" in capsys.readouterr().err
    assert not json.dumps(list(map(str, tmp_path.glob("runs/*")))).count("config")
