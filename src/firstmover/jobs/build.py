"""From words to objects: registered names and `key=value` parameters become games, followers and leaders.

What can be named is what the rooms export, so that adding an item is one new file and one line. The command line, the
run folder and the Python interface all come through here.
"""

import inspect
import json
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np

from firstmover import catalogue, files, followers, games, leaders
from firstmover.catalogue import Parameters
from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError, unknown_name
from firstmover.exact_numbers import Table, number, of_fractions, shortened, whole
from firstmover.followers.named import admit, own_classes, parts_of
from firstmover.games.market import TYPES
from firstmover.interop.game_files import is_game_file, read_game_file
from firstmover.interop.python_files import Code, class_named, digest, file_of, names_code
from firstmover.interop.seller_tables import read_demand, read_sellers
from firstmover.interop.tables import read_matrices, read_matrix, read_schedules, read_targets, read_values
from firstmover.json_types import Parsed
from firstmover.user_code import told
from firstmover.wording import defaults_of

KINDS = tuple(catalogue.ROOMS)
MOST_COUNTED = 10**9  # rounds, updates, episodes: compiled programs count in 32 bits
Made = TypeVar("Made")


@typing.runtime_checkable
class Named(typing.Protocol):
    """What is described by its name and its parameters: an item, or another part that learns."""

    @property
    def name(self) -> str:
        """What it is called by."""


def registered(kind: str) -> dict[str, type]:
    """The classes of a kind ("game", "followers" or "leader") that can be named, by name: all are imported."""
    return {name: item.load() for name, item in catalogue.items(kind).items()}


def _base(kind: str) -> Any:
    """The class that all of a kind are built on."""
    match kind:
        case "game":
            return games.Game
        case "followers":
            return followers.Follower
    return leaders.Leader


def settings(cls: type) -> Parameters:
    """The parameters that can be set by name, with their defaults (`inspect.Parameter.empty` if required)."""
    return defaults_of(cls)


def build(kind: str, name: str, parameters: Parameters) -> Any:
    """The named item with these parameters; strings are read as the parameter's type says.

    Raises:
        InputError: an unknown name or parameter, one that is missing, or a value of the wrong type or out of range.
    """
    return constructed(catalogue.item(kind, name).load(), name, parameters)


def item_from(kind: str, argument: str, parameters: Parameters) -> Any:
    """The item with a registered name, or of a user's own class `FILE.py:CLASS`, whose file is executed.

    Raises:
        InputError: see `build` and `interop.python_files.class_named`.
    """
    parameters = _with_own_models(parameters, lambda name: name)
    if names_code(argument):
        return built_by_its_author(class_named(argument, _base(kind)), argument, parameters)
    return build(kind, argument, parameters)


def own_models(text: str, where: Callable[[str], str] = lambda name: name) -> str:
    """A text that names models of the followers (`followers.named`), its own classes executed and admitted.

    Args:
        text: the models, with `FILE.py:CLASS` for a class of a user's own.
        where: the file and class to execute for such a name.

    Raises:
        InputError: see `interop.python_files.class_named`.
    """
    told = []
    for name, pairs in parts_of(text):
        called = name
        if name.partition(":")[0].endswith(".py"):
            cls = class_named(where(name), _base("followers"))
            admit(cls)
            called = cls.name
        told.append(":".join([called, *pairs]))
    return ",".join(told)


def _with_own_models(parameters: Parameters, where: Callable[[str], str]) -> Parameters:
    """A leader's parameters whose models of the followers may be of a user's own."""
    named = parameters.get("behaviours")
    if not isinstance(named, str) or ".py" not in named:
        return parameters
    return {**parameters, "behaviours": own_models(named, where)}


def given(kind: str, item: object) -> Any:
    """An item as Python users give it: itself, or its name with its defaults.

    Raises:
        InputError: it is neither.
    """
    if isinstance(item, str):
        return game_from(item, {}) if kind == "game" else item_from(kind, item, {})
    if not isinstance(item, _base(kind)):
        raise InputError(f"{kind} must be a {_base(kind).__name__} or the name of one; got {shortened(item)}.")
    return _counted(item)


def again(kind: str, stored: Parsed, code: Code = None, *, changed_too: bool = False) -> Any:
    """The item that `description` describes; one of a user's own class only if its file is named again.

    Args:
        kind: "game", "followers" or "leader".
        stored: its description.
        code: the user's own file, or several.
        changed_too: whether a file may have changed since (see `has_changed`).

    Raises:
        InputError: see `build`; or it is of a user's own class and no file is named, or one that has changed.
    """
    name = stored["name"]
    parameters = _with_own_models(stored["parameters"], lambda own: f"{file_of(own, code)}:{own.partition(':')[2]}")
    if names_code(name):
        name = file_of(name, code)
        item = item_from(kind, f"{name}:{stored['name'].partition(':')[2]}", parameters)
    else:
        item = build(kind, name, parameters)
    if not changed_too:
        _refuse_changed(name, item, stored)
    return item


def at_hand(game: games.Game, stored: Parsed, *, changed_too: bool = False) -> games.Game:
    """A game that is at hand, in place of the one that `again` would make.

    Raises:
        InputError: it is another game, has other parameters, or its code has changed.
    """
    name = type(game).__name__ if names_code(stored["name"]) else game.name
    if name != stored["name"].rpartition(":")[2] or as_stored(game)["parameters"] != stored["parameters"]:
        raise InputError(
            f"what is here is of {stored['name']} with the parameters {shortened(stored['parameters'])}; "
            f"got {shortened(game)}."
        )
    if not changed_too:
        _refuse_changed(name, game, stored)
    return game


def has_changed(item: Named, stored: Parsed) -> bool:
    """Whether a user's own code is not what it was when its item was described."""
    return stored.get("code") not in (None, own_code(item))


def _refuse_changed(what: str, item: Named, stored: Parsed) -> None:
    if has_changed(item, stored):
        what = what if names_code(what) else f"a model of the followers that {what} names"
        raise InputError(f"{what} has changed since it was used here; restore it, or begin anew with 'design'.")


def game_from(argument: str, parameters: Parameters) -> games.Game:
    """A game from its registered name, a game file (see `interop.game_files`), or a user's own class `FILE.py:CLASS`.

    Raises:
        InputError: see `item_from`; or the file is not a game.
    """
    if is_game_file(argument):
        hints = {"commitment": typing.get_type_hints(read_game_file)["commitment"]}
        unknown = [key for key in parameters if key not in hints]
        if unknown:
            raise unknown_name("parameter of a game file", unknown[0], hints)
        return read_game_file(Path(argument), **{k: _read(k, v, hints[k]) for k, v in parameters.items()})
    registered = catalogue.named("game", argument) is not None
    if not names_code(argument) and not registered and ("/" in argument or files.exists(argument)):
        raise InputError(
            f"{argument} is not a game file: a name from 'firstmover games', a Gambit file *.nfg or *.efg, a long "
            "table *.csv or FILE.py:CLASS is."
        )
    game: games.Game = item_from("game", argument, parameters)
    return game


def built_by_its_author(cls: type[Made], name: str, parameters: Parameters) -> Made:
    """An instance of a user's own class, as `constructed`; what goes wrong in its code is told with its line.

    Raises:
        InputError: as `constructed`, or its code fails.
    """
    with told(cls, f"{name} cannot be made"):
        return constructed(cls, name, parameters)


def constructed(cls: type[Made], name: str, parameters: Parameters) -> Made:
    """An instance from parameters by name; strings are read as the parameter's type says.

    Raises:
        InputError: an unknown parameter, one that is missing, or a value of the wrong type or out of range.
    """
    known = settings(cls)
    if TYPES in parameters and TYPES not in known and issubclass(cls, games.Market):
        rest = {key: value for key, value in parameters.items() if key != TYPES}
        market: Any = constructed(cls, name, rest)
        return market.with_types(TypeDistribution.correlated(parameters[TYPES]))
    for key in parameters:
        if key not in known:
            raise unknown_name(f"parameter of {name}", key, known)
    missing = [key for key, default in known.items() if default is inspect.Parameter.empty and key not in parameters]
    if missing:
        raise InputError(f"{name} needs {' and '.join(missing)}.")
    hints = typing.get_type_hints(cls.__init__, include_extras=True)  # type: ignore[misc]
    made = cls(**{key: _read(key, value, hints.get(key, type(known[key]))) for key, value in parameters.items()})
    return _counted(made)


def _counted(item: Made) -> Made:
    """The item, whose counts are ones that compiled programs can count to; games say their own limits.

    Raises:
        InputError: one of them is too large.
    """
    if not isinstance(item, games.Game):
        for name in settings(type(item)):
            value = getattr(item, name, None)
            if isinstance(value, int) and abs(value) > MOST_COUNTED:
                raise InputError(f"{name} must be at most {MOST_COUNTED}; got {shortened(value)}.")
    return item


def _read(key: str, value: object, hint: object) -> Any:
    """A value as its type hint says; strings are parsed, what is not a string is checked."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _read_union(key, value, arguments)
    if origin is Annotated:
        return _READERS[arguments[1]](value) if isinstance(value, str) else value
    if origin is Literal:
        if value not in arguments:
            raise InputError(f"{key} must be one of {', '.join(arguments)}; got {value!r}.")
        return value
    if hint is bool:
        if isinstance(value, str):
            value = {"true": True, "false": False}.get(value.lower(), value)
        if not isinstance(value, bool):
            raise InputError(f"{key} must be true or false; got {value!r}.")
        return value
    if hint is int:
        return whole(value, key)
    if hint is float:
        return number(value, key)
    if origin is tuple:
        parts = _listed(value) if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise InputError(f"{key} must be a list of numbers; got {shortened(value)}.")
        return tuple(_read(key, part, arguments[0]) for part in parts)
    return value


def _read_union(key: str, value: object, options: tuple[object, ...]) -> object:
    """A value of the first kind that it can be: none, a word, and what is left of the options."""
    if type(None) in options and (value is None or value == "none"):
        return None
    words = [word for option in options if typing.get_origin(option) is Literal for word in typing.get_args(option)]
    if value in words:
        return value
    rest = [option for option in options if option is not type(None) and typing.get_origin(option) is not Literal]
    try:
        return _read(key, value, rest[0])
    except InputError as error:
        if not words:
            raise
        raise InputError(f"{str(error).partition('; got')[0]}, or {' or '.join(words)}; got {value!r}.") from None


def _listed(text: str) -> list[str]:
    """The parts of a list on the command line."""
    return text.strip("[]() ").split(",")


def _read_payoffs(name: str) -> Table:
    """The payoffs of every player of a game file, with the names of players and actions."""
    game = read_game_file(Path(name))
    tables = np.concatenate([game.tables[0].fractions[None], game.tables[1].fractions])
    numbered = all(action.isdecimal() for own in game.action_names for action in own)
    actions = [None] * len(tables) if numbered else game.action_names
    labels = (game.player_names, *actions)
    return of_fractions(tables, labels if any(labels) else ())


# Readers of what a parameter may be on the command line, mostly the name of a file, by the mark in its type hint.
_READERS: dict[str, Callable[[str], object]] = {
    "matrix": read_matrix,
    "matrices": read_matrices,
    "payoffs": _read_payoffs,
    "targets": read_targets,
    "schedules": read_schedules,
    "values": read_values,
    "sellers": read_sellers,
    "demand": read_demand,
    "probabilities": _listed,
    "names": lambda text: [name.strip() for name in text.split(",")],
    "lists of names": lambda text: [[name.strip() for name in part.split(",")] for part in text.split(";")],
}


def description(item: Named) -> Parsed:
    """Name and parameters, as JSON, from which `again` makes the item again; and a digest of a user's own code."""
    if isinstance(item, games.Game):
        parameters = item.parameters()
    else:
        given = {key: getattr(item, key) for key in settings(type(item))}
        # A function is told by its name: an item that was given one is made again only by who has it.
        parameters = json.loads(json.dumps(given, default=lambda function: function.__qualname__))
    described = {"name": item.name, "parameters": parameters}
    code = own_code(item)
    return described if code is None else described | {"code": code}


def own_code(item: Named) -> str | None:
    """A digest of the user's own files that an item, or a model of the followers that it names, stands in; or None."""
    classes = [type(item)] if names_code(item.name) else []
    named = getattr(item, "behaviours", "")
    classes += own_classes(named) if isinstance(named, str) else []
    digests = sorted({digest(cls) for cls in classes})
    return "+".join(digests) or None


def as_stored(item: Named) -> Parsed:
    """`description` as it comes back from a file."""
    stored: Parsed = json.loads(json.dumps(description(item)))
    return stored
