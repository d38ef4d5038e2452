"""Constraints and nearby priors: rewards that rank rules as they should, and the worst prior of a linear program."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from firstmover.core.plays import Strategies
from firstmover.errors import InputError
from firstmover.evaluators import judge_of
from firstmover.evaluators.aims import AtLeast, Merit, constraints, least_nearby, penalised
from firstmover.games import Maintain
from tests.own_markets import Shop


def _worst_by_program(values: np.ndarray, probs: np.ndarray, radius: float) -> float:
    """min q @ values over q >= 0 that sum to 1 with sum |q - probs| <= 2 radius, with |.| as variables of their own."""
    n = len(values)
    eye = np.eye(n)
    found = scipy.optimize.linprog(
        np.append(values, np.zeros(n)),
        A_ub=np.block([[eye, -eye], [-eye, -eye], [np.zeros((1, n)), np.ones((1, n))]]),
        b_ub=np.concatenate([probs, -probs, [2 * radius]]),
        A_eq=np.append(np.ones(n), np.zeros(n))[None],
        b_eq=[1.0],
    )
    return float(found.fun)


@pytest.mark.parametrize("radius", [0.0, 0.07, 0.3, 1.0])
def test_the_worst_nearby_prior_is_that_of_the_linear_program(radius: float) -> None:
    rng = np.random.default_rng(0)
    for n in (2, 3, 7):
        values, probs = rng.normal(size=n), rng.dirichlet(np.ones(n))
        found = float(least_nearby(jnp.asarray(values), probs, radius))
        assert found == pytest.approx(_worst_by_program(values, probs, radius), abs=1e-5)


def test_a_rule_that_falls_short_is_worth_less_than_any_that_does_not() -> None:
    game, least = Shop(), (AtLeast("welfare", 2.0),)
    low, high = game.leader_payoff_range
    kept = float(penalised(game, jnp.float32(low), least, [2.0]))
    assert kept == pytest.approx(low)
    near, far = (float(penalised(game, jnp.float32(high), least, [value])) for value in (1.9, -5.0))
    assert far < near < low


def test_finished_rules_are_chosen_by_what_they_keep_and_by_the_worst_prior() -> None:
    game = Shop(keen=0.4)
    rule, play = np.array([[4.0, 8.0]]), Strategies((jnp.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),))
    judge = judge_of(game)
    # Casual buyers pay 4, keen ones 8 less the cost of 1: welfare 0.6 * 4 + 0.4 * (9 - 1).
    assert Merit(game, (), 0.0, False).of(judge, rule, play) == pytest.approx(0.6 * 4 + 0.4 * 7)
    assert Merit(game, (), 0.1, False).of(judge, rule, play) == pytest.approx(0.7 * 4 + 0.3 * 7)
    short = Merit(game, (AtLeast("worst type's utility", 0.5),), 0.0, False).of(judge, rule, play)
    assert short < game.leader_payoff_range[0]
    assert Merit(game, (AtLeast("worst type's utility", 0.0),), 0.0, False).of(judge, rule, play) == pytest.approx(5.2)


def test_constraints_are_read_or_refused() -> None:
    assert constraints(["a = b=-2", "welfare=1/2"]) == (AtLeast("a = b", -2.0), AtLeast("welfare", 0.5))
    with pytest.raises(InputError, match="MEASURE=NUMBER"):
        constraints(["welfare"])
    with pytest.raises(InputError, match="twice"):
        constraints(["welfare=1", "welfare=2"])


def test_nothing_can_be_robust_without_types() -> None:
    from firstmover.evaluators.aims import Robust

    with pytest.raises(InputError, match="no private types"):
        Robust(Maintain(), 0.1)
    for radius in (0.0, 1.5, float("nan")):
        with pytest.raises(InputError, match="radius"):
            Robust(Shop(), radius)
