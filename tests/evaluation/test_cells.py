"""Evaluations with data, constraints and a stop in between: each number against one that is worked out here."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.evaluation import matrix
from firstmover.evaluation.matrix import evaluate
from firstmover.games import BayesianNormalForm
from firstmover.interop.observed_types import Observed
from firstmover.rules.rule import Rule

# One row pays the leader 4 of type 0 and 1 of type 1, whatever they do; the follower wants its first action.
LEADER = [[[4.0, 4.0], [2.0, 2.0]], [[1.0, 1.0], [2.0, 2.0]]]
FOLLOWER = [[[1.0, 0.0], [3.0, 0.0]], [[0.5, 0.0], [3.0, 0.0]]]
GAME = BayesianNormalForm(LEADER, FOLLOWER, [0.5, 0.5])
RULES = {"first": Rule(GAME, np.array([0])), "second": Rule(GAME, np.array([1]))}


def _rows(zeros: int, ones: int) -> Observed:
    return Observed(np.array([[0]] * zeros + [[1]] * ones, np.int32), (Fraction(1),) * (zeros + ones))


def test_the_prior_and_the_rows_that_are_kept_out_come_from_data() -> None:
    found = evaluate(
        rules=RULES,
        followers=["best-response"],
        optimum_seconds=0,
        seeds=2,
        types=_rows(3, 1),
        holdout=_rows(1, 4),
        at_least=["follower's payoff=1"],
    )
    assert found.value[:2, 0] == pytest.approx([(3 * 4 + 1) / 4, 2])
    assert found.holdout.rows == 5
    assert found.holdout.value[:2, 0] == pytest.approx([(4 + 4 * 1) / 5, 2])
    low, high = found.holdout.interval[0, 0]
    assert 1 <= low < 1.6 < high <= 4
    assert found.holdout.interval[1, 0].tolist() == [2, 2]
    (own,) = found.constraints
    assert own.value[:2, 0] == pytest.approx([(3 * 1 + 0.5) / 4, 3])
    assert own.holds[:2, 0].tolist() == [False, True]
    stored = found.as_json()
    assert stored["constraints"][0]["holds"][:2] == [[False], [True]]
    assert stored["holdout"]["rows"] == 5
    json.dumps(stored, allow_nan=False)
    with pytest.raises(InputError, match="unknown measure 'luck'"):
        evaluate(rules=RULES, followers=["best-response"], optimum_seconds=0, at_least=["luck=1"])


def test_what_was_computed_before_a_stop_is_not_computed_again(tmp_path: Path, monkeypatch) -> None:
    path, made = tmp_path / "cells.json", []
    whole = evaluate(rules=RULES, followers=["best-response", "level-k"], optimum_seconds=0, seeds=2)

    def stopped(responses, rule, asked):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(rule)
        return real(responses, rule, asked)

    real = matrix.computed
    monkeypatch.setattr(matrix, "computed", stopped)
    asked = {"rules": RULES, "followers": ["best-response", "level-k"], "optimum_seconds": 0, "seeds": 2}
    with pytest.raises(KeyboardInterrupt):
        evaluate(**asked, keep=path)
    assert len(json.loads(path.read_text())["cells"]) == 2
    again = []
    monkeypatch.setattr(matrix, "computed", lambda *given: again.append(1) or real(*given))
    found = evaluate(**asked, keep=path)
    assert len(again) == whole.value.size - 2
    np.testing.assert_array_equal(found.value, whole.value)
    np.testing.assert_array_equal(found.interval, whole.interval)
    np.testing.assert_array_equal(found.regret, whole.regret)
    # Other seeds are other cells; a file of something else is no file of cells.
    again.clear()
    evaluate(**{**asked, "seeds": 3}, keep=path)
    assert len(again) == whole.value.size
    path.write_text("[1]")
    with pytest.raises(InputError, match="holds no cells"):
        evaluate(**asked, keep=path)


def test_the_command_says_what_holds(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    Path("first.json").write_text(json.dumps(RULES["first"].as_file()))
    Path("rows.csv").write_text("type\n0\n0\n0\n1\n")
    command = ["evaluate", "first.json", "--followers", "best-response", "--seeds", "2", "--time-limit", "0"]
    data = ["--types", "rows.csv", "--holdout", "rows.csv", "--at-least", "follower's payoff=1", "--keep", "kept.json"]
    assert main([*command, *data]) == 0
    said = capsys.readouterr().out
    assert "On 4 rows that were held out" in said
    assert "first.json: does not hold under best-response (0.875)" in said
    assert Path("kept.json").exists()
