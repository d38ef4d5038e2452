"""`firstmover new`: a commented file to start from."""

import argparse

from firstmover.cli.command import Command
from firstmover.json_types import Json


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", help="the file is NAME.py, the class in it Name")
    command.add_argument(
        "--kind", default="market", metavar="KIND", help="market (by default), game, follower or leader"
    )


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    from firstmover.templates import write_new

    path = write_new(options.name, options.kind)
    return {
        "file": str(path)
    }, f"{path} is written. Its first lines say what to do next:\n\n    firstmover check {path}"


COMMAND = Command("new", "write a commented, working file of your own to start from", _declare, _run)
