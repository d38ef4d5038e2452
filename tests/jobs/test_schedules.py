"""Daily assignments, counted anew in fractions."""

import csv
import json
import math
import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.equilibria.sampling import assignment, decomposition, schedule
from firstmover.errors import InputError
from firstmover.games import SimpleAllocation
from firstmover.jobs.schedules import sample
from firstmover.rules.rule import Rule

TARGETS = Path(__file__).parents[1] / "cases" / "security5.csv"
COVERAGE = [0.52, 0.51, 0.31, 0.22, 0.44]


def _coverages() -> list[list[Fraction]]:
    """All kinds: whole, tiny, many, few, with sums that are whole and that are not."""
    rng = random.Random(1)
    drawn = [[Fraction(rng.randrange(101), 100) for _ in range(rng.randrange(1, 9))] for _ in range(40)]
    return [*drawn, [Fraction(1)] * 3, [Fraction(0)] * 2, [Fraction(1, 3)] * 3, [Fraction(1), Fraction(1, 10**15)]]


@pytest.mark.parametrize("coverage", _coverages(), ids=range(44))
def test_a_decomposition_is_the_coverage_exactly(coverage: list[Fraction]) -> None:
    parts = decomposition(coverage)
    assert sum(part.weight for part in parts) == 1
    assert min(part.weight for part in parts) > 0
    assert [sum(p.weight for p in parts if k in p.covered) for k in range(len(coverage))] == coverage
    total = sum(coverage)
    assert {len(part.covered) for part in parts} <= {math.floor(total), math.ceil(total)}
    assert len(parts) <= len(coverage) + 1


@pytest.mark.parametrize("days", [1, 7, 30])
def test_days_come_to_the_coverage_rounded_to_whole_days(days: int) -> None:
    for seed, coverage in enumerate(_coverages()):
        drawn = schedule(coverage, days, seed)
        assert len(drawn) == days
        for k, c in enumerate(coverage):
            assert math.floor(days * c) <= sum(k in day for day in drawn) <= math.ceil(days * c)


def test_every_single_day_is_a_draw_from_the_coverage() -> None:
    coverage = [Fraction(c).limit_denominator(100) for c in COVERAGE]
    first = [schedule(coverage, 7, seed)[0] for seed in range(2000)]
    for k, c in enumerate(coverage):
        share = sum(k in day for day in first) / len(first)
        assert abs(share - c) < 4 * math.sqrt(float(c * (1 - c)) / len(first))
    assert assignment([Fraction(1, 2), Fraction(1)], Fraction(1, 4)) == (0,)


def _paid(coverage: np.ndarray) -> float:
    covered, uncovered, own, other = np.genfromtxt(TARGETS, delimiter=",", skip_header=1)[:, 1:].T
    attacked = (other + coverage * (own - other)).argmax()
    return float((uncovered + coverage * (covered - uncovered))[attacked])


def test_the_command_and_what_an_override_costs(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    rule, out = tmp_path / "rule.json", tmp_path / "days.csv"
    targets = {name: list(column) for name, column in zip(*_columns(), strict=True)}
    content = {"game": "security", "parameters": {"targets": targets, "resources": 2}}
    rule.write_text(json.dumps(content | {"rule": [{"do": {"coverage": COVERAGE}}]}))
    command = ["sample", str(rule), "--days", "20", "--out", str(out), "--override", "3=office,depot"]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [Fraction(p) for p in found["frequencies"].values()] == [Fraction(str(c)) for c in COVERAGE]
    for name, p in found["frequencies"].items():
        assert sum(Fraction(part["weight"]) for part in found["decomposition"] if name in part["does"]) == Fraction(p)
    assert found["schedule"][2] == ["depot", "office"]
    lines = list(csv.DictReader(out.read_text().splitlines()))
    assert {name: sum(int(line[name]) for line in lines) for name in found["counts"]} == found["counts"]
    usual, once = np.array(COVERAGE), np.array([0, 0, 1, 1, 0])
    override = found["override"]
    assert override["value"] == pytest.approx(_paid(usual))
    assert override["cost"] == pytest.approx(_paid(usual) - _paid((19 * usual + once) / 20))
    assert override["value_of_the_day_if_known"] == -15
    assert main(command) == 2
    assert "exists; name a new file" in capsys.readouterr().err


def _columns() -> tuple[list[str], list[list]]:
    head, *rows = csv.reader(TARGETS.read_text().splitlines())
    columns = [list(column) for column in zip(*rows, strict=True)]
    return head, [columns[0], *([float(value) for value in column] for column in columns[1:])]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--days", "0"], "days must be from 1"),
        (["--override", "B"], "--override takes DAY=NAME"),
        (["--override", "31=B"], "day must be from 1 to 30"),
        (["--override", "2=D"], "there is no 'D' to do on a day; valid: A, B, C"),
        (["--override", "2=A,B"], "at most 1 can be done"),
    ],
)
def test_bad_input(arguments: list[str], sentence: str, tmp_path: Path, capsys) -> None:
    rule = tmp_path / "rule.json"
    rule.write_text(
        json.dumps(
            {"game": "maintain", "parameters": {"commitment": "mixed"}, "rule": [{"do": {"mixture": [0.3, 0.7, 0]}}]}
        )
    )
    assert main(["sample", str(rule), *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_a_rule_of_several_decisions_has_no_days() -> None:
    game = SimpleAllocation(items=2, messages=2)
    with pytest.raises(InputError, match="several"):
        sample(Rule(game, np.zeros(game.n_observations, int)), 3)
