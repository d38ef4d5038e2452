"""The race of all rules of a marketplace, on a market with two prices."""

import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.games import BuyBox
from firstmover.jobs.solutions import as_json, solve
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
