"""`firstmover completion`: completes commands, options and names in a shell."""

import argparse

from firstmover import catalogue
from firstmover.cli.command import Command, parsers
from firstmover.errors import InputError
from firstmover.json_types import Json

_SHELLS = ("bash", "zsh", "tcsh")


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", metavar="|".join(_SHELLS), help="the shell; e.g. firstmover completion bash")


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    from firstmover.cli.commands import COMMANDS

    if options.shell not in _SHELLS:
        raise InputError(f"a shell is one of {', '.join(_SHELLS)}; got {options.shell!r}.")
    try:
        import shtab
    except ModuleNotFoundError:
        raise InputError("completion needs shtab: pip install 'firstmover[completion]'.") from None
    whole, own = parsers(COMMANDS)
    listings = {room: kind for kind, room in catalogue.ROOMS.items()}
    for name, command in own.items():
        for action in command._actions:
            kind = listings.get(name) if action.dest == "name" else action.dest
            if kind in catalogue.ROOMS:
                action.choices = list(catalogue.items(kind))  # for the script only: a game may be a file, too
    script = shtab.complete(whole, options.shell)
    return {"shell": options.shell, "script": script}, script


COMMAND = Command("completion", "a script that completes commands and names in a shell", _declare, _run)
