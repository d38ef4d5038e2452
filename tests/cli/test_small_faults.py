"""Small mistakes of users, each answered in a sentence that says where and what."""

import json
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from own_markets import PlainShop, Shop

import firstmover
from firstmover import InputError
from firstmover.cli import main
from firstmover.core.plays import Strategies
from firstmover.followers import BestResponse
from firstmover.games import Maintain, NormalForm
from firstmover.interop.tables import read_matrix
from firstmover.jobs.records import MANY_CALLS
from firstmover.leaders import CommitmentGradient, RandomSearch
from firstmover.report.sections import entries_table
from firstmover.rules.rule import Rule
from firstmover.testing import check_game, check_leader

QUICK = CommitmentGradient(updates=2)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a,b\n1,2\n3,x\n", r"column 2 \('b'\) in row 3 of table.csv"),
        ("1,2\n3,\n", "column 2 in row 2 of table.csv"),
        (",left,right\nup,1,x\n", r"column 3 \('right'\) in row 2"),
        ("left,right\nup,1,x\n", r"column 3 \('right'\) in row 2"),
        ("1,x\n2,3\n", "column 2 in row 1 of table.csv"),
    ],
)
def test_a_message_about_a_table_names_column_and_row(text: str, where: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text(text)
    with pytest.raises(InputError, match=where):
        read_matrix("table.csv")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_refused_by_what_it_is(encoding: str, tmp_path: Path, capsys) -> None:
    for name, command in (("t.nfg", "solve"), ("rule.json", "certify"), ("t.csv", "solve")):
        (tmp_path / name).write_bytes('{"game": 1}\n1,2\n'.encode(encoding))
        assert main([command, str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert "UTF-16" in error and "save it as UTF-8" in error and error.count("\n") == 1


# Without the tests' checks of shapes and types, which users do not have.
MISTAKES = """
import firstmover
from firstmover import Box, Discrete, InputError, Market
from firstmover.games import Maintain, NormalForm

def own(part, given):
    class Own(Market):
        def __init__(self):
            parts = {"types": Discrete(2, "type"), "acts": Discrete(2), "decides": Discrete(2)}
            super().__init__(**{**parts, part: given})

        def payoff(self, types, actions, decision):
            return actions * 1.0, types * 1.0

    return Own()

for part in ("types", "acts", "sees", "decides"):
    for given in (["a"], "a", 3, [], ["a", "b"], [3], Box(["p"], 0.0, 1.0)):
        if str(given)[:3] == "Box" and part in ("acts", "decides"):
            continue
        try:
            own(part, given)
        except InputError as error:
            assert str(error).startswith(f"{part} must be a"), error
        else:
            raise AssertionError(f"{part}={given} is taken")
for call in (
    lambda: firstmover.solve(Maintain(), ties="foo"),
    lambda: firstmover.solve(3),
    lambda: firstmover.design(3),
    lambda: firstmover.design(Maintain(), followers=3),
    lambda: firstmover.design(Maintain(), leader=3),
    lambda: firstmover.design(Maintain(), seeds="two"),
    lambda: firstmover.evaluate(Maintain(), followers=[3]),
    lambda: firstmover.evaluate(3),
    lambda: firstmover.pretrain(3),
    lambda: firstmover.certify(3),
    lambda: firstmover.resume(3),
    lambda: firstmover.write_report(3),
):
    try:
        call()
    except InputError as error:
        assert "3" in str(error) or "foo" in str(error) or "two" in str(error), error
    else:
        raise AssertionError("a mistake is taken")
"""


def test_what_python_users_mistake_is_said_in_a_sentence() -> None:
    tried = subprocess.run([sys.executable, "-c", MISTAKES], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr


def test_solve_takes_a_name_as_design_does() -> None:
    assert firstmover.solve("maintain").value == 20.0


def test_a_run_folder_is_verified_and_a_game_is_no_rule(tmp_path: Path, capsys) -> None:
    firstmover.design(Maintain(), leader=QUICK, seeds=1, out=tmp_path / "run")
    assert main(["verify", str(tmp_path / "run")]) == 0
    assert main(["verify", str(tmp_path)]) == 2
    capsys.readouterr()
    for command in (["export", "maintain", "--to", "csv"], ["certify", "maintain"], ["evaluate", "maintain"]):
        assert main(command) == 2
        assert "maintain is a game, and a rule is needed here" in capsys.readouterr().err
    assert main(["report", "toll"]) == 2


def test_huge_payoffs_are_checked_without_a_warning() -> None:
    class Huge(Shop):
        """A shop whose prices are beyond measure."""

        def payoff(self, buyer, buys, prices):
            seller, own = super().payoff(buyer, buys, prices)
            return seller * 1e300, own * 1e300

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(check.passed for check in check_game(Huge()))


def test_own_followers_and_leaders_are_checked_before_training(tmp_path: Path) -> None:
    @dataclass(frozen=True, repr=False)
    class Doubled(BestResponse):
        """Followers whose play adds up to two."""

        plays_pure: ClassVar[bool] = False

        def strategy(self, game, state):
            return Strategies(tuple(2 * table for table in super().strategy(game, state).tables))

    @dataclass(frozen=True, repr=False)
    class Growing(CommitmentGradient):
        """A leader whose state does not keep its shape."""

        def update(self, problem, state):
            after, metrics = super().update(problem, state)
            return (after, after), metrics

    with pytest.raises(InputError, match=r"play of Doubled .* must be rows of probabilities"):
        firstmover.design(Maintain(), followers=Doubled(), leader=QUICK, seeds=1, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert "of Growing must return a state of the same kind" in check_leader(Growing(updates=1))[-1].why


@pytest.mark.slow
def test_why_an_optimum_was_left_out_is_said(tmp_path: Path) -> None:
    class Slow(PlainShop):
        """A shop whose prices are on no list."""

    run = tmp_path / "run"
    design = firstmover.design(Slow(), leader=RandomSearch(updates=1), seeds=1, out=run)
    assert design.optimum.reason == MANY_CALLS
    assert json.loads((run / "config.json").read_text())["optimum_reason"] == MANY_CALLS
    assert np.isfinite(design.value)


def test_rules_of_tables_are_read_by_the_names_of_actions() -> None:
    labels = [["fast", "slow"], ["left", "right"]]
    tables = [[1, 0], [0, 2]], [[1, 0], [0, 1]]
    pure, mixed = (NormalForm(*tables, commitment, labels) for commitment in ("deterministic", "mixed"))
    by_name, by_number = (Rule.read(pure, [{"do": {"action": action}}]) for action in ("slow", 1))
    assert by_name.entries == by_number.entries
    shares = Rule.read(mixed, [{"do": {"mixture": {"slow": "1/4", "fast": "3/4"}}}])
    assert shares.entries == Rule.read(mixed, [{"do": {"mixture": [0.75, 0.25]}}]).entries
    assert entries_table(by_name).rows == [["slow"]]
    assert entries_table(shares).header == ["fast", "slow"]
    for game, do in ((pure, {"action": "slwo"}), (mixed, {"mixture": {"slwo": 1}})):
        with pytest.raises(InputError, match="did you mean 'slow'"):
            Rule.read(game, [{"do": do}])
