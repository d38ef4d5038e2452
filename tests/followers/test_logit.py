"""Logit responses against fixed points from another solver."""

import numpy as np
import pytest
from plain import PENNIES, SHAPLEY, expected_payoffs, joint_at, respond, some_rule
from scipy.optimize import root
from tiny_games import Visits

from firstmover.certificates import certify_play
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.followers import Logit


def _fixed_point(game, rationality: float) -> list[np.ndarray]:
    finite = induced_game(game, some_rule(game))
    shapes = [allowed.shape for allowed in finite.allowed]
    cuts = np.cumsum([np.prod(shape) for shape in shapes])[:-1]

    def tables(flat):
        return [part.reshape(shape) for part, shape in zip(np.split(flat, cuts), shapes, strict=True)]

    def response(flat):
        strategies = tables(flat)
        joint = np.array([joint_at(strategies, types) for types in finite.support])
        after = [allowed / allowed.sum(1, keepdims=True) for allowed in finite.allowed]
        for i, t in finite.follower_types():
            pays = expected_payoffs(finite, joint, i, t)[finite.allowed[i][t]] / game.follower_payoff_scale
            weights = np.exp(rationality * (pays - pays.max()))
            after[i][t, finite.allowed[i][t]] = weights / weights.sum()
        return np.concatenate([table.ravel() for table in after])

    start = np.concatenate([(allowed / allowed.sum(1, keepdims=True)).ravel() for allowed in finite.allowed])
    found = root(lambda flat: response(flat) - flat, start)
    assert found.success
    return tables(found.x)


@pytest.mark.parametrize("game", [Visits(), SHAPLEY, PENNIES], ids=["visits", "shapley", "pennies"])
@pytest.mark.parametrize("rationality", [0.0, 1.0, 4.0])
def test_it_settles_on_a_quantal_response_equilibrium(game, rationality: float) -> None:
    came = respond(game, Logit(rounds=500, rationality=rationality, damping=0.2))
    for table, expected in zip(came.strategy.tables, _fixed_point(game, rationality), strict=True):
        np.testing.assert_allclose(table, expected, atol=1e-5)


def test_one_step_is_damped() -> None:
    half, whole = (respond(Visits(), Logit(rounds=1, damping=d)).strategy.tables for d in (0.5, 1.0))
    uniform = respond(Visits(), Logit(rationality=0.0)).strategy.tables
    for a, b, c in zip(half, whole, uniform, strict=True):
        np.testing.assert_allclose(a, (np.asarray(b) + c) / 2, atol=1e-6)


def test_the_more_rational_the_nearer_to_equilibrium() -> None:
    game, epsilons = PENNIES, []
    for rationality in (1.0, 5.0, 25.0):
        came = respond(game, Logit(rounds=3000, rationality=rationality, damping=1 / (1 + rationality**2 / 4)))
        epsilons.append(certify_play(game, np.array([0]), came.strategy).epsilon.most)
    assert epsilons[0] > 2 * epsilons[1] > 8 * epsilons[2]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"rounds": 0}, "rounds must be at least 1"),
        ({"rationality": -1.0}, "rationality must be"),
        ({"damping": 0.0}, "damping must be"),
        ({"damping": 1.1}, "damping must be"),
        ({"scale": float("inf")}, "scale must be"),
    ],
)
def test_ranges_are_checked(parameters: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Logit(**parameters)
