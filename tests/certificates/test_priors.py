"""Probabilities are divided by their exact sum at the door: solve, certify and verify use the same numbers."""

import json
from fractions import Fraction
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from firstmover import verify
from firstmover.certificates import certify_play
from firstmover.core.plays import Strategies
from firstmover.jobs.build import build
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import optimum

CASES = Path(__file__).parents[1] / "cases"
PRIOR = "0.3333332,0.3333332,0.3333332"


def _game(prior: str, commitment: str = "deterministic"):
    tables = {
        "leader_payoffs": str(CASES / "prior_A.csv"),
        "follower_payoffs": ",".join(str(CASES / f"prior_B{k}.csv") for k in range(3)),
    }
    return build("game", "bayesian-normal-form", {**tables, "prior": prior, "commitment": commitment})


@pytest.mark.parametrize("prior", [PRIOR, "1/3,1/3,1/3", "0.333333,0.333333,0.333333"])
@pytest.mark.parametrize("commitment", ["deterministic", "mixed"])
def test_solve_certify_and_verify_agree_and_stay_within_the_payoffs(prior: str, commitment: str) -> None:
    game = _game(prior, commitment)
    assert game.parameters()["prior"] == ["1/3"] * 3
    solution = optimum(game, "strong")
    low, high = game.leader_payoff_range
    assert low <= solution.value <= high
    rule = Rule.read(game, solution.rule)
    mixture = np.eye(2)[int(rule())] if commitment == "deterministic" else np.asarray(rule())
    paid = game.follower_payoffs.transpose(0, 2, 1) @ mixture
    earned = game.leader_payoffs.transpose(0, 2, 1) @ mixture
    best = np.where(paid >= paid.max(axis=1, keepdims=True) - 1e-12, earned, -np.inf).argmax(axis=1)
    certificate = certify_play(game, rule.actions, Strategies((jnp.asarray(np.eye(2)[best], float),))).as_json()
    assert low <= certificate["value"] <= high
    assert certificate["value"] == pytest.approx(solution.value, rel=1e-15)
    assert verify.verdict(verify.check(verify.read(json.dumps(certificate)))) == "confirmed"


def test_a_fraction_in_a_file_stays_that_fraction_in_the_proof(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text("1/3,0\n1/7,2/3\n")
    (tmp_path / "B.csv").write_text("1/3,0\n0,1/3\n")
    game = build("game", "normal-form", {f"{k}_payoffs": str(tmp_path / f) for k, f in PAYOFFS.items()})
    assert game.parameters()["leader_payoffs"] == [["1/3", 0.0], ["1/7", "2/3"]]
    assert optimum(game, "strong").value == 2 / 3
    rule = Rule.read(game, [{"when": {}, "do": {"action": 0}}])
    certificate = certify_play(game, rule.actions, Strategies((jnp.array([[1.0, 0.0]]),))).as_json()
    assert certificate["proof"]["intervals"][0]["least"]["value"] == "1/3"
    assert Fraction(certificate["proof"]["induced"]["leader"][0][0]) == Fraction(1, 3)


PAYOFFS = {"leader": "A.csv", "follower": "B.csv"}
