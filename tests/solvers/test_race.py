"""The race of all rules of a marketplace, on a market with two prices."""

import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.evaluators.aims import AtLeast
from firstmover.followers import RepeatedQLearning
from firstmover.games import BuyBox
from firstmover.jobs.solutions import as_json, solve
from firstmover.leaders import LocalSearch
from firstmover.solvers import buy_box


def test_the_race_finds_the_lowest_price(monkeypatch) -> None:
    monkeypatch.setattr(buy_box, "RACE", ((2, 0.5), (8, 0.0)))
    monkeypatch.setattr(buy_box, "JUDGED", 20)
    game = BuyBox(costs=(1.0,), prices=(1.05, 1.7))
    heats: list[str] = []
    told = as_json(game, solve(game, progress=heats.append), "strong")
    assert [heat.split(":")[0] for heat in heats] == ["heat 1 of 2", "heat 2 of 2"]
    assert told["rules"] == 4 and told["exact"] is False and told["sessions"] == 20
    # Who charges the high price beside the low one is not shown: both learn the low one.
    assert told["rule"][1]["do"] == {"show up to": 1.05}
    low, high = told["interval"]
    assert low <= told["optimum"] <= high and told["optimum"] == pytest.approx(1.126068, abs=0.03)
    assert np.asarray(told["reply"]).sum(axis=-1) == pytest.approx(np.ones((2, 1)))
    with pytest.raises(InputError, match="more than the 20000"):
        solve(BuyBox(grid=7))


def test_a_rule_under_which_sellers_leave_does_not_win() -> None:
    profits = np.array([[0.1, 0.02], [0.03, 0.04], [0.1, 0.01]])
    paid = buy_box.Paid(np.array([1.1, 0.9, 1.0]), np.zeros(3), np.zeros((3, 1, 4)), profits)
    game = BuyBox(costs=(1.0,), prices=(1.05, 1.7), profit_floor=0.03)
    assert np.argsort(-buy_box._merits(game, paid)).tolist() == [1, 0, 2]
    assert buy_box._merits(game, paid)[1] == 0.9 and buy_box._merits(game, paid)[0] < 0
    assert buy_box._merits(BuyBox(costs=(1.0,)), paid).tolist() == [1.1, 0.9, 1.0]
    # The same is a constraint of every design.
    assert LocalSearch().problem(game, RepeatedQLearning(rounds=5)).least == (
        AtLeast("seller 0's payoff", 0.03),
        AtLeast("seller 1's payoff", 0.03),
    )
