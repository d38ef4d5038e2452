"""Three price mechanisms written by hand, whose intervals are known: what they can lose in every equilibrium.

The values are recomputed from the definitions in `tests/equilibria`; here the whole way from rule to interval is held.
"""

import json

import jax.numpy as jnp
import pytest

from firstmover import verify
from firstmover.certificates import Certificate, certify_play
from firstmover.core.plays import Strategies
from firstmover.games import Agrawal, Game, SequentialPrice
from firstmover.rules.rule import Rule


def _visit(messages: list, agent: int, first: float, second: float) -> list[dict]:
    return [
        {"when": {"messages": messages, "remaining": [0, 1]}, "do": {"agent": agent, "prices": [first]}},
        {"when": {"messages": messages, "remaining": [1 - agent]}, "do": {"agent": 1 - agent, "prices": [second]}},
    ]


def agrawal_rule(price: float) -> list[dict]:
    """Agent 0 says whether it is worth much; agent 1's message is ignored."""
    return _visit([0, None], 1, 0.1, 0.1) + _visit([1, None], 0, price, 0.1)


THREE = (
    _visit([0, 0], 0, 1 / 16, 1 / 16)
    + _visit([0, 1], 1, 9 / 16, 1 / 16)
    + _visit([1, 0], 0, 7 / 16, 1 / 16)
    + _visit([1, 1], 1, 9 / 16, 15 / 16)
)
FOUR = (
    _visit([0, 0], 0, 1 / 40, 1 / 40)
    + _visit([0, 1], 1, 3 / 10, 3 / 10)
    + _visit([1, 0], 0, 3 / 40, 1 / 40)
    + _visit([1, 1], 0, 13 / 20, 7 / 20)
)
RULES = {
    "T = 3": (SequentialPrice(types=3), THREE, ([0, 0, 0], [0, 0, 1])),
    "T = 4": (SequentialPrice(types=4), FOUR, ([0, 0, 0, 1], [0, 0, 1, 1])),
    "Agrawal": (Agrawal(), agrawal_rule(1.0), ([0, 1], [0, 0])),
}


def _certified(game: Game, entries: list[dict], sent: tuple, epsilon: float | None = None) -> Certificate:
    rule = Rule.read(game, entries)
    play = Strategies(tuple(jnp.eye(2)[jnp.array(messages)] for messages in sent))
    found = certify_play(rule.game, rule.actions, play, epsilon=epsilon)
    assert verify.verdict(verify.check(verify.read(json.dumps(found.as_json())))) == "confirmed"
    return found


@pytest.mark.parametrize(
    ("name", "least"), [("T = 3", -1 / 18), ("T = 4", -26709 / 182336), ("Agrawal", -0.09)], ids=["3", "4", "agrawal"]
)
def test_at_epsilon_zero(name: str, least: float) -> None:
    found = _certified(*RULES[name])
    assert found.epsilon.most == 0.0
    assert found.value == 0.0
    assert found.leader_value_bounds["bcce"] == (pytest.approx(least, abs=1e-9), 0.0)
    assert found.leader_value_bounds["anf_cce"] == (0.0, 0.0)
    assert found.tolerance == 0.0


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("T = 3", {0.001: -0.0012, 0.01: -0.0121, 0.05: -0.060}),
        ("T = 4", {0.001: -0.0042, 0.01: -0.0415, 0.05: -0.132}),
        ("Agrawal", {0.001: -0.0015, 0.01: -0.015, 0.05: -0.075}),
    ],
    ids=["3", "4", "agrawal"],
)
def test_at_larger_epsilon(name: str, ends: dict[float, float]) -> None:
    for epsilon, least in ends.items():
        found = _certified(*RULES[name], epsilon=epsilon)
        digits = len(str(least).partition(".")[2])
        # To the digits that are printed: within one unit of the last.
        assert found.leader_value_bounds_at_epsilon["anf_cce"][0] == pytest.approx(least, abs=10.0**-digits)


@pytest.mark.parametrize(
    ("price", "truthful", "least"), [(0.31, True, 0.0), (1.29, True, 0.0), (1.31, False, -0.15), (0.29, False, -0.20)]
)
def test_truth_pays_for_prices_between_030_and_130_only(price: float, truthful: bool, least: float) -> None:
    found = _certified(Agrawal(), agrawal_rule(price), ([0, 1], [0, 0]))
    assert (found.epsilon.most == 0.0) == truthful
    assert found.leader_value_bounds["anf_cce"][0] == pytest.approx(least, abs=1e-9)
