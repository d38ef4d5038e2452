"""The catalogue is read from source; here it is held against the classes themselves."""

import inspect
import re
import shlex

import pytest

from firstmover import catalogue, followers, games, leaders
from firstmover.cli.command import parsed
from firstmover.cli.commands import COMMANDS
from firstmover.jobs import build
from firstmover.source import MARKS, REQUIRED

ROOMS = {"game": (games, games.Game), "followers": (followers, followers.Follower), "leader": (leaders, leaders.Leader)}
# How the documentation of a number says what it may be.
RANGE = re.compile(
    r"at least|at most|more than|fewer than|positive|any number|from 0|in [\[(]|\b0:|\b0 (for|stands)|0, 1 or 2"
)
ITEMS = [item for kind in catalogue.ROOMS for item in catalogue.items(kind).values()]


@pytest.mark.parametrize("kind", ROOMS)
def test_what_a_room_exports_can_be_named(kind: str) -> None:
    room, base = ROOMS[kind]
    exported = [getattr(room, name) for name in room.__all__]
    classes = [c for c in exported if inspect.isclass(c) and issubclass(c, base) and not inspect.isabstract(c)]
    concrete = [c for c in classes if hasattr(c, "name")]  # not a contract for games of a kind
    assert {name: item.load() for name, item in catalogue.items(kind).items()} == {c.name: c for c in concrete}
    assert sorted(room.__all__) == dir(room)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_the_source_says_what_the_class_says(item: catalogue.Item) -> None:
    cls = item.load()
    assert item.summary == inspect.getdoc(cls).splitlines()[0]
    assert item.summary.endswith(".")
    empty = inspect.Parameter.empty
    defaults = {key: REQUIRED if value is empty else value for key, value in build.settings(cls).items()}
    assert list(defaults.items()) == [(key, parameter.default) for key, parameter in item.parameters.items()]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_every_parameter_is_explained(item: catalogue.Item) -> None:
    for name, parameter in item.parameters.items():
        assert parameter.text.endswith("."), f"{item.name} does not document {name}"
        assert not parameter.text.startswith("as in"), name
        if "number" in parameter.kind and "CSV" not in parameter.kind:
            assert RANGE.search(parameter.text), f"{item.name} does not say what {name} may be"


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_the_example_can_be_typed(item: catalogue.Item) -> None:
    name, *arguments = shlex.split(item.example)
    assert name == "firstmover"
    options = parsed(COMMANDS, arguments)
    for kind in catalogue.ROOMS:
        pairs = dict(pair.split("=") for pair in getattr(options, f"{kind}_parameters"))
        chosen = getattr(options, kind)
        if chosen is None:  # left to the command
            assert not pairs
            continue
        own = catalogue.item(kind, chosen).parameters
        assert {key for key, parameter in own.items() if parameter.default is REQUIRED} <= set(pairs)
        if not any(value.endswith((".csv", ".npz")) for value in pairs.values()):
            build.build(kind, chosen, pairs)


def test_every_mark_of_a_type_hint_has_words_and_a_reader() -> None:
    assert set(MARKS) == set(build._READERS)


@pytest.mark.parametrize("kind", catalogue.ROOMS)
def test_one_item_is_the_one_of_the_list(kind: str) -> None:
    for name, item in catalogue.items(kind).items():
        assert catalogue.named(kind, name) == item
    assert catalogue.named(kind, "base") is None
