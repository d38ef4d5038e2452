"""What is known exactly of a game is registered for its type, beside it."""

import gc
import re
import weakref
from pathlib import Path

import numpy as np
import pytest
from own_markets import Allocation

import firstmover
from firstmover.errors import InputError
from firstmover.games import Game, IteratedMatrix, Market, NormalForm, SequentialPrice, SimpleAllocation
from firstmover.rules.rule import Rule
from firstmover.solvers import shipped
from firstmover.solvers.registry import baseline, baseline_actions, optimum, search, state_table
from firstmover.solvers.solution import Solution
from firstmover.spaces import Discrete


class Ferry(Market):
    """A ferry asks for one of three fares."""

    status_quo = "dear"

    def __init__(self, worth: float = 2.0):
        self.worth = worth
        super().__init__(
            acts=Discrete(["stays", "sails"], "passenger"), decides=Discrete(["free", "fair", "dear"], "fare")
        )

    def payoff(self, passenger, action, fare):
        return action * fare, action * (self.worth - fare)


class NightFerry(Ferry):
    """Another one."""


class Bus(Ferry):
    """One of which something else is known."""


@optimum.register(Ferry)
def dearest_that_is_paid(game: Ferry, ties: str) -> Solution:
    best = int(np.floor(game.worth) if ties == "strong" else np.ceil(game.worth) - 1)
    return Solution(float(best), game.rule(np.array([best])), True, "by hand", f"best response, ties {ties}")


@optimum.register(Bus)
def none(game: Bus, ties: str) -> Solution:
    raise InputError("nobody knows.")


def test_a_game_of_ones_own_brings_its_solver() -> None:
    for game in (Ferry(), NightFerry()):
        assert firstmover.solve(game).value == 2
        assert firstmover.solve(game).rule == [{"when": {}, "do": {"fare": "dear"}}]
        assert firstmover.solve(game, ties="weak").value == 1
        assert search(game, "weak").method == "by hand"
    with pytest.raises(InputError, match="nobody knows"):
        firstmover.solve(Bus())


def test_the_status_quo_is_the_rule_to_beat() -> None:
    name, game, actions = baseline(Ferry())
    assert (name, actions.tolist()) == ("the status quo", [2])
    np.testing.assert_array_equal(baseline_actions(game), actions)

    class Unnamed(Ferry):
        status_quo = None

    assert baseline_actions(Unnamed()) is None


def test_a_status_quo_may_be_a_rule() -> None:
    class Asked(Allocation):
        status_quo = (
            {"when": {"message": 1}, "do": {"item": 2}},
            {"do": {"item": 0}},
        )

    market = Asked()
    for game in (market, market.standardised):
        assert baseline(game)[2].tolist() == [0, 2]
    judged = firstmover.certify(Rule(market, np.array([0, 0])))["baseline"]
    assert (judged["rule"], judged["value"]) == ("the status quo", pytest.approx(2 / 3))  # item 0 always: 1 / 3

    class Stray(Allocation):
        status_quo = ({"when": {"message": 1}, "do": {"item": 2}},)

    with pytest.raises(InputError, match="status_quo of Stray: the rule says nothing for"):
        baseline(Stray())


def test_options_belong_to_the_solver_that_has_them() -> None:
    with pytest.raises(InputError, match="the solver of normal-form has no option selection"):
        firstmover.solve(NormalForm([[1.0]], [[1.0]]), selection="worst")
    found = firstmover.solve(SequentialPrice(types=2), selection="worst")
    assert found.details()["optimum_fraction"] == "0"
    assert firstmover.solve(SimpleAllocation()).details() == {}


def test_a_table_is_made_once_and_goes_with_its_game() -> None:
    game = IteratedMatrix(steps=2)
    table = state_table(game)
    assert state_table(game) is table
    gone = weakref.ref(table)
    del game, table
    gc.collect()
    assert gone() is None


def test_games_hold_no_solvers() -> None:
    """The contract is what is played and what is said about it."""
    for name in ("optimum", "memory_optimum", "search", "linear", "markov", "baseline"):
        assert not hasattr(Game, name)


def test_every_solver_that_ships_is_loaded_for_its_game() -> None:
    room = Path(shipped.__file__).parent
    registering = {path for path in room.rglob("*.py") if re.search(r"^@\w+\.register\(", path.read_text(), re.M)}
    assert registering == {room.joinpath(*name.split(".")).with_suffix(".py") for name in shipped._SOLVERS.values()}
