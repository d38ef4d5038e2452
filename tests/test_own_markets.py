"""Five markets as users write them: the default design of each comes to the best there is, and is certified."""

import numpy as np
import pytest
from five_markets import MARKETS, ROOM, market, measured


def test_each_is_short() -> None:
    files = sorted(ROOM.glob("*.py"))
    assert sorted(path.stem for path in files) == sorted(MARKETS)
    assert all(len(path.read_text().splitlines()) < 40 for path in files)


@pytest.mark.slow
def test_the_simulated_market_is_designed_and_certified() -> None:
    row = measured("congestion", 3)
    assert row.near == 3
    assert row.exact
    own = market("congestion")
    assert own.calls.made < 5_000  # a table, once
    # A toll keeps some off the bridge: without one all drive over it, and lose what they lose at 0.
    assert row.best == pytest.approx(-15.75, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", MARKETS)
def test_default_designs_reach_the_best_there_is(name) -> None:
    row = measured(name, 25)
    assert row.near >= 24
    assert (row.values <= row.best + 1e-6 * row.width).all()
    assert row.exact
    assert np.isfinite(row.values).all()
