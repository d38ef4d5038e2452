"""From words to objects: registered names and `key=value` parameters become games, followers and leaders.

What can be named is what the rooms export, so that adding an item is one new file and one line. The command line, the
run folder and the Python interface all come through here.
"""

import csv
import inspect
import json
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from firstmover import catalogue, files, followers, games, leaders
from firstmover.errors import InputError, unknown_name
from firstmover.exact_numbers import Table, exact, number, of_fractions, shortened, whole
from firstmover.games.security import COLUMNS
from firstmover.interop.python_files import class_named, digest, names_code

KINDS = tuple(catalogue.ROOMS)


def registered(kind: str) -> dict[str, Any]:
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


def settings(cls: type) -> dict[str, Any]:
    """The parameters that can be set by name, with their defaults (`inspect.Parameter.empty` if required)."""
    return {p.name: p.default for p in inspect.signature(cls).parameters.values()}


def build(kind: str, name: str, parameters: Mapping[str, Any]) -> Any:
    """The named item with these parameters; strings are read as the parameter's type says.

    Raises:
        InputError: an unknown name or parameter, one that is missing, or a value of the wrong type or out of range.
    """
    return constructed(catalogue.item(kind, name).load(), name, parameters)


def item_from(kind: str, argument: str, parameters: Mapping[str, Any]) -> Any:
    """The item with a registered name, or of a user's own class `FILE.py:CLASS`, whose file is executed.

    Raises:
        InputError: see `build` and `interop.python_files.class_named`.
    """
    if names_code(argument):
        return constructed(class_named(argument, _base(kind)), argument, parameters)
    return build(kind, argument, parameters)


def again(kind: str, stored: Mapping[str, Any], code: str | Path | None = None) -> Any:
    """The item that `description` describes; one of a user's own class only if its file is named again.

    Args:
        kind: "game", "followers" or "leader".
        stored: its description.
        code: the user's own file.

    Raises:
        InputError: see `build`; or it is of a user's own class and no file is named, or one that has changed.
    """
    name, parameters = stored["name"], stored["parameters"]
    if not names_code(name):
        return build(kind, name, parameters)
    file, _, cls = name.partition(":")
    if code is None:
        raise InputError(
            f"{cls} stands in a user's own file, {file}, which is not executed because a file names it; name it "
            f"yourself, with --code {file} (in Python code={file!r})."
        )
    item = item_from(kind, f"{code}:{cls}", parameters)
    if stored.get("code") not in (None, digest(type(item))):
        raise InputError(f"{code} has changed since it was used here; restore it, or begin anew with 'design'.")
    return item


def game_from(argument: str, parameters: Mapping[str, Any]) -> games.Game:
    """A game from its registered name, a Gambit file `*.nfg`, or a user's own class `FILE.py:CLASS`.

    Raises:
        InputError: see `item_from`; or the file is not a game.
    """
    if argument.endswith(".nfg"):
        from firstmover.interop.gambit import read_nfg

        hints = {"commitment": typing.get_type_hints(read_nfg)["commitment"]}
        unknown = [key for key in parameters if key not in hints]
        if unknown:
            raise unknown_name("parameter of a game file", unknown[0], hints)
        return read_nfg(Path(argument), **{k: _read(k, v, hints[k]) for k, v in parameters.items()})
    registered = argument in catalogue.items("game")
    if not names_code(argument) and not registered and ("/" in argument or files.exists(argument)):
        raise InputError(
            f"{argument} is not a game file: a name from 'firstmover games', a Gambit file *.nfg or FILE.py:CLASS is."
        )
    game: games.Game = item_from("game", argument, parameters)
    return game


def constructed(cls: type, name: str, parameters: Mapping[str, Any]) -> Any:
    """An instance from parameters by name; strings are read as the parameter's type says.

    Raises:
        InputError: an unknown parameter, one that is missing, or a value of the wrong type or out of range.
    """
    known = settings(cls)
    for key in parameters:
        if key not in known:
            raise unknown_name(f"parameter of {name}", key, known)
    missing = [key for key, default in known.items() if default is inspect.Parameter.empty and key not in parameters]
    if missing:
        raise InputError(f"{name} needs {' and '.join(missing)}.")
    hints = typing.get_type_hints(cls.__init__, include_extras=True)  # type: ignore[misc]
    return cls(**{key: _read(key, value, hints.get(key, type(known[key]))) for key, value in parameters.items()})


def _read(key: str, value: Any, hint: Any) -> Any:
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


def _read_union(key: str, value: Any, options: tuple[Any, ...]) -> Any:
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


def read_matrix(name: str) -> Table:
    """A table of numbers from a CSV file, one row per line, no header.

    Raises:
        InputError: the file cannot be read, is empty, not UTF-8, ragged, or holds something other than numbers.
    """
    path = Path(name)
    return of_fractions(_csv_rows(path, _csv_lines(path), first=1))


def _csv_lines(path: Path) -> list[str]:
    text = files.read_text(path, {b",": 420, b"\n": 560, b"\r": 560})
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise InputError(f"{path} is empty; a table of numbers is needed, one row per line.")
    return lines


def _csv_rows(path: Path, lines: list[str], *, first: int) -> np.ndarray:
    """The numbers of some lines, of which the first has this number in the file."""
    if not lines:
        raise InputError(f"{path} has a header only; a table of numbers is needed, one row per line.")
    rows = [[exact(cell, f"row {i} of {path}") for cell in line.split(",")] for i, line in enumerate(lines, first)]
    if len({len(row) for row in rows}) > 1:
        raise InputError(f"the rows of {path} differ in length: {sorted({len(row) for row in rows})} numbers.")
    return np.array(rows, object)


def _read_matrices(names: str) -> Table:
    """Tables of numbers of one shape from CSV files whose names stand between commas: [files, rows, columns]."""
    tables = [read_matrix(name.strip()).fractions for name in names.split(",")]
    if len({table.shape for table in tables}) > 1:
        raise InputError(f"the tables of {names} must have one shape; got {[table.shape for table in tables]}.")
    return of_fractions(np.stack(tables))


def _read_targets(name: str) -> dict[str, Any]:
    """The columns of a security game's targets, from a CSV file with their names in its header."""
    path = Path(name)
    header, *rows = csv.reader(_csv_lines(path))
    names = [cell.strip().lower() for cell in header]
    if sorted(names) != sorted(["target", *COLUMNS]):
        raise InputError(f"the header of {path} must be target,{','.join(COLUMNS)}; got {','.join(header)}.")
    for i, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise InputError(f"row {i} of {path} must have {len(names)} cells; got {len(row)}.")
    if not rows:
        raise InputError(f"{path} has a header only; one row per target is needed.")
    columns: dict[str, Any] = {}
    for column, cells in zip(names, zip(*rows, strict=True), strict=True):
        texts = [cell.strip() for cell in cells]
        columns[column] = (
            texts
            if column == "target"
            else [exact(text, f"{column} in row {i} of {path}") for i, text in enumerate(texts, start=2)]
        )
    return columns


def _read_payoffs(name: str) -> Table:
    """The payoffs of every player of a Gambit file."""
    from firstmover.interop.gambit import read_payoffs

    return read_payoffs(Path(name))


def _read_values(name: str) -> dict[str, Any]:
    """The agents' values and their probabilities, from a CSV file with a header.

    Columns `agent, probability, value of item 0, ...` list the types of every agent, drawn independently; columns
    `probability, value of agent 0's item 0, ..., value of agent 1's item 0, ...` list joint realisations.
    """
    path = Path(name)
    header, *lines = _csv_lines(path)
    rows = _csv_rows(path, lines, first=2)
    kind = header.split(",")[0].strip().lower()
    if kind == "agent":
        if rows.shape[1] < 3:
            raise InputError(f"{path} needs the columns agent, probability and one per item.")
        agents = sorted(set(rows[:, 0].tolist()))
        if agents != list(range(len(agents))):
            raise InputError(f"the agents of {path} must be numbered 0, 1, ...; got {', '.join(map(str, agents[:9]))}.")
        own = [rows[rows[:, 0] == i] for i in range(len(agents))]
        return {"values": [r[:, 2:].tolist() for r in own], "probabilities": [r[:, 1].tolist() for r in own]}
    if kind == "probability":
        return {"realisations": rows[:, 1:].tolist(), "probabilities": rows[:, 0].tolist()}
    raise InputError(f"the header of {path} must begin with 'agent' or 'probability'; got {kind!r}.")


# Readers of what a parameter may be on the command line, mostly the name of a file, by the mark in its type hint.
_READERS: dict[str, Any] = {
    "matrix": read_matrix,
    "matrices": _read_matrices,
    "payoffs": _read_payoffs,
    "targets": _read_targets,
    "values": _read_values,
    "probabilities": _listed,
}


def description(item: Any) -> dict[str, Any]:
    """Name and parameters, as JSON, from which `again` makes the item again; and a digest of a user's own code."""
    if isinstance(item, games.Game):
        parameters = item.parameters()
    else:
        parameters = json.loads(json.dumps({key: getattr(item, key) for key in settings(type(item))}))
    described = {"name": item.name, "parameters": parameters}
    return described | ({"code": digest(type(item))} if names_code(item.name) else {})


def as_stored(item: Any) -> dict[str, Any]:
    """`description` as it comes back from a file."""
    stored: dict[str, Any] = json.loads(json.dumps(description(item)))
    return stored
