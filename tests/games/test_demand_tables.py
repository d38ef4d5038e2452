"""Demand from a table: the logit's own numbers written down, and what is refused."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.games import BuyBox
from firstmover.games.demand_tables import table_demand
from firstmover.games.logit_demand import LogitDemand
from firstmover.jobs import build

PRICES = (1.05, 1.4, 1.7)


def written(lines=None) -> str:
    """The logit demand of two sellers as a table."""
    logit, rows = LogitDemand((2.0, 2.0)), ["price 0,price 1,share 0,share 1,surplus"]
    for prices in itertools.product([*PRICES, None], repeat=2):
        shown = np.array([price is not None for price in prices])
        shares, surplus = logit.of(np.array([price or 0.0 for price in prices]), shown)
        cells = ["" if price is None else f"{price}" for price in prices]
        rows.append(",".join([*cells, *(f"{share:.12g}" for share in shares), f"{surplus:.12g}"]))
    return "\n".join(rows[slice(lines)]) + "\n"


def test_a_table_of_the_logit_is_the_logit(tmp_path: Path) -> None:
    (tmp_path / "demand.csv").write_text(written())
    game = build.game_from("buy-box", {"costs": "1", "demand": str(tmp_path / "demand.csv")})
    same = BuyBox(costs=(1.0,), prices=PRICES)
    np.testing.assert_allclose(game.shares, same.shares, atol=1e-11)
    np.testing.assert_allclose(game.aims, same.aims, atol=1e-11)
    assert game.prices.tolist() == list(PRICES)
    assert build.as_stored(build.again("game", build.as_stored(game))) == build.as_stored(game)
    # Of several equilibria the first, which is that of the lowest prices here.
    profits = (same.shares[:, -1, 0] * same.margins[0][0][np.repeat(np.arange(3), 3)]).reshape(3, 3)
    stable, *_ = [k for k in range(3) if profits[k, k] >= profits[:, k].max() - 1e-12]
    assert game.demand.nash_prices(np.ones(2)).tolist() == [PRICES[stable]] * 2
    assert game.demand.monopoly_prices(np.ones(2)).tolist() == [PRICES[np.diag(profits).argmax()]] * 2


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda c: c["surplus"].__setitem__(0, None), "lacks a share or the surplus at prices 1"),
        (lambda c: c["share 0"].__setitem__(0, 0.9), "at most 1 in all"),
        (lambda c: c["share 1"].__setitem__(1, 0.1), "0 for who is not shown"),
        (lambda c: [own.pop() for own in c.values()], "no row for prices not shown, 1"),
        (lambda c: c.pop("share 1"), "columns outside and mu, or price 0"),
    ],
)
def test_what_is_no_table_is_refused(change, match) -> None:
    columns = {"price 0": [1.0, 1.0, None], "price 1": [1.0, None, 1.0], "share 0": [0.4, 0.6, 0.0]}
    columns |= {"share 1": [0.4, 0.0, 0.6], "surplus": [0.5, 0.3, 0.3]}
    change(columns)
    with pytest.raises(InputError, match=match):
        table_demand(columns, ["0", "1"])
