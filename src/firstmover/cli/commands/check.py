"""`firstmover check`: does a user's own game, follower or leader keep its contract?"""

import argparse

from firstmover.cli.command import Command, add_parameters, pairs
from firstmover.json_types import Json


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE[:CLASS]", help="a Python file of your own, which is executed")
    add_parameters(command, "-g", "game")


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    from firstmover.testing.own_files import check_file

    checks = check_file(options.file, pairs("-g", options.game_parameters))
    options.status = int(not all(check.passed for check in checks))
    lines = [f"{'passed' if check.passed else 'FAILED'}  {check.check}  {check.why}".rstrip() for check in checks]
    return {"checks": [check._asdict() for check in checks]}, "\n".join(lines)


COMMAND = Command(
    "check", "try a game, a follower or a leader of your own and say what is wrong with it", _declare, _run
)
