"""Security games with schedules: assignments by hand, the optimum by linear programs, files, days, and a proof."""

import csv
import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.games import SecuritySchedules
from firstmover.jobs import build
from firstmover.solvers.registry import optimum, search

TARGETS = """type,target,defender_covered,defender_uncovered,attacker_covered,attacker_uncovered
thief,bank,1,-5,-4,6
thief,mint,1,-8,-6,9
thief,park,0,-1,-1,2
vandal,park,0,-4,-1,6
vandal,bank,0,-2,-2,2
vandal,mint,0,-2,-3,1
"""
SCHEDULES = """mint,schedule,cost,bank,park
1,centre,3,1,0
,river,2,,1
0,old town,2,1,1
"""
PLAYED = {(): (0, 0, 0), (0,): (1, 1, 0), (1,): (0, 0, 1), (2,): (1, 0, 1), (1, 2): (1, 0, 1)}  # 4 to spend, 2 at once
GAME = ("-g", "targets=targets.csv", "-g", "schedules=schedules.csv", "-g", "resources=2", "-g", "budget=4")


@pytest.fixture
def game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecuritySchedules:
    monkeypatch.chdir(tmp_path)
    Path("targets.csv").write_text(TARGETS)
    Path("schedules.csv").write_text(SCHEDULES)
    given = dict(part.split("=") for part in GAME[1::2])
    return build.build("game", "security-schedules", given | {"prior": "0.75,0.25"})


def test_assignments_keep_to_resources_and_budget_and_cover_what_their_schedules_cover(game) -> None:
    assert dict(zip(game.assignments, map(tuple, game.covers.astype(int).tolist()), strict=True)) == PLAYED
    assert game.action_names[0] == ("nothing", "centre", "river", "old town", "river + old town")
    again = build.build("game", "security-schedules", json.loads(json.dumps(game.parameters())))
    np.testing.assert_array_equal(again.leader_payoffs, game.leader_payoffs)
    # Half of the days at the centre, half on the river: the bank is covered half of the time.
    finite = induced_game(game, np.array([[0, 0.5, 0.5, 0, 0]]))
    np.testing.assert_allclose(finite.leader, [[-2, -3.5, -0.5], [-1, -1, -2]])
    np.testing.assert_allclose(finite.followers[0], [[1, 1.5, 0.5], [0, -1, 2.5]])


def test_the_optimum_is_the_best_over_what_the_types_attack(game) -> None:
    """One program for each target of each type, over mixtures of the assignments that are listed above."""
    covers = np.array(list(PLAYED.values()))
    rows = [line.split(",") for line in TARGETS.splitlines()[1:]]
    of = {(kind, target): np.array(paid, float) for kind, target, *paid in rows}
    pays = {key: covers[:, ["bank", "mint", "park"].index(key[1])] for key in of}
    table = {
        key: [own * paid[k] + (1 - own) * paid[k + 1] for k in (0, 2)]
        for (key, own), paid in zip(pays.items(), of.values(), strict=True)
    }
    best = -np.inf
    for attacked in itertools.product(("bank", "mint", "park"), repeat=2):
        worth, limits = np.zeros(len(covers)), []
        for p, kind, target in zip((0.75, 0.25), ("thief", "vandal"), attacked, strict=True):
            worth += p * table[kind, target][0]
            limits += [table[kind, other][1] - table[kind, target][1] for other in ("bank", "mint", "park")]
        found = linprog(-worth, np.array(limits), np.zeros(len(limits)), np.ones((1, len(covers))), [1.0])
        best = max(best, -found.fun if found.status == 0 else -np.inf)
    assert optimum(game, "strong").value == pytest.approx(best)
    erring = search(game, "strong", rationality=5.0)
    assert erring.bounds[0] <= erring.bounds[1]
    assert set(erring.rule[0]["do"]["mixture"]) <= set(game.action_names[0])


def test_a_rule_is_solved_proved_and_laid_out_over_days(game, capsys: pytest.CaptureFixture) -> None:
    command = ("security-schedules", *GAME, "-g", "prior=0.75,0.25")
    assert main(["solve", *command, "--out", "rule.json"]) == 0
    assert main(["certify", "rule.json", "--out", "proof.json"]) == 0
    assert main(["verify", "proof.json"]) == 0
    text = Path("proof.json").read_text()
    Path("forged.json").write_text(text.replace('"budget": 4.0', '"budget": 5.0'))
    assert main(["verify", "forged.json"]) == 1
    capsys.readouterr()
    days = ("sample", "rule.json", "--days", "20", "--override", "2=river,old town", "--out", "days.csv", "--json")
    assert main(list(days)) == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(Fraction(part["weight"]) for part in found["decomposition"]) == 1
    mixture = json.loads(Path("rule.json").read_text())["rule"][0]["do"]["mixture"]
    for name, p in found["frequencies"].items():
        weights = [Fraction(part["weight"]) for part in found["decomposition"] if name in part["does"]]
        assert sum(weights) == Fraction(p)
        assert float(Fraction(p)) == pytest.approx(sum(q for does, q in mixture.items() if name in does.split(" + ")))
    lines = list(csv.DictReader(Path("days.csv").read_text().splitlines()))
    made = [tuple(k for k, name in enumerate(game.schedules) if line[name] == "1") for line in lines]
    assert set(made) <= set(PLAYED)
    assert made[1] == (1, 2)
    usual = np.array([mixture.get(name, 0) for name in game.action_names[0]])
    after = (19 * usual + np.eye(5)[4]) / 20
    worth = []
    for x in (usual, after, np.eye(5)[4]):
        pays, earns = (np.einsum("m,kma->ka", x, table) for table in (game.follower_payoffs, game.leader_payoffs))
        tied = np.where(pays >= pays.max(axis=1, keepdims=True) - 1e-9, earns, -np.inf)
        worth.append(float(tied.max(axis=1) @ [0.75, 0.25]))
    own = found["override"]
    assert [own["value"], own["value_after"], own["value_of_the_day_if_known"]] == pytest.approx(worth)
    assert main(["sample", "rule.json", "--override", "2=centre,river"]) == 2
    assert "centre + river is more than the resources and the budget allow" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("schedules", "others", "match"),
    [
        ({"schedule": ["a"]}, {}, "need the columns schedule and covers"),
        ({"schedule": ["a"], "covers": [["x"], ["y"]]}, {}, "lists of one length"),
        ({"schedule": ["a"], "covers": [["z"]]}, {}, "unknown target of a schedule 'z'"),
        ({"schedule": ["a"], "covers": [["x"]], "cost": [-1]}, {}, "at least 0; got -1"),
        ({"schedule": ["a"], "covers": [["x"]]}, {"budget": 1.0}, "a cost for every schedule"),
        ({"schedule": ["a"], "covers": [["x"]], "cost": [1]}, {"budget": -1.0}, "budget must be"),
        ({"schedule": ["a"], "covers": [["x"]]}, {"resources": 0}, "resources must be"),
        ({"schedule": [str(k) for k in range(70)], "covers": [["x"]] * 70}, {"resources": 2}, "too many to list"),
    ],
)
def test_what_is_no_schedule_is_refused(schedules, others, match: str) -> None:
    rows = {"target": ["x", "y"], "defender_covered": [0, 0], "defender_uncovered": [-1, -2]}
    with pytest.raises(InputError, match=match):
        SecuritySchedules(rows | {"attacker_covered": [0, 0], "attacker_uncovered": [1, 2]}, schedules, **others)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (SCHEDULES.replace("schedule", "name"), "header of schedules.csv must be schedule,TARGET"),
        (SCHEDULES.replace("1,centre", "2,centre"), "mint in row 2 of schedules.csv must be 1 or 0; got '2'"),
        (SCHEDULES.splitlines()[0], "header only"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(game, content: str, match: str, capsys) -> None:
    Path("schedules.csv").write_text(content)
    assert main(["solve", "security-schedules", *GAME]) == 2
    err = capsys.readouterr().err
    assert match in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("do", [{"mixture": {"nowhere": 1}}, {"mixture": {"river": 0.5}}, {"action": 1}])
def test_rules_that_are_impossible_are_refused(game, do) -> None:
    with pytest.raises(InputError, match=r"unknown action|sum to 1|must have"):
        game.decision({}, do)
