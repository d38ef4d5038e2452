"""From words to objects: registered names and `key=value` parameters become games, followers and leaders.

What can be named is what the rooms export, so that adding an item is one new file and one line. The command line, the
run folder and the Python interface all come through here.
"""

import inspect
import json
import types
import typing
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np

from firstmover import followers as follower_room
from firstmover import games as game_room
from firstmover import leaders as leader_room
from firstmover.errors import InputError, unknown_name
from firstmover.followers import Follower
from firstmover.games import Game
from firstmover.leaders import Leader

_ROOMS: dict[str, tuple[Any, Any]] = {
    "game": (game_room, Game),
    "followers": (follower_room, Follower),
    "leader": (leader_room, Leader),
}

KINDS = tuple(_ROOMS)


def registered(kind: str) -> dict[str, Any]:
    """The classes of a kind ("game", "followers" or "leader") that can be named, by name."""
    room, base = _ROOMS[kind]
    exported: list[Any] = [getattr(room, item) for item in room.__all__]
    concrete: list[Any] = [
        c for c in exported if inspect.isclass(c) and issubclass(c, base) and not inspect.isabstract(c)
    ]
    return {c.name: c for c in sorted(concrete, key=lambda c: c.name)}


def summary(cls: type) -> str:
    """The first line of a class's documentation."""
    return inspect.getdoc(cls).splitlines()[0]  # type: ignore[union-attr]


def settings(cls: type) -> dict[str, Any]:
    """The parameters that can be set by name, with their defaults (`inspect.Parameter.empty` if required)."""
    return {p.name: p.default for p in inspect.signature(cls).parameters.values()}


def build(kind: str, name: str, parameters: Mapping[str, Any]) -> Any:
    """The named item with these parameters; strings are read as the parameter's type says.

    Raises:
        InputError: an unknown name or parameter, one that is missing, or a value of the wrong type or out of range.
    """
    known = registered(kind)
    if name not in known:
        raise unknown_name(kind, name, known)
    return _construct(known[name], name, parameters)


def game_from(argument: str, parameters: Mapping[str, Any]) -> Game:
    """A game from its registered name, or from a Gambit file `*.nfg`.

    Raises:
        InputError: see `build`; or the file is not a game.
    """
    if argument.endswith(".nfg"):
        from firstmover.interop.gambit import read_nfg

        hints = {"commitment": typing.get_type_hints(read_nfg)["commitment"]}
        unknown = [key for key in parameters if key not in hints]
        if unknown:
            raise unknown_name("parameter of a game file", unknown[0], hints)
        return read_nfg(Path(argument), **{k: _read(k, v, hints[k]) for k, v in parameters.items()})
    if argument not in registered("game") and ("/" in argument or Path(argument).exists()):
        raise InputError(f"{argument} is not a game file: a name from 'firstmover games' or a Gambit file *.nfg is.")
    return build("game", argument, parameters)


def _construct(cls: type, name: str, parameters: Mapping[str, Any]) -> Any:
    known = settings(cls)
    for key in parameters:
        if key not in known:
            raise unknown_name(f"parameter of {name}", key, known)
    missing = [key for key, default in known.items() if default is inspect.Parameter.empty and key not in parameters]
    if missing:
        raise InputError(f"{name} needs {' and '.join(missing)}.")
    hints = typing.get_type_hints(cls.__init__)  # type: ignore[misc]
    return cls(**{key: _read(key, value, hints[key]) for key, value in parameters.items()})


def _read(key: str, value: Any, hint: Any) -> Any:
    """A value as its type hint says; strings are parsed, what is not a string is checked."""
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    if type(None) in options:
        if value is None or value == "none":
            return None
        return _read(key, value, next(option for option in options if option is not type(None)))
    origin = typing.get_origin(hint)
    if origin is Literal:
        if value not in typing.get_args(hint):
            raise InputError(f"{key} must be one of {', '.join(typing.get_args(hint))}; got {value!r}.")
        return value
    if hint is int:
        return whole(key, value)
    if hint is float:
        return _number(key, value)
    if origin is tuple:
        parts = value.strip("[]() ").split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise InputError(f"{key} must be a list of numbers; got {value!r}.")
        return tuple(_number(key, part) for part in parts)
    if hint is Any and isinstance(value, str):
        return read_matrix(Path(value))
    return value


def whole(key: str, value: Any) -> int:
    """A whole number, from a string or as it is.

    Raises:
        InputError: it is not one.
    """
    try:
        if isinstance(value, str):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    except ValueError:
        pass
    raise InputError(f"{key} must be a whole number; got {value!r}.")


def _number(key: str, value: Any) -> float:
    try:
        if isinstance(value, str):
            value = Fraction(value.strip()) if "/" in value else float(value)
        if isinstance(value, int | float | Fraction) and not isinstance(value, bool) and np.isfinite(float(value)):
            return float(value)
    except (ValueError, ZeroDivisionError):
        pass
    raise InputError(f"{key} must be a finite number; got {value!r}.")


def read_matrix(path: Path) -> np.ndarray:
    """A table of numbers from a CSV file, one row per line, no header.

    Raises:
        InputError: the file cannot be read, is empty, not UTF-8, ragged, or holds something other than numbers.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file in UTF-8.") from None
    if not lines:
        raise InputError(f"{path} is empty; a table of numbers is needed, one row per line.")
    rows = [[_number(f"row {i + 1} of {path}", cell) for cell in line.split(",")] for i, line in enumerate(lines)]
    if len({len(row) for row in rows}) > 1:
        raise InputError(f"the rows of {path} differ in length: {sorted({len(row) for row in rows})} numbers.")
    return np.array(rows)


def description(item: Game | Follower | Leader) -> dict[str, Any]:
    """Name and parameters, as JSON, from which `build` makes the item again."""
    if isinstance(item, Game):
        return {"name": item.name, "parameters": item.parameters()}
    values = {key: getattr(item, key) for key in settings(type(item))}
    return {"name": item.name, "parameters": json.loads(json.dumps(values))}
