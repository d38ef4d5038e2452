"""A rule that is loaded does what the game reads out of the same file, without the game and without JAX."""

import collections
import contextlib
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_games import REGISTERED

from firstmover.errors import InputError
from firstmover.games import Game
from firstmover.rules import Acting, load
from firstmover.rules.rule import Rule
from firstmover.spaces import Mixture
from firstmover.verify import matches

ALLOCATION = {
    "game": "simple-allocation",
    "parameters": {"items": 3, "messages": 2},
    "rule": [{"when": {"message": 0}, "do": {"item": 2}}, {"do": {"item": 1}}],
}


def _written(folder: Path, content: Any) -> Path:
    path = folder / "rule.json"
    path.write_text(json.dumps(content))
    return path


def _drawn(game: Game) -> np.ndarray:
    """Some decision that is possible at every observation that comes up, without compiling anything."""
    rng, options = np.random.default_rng(3), game.leader_space.spread(50)
    table = np.zeros((game.n_observations, *options.shape[1:]), options.dtype)
    for observation, row in game.reached(table):
        when = game.entry(observation, np.asarray(options[0]))["when"]
        for option in rng.permutation(options):
            with contextlib.suppress(InputError):
                table[row] = game.decision(when, game.entry(observation, np.asarray(option))["do"])
                break
    return table


@pytest.mark.parametrize("name", REGISTERED)
def test_every_games_rule_acts_as_the_game_reads_it(tmp_path: Path, name: str) -> None:
    game = REGISTERED[name]
    rule = Rule(game, _drawn(game))
    act = load(_written(tmp_path, rule.as_file()))
    situations = 0
    for observation, row in game.reached(rule.actions):
        when = json.loads(json.dumps(game.entry(observation, np.asarray(rule.actions[row]))["when"]))
        np.testing.assert_array_equal(game.decision(when, act(when)), rule.actions[row])
        situations += 1
    assert situations


VALUES = st.sampled_from([None, 0, 1, True, False, "a", "b", 1.5])
SEEN = VALUES | st.lists(VALUES | st.lists(VALUES, max_size=2), max_size=3)


@given(st.lists(st.dictionaries(st.sampled_from("xyz"), SEEN, max_size=3), min_size=1, max_size=8), st.data())
def test_the_index_finds_the_first_entry_that_matches(conditions: list[dict[str, Any]], data: Any) -> None:
    act = Acting([{"when": when, "do": {"entry": k}} for k, when in enumerate(conditions)])
    base = data.draw(st.sampled_from(conditions))
    situation = {key: base[key] if key in base else data.draw(SEEN) for key in act.conditions}
    first = next((k for k, when in enumerate(conditions) if matches(when, situation)), None)
    if first is None:
        with pytest.raises(ValueError, match="says nothing for"):
            act(situation)
    else:
        assert act(situation) == {"entry": first}


def test_numpys_numbers_and_lists_are_seen_too(tmp_path: Path) -> None:
    act = load(_written(tmp_path, {"game": "g", "rule": [{"when": {"a": [0, 1], "b": 2}, "do": {"x": 1}}]}))
    assert act({"a": np.array([0, 1]), "b": np.int64(2)}) == act({"a": (0, 1), "b": 2}) == {"x": 1}


@pytest.mark.parametrize("rng", [random.Random(1), np.random.default_rng(1)])
def test_mixtures_are_drawn_as_often_as_they_say(tmp_path: Path, rng: Any) -> None:
    content = {"game": "normal-form", "rule": [{"do": {"mixture": ["1/4", 0, 0.75, 0.0]}}]}
    act = load(_written(tmp_path, content))
    drawn = collections.Counter(act({}, rng)["action"] for _ in range(4000))
    assert set(drawn) == {0, 2}
    assert abs(drawn[0] / 4000 - 0.25) < 5 * (0.25 * 0.75 / 4000) ** 0.5
    assert act() == {"mixture": [0.25, 0, 0.75, 0.0]}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_coverage_is_drawn_with_its_shares_and_its_resources(coverage: list[float]) -> None:
    act, total = Acting([{"do": {"coverage": coverage}}]), sum(coverage)
    step, covered = 1 / 500, np.zeros(len(coverage))
    for k in range(500):  # every number that a generator may give, so that shares are exact to a step

        class At(random.Random):
            def random(self, k: int = k) -> float:
                return (k + 0.5) * step

        cover = act({}, At())["cover"]
        assert np.floor(total - 1e-8) <= len(cover) <= np.ceil(total + 1e-8)
        covered[cover] += step
    np.testing.assert_allclose(covered, coverage, atol=2.1 * step)


def test_options_are_drawn_by_name(tmp_path: Path) -> None:
    do = Mixture(["inspect", "wait"]).entry([0, 0.5])
    assert load(_written(tmp_path, {"game": "a.py:A", "rule": [{"do": do}]}))({}, random.Random(0)) == {
        "action": "wait"
    }


def test_targets_are_drawn_by_name(tmp_path: Path) -> None:
    targets = {"target": ["museum", "bridge"], **{c: [0, 1] for c in "abcd"}}
    rule = {"game": "security", "parameters": {"targets": targets}, "rule": [{"do": {"coverage": [1, 0]}}]}
    assert load(_written(tmp_path, rule))({}, random.Random(0)) == {"cover": ["museum"]}


@pytest.mark.parametrize(
    ("situation", "message"),
    [
        ({"mesage": 0}, "does not know mesage: it goes by message"),
        ({}, "has to be told message: it goes by message"),
        ({"message": 0, "item": 1}, "does not know item"),
        ({"message": 5}, "says nothing for {'message': 5}"),
        ({"message": True}, "says nothing for {'message': True}"),
        ({"message": {"a": 1}}, "says nothing"),
        ([0], "a situation is a dict"),
        (0, "a situation is a dict"),
    ],
)
def test_what_the_rule_does_not_know_is_refused(tmp_path: Path, situation: Any, message: str) -> None:
    content = ALLOCATION | {"rule": [{"when": {"message": m}, "do": {"item": m}} for m in (0, 1)]}
    act = load(_written(tmp_path, content))
    with pytest.raises(InputError, match=message):
        act(situation)


def test_a_rule_that_goes_by_nothing_says_so(tmp_path: Path) -> None:
    act = load(_written(tmp_path, ALLOCATION | {"rule": [{"do": {"item": 1}}]}))
    assert act() == act({}) == {"item": 1}
    with pytest.raises(InputError, match="does the same everywhere"):
        act({"message": 0})


@pytest.mark.parametrize("rng", [7, "seed", object(), random, np.random])
def test_generators_that_are_none(tmp_path: Path, rng: Any) -> None:
    act = load(_written(tmp_path, {"game": "maintain", "rule": [{"do": {"mixture": [0.5, 0.5, 0]}}]}))
    if hasattr(rng, "random"):  # a module draws too
        assert act({}, rng)["action"] in (0, 1)
    else:
        with pytest.raises(InputError, match=r"rng must be a random\.Random or a NumPy generator"):
            act({}, rng)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "is not a rule file"),
        ({"rule": [{"do": {"item": 0}}]}, "is not a rule file"),
        ({"game": "escape", "rule": {}}, "is not a rule file"),
        ({"game": "escape", "rule": []}, "at least one"),
        ({"game": "escape", "rule": [3]}, "entry 1 of the rule must have 'do'"),
        ({"game": "escape", "rule": [{"do": {}}]}, "'do' not empty"),
        ({"game": "escape", "rule": [{"do": {"a": 1}, "when": []}]}, "must be objects"),
        ({"game": "escape", "rule": [{"do": {"a": 1}, "when": {"a": {}}}]}, "conditions of entry 1"),
        ({"game": "escape", "rule": [{"do": {"mixture": [0.5, 0.6]}}]}, "sum to 1"),
        ({"game": "escape", "rule": [{"do": {"mixture": []}}]}, "sum to 1"),
        ({"game": "escape", "rule": [{"do": {"mixture": [-1, 2]}}]}, "sum to 1"),
        ({"game": "escape", "rule": [{"do": {"mixture": ["1/0", 1]}}]}, "must be a number"),
        ({"game": "escape", "rule": [{"do": {"mixture": [float("nan"), 1]}}]}, "must be finite"),
        ({"game": "security", "rule": [{"do": {"coverage": [2]}}]}, "a probability for every target"),
    ],
)
def test_files_that_hold_no_rule(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(_written(tmp_path, content))


def test_folders_that_hold_no_rule(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a rule file nor a run folder"):
        load(tmp_path)
    with pytest.raises(InputError, match="cannot read"):
        load(tmp_path / "missing.json")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="not finished"):
        load(tmp_path)


def test_acting_needs_the_standard_library_alone(tmp_path: Path) -> None:
    path = _written(tmp_path, ALLOCATION)
    code = (
        "import sys; before = set(sys.modules); from firstmover.rules import load\n"
        f"assert load({str(path)!r})({{'message': 0}}) == {{'item': 2}}\n"
        "print({m.split('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names) - {'firstmover'})"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "set()"
