"""Measures over equilibria, constraints that bind, and a status quo that somebody names."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from firstmover.core.plays import Strategies
from firstmover.errors import InputError
from firstmover.evaluation.matrix import evaluate
from firstmover.evaluation.measures import constrained, measures
from firstmover.evaluators.aims import AtLeast
from firstmover.games import MatrixDesign
from firstmover.jobs.designs import design
from firstmover.jobs.finished import Design
from firstmover.jobs.status_quo import against
from firstmover.leaders import CommitmentGradient
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import baseline
from tests.own_markets import Shop


class MeasuredShop(Shop):
    """The shop, with measures that JAX can follow."""

    def measures(self, buyer, buys, prices):
        return {"share served": jnp.where(buys > 0, 1.0, 0.0)}


class CountedShop(Shop):
    """The shop, with measures that it cannot."""

    def measures(self, buyer, buys, prices):
        return {"served": float(buys > 0)}


def _of(probabilities: list[list[float]]) -> Strategies:
    return Strategies((jnp.array(probabilities),))


def test_measures_are_expectations_and_the_worst_type_is_the_worst() -> None:
    found = measures(MeasuredShop(0.25), np.array([[4.0, 8.0]]), _of([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]))
    assert found["share served"].value == pytest.approx(0.75 * 0.5 + 0.25)
    assert found["follower's payoff"].value == pytest.approx(0.25 * 1.0)
    assert found["worst type's utility"].value == pytest.approx(0.0)
    # A casual buyer may buy or not, a keen one buys either version: all earn it the same.
    assert found["share served"].interval == pytest.approx((0.25, 1.0))
    assert found["worst type's utility"].interval == pytest.approx((0.0, 0.0))
    assert found["share served"].over == "anf_cce"


def test_the_interval_of_the_worst_type_is_that_of_a_program_over_equilibria() -> None:
    """Battle of the sexes without types: the better of the two equilibria for the worse off is a correlated one."""
    game = MatrixDesign()
    actions = np.asarray(baseline(game)[2])
    from firstmover.evaluators import judge_of

    finite = judge_of(game).listing(actions).finite
    u = finite.followers[:, 0]  # [2, a, b]
    a, b = u.shape[1:]
    constraints = [(u[0, k][None, :] - u[0]).ravel() for k in range(a)] + [
        (u[1][:, k][:, None] - u[1]).ravel() for k in range(b)
    ]
    found = scipy.optimize.linprog(
        np.append(np.zeros(a * b), -1.0),
        A_ub=np.array([*(np.append(row, 0.0) for row in constraints), *(np.append(-own.ravel(), 1.0) for own in u)]),
        b_ub=np.zeros(len(constraints) + 2),
        A_eq=np.append(np.ones(a * b), 0.0)[None],
        b_eq=[1.0],
        bounds=[*[(0, None)] * (a * b), (None, None)],
    )
    play = Strategies(tuple(jnp.full((1, n), 1 / n) for n in (a, b)))
    interval = measures(game, actions, play)["worst type's utility"].interval
    assert interval is not None
    assert interval[1] == pytest.approx(-found.fun, abs=1e-7)


def test_constraints_are_on_measures_that_there_are() -> None:
    found = measures(Shop(), np.array([[3.5, 7.5]]), _of([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    kept, broken = constrained(Shop(), [AtLeast("worst type's utility", 0.5), AtLeast("welfare", 7.0)], found)
    assert (kept.holds, kept.slack) == (True, pytest.approx(0.0))
    assert (broken.holds, broken.slack) == (False, pytest.approx(0.9 - 7.0))
    with pytest.raises(InputError, match="unknown measure 'welfair': did you mean 'welfare'"):
        constrained(Shop(), [AtLeast("welfair", 7.0)], found)


def test_a_design_keeps_a_constraint_that_binds_and_beats_a_named_status_quo(tmp_path) -> None:
    """Everybody is to be left 0.5: both prices fall by it, and so does the value, from 5.2 to 4.7."""
    leader = CommitmentGradient(updates=60, at_least=("worst type's utility=0.5", "share served=1"))
    game = MeasuredShop()
    rival = [{"when": {}, "do": {"basic price": 3.5, "full price": 7.0}}]
    made = design(game, leader=leader, seeds=2, optimum=False, status_quo=rival, out=tmp_path / "run")
    assert [own.holds for own in made.constraints] == [True, True]
    assert made.constraints[0].value + 1e-6 >= 0.5
    assert made.constraints[0].value < 0.51
    assert 4.66 < made.value <= 4.7 + 1e-6
    assert made.certificate["baseline"]["value"] == pytest.approx(0.6 * 3.5 + 0.4 * 6.0)
    assert made.certificate["gain"] == pytest.approx(made.value - 4.5)
    written = json.loads((tmp_path / "run" / "result.json").read_text())
    assert written["constraints"][1] == {
        "name": "share served",
        "at_least": 1.0,
        "value": 1.0,
        "holds": True,
        "slack": 0.0,
    }
    assert set(written["measures"]) == {
        "welfare",
        "follower's payoff",
        "worst type's utility",
        "share served",
    }
    read = Design.load(tmp_path / "run", game=game)
    assert read.constraints == made.constraints
    assert baseline(read.game)[2] == pytest.approx(np.array([[3.5, 7.0]]))


def test_measures_that_jax_cannot_follow_are_shown_but_not_designed_for() -> None:
    assert "served" in measures(CountedShop(), np.array([[4.0, 8.0]]), _of([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    with pytest.raises(InputError, match="jnp"):
        design(CountedShop(), leader=CommitmentGradient(at_least=("served=1",)), seeds=1)


def test_a_status_quo_is_a_rule_of_the_game() -> None:
    with pytest.raises(InputError, match="the status quo is no rule of"):
        against(Shop(), [{"do": {"price": 1}}])
    named = against(Shop(), Rule(Shop(), np.array([[1.0, 2.0]])))
    assert baseline(named)[0] == "the status quo"
    assert baseline(named.standardised)[2] == pytest.approx(np.array([[1.0, 2.0]]))


def test_a_named_status_quo_is_the_one_that_rules_meet() -> None:
    rule = Rule(Shop(), np.array([[3.0, 6.0]]))
    rival = [{"do": {"basic price": 3.9, "full price": 7.9}}]
    found = evaluate(rule, followers=["best-response"], seeds=1, optimum_seconds=0, status_quo=rival)
    assert found.value[:, 0].tolist() == pytest.approx([0.6 * 3 + 0.4 * 5, 0.6 * 3.9 + 0.4 * 6.9])
    assert found.below_status_quo[0, 0]
