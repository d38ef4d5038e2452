"""A rule in other forms says what the rule says; a game written as a Gambit file is read again exactly."""

import csv
import io
import itertools
import json
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.games import BayesianNormalForm, Market, NormalForm, SimpleAllocation
from firstmover.interop.gambit import read_nfg, written
from firstmover.jobs.exports import game_file, strategic_form
from firstmover.rules import load
from firstmover.rules.exporting import exported
from firstmover.spaces import Discrete, Mixture

RULES: dict[str, Any] = {
    "messages": {
        "game": "simple-allocation",
        "parameters": {"items": 3, "messages": 2, "prior": [0.5, "1/3", "1/6"]},
        "rule": [{"when": {"message": 0}, "do": {"item": 2}}, {"do": {"item": 1}}],
    },
    "mixture": {
        "game": "normal-form",
        "parameters": {"leader_payoffs": [[1, 3], [0, 2]], "follower_payoffs": [[1, 0], [0, 1]], "commitment": "mixed",
                       "action_names": [["a | b", "100 % \"x\"_y"], ["l", "r"]]},
        "rule": [{"do": {"mixture": ["1/3", "2/3"]}}],
    },
    "coverage": {
        "game": "security",
        "parameters": {"targets": {"target": ["museum", "bridge"], "defender_covered": [1, 1],
                                   "defender_uncovered": [0, 0], "attacker_covered": [0, 0],
                                   "attacker_uncovered": [1, 1]}},
        "rule": [{"do": {"coverage": [0.25, 0.75]}}],
    },
    "prices": {
        "game": "sequential-price",
        "parameters": {"types": 2, "messages": 1},
        "rule": [
            {"when": {"messages": [0, 0], "remaining": [0, 1], "sold": [None, None]},
             "do": {"agent": 0, "prices": [1]}},
            {"when": {"messages": [0, 0], "remaining": [1], "sold": [[0], None]}, "do": {"agent": 1, "prices": [0.5]}},
        ],
    },
    "market": {"game": "shop.py:Shop", "rule": [{"when": {}, "do": {"basic price": 4.0, "full price": 8.0}}]},
    "market mixture": {"game": "in.py:In", "rule": [{"do": {"mixture": {"inspect": 0.5, "wait": 0.5}}}]},
}  # fmt: skip


@pytest.fixture(params=RULES)
def path(request: Any, tmp_path: Path) -> Path:
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(RULES[request.param]))
    return path


def test_the_python_file_acts_as_the_rule_does(path: Path) -> None:
    act, space = load(path), {"__name__": "rule"}
    exec(compile(exported(path, "python"), "rule.py", "exec"), space)
    for entry in act.entries:
        situation = {key: (0 if value is None else value) for key, value in entry["when"].items()}
        if set(situation) == set(act.conditions):
            for seed in range(5):
                drawn = act(situation, random.Random(seed))
                assert space["act"](situation, random.Random(seed)) == drawn
            assert space["act"](situation) == act(situation)
    with pytest.raises(ValueError, match="does not know nonsense"):
        space["act"]({"nonsense": 1})


def test_the_python_file_runs_alone(tmp_path: Path) -> None:
    rule, file = tmp_path / "rule.json", tmp_path / "alone.py"
    rule.write_text(json.dumps(RULES["messages"]))
    file.write_text(exported(rule, "python"))
    command = [sys.executable, "-I", str(file)]
    out = subprocess.run([*command, '{"message": 0}'], capture_output=True, text=True, check=True).stdout
    assert json.loads(out) == {"item": 2}
    wrong = subprocess.run([*command, '{"item": 0}'], capture_output=True, text=True)
    assert wrong.returncode == 1
    assert wrong.stderr.strip() == "the rule does not know item: it goes by message."


TABLES = {
    "messages": "message,item\n0,2\n,1\n",
    "mixture": 'a | b,"100 % ""x""_y"\n0.3333333333333333,0.6666666666666666\n',
    "coverage": "museum,bridge\n0.25,0.75\n",
    "prices": "messages 0,messages 1,remaining,sold,agent,prices 0\n"
    '0,0,"[0, 1]","[null, null]",0,1\n0,0,[1],"[[0], null]",1,0.5\n',
    "market": "basic price,full price\n4.0,8.0\n",
    "market mixture": "inspect,wait\n0.5,0.5\n",
}


@pytest.mark.parametrize("name", RULES)
def test_tables_hold_every_entry(tmp_path: Path, name: str) -> None:
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(RULES[name]))
    assert exported(path, "csv") == TABLES[name]
    header, *rows = csv.reader(io.StringIO(TABLES[name]))
    markdown = exported(path, "markdown").splitlines()
    assert len({line.replace("\\|", "").count("|") for line in markdown}) == 1
    assert len(markdown) == len(rows) + 2
    latex = exported(path, "latex").splitlines()
    assert [line.count(" & ") for line in latex if line.endswith(r"\\")] == [len(header) - 1] * (1 + len(rows))


def test_names_head_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(RULES["mixture"]))
    assert "| a \\| b | 100 % " in exported(path, "markdown")
    assert r'a | b & 100 \% "x"\_y \\' in exported(path, "latex")


def test_a_game_is_written_and_read_exactly(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    tables = rng.integers(-99, 99, (3, 2, 3, 2)).astype(object)
    tables = tables * Fraction(1, 7)
    for commitment in ("deterministic", "mixed"):
        game = NormalForm(tables[0], tables[1:], commitment, [["a", 'b"'], ["x", "y", "z"], ["l", "r"]])
        form = strategic_form(game)
        assert (form.payoffs == tables).all()
        path = tmp_path / f"{commitment}.nfg"
        path.write_text(written(form.payoffs, form.strategies, form.players, "a game"))
        again = read_nfg(path)
        assert (again.tables[0].fractions == tables[0]).all()
        assert (again.tables[1].fractions == tables[1:]).all()
        assert again.action_names == game.action_names


def test_types_become_plans() -> None:
    leader, follower = [[[1, 2], [3, 4]]], [[[1, 0], [0, 1]], [[0, 1], [5, 0]]]
    form = strategic_form(BayesianNormalForm(leader, follower, ["1/3", "2/3"]))
    assert form.strategies == [["A", "B"], ["0: A, 1: A", "0: A, 1: B", "0: B, 1: A", "0: B, 1: B"]]
    third = Fraction(1, 3)
    for row, (k, plan) in itertools.product(range(2), enumerate(itertools.product(range(2), repeat=2))):
        chances = [third, 2 * third]
        assert form.payoffs[0, row, k] == sum(p * leader[0][row][a] for p, a in zip(chances, plan, strict=True))
        paid = [p * follower[t][row][a] for t, (p, a) in enumerate(zip(chances, plan, strict=True))]
        assert form.payoffs[1, row, k] == sum(paid)


def test_the_game_under_a_rule_is_written(tmp_path: Path) -> None:
    (tmp_path / "rule.json").write_text(json.dumps(RULES["messages"]))
    path = tmp_path / "induced.nfg"
    path.write_text(game_file(str(tmp_path / "rule.json"), {}))
    again, prior = read_nfg(path), [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    assert again.leader_payoffs.shape == (1, 8)
    for k, plan in enumerate(itertools.product(range(2), repeat=3)):
        served = sum(p for item, (p, message) in enumerate(zip(prior, plan, strict=True)) if item == [2, 1][message])
        assert again.tables[0].fractions[0, k] == again.tables[1].fractions[0, 0, k] == served


def test_what_is_no_table_says_so() -> None:
    with pytest.raises(InputError, match="a rule of it is more than one of them"):
        strategic_form(SimpleAllocation())
    with pytest.raises(InputError, match="-g goes with a game"):
        game_file("rule.json", {"a": "1"})


def test_the_command_writes_new_files_only(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rule.json").write_text(json.dumps(RULES["messages"]))
    assert main(["export", "rule.json", "--to", "csv", "-o", "rule.csv"]) == 0
    assert Path("rule.csv").read_text() == "message,item\n0,2\n,1\n"
    assert main(["export", "rule.json", "--to", "markdown", "-o", "rule.csv"]) == 2
    assert Path("rule.csv").read_text() == "message,item\n0,2\n,1\n"
    assert main(["export", "rule.json", "--to", "excel"]) == 2
    assert main(["export", "none.json", "--to", "python", "-o", "new.py"]) == 2
    assert not Path("new.py").exists()
    lines = capsys.readouterr().err.splitlines()
    assert ["exists" in lines[0], "did you mean" in lines[1] or "valid: csv" in lines[1], "cannot read" in lines[2]]
    assert len(lines) == 3


@pytest.mark.parametrize("space", [Discrete(["inspect", "wait"], "does"), Mixture(["inspect", "wait"])])
def test_a_market_is_a_table_with_the_names_of_its_spaces(space: Any) -> None:
    class Inspection(Market):
        """An inspector against one driver."""

        def __init__(self) -> None:
            super().__init__(acts=Discrete(["slow", "fast"], "drives"), decides=space)

        def payoff(self, driver: Any, speed: Any, decision: Any) -> Any:
            shares = decision if space.continuous else jnp.eye(2)[decision]
            return shares @ jnp.array([[-1.0, 0.0], [1.0, -2.0]])[speed], shares @ jnp.array([[0.0, 0], [-4, 1]])[speed]

    form = strategic_form(Inspection())
    assert form.strategies == [["inspect", "wait"], ["slow", "fast"]]
    assert form.payoffs.tolist() == [[[-1, 1], [0, -2]], [[0, -4], [0, 1]]]


class Bilinear(Market):
    """It pays at a mixture what none of its options pays."""

    def __init__(self):
        super().__init__(acts=Discrete(["a", "b"], "action"), decides=Mixture(["u", "v"]))

    def payoff(self, types, actions, mixture):
        return 4 * mixture[0] * mixture[1], 1.0 * actions


def test_a_market_that_pays_for_mixing_is_no_table() -> None:
    with pytest.raises(InputError, match="pays at a mixture something else"):
        strategic_form(Bilinear())
