"""Payoffs that are estimates, against best replies that are written here anew."""

import json
from pathlib import Path

import numpy as np
import pytest

import firstmover
from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.evaluation.estimates import ExactFares, PayoffErrors
from firstmover.evaluation.responses import Responses
from firstmover.followers import BestResponse, Logit
from firstmover.games import BayesianNormalForm, Maintain, NormalForm, SecurityGame
from firstmover.rules.rule import Rule

TARGETS = Path(__file__).parents[1] / "cases" / "security5.csv"
PAYOFFS = np.genfromtxt(TARGETS, delimiter=",", skip_header=1)[:, 1:]


def _mean(coverage: np.ndarray, draws: int, seed: int) -> tuple[float, float]:
    """The defender's mean payoff, and half of its 95 % interval, with other draws than the package's."""
    tables = PAYOFFS * np.random.default_rng(seed).uniform(0.9, 1.1, (draws, *PAYOFFS.shape))
    c = np.asarray(coverage)
    defender = tables[..., 1] + c * (tables[..., 0] - tables[..., 1])
    attacker = tables[..., 3] + c * (tables[..., 2] - tables[..., 3])
    paid = defender[np.arange(draws), attacker.argmax(axis=1)]
    return paid.mean(), 1.96 * paid.std() / np.sqrt(draws)


@pytest.fixture(scope="module")
def solved(tmp_path_factory) -> dict:
    """`solve --payoffs +-10%` of the game with five targets."""
    out = tmp_path_factory.mktemp("solved") / "robust.json"
    game = ["security", "-g", f"targets={TARGETS}", "-g", "resources=2"]
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as shown:
        command = ["solve", *game, "--payoffs", "+-10%", "--draws", "2000", "--best", "mean", "--out", str(out)]
        assert main([*command, "--json"]) == 0
    return json.loads(shown.getvalue()) | {"out": out}


def test_the_optimum_is_worth_less_when_payoffs_are_off(solved: dict) -> None:
    found = {rule["name"]: rule for rule in solved["payoffs"]["rules"]}
    optimum = found["optimum"]
    mean, half = _mean(optimum["rule"][0]["do"]["coverage"], 20_000, 5)
    low, high = optimum["interval"]
    assert optimum["value"] == pytest.approx(solved["optimum"], abs=1e-5)
    assert abs(optimum["mean"] - mean) < (high - low) + half
    assert low - half < -3.49 < high + half  # as the issue has it, of draws of its own
    assert optimum["guaranteed"] <= optimum["worst"] < -5


def test_a_rule_that_is_made_for_it_earns_more(solved: dict) -> None:
    found = {rule["name"]: rule for rule in solved["payoffs"]["rules"]}
    average, worst = found["best on average"], found["best at worst"]
    mean, _ = _mean(average["rule"][0]["do"]["coverage"], 20_000, 5)
    assert mean >= -2.55
    assert average["mean"] >= -2.55
    assert average["price"] == pytest.approx(solved["optimum"] - average["value"], abs=1e-5)
    assert max(found.values(), key=lambda rule: rule["mean"]) is average
    assert max(found.values(), key=lambda rule: rule["guaranteed"]) is worst
    assert worst["guaranteed"] > average["guaranteed"] + 1
    assert json.loads(solved["out"].read_text())["rule"] == average["rule"]


@pytest.mark.parametrize(
    "game",
    [
        NormalForm([[4, 1], [-2, 3]], [[1, 2], [3, -1]], "mixed"),
        BayesianNormalForm([[[4, 1], [-2, 3]]], [[[1, 2], [3, -1]], [[2, 2], [0, 5]]], [0.4, 0.6], "mixed"),
    ],
    ids=["normal-form", "bayesian"],
)
def test_followers_that_adapt_to_the_true_payoffs_earn_the_leader_what_best_replies_do(game) -> None:
    rule, errors = Rule(game, np.array([[0.6, 0.4]])), PayoffErrors(0.3, draws=20)
    exact = ExactFares(game, errors).of(rule.actions[0])
    drawn = Responses(game, BestResponse(), 1, 0).when_off(rule, errors)
    assert (drawn.mean(), drawn.min()) == pytest.approx((exact.mean, exact.worst))
    assert np.ptp(drawn) > 0.1


def test_the_matrix_has_the_rules_made_for_it_and_what_all_are_worth() -> None:
    errors = PayoffErrors(0.1, draws=30)
    found = firstmover.evaluate(
        Maintain("mixed"), followers=[BestResponse(), Logit()], payoffs=errors, optimum_seconds=0
    )
    assert found.names == ["status quo", "best on average", "best at worst"]
    told = found.as_json()["payoffs"]
    assert (told["off_by"], told["draws"], told["seed"]) == (0.1, 30, 0)
    for row in range(3):
        for column in range(2):
            low, high = told["interval"][row][column]
            assert told["worst"][row][column] <= low <= told["mean"][row][column] <= high
    # The best row pays 20 whatever is off by so little.
    assert told["mean"][0][0] == pytest.approx(20, abs=1)


def test_the_command_certify(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = tmp_path / "rule.json"
    file.write_text(json.dumps({"game": "maintain", "rule": [{"do": {"action": 0}}]}))
    command = ["certify", str(file), "--followers", "best-response", "--payoffs", "10%", "--draws", "50"]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["payoffs"]
    assert found["value"] == 20
    assert 18 <= found["guaranteed"] <= found["worst"] <= found["interval"][0] <= 20.5
    assert "payoffs" not in json.loads((tmp_path / "rule.certificate.json").read_text())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["maintain", "--payoffs", "ten"], "--payoffs takes a share"),
        (["maintain", "--payoffs", "100%"], "less than 100 %"),
        (["maintain", "--payoffs", "10%", "--draws", "1"], "draws must be from 2"),
        (["maintain", "--best", "mean"], "--best must be optimum"),
        (["simple-allocation", "--payoffs", "10%"], "not given by tables of payoffs"),
    ],
)
def test_bad_input(arguments: list[str], sentence: str, capsys) -> None:
    assert main(["solve", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_a_game_of_several_followers_has_no_best_replies_to_look_at() -> None:
    game = NormalForm(np.ones((1, 2, 2)), np.ones((2, 1, 2, 2)))
    with pytest.raises(InputError, match="need one follower"):
        ExactFares(game, PayoffErrors(0.1))


def test_draws_to_choose_on_are_others_than_those_to_judge_on() -> None:
    errors, tables = PayoffErrors(0.1, draws=5), SecurityGame(PAYOFFS, 2).payoff_tables()
    judged, chosen = errors.of(tables), errors.of(tables, "choose")
    assert not np.isclose(judged[0], chosen[0]).any()
    for table, drawn in zip(tables, judged, strict=True):
        assert (abs(drawn / table - 1) <= 0.1).all()
