"""The checker knows the same games and the same rules as the games themselves: none more, none less."""

import copy
import itertools
import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from certified import at, drop, nodes, put
from tiny_games import REGISTERED, some_rule

from firstmover import verify
from firstmover.errors import InputError
from firstmover.games import Agrawal, BayesianNormalForm, MatrixDesign, NormalForm, SequentialPrice
from firstmover.jobs.build import build
from firstmover.rules.rule import Rule

GAMES = {name: REGISTERED[name] for name in REGISTERED if REGISTERED[name].name in verify.FAMILIES}
GAMES |= {
    "left": SequentialPrice(agents=2, items=2, types=2, units=(2, 1), valuation="additive", history="left"),
    "any price": SequentialPrice(types=3, prices="continuous", objective=0.25, buy_at_tie=False),
    "realised": SequentialPrice(values={"realisations": [[1, 0.5], [0.2, 0.7]], "probabilities": [0.5, 0.5]}),
    "stated": SequentialPrice(values={"values": [[[1], [0.5]], [[0.2]]], "probabilities": [[0.25, 0.75], [1]]}),
    "agrawal 0.3": Agrawal(epsilon=0.3, prices=7),
    "two followers": NormalForm(np.arange(8.0).reshape(2, 2, 2), np.ones((2, 2, 2, 2)), "mixed"),
    "named": NormalForm([[1, 2]], [[0, 1]], "mixed", [["sell"], ["buy", "leave"]], ["seller", "buyer"]),
    "named base": MatrixDesign(
        rule="per-follower", action_names=[["in", "out"], ["l", "r"]], player_names=["Row", "Column"]
    ),
    "named agents": SequentialPrice(
        items=2,
        messages=1,
        values={
            "values": [[[1, 0]], [[0.2, 0.5]]],
            "probabilities": [[1], [1]],
            "agents": ["Ann", "Bob"],
            "items": ["tea", "jam"],
        },
    ),
    "named types": BayesianNormalForm([[1, 2]], [[0, 1]], None, "mixed", [["sell"], ["buy", "leave"]]),
    "one table for all": BayesianNormalForm([[1, 2], [3, 4]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]], None, "mixed"),
}
# What stands in the place of everything, in turn.
OTHERS: list[Any] = [
    *(None, True, False, -1, 0, 1, 2, 3, 99, -3, 0.5, -0.0, 1.0, 0.3333333, 1e-7, 1e20, -2.5, 0.1),
    *("", "x", "tau", "mixed", "revenue", "welfare", "left", "additive", "continuous", "1/3", "2/0", "1e", " "),
    *([], {}, [0], [[1]], [0, 0], [0.5, 0.5], [-3, 0.5, 0.5], [1, 2, 3], {"a": 1}, [None], [[[1, 2], [3, 4]]]),
]
# The same kinds of parameters a second time, in games that take longer to build.
LARGE = ("left", "named agents")
MUTATIONS = int(40 * float(os.environ.get("FIRSTMOVER_SOAK", "1")))  # of each game's parameters and rule


def _admitted_by_the_game(content: dict[str, Any]) -> bool:
    try:
        game = build("game", content["game"], content["parameters"])
        return Rule.read(game, content["rule"]).game is game
    except InputError:
        return False


def _admitted_by_the_checker(content: dict[str, Any]) -> bool:
    try:
        return verify.derive(verify.read(json.dumps(content))) is not None
    except ValueError:
        return False


def _changes(content: dict[str, Any]) -> list[Callable[[dict[str, Any]], object]]:
    """What may be done to a copy of the content, one at a time."""
    changes: list[Callable[[dict[str, Any]], object]] = []
    for path, value in nodes(content):
        if len(path) < 2 and path[:1] != ("rule",):
            continue
        for new in OTHERS:
            if not (new == value and type(new) is type(value)):
                changes.append(lambda copied, path=path, new=new: put(copied, path, copy.deepcopy(new)))
        if len(path) > 1:
            changes.append(lambda copied, path=path: drop(copied, path))
        if isinstance(value, list) and value:
            changes.append(lambda copied, path=path: at(copied, path).append(copy.deepcopy(at(copied, path)[-1])))
        if isinstance(value, dict):
            changes.append(lambda copied, path=path: at(copied, path).update(other=1))
    return changes


def _changed(content: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    copied = copy.deepcopy(content)
    change(copied)
    return copied


def _read_in_words(content: dict[str, Any]) -> bool:
    """Whether the command line's spelling of a parameter stands there, which no certificate uses."""
    tuples = ("units",)
    parameters = content["parameters"]
    return isinstance(parameters, dict) and any(
        (
            (
                isinstance(value, str)
                and key not in ("commitment", "rule", "objective", "valuation", "history")
                and not (key == "prices" and value == "continuous")
            )
            or (key == "objective" and isinstance(value, str) and value[:1].isdigit())
        )
        or (key in tuples and isinstance(value, list) and any(isinstance(part, str) for part in value))
        for key, value in parameters.items()
    )


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in LARGE else n for n in GAMES])
def test_the_checker_admits_what_the_game_admits(name: str) -> None:
    game = GAMES[name]
    content = json.loads(json.dumps(Rule(game, some_rule(game)).as_told().as_file()))
    assert _admitted_by_the_game(content)
    assert _admitted_by_the_checker(content)
    changes = _changes(content)
    assert len(changes) > 100
    drawn = (_changed(content, changes[k]) for k in np.random.default_rng(0).permutation(len(changes)))
    tried = list(itertools.islice((change for change in drawn if not _read_in_words(change)), MUTATIONS))
    admitted = 0
    for change in tried:
        by_the_game = _admitted_by_the_game(change)
        assert _admitted_by_the_checker(change) == by_the_game, (by_the_game, _first_difference(content, change))
        admitted += by_the_game
    assert admitted < len(tried)


def _first_difference(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return next(
            (k, _first_difference(one[k], other[k]))
            for k in one
            if one[k] != other[k] or (repr(one) != repr(other) and repr(one[k]) != repr(other[k]))
        )
    return one, other
