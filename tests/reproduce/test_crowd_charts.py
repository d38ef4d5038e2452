"""Crowds: what is reproduced of them."""

import json
from pathlib import Path

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.reproduce.crowd_charts import CROWDS_OF, at_prices_without_tax, households, scatter


@pytest.mark.slow
def test_a_tax_that_is_handed_back_moves_two_ginis_apart_since_it_insures() -> None:
    """At unchanged prices households save less and more of them own nothing; scarce capital takes part of it back."""
    free, taxed, alone = households(0.0), households(0.3), at_prices_without_tax(0.3)
    wealth = [own.statistics["gini of wealth"] for own in (free, taxed, alone)]
    consumption = [own.statistics["gini of consumption"] for own in (free, taxed, alone)]
    assert wealth[0] + 0.01 < wealth[1] < wealth[2] - 0.01
    assert wealth[:2] == pytest.approx([0.4396, 0.4803], abs=5e-5)
    assert consumption[:2] == pytest.approx([0.2578, 0.2140], abs=5e-5)
    assert consumption[1] < consumption[2] - 0.01 < consumption[0] - 0.02
    owned, masses = alone.wealth
    assert owned @ masses < 0.5 * (free.wealth[0] @ free.wealth[1])
    assert alone.with_nothing > 1.5 * free.with_nothing
    assert taxed.statistics["interest"] > free.statistics["interest"]


@pytest.mark.slow
def test_finite_crowds_come_near_like_one_over_the_root() -> None:
    found = [scatter(members) for members in CROWDS_OF]
    assert np.polyfit(np.log(CROWDS_OF), np.log(found), 1)[0] == pytest.approx(-0.5, abs=0.1)


@pytest.mark.slow
def test_crowds_are_reproduced_with_their_charts(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["reproduce", "crowd-toll", "tax", "--seeds", "2", "--out", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert all(verdict["agrees"] for name in told for verdict in told[name]["verdicts"])
    charts = {"welfare-against-tax", "ginis", "lorenz-of-wealth", "lorenz-of-consumption", "wealth", "finite-crowd"}
    assert charts <= {path.stem for path in (tmp_path / "tax").glob("*.svg")}
    assert (tmp_path / "crowd-toll" / "cost-against-toll.csv").exists()
