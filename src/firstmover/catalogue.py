"""What can be named: games, followers and leaders with their summaries and parameters, without importing any.

An item is registered by being exported by its room. It is described from its source (see `source`).
"""

import functools
import importlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from firstmover.errors import unknown_name
from firstmover.source import REQUIRED, Class, Parameter, classes, exports, find_class, is_abstract, parameters, word

ROOMS = {"game": "games", "followers": "followers", "leader": "leaders"}
FLAGS = {"game": "-g", "followers": "-f", "leader": "-l"}

Parameters: TypeAlias = Mapping[str, Any]
"""Parameters of an item by name: words of the command line, or values of whatever kind Python users give."""


class Item(NamedTuple):
    """A game, a follower or a leader that can be named.

    Attributes:
        kind: "game", "followers" or "leader".
        name: what it is called by.
        source: its class.
    """

    kind: str
    name: str
    source: Class

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return self.source.docs.partition("\n")[0]

    @property
    def about(self) -> str:
        """What else its documentation and its module's say, without parameters and examples."""
        own = re.split(r"^(?:Args|Attributes|Example|Examples|Raises):", self.source.docs, maxsplit=1, flags=re.M)[0]
        return f"{own.partition(chr(10))[2].strip()}\n\n{self.source.module_docs}".strip()

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Its parameters by name."""
        own = parameters(self.source)
        for name, parameter in own.items():
            other = re.fullmatch(r"as in `([\w-]+)`\.", parameter.text)
            if other:
                own[name] = parameter._replace(text=items(self.kind)[other[1]].parameters[name].text)
        return own

    @property
    def example(self) -> str:
        """A command line that names it with what it needs, and with something that it may be told."""
        own = self.parameters
        given = {name: _file(name, parameter) for name, parameter in own.items() if _is_needed(parameter)}
        for name, parameter in own.items():
            if not given and isinstance(parameter.default, str | int | float):
                given[name] = _other(parameter)
        pairs = "".join(f" {FLAGS[self.kind]} {name}={value}" for name, value in given.items())
        return f"firstmover {self._named()}{pairs}"

    def _named(self) -> str:
        match self.kind:
            case "game":
                moves = word(self.source, "followers_act") == "every step"
                return f"design {self.name}{' --followers best-response' if moves else ''}"
            case "followers":
                game = "iterated-matrix" if "network" in self.parameters else "maintain"
                return f"design {game} --followers {self.name}"
        return f"design simple-allocation --leader {self.name}"

    def load(self) -> type:
        """Its class, imported."""
        loaded: type = getattr(importlib.import_module(self.source.module), self.source.node.name)
        return loaded


def _is_needed(parameter: Parameter) -> bool:
    """Whether nothing can be done without it."""
    return parameter.default is REQUIRED or parameter.default == ""


def _file(name: str, parameter: Parameter) -> str:
    return f"{name}.npz" if parameter.default == "" else f"{name}.csv"


def _other(parameter: Parameter) -> str:
    """Another word than the default where there is one, else the default as the command line takes it."""
    others = [choice for choice in parameter.choices if choice != parameter.default]
    value = others[0] if parameter.default in parameter.choices and others else parameter.default
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


@functools.cache
def items(kind: str) -> dict[str, Item]:
    """The items of a kind ("game", "followers" or "leader"), by name."""
    room = f"firstmover.{ROOMS[kind]}"
    classes = (find_class(room, name) for name in exports(room))
    by_name = {word(cls, "name"): cls for cls in classes if cls is not None and not is_abstract(cls)}
    return {name: Item(kind, name, by_name[name]) for name in sorted(filter(None, by_name))}


@functools.cache
def named(kind: str, name: str) -> Item | None:
    """The item of a kind with a name; None if there is none."""
    room, file = f"firstmover.{ROOMS[kind]}", name.replace("-", "_")
    # Most have a file of their name: the others are read only where it is not there.
    for exported in (exported for exported, module in exports(room).items() if module.endswith(f".{file}")):
        cls = find_class(room, exported)
        if cls is not None and word(cls, "name") == name and not is_abstract(cls):
            return Item(kind, name, cls)
    return items(kind).get(name)


def item(kind: str, name: str) -> Item:
    """The item with a name, or a user's own class `FILE.py:CLASS` (or `FILE.py` with one class), which is not executed.

    Raises:
        InputError: there is none, or the file cannot be read.
    """
    file, _, wanted = name.rpartition(":") if ":" in name else (name, "", "")
    if file.endswith(".py"):
        own = classes(file)
        if wanted not in own and (wanted or len(own) != 1):
            raise unknown_name(f"class of {file}", wanted, own)
        return Item(kind, name, own[wanted or next(iter(own))])
    found = named(kind, name)
    if found is None:
        raise unknown_name(kind, name, items(kind))
    return found
