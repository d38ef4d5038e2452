"""Bayesian normal-form games: payoffs by type, words, files, and what a run learns."""

import json
from pathlib import Path

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.games import BayesianNormalForm, NormalForm
from firstmover.jobs import build
from firstmover.solvers.registry import baseline, optimum

LEADER = [[1.0, 3.0], [0.0, 2.0]]
FOLLOWER = [[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 1.0]]]


def _random(seed: int, commitment: str) -> BayesianNormalForm:
    rng = np.random.default_rng(seed)
    leader, follower = rng.normal(size=(2, 3, 3, 4))
    return BayesianNormalForm(leader, follower, tuple(rng.dirichlet(np.ones(3))), commitment)


def test_every_type_has_its_own_payoffs() -> None:
    game = _random(0, "mixed")
    mixture = np.array([0.5, 0.25, 0.25])
    finite = induced_game(game, mixture[None])
    np.testing.assert_allclose(finite.leader, np.einsum("m,kma->ka", mixture, game.leader_payoffs))
    np.testing.assert_allclose(finite.followers[0], np.einsum("m,kma->ka", mixture, game.follower_payoffs))
    np.testing.assert_allclose(finite.probs, game.prior)
    row = induced_game(_random(0, "deterministic"), np.array([2]))
    np.testing.assert_allclose(row.leader, game.leader_payoffs[:, 2])
    np.testing.assert_allclose(induced_game(game, 3 * mixture[None]).leader, finite.leader)


def test_one_table_stands_for_all_types() -> None:
    game = BayesianNormalForm(LEADER, FOLLOWER)
    np.testing.assert_array_equal(game.leader_payoffs, [LEADER, LEADER])
    np.testing.assert_allclose(game.prior, [0.5, 0.5])
    alike = BayesianNormalForm([LEADER, LEADER], FOLLOWER[0])
    np.testing.assert_array_equal(alike.follower_payoffs, [FOLLOWER[0]] * 2)


@pytest.mark.parametrize("commitment", ["deterministic", "mixed"])
@pytest.mark.parametrize("ties", ["strong", "weak"])
def test_the_optimal_rule_earns_the_optimum_when_every_type_replies_exactly(commitment: str, ties: str) -> None:
    for seed in range(2):
        game = _random(seed, commitment)
        solution = optimum(game, ties)
        finite = induced_game(game, game.decision({}, solution.rule[0]["do"])[None])
        best = finite.followers[0] >= finite.followers[0].max(axis=1, keepdims=True) - 1e-9
        pick, empty = (np.max, -np.inf) if ties == "strong" else (np.min, np.inf)
        earned = finite.probs @ pick(np.where(best, finite.leader, empty), axis=1)
        low, high = game.leader_payoff_range
        assert earned == pytest.approx(solution.value, abs=1.1e-6 * (high - low))
        name, mixed, table = baseline(game)
        assert mixed.commitment == "mixed"
        if commitment == "mixed":
            assert name == "the best deterministic commitment"
            single = optimum(_random(seed, "deterministic"), "weak")
            np.testing.assert_array_equal(table, np.eye(3)[[single.rule[0]["do"]["action"]]])
            assert solution.value >= single.value - 1e-7


def test_one_type_is_a_normal_form_game() -> None:
    for commitment in ("deterministic", "mixed"):
        plain = NormalForm(LEADER, FOLLOWER[0], commitment)
        game = BayesianNormalForm(LEADER, FOLLOWER[0], commitment=commitment)
        for ties in ("strong", "weak"):
            assert optimum(game, ties).value == pytest.approx(optimum(plain, ties).value)
            assert optimum(game, ties).attained == optimum(plain, ties).attained


def test_words() -> None:
    game = BayesianNormalForm(LEADER, FOLLOWER, commitment="mixed")
    entry = game.entry([0], np.array([0.5, 1.5]))
    assert entry == {"when": {}, "do": {"mixture": [0.25, 0.75]}}
    assert game.sentence(entry) == "play A with probability 0.2500, B with probability 0.7500"
    assert game.play_sentence(0, 1, np.array([0.2, 0.8])) == "type 1 plays A (20%) or B (80%)"
    np.testing.assert_array_equal(game.decision(entry["when"], entry["do"]), [0.25, 0.75])
    single = BayesianNormalForm(LEADER, FOLLOWER)
    assert int(single.decision({}, single.entry([0], np.array(1))["do"])) == 1


@pytest.mark.parametrize(
    ("commitment", "do", "match"),
    [
        ("mixed", {"action": 0}, "'mixture'"),
        ("mixed", {"mixture": [0.5, 0.6]}, "sum to 1"),
        ("mixed", {"mixture": [1.5, -0.5]}, "none negative"),
        ("mixed", {"mixture": [1.0]}, "2 probabilities"),
        ("deterministic", {"action": 2}, "from 0 to 1"),
    ],
)
def test_rules_that_are_impossible_are_refused(commitment: str, do, match: str) -> None:
    with pytest.raises(InputError, match=match):
        BayesianNormalForm(LEADER, FOLLOWER, commitment=commitment).decision({}, do)


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"leader_payoffs": [LEADER] * 3}, "one table per type, or one for all; got 3 and 2"),
        ({"leader_payoffs": [[1.0, 2.0]]}, "one shape"),
        ({"leader_payoffs": [1.0, 2.0]}, "got shape"),
        ({"leader_payoffs": [[1.0, 2.0], [3.0]]}, "tables of numbers"),
        ({"leader_payoffs": [[1.0, 2.0], [3.0, float("inf")]]}, "finite"),
        ({"prior": (1.0,)}, "one probability per type; got 1 for 2"),
        ({"prior": (0.5, 0.6)}, "sum to 1"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(parameters, match: str) -> None:
    with pytest.raises(InputError, match=match):
        BayesianNormalForm(**{"leader_payoffs": LEADER, "follower_payoffs": FOLLOWER} | parameters)


def _files() -> tuple[str, ...]:
    Path("A.csv").write_text("1,3\n0,2\n")
    Path("B0.csv").write_text("1,0\n0,1\n")
    Path("B1.csv").write_text("2,0\n0,1\n")
    tables = ("-g", "leader_payoffs=A.csv", "-g", "follower_payoffs=B0.csv,B1.csv")
    return ("bayesian-normal-form", *tables, "-g", "prior=0.6,0.4", "-g", "commitment=mixed")


def test_tables_come_from_files(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    _files()
    tables = {"leader_payoffs": "A.csv", "follower_payoffs": "B0.csv, B1.csv", "prior": "0.6,0.4"}
    game = build.build("game", "bayesian-normal-form", tables)
    np.testing.assert_array_equal(game.leader_payoffs, [LEADER, LEADER])
    np.testing.assert_array_equal(game.follower_payoffs, FOLLOWER)
    Path("B1.csv").write_text("2,0,1\n0,1,1\n")
    with pytest.raises(InputError, match="must have one shape"):
        build.build("game", "bayesian-normal-form", tables)
    with pytest.raises(InputError, match="cannot read B2"):
        build.build("game", "bayesian-normal-form", tables | {"follower_payoffs": "B0.csv,B2.csv"})


def test_a_run_comes_near_the_optimum(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    """Both types are to play B: type 0 does if A is at most as likely as B, type 1 if half as likely.

    Then 3/3 + 2 * 2/3 = 7/3 is earned. Losing type 1 would pay 2.5 on type 0 and 0.5 on type 1.
    """
    monkeypatch.chdir(tmp_path)
    game = _files()
    assert main(["solve", *game, "--json"]) == 0
    solved = json.loads(capsys.readouterr().out)
    assert solved["optimum"] == pytest.approx(7 / 3)
    assert solved["rule"][0]["do"]["mixture"] == pytest.approx([1 / 3, 2 / 3])
    learner = ("--seeds", "2", "--updates", "30", "--followers", "best-response", "-f", "ties=weak")
    assert main(["design", *game, *learner, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert 7 / 3 - 0.05 <= max(result["value"]) <= 7 / 3 + 1e-6
