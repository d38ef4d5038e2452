"""`firstmover games`, `followers` and `leaders`: what can be named."""

import argparse
import functools
import textwrap
from typing import NamedTuple

from firstmover import catalogue
from firstmover.catalogue import Item
from firstmover.cli.command import Command
from firstmover.json_types import Json, JsonObject
from firstmover.source import REQUIRED, Parameter


class _Listed(NamedTuple):
    """What a listing says of an item: its summary, and its parameters with their defaults."""

    summary: str
    parameters: JsonObject


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", nargs="?", metavar="NAME", help="one of them, or FILE.py:CLASS, explained")


def _run(kind: str, options: argparse.Namespace) -> tuple[Json, str]:
    if options.name is not None:
        item = catalogue.item(kind, options.name)
        return _explained(item), _page(item)
    items = {
        name: _Listed(item.summary, {key: _default(parameter) for key, parameter in item.parameters.items()})
        for name, item in catalogue.items(kind).items()
    }
    return {name: listed._asdict() for name, listed in items.items()}, _listing(items)


def _default(parameter: Parameter) -> Json:
    """A parameter's default as JSON: null for none, "required" where there is none to fall back on."""
    return "required" if parameter.default is REQUIRED else parameter.default


def _listing(items: dict[str, _Listed]) -> str:
    """Names, summaries and parameters."""
    lines = []
    for name, item in items.items():
        settings = ", ".join(f"{key}={_written(value)}" for key, value in item.parameters.items())
        lines.append(f"{name:24} {item.summary}")
        lines.append(f"{'':24} {settings}")
    return "\n".join(lines)


def _explained(item: Item) -> JsonObject:
    return {
        "name": item.name,
        "summary": item.summary,
        "about": item.about,
        "parameters": {
            key: {"type": parameter.kind, "default": _default(parameter), "text": parameter.text}
            for key, parameter in item.parameters.items()
        },
        "example": item.example,
    }


def _page(item: Item) -> str:
    """All about one item."""
    lines = [f"{item.name}: {item.summary}"]
    for paragraph in filter(None, item.about.split("\n\n")):
        lines += ["", paragraph]
    lines += ["", f"parameters ({catalogue.FLAGS[item.kind]} KEY=VALUE):"]
    for key, parameter in item.parameters.items():
        default = "required" if parameter.default is REQUIRED else f"default {_written(parameter.default)}"
        lines += ["", f"  {key}: {parameter.kind}; {default}"]
        lines += textwrap.wrap(parameter.text, 110, initial_indent="      ", subsequent_indent="      ")
    return "\n".join([*lines, "", "for example:", f"  {item.example}"])


def _written(value: object) -> str:
    """A default as text."""
    return "none" if value is None else str(value)


COMMANDS = [
    Command(name, f"the {name} there are, with their parameters", _declare, functools.partial(_run, kind))
    for kind, name in (("game", "games"), ("followers", "followers"), ("leader", "leaders"))
]
