"""What economists look at of a rule: its tables and pictures, on a market with two prices."""

import csv
from pathlib import Path

import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.evaluation.seller_tables import COLUMNS, shown, statistics_csv, statistics_latex
from firstmover.followers import RepeatedQLearning
from firstmover.followers.learnt_play import Statistic
from firstmover.games import BuyBox, Maintain
from firstmover.games.display import fixed_rule
from firstmover.jobs.economics import economics_files, economics_table
from firstmover.report.heat_maps import HeatMap
from firstmover.rules.rule import Rule


def _found() -> dict[str, dict[str, Statistic]]:
    one = {name: Statistic(0.5, 0.4, 0.6) for name in COLUMNS} | {"revenue": Statistic(0.0, 0.0, 0.0)}
    return {"this rule": one, "cap_1": one | {"surplus": Statistic(1.25, 1.25, 1.25)}}


def test_tables_say_means_and_intervals() -> None:
    header, rows = shown(_found())
    assert header == ["rule", *(name for name in COLUMNS if name != "revenue")]  # nobody pays a fee
    assert rows[0][1] == "0.5000 ± 0.1000" and rows[1][1] == "1.2500"
    lines = list(csv.reader(statistics_csv(_found()).splitlines()))
    assert ["cap_1", "surplus", "1.25", "1.25", "1.25"] in lines and len(lines) == 1 + 2 * len(COLUMNS)
    tex = statistics_latex(_found())
    assert tex.count("\\\\") == 3 and "cap\\_1 & 1.2500 &" in tex and "0.5000 $\\pm$ 0.1000" in tex


def test_heat_maps_are_drawn() -> None:
    heat = HeatMap("h", "", "x", "y", ("a", "b"), ("c",), np.array([[1.0, 2.0]]), "z")
    assert heat.draw("png").startswith(b"\x89PNG") and b"<svg" in heat.draw("svg")


def test_other_games_have_none(tmp_path: Path) -> None:
    rule = Rule(Maintain(), np.array([[0]]))
    assert economics_table(rule.game, rule, None, 2, print) is None
    with pytest.raises(InputError, match="for buy-box only"):
        economics_files(rule.game, rule, None, tmp_path, 2, print)


@pytest.mark.slow
def test_a_folder_of_tables_and_pictures(tmp_path: Path) -> None:
    game = BuyBox(costs=(1.0,), prices=(1.05, 1.4, 1.7))
    rule = Rule(game, np.asarray(fixed_rule(game, "pdp")))
    sellers = RepeatedQLearning(rounds=64, beta=(0.05,), calm=200)
    names = {path.name for path in economics_files(game, rule, sellers, tmp_path / "e", 10, lambda what: None)}
    stems = {"economics", "cycles", "convergence", "frontier", "price-profiles", "alpha-beta"}
    # Where nobody has to be forced to its best reply there is no response.
    assert {Path(name).stem for name in names} - {"impulse-response"} == stems
    assert all((tmp_path / "e" / name).stat().st_size > 20 for name in names)
    lines = (tmp_path / "e" / "price-profiles.csv").read_text().splitlines()
    assert sum(float(line.rsplit(",", 1)[1]) for line in lines[1:]) == pytest.approx(1)
    rows = list(csv.reader((tmp_path / "e" / "economics.csv").read_text().splitlines()))
    assert {row[0] for row in rows[1:]} == {"this rule", "none", "pdp", "dynamic-pdp", "cap 1.4", "lowest"}
    # The rule is PDP, and luck is common to all rules.
    assert [row[1:] for row in rows if row[0] == "this rule"] == [row[1:] for row in rows if row[0] == "pdp"]
    points = [line for line in (tmp_path / "e" / "frontier.csv").read_text().splitlines() if line.startswith("all")]
    assert len(points) == 2**2 * 2 * 3 * 2  # beside the lowest price the rival is shown or not; else nobody, one, both
