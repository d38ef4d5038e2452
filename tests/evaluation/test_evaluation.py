"""The behaviour matrix, against models of followers that are written here anew in plain NumPy."""

import csv
import dataclasses
import io
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from tiny_games import Lottery

import firstmover
from firstmover import catalogue
from firstmover.cli import main
from firstmover.evaluation.behaviours import PRESETS, label, presets
from firstmover.evaluation.evaluations import Evaluation
from firstmover.evaluation.tables import as_csv, as_latex, as_text
from firstmover.followers import BestResponse, Exp3, Logit, MultiplicativeWeights
from firstmover.games import Agrawal, Maintain, NormalForm
from firstmover.leaders import CommitmentGradient
from firstmover.rules.rule import Rule

# Which agent is asked at which price, by what both have said.
PRICES = {(0, 0): [(0, 0)], (0, 1): [(1, 0.5), (0, 0)], (1, 0): [(1, 0.5), (0, 0.5)], (1, 1): [(0, 0.75), (1, 1)]}
WORTH = ((0.5, 2.5), (0, 1))
ODDS = ((0.8, 0.2), (0.5, 0.5))
LARGEST = 2.5
TYPES = list(itertools.product(range(2), repeat=2))


def _entries() -> list[dict]:
    entries = []
    for messages, offers in PRICES.items():
        left = [0, 1]
        for agent, price in [*offers, *([(1, 1)] if len(offers) == 1 else [])]:
            when = {"messages": list(messages), "remaining": left}
            entries.append({"when": when, "do": {"agent": agent, "prices": [price]}})
            left = [1 - agent]
    return entries


def _sold(types: tuple[int, int], messages: tuple[int, int]) -> tuple[float, list[float]]:
    """What is lost of the welfare, as a negative number, and what both agents gain."""
    worth = [WORTH[i][t] for i, t in enumerate(types)]
    gains = [0.0, 0.0]
    for agent, price in PRICES[messages]:
        if worth[agent] >= price:
            gains[agent] = worth[agent] - price
            return worth[agent] - max(worth), gains
    return -max(worth), gains


def _odds(types: tuple[int, int]) -> float:
    return ODDS[0][types[0]] * ODDS[1][types[1]]


def _value(strategies: np.ndarray) -> float:
    """The leader's value under strategies [agent, type, message]."""
    return sum(
        _odds(types) * strategies[0][types[0]][m[0]] * strategies[1][types[1]][m[1]] * _sold(types, m)[0]
        for types in TYPES
        for m in TYPES
    )


def _pays(strategies: np.ndarray) -> np.ndarray:
    """What a message pays an agent of each type, if the other does as said."""
    paid = np.zeros((2, 2, 2))
    for types, m in itertools.product(TYPES, TYPES):
        for i in range(2):
            other = ODDS[1 - i][types[1 - i]] * strategies[1 - i][types[1 - i]][m[1 - i]]
            paid[i, types[i], m[i]] += other * _sold(types, m)[1][i]
    return paid


def _logit(rationality: float) -> np.ndarray:
    strategies = np.full((2, 2, 2), 0.5)
    for _ in range(4000):
        weights = np.exp(rationality * _pays(strategies) / LARGEST)
        strategies = 0.95 * strategies + 0.05 * weights / weights.sum(axis=2, keepdims=True)
    return strategies


def _exp3(runs: int, rounds: int = 1000) -> np.ndarray:
    """The leader's value at the time average of joint play, of independent runs."""
    rng, every = np.random.default_rng(7), np.arange(runs)
    gamma = min(1, math.sqrt(2 * math.log(2) / ((math.e - 1) * rounds)))
    logs, values = np.zeros((runs, 2, 2, 2)), np.zeros(runs)
    lost = np.array([[_sold(t, m)[0] for m in TYPES] for t in TYPES])
    paid = np.array([[_sold(t, m)[1] for m in TYPES] for t in TYPES])
    for _ in range(rounds):
        weights = np.exp(logs - logs.max(axis=3, keepdims=True))
        mixed = (1 - gamma) * weights / weights.sum(axis=3, keepdims=True) + gamma / 2
        for row, types in enumerate(TYPES):
            for column, m in enumerate(TYPES):
                played = mixed[:, 0, types[0], m[0]] * mixed[:, 1, types[1], m[1]]
                values += _odds(types) * played * lost[row, column] / rounds
        types = [(rng.random(runs) < ODDS[i][1]).astype(int) for i in range(2)]
        sent = [(rng.random(runs) < mixed[every, i, types[i], 1]).astype(int) for i in range(2)]
        gains = paid[2 * types[0] + types[1], 2 * sent[0] + sent[1]] / LARGEST
        for i in range(2):
            at = every, i, types[i], sent[i]
            logs[at] += gamma / 2 * gains[:, i] / mixed[at]
    return values


@pytest.fixture(scope="module")
def rule() -> Rule:
    return Rule.read(Agrawal(), _entries())


@pytest.fixture(scope="module")
def matrix(rule: Rule) -> Evaluation:
    models = [MultiplicativeWeights(), Logit(), Exp3()]
    return firstmover.evaluate(rule, rules={"again": rule}, followers=models, seeds=10, optimum_seconds=0)


def test_a_perfect_rule_is_worth_less_than_the_status_quo_where_followers_err(matrix: Evaluation) -> None:
    assert matrix.names == ["rule", "again", "status quo"]
    learned, _, exact = matrix.value
    np.testing.assert_allclose(exact, -0.15, atol=1e-9)
    assert learned[0] == pytest.approx(0, abs=1e-6)
    assert learned[1] == pytest.approx(_value(_logit(10.0)), abs=1e-5)
    runs = _exp3(400)
    low, high = matrix.interval[0, 2]
    assert abs(learned[2] - runs.mean()) < 1.5 * (high - low) + 3 * runs.std() / math.sqrt(len(runs))
    assert matrix.best_for == ["rule", "rule", "status quo"]
    assert matrix.below_status_quo.tolist() == [[False, False, True]] * 2 + [[False] * 3]
    np.testing.assert_allclose(matrix.behind_best[:, 2], [-0.15 - learned[2]] * 2 + [0])
    np.testing.assert_allclose(matrix.behind_best[:, 0], [0, 0, 0.15], atol=1e-6)
    np.testing.assert_allclose(matrix.worst, [learned[2], learned[2], -0.15])


def test_what_is_random_has_an_interval_and_what_is_not_a_point(matrix: Evaluation) -> None:
    width = np.ptp(matrix.interval, axis=2)
    assert width[0, 2] > 1e-4
    np.testing.assert_array_equal(width[:, :2], 0)
    # A status quo without messages leaves followers nothing to choose.
    np.testing.assert_array_equal(width[2], 0)
    np.testing.assert_allclose(matrix.regret[2], 0, atol=1e-12)


def test_rules_meet_the_same_chance(matrix: Evaluation) -> None:
    np.testing.assert_array_equal(matrix.value[0], matrix.value[1])
    np.testing.assert_array_equal(matrix.interval[0], matrix.interval[1])


def test_regrets_are_the_largest_over_types(matrix: Evaluation) -> None:
    strategies = _logit(10.0)
    pays = _pays(strategies)
    gains = pays.max(axis=2) - (strategies * pays).sum(axis=2)
    assert matrix.regret[0, 1] == pytest.approx(gains.max(), abs=1e-4)


def test_a_logit_reply_by_hand() -> None:
    # The row "Bottom" leaves the follower 0 or 1, which is its range: it goes right with odds e^2 : 1.
    game = NormalForm([[1, 3], [0, 2]], [[1, 0], [0, 1]])
    bottom = Rule.read(game, [{"do": {"action": 1}}])
    found = firstmover.evaluate(rules={"bottom": bottom}, followers=[Logit(rationality=2.0)], optimum_seconds=9)
    right = 1 / (1 + math.exp(-2))
    assert found.names == ["bottom", "status quo", "optimum"]
    assert found.value[0, 0] == pytest.approx(2 * right, abs=2e-4)  # 0.95 ** 200 from its fixed point
    assert found.regret[0, 0] == pytest.approx(1 - right, abs=1e-4)
    assert found.value[2, 0] == found.value[0, 0]  # Bottom is the optimum
    assert found.best_for == ["bottom"]


def test_seeds_are_counted_from_the_first_and_regrets_are_the_largest() -> None:
    game = NormalForm([[1, 3], [0, 2]], [[1, 0], [0, 1]], "mixed")
    rule, models = Rule(game, np.array([[0.4, 0.6]])), [Exp3(rounds=8)]
    both, *each = (
        firstmover.evaluate(rule, followers=models, seeds=n, seed=s, optimum_seconds=0)
        for n, s in ((2, 3), (1, 3), (1, 4))
    )
    regrets, values = (np.array([getattr(one, name)[0, 0] for one in each]) for name in ("regret", "value"))
    assert np.ptp(regrets) > 1e-3
    assert both.regret[0, 0] == pytest.approx(regrets.max())
    assert both.value[0, 0] == pytest.approx(values.mean())


def test_values_that_have_to_be_sampled() -> None:
    """Uniform play wins one bet in two, whatever the chance."""
    bet = Rule(Lottery(), np.array([1]))
    found = firstmover.evaluate(bet, followers=[Exp3(rounds=5, gamma=1.0)], seeds=4)
    spread = math.sqrt(0.25 / (4 * 2000))
    assert found.sampled == (True,)
    assert abs(found.value[0, 0] - 0.5) < 4 * spread
    assert 0 < np.ptp(found.interval) < 20 * spread
    assert found.as_json()["regret"] == [[None], [None]]
    assert "no exact method" in found.optimum_reason
    for line in ("Values are sampled", "There is no status quo", "The exact optimum is not there"):
        assert line in as_text(dataclasses.replace(found, status_quo=None))


def test_every_kind_that_needs_no_training_is_tried() -> None:
    kinds = {name for name, item in catalogue.items("followers").items() if not item.load()().needs_training}
    assert {name for name, _ in PRESETS} == kinds
    assert len({label(model) for model in presets()}) == len(PRESETS)


@pytest.mark.slow
def test_models_that_cannot_play_are_left_out() -> None:
    game = firstmover.games.Patrol()
    models = ["all", BestResponse(ties="weak")]
    found = firstmover.evaluate(game, followers=models, seeds=1, optimum_seconds=0)
    assert "logit" in {model.name for model, _ in found.left_out}
    assert {model.name for model in found.followers} == {"best-response", "policy-gradient", "q-learning"}
    assert found.followers[-1] == models[1]
    assert np.isfinite(found.regret).all()


def test_models_that_were_asked_for_and_cannot_play_are_refused() -> None:
    game = firstmover.games.Patrol()
    with pytest.raises(firstmover.InputError, match="every step"):
        firstmover.evaluate(game, followers=[Logit()])
    with pytest.raises(firstmover.InputError, match="must be trained first"):
        firstmover.evaluate(game, followers=["contextual"])


def test_tables_say_the_same(matrix: Evaluation) -> None:
    text = as_text(matrix)
    lines = text.splitlines()
    assert [line.endswith("the status quo wins") for line in lines[1:4]] == [False, False, True]
    assert [("*" in line.split("   ")[1] or "*!" in line) for line in lines[1:4]] == [False, False, True]
    rows = list(csv.DictReader(io.StringIO(as_csv(matrix))))
    assert [float(row["value"]) for row in rows] == matrix.value.ravel().tolist()
    assert [row["best"] for row in rows] == ["yes", "yes", "no", *["no"] * 5, "yes"]
    latex = as_latex(matrix)
    assert latex.count(r"\mathbf") == 3
    assert all(line.count("&") == 3 for line in latex.splitlines() if line.endswith(r"\\"))


def test_the_command(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    game = {
        "game": "normal-form",
        "parameters": {"leader_payoffs": [[1, 3], [0, 2]], "follower_payoffs": [[1, 0], [0, 1]]},
    }
    Path("top.json").write_text(json.dumps(game | {"rule": [{"do": {"action": 0}}]}))
    command = ["evaluate", "top.json", "--time-limit", "0", "--followers", "logit", "-f", "rationality=2"]
    command += ["--followers", "best-response", "--csv", "a.csv", "--latex", "a.tex"]
    assert main([*command, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["rules"] == ["top.json", "status quo"]
    assert [model["name"] for model in result["followers"]] == ["logit", "best-response"]
    assert result["followers"][0]["parameters"]["rationality"] == 2
    assert np.shape(result["interval"]) == (2, 2, 2)
    assert result["worst"][0] == min(result["value"][0]) == 1
    assert result["best_for"][1] == "status quo"
    for name, start in (("a.csv", "rule,followers,value"), ("a.tex", r"\begin{tabular}")):
        assert Path(name).read_text().startswith(start)
    assert main(command) == 2
    assert "a.csv exists" in capsys.readouterr().err


def test_a_run_is_read_with_its_rule_and_refused_if_edited(tmp_path: Path) -> None:
    models, folder = [BestResponse()], tmp_path / "run"
    asked = {"followers": models[0], "leader": CommitmentGradient(updates=3), "seeds": 1, "optimum": False}
    design = firstmover.design(Maintain(), **asked, out=folder)
    run, held = (firstmover.evaluate(one, followers=models, seeds=1, optimum_seconds=0) for one in (folder, design))
    assert run.names == [str(folder), "status quo"]
    # What the run says of its rule, with the followers that it was designed for.
    assert run.value[0, 0] == held.value[0, 0] == pytest.approx(design.value, abs=1e-6)
    result = folder / "result.json"
    result.write_text(result.read_text().replace('"seeds": 1', '"seeds": 2'))
    with pytest.raises(firstmover.InputError, match="damaged, was edited"):
        firstmover.evaluate(folder, followers=models)


def test_own_followers_join_by_their_file(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "stubborn", "--kind", "follower"]) == 0
    Path("rule.json").write_text(json.dumps({"game": "maintain", "rule": [{"do": {"action": 0}}]}))
    capsys.readouterr()
    names = ["--followers", "stubborn.py", "-f", "stubborn=1", "--followers", "best-response"]
    assert main(["evaluate", "rule.json", "--time-limit", "0", *names, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["followers"][0]["parameters"]["stubborn"] == 1
    assert result["regret"][0][1] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.json"], "cannot read none.json"),
        (["rule.json", "other.json"], "is a rule for another game"),
        (["rule.json", "--followers", "logt"], "did you mean 'logit'"),
        (["rule.json", "--followers", "logit", "-f", "rational=1"], "unknown parameter of logit 'rational'"),
        (["rule.json", "-f", "rounds=1"], "-f goes behind the --followers"),
        (["rule.json", "--followers", "all", "-f", "rounds=1"], "-f goes with one model"),
        (["rule.json", "--seeds", "0"], "seeds must be at least 1"),
        (["rule.json", "--time-limit", "-1"], "must be 0 or more"),
        (["rule.json", "--csv", "rule.json"], "rule.json exists; name a new file"),
        (["rule.json", "--csv", "no/such/a.csv"], "there is no such folder"),
        (["rule.json", "--csv", "a", "--latex", "a"], "must be two files"),
        ([], "the following arguments are required: RULE"),
    ],
)
def test_bad_input(arguments: list[str], sentence: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rule.json").write_text(json.dumps({"game": "maintain", "rule": [{"do": {"action": 0}}]}))
    Path("other.json").write_text(json.dumps({"game": "escape", "rule": [{"do": {"action": 0}}]}))
    assert main(["evaluate", *arguments]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.json", "rule.json"]
