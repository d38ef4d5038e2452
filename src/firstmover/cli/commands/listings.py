"""`firstmover games`, `followers` and `leaders`: what can be named."""

import argparse
import functools
from typing import Any

from firstmover.cli.command import Command


def _declare(command: argparse.ArgumentParser) -> None:
    pass


def _run(kind: str, options: argparse.Namespace) -> tuple[Any, str]:
    from firstmover.build import registered, settings, summary
    from firstmover.cli import printing

    items = {
        name: {"summary": summary(cls), "parameters": {k: printing.default(v) for k, v in settings(cls).items()}}
        for name, cls in registered(kind).items()
    }
    return items, printing.listing(items)


COMMANDS = [
    Command(name, f"the {name} there are, with their parameters", _declare, functools.partial(_run, kind))
    for kind, name in (("game", "games"), ("followers", "followers"), ("leader", "leaders"))
]
