"""What a command is, and the arguments that several commands share."""

import argparse
import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, NoReturn

import firstmover
from firstmover import catalogue
from firstmover.errors import InputError, unknown_name
from firstmover.json_types import Json

GAME = "a name from 'firstmover games', a file *.nfg, *.efg or *.csv (player 1 leads), or FILE.py:CLASS"


class Command(NamedTuple):
    """A command: a module of `commands` declares one, and imports what is heavy inside `run`.

    Attributes:
        name: what it is called by.
        summary: one line for the help.
        declare: adds its arguments to its parser (`--json` is every command's).
        run: does it; returns the result as JSON and as text.  `options.status` is the exit status, 0 unless it sets it.
    """

    name: str
    summary: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], tuple[Json, str]]


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line.

        Raises:
            InputError: always.
        """
        raise InputError(f"{message}; see '{self.prog} --help'.")


def parsers(commands: Sequence[Command]) -> tuple[Parser, dict[str, Parser]]:
    """The parser of the whole command line, and that of every command by name."""
    whole = Parser(prog="firstmover", description="Choose the rules of a market whose participants adapt to them.")
    whole.add_argument("--version", action="version", version=f"firstmover {firstmover.__version__}")
    subparsers = whole.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for command in commands:
        own = subparsers.add_parser(command.name, help=command.summary, description=command.summary)
        own.set_defaults(command=command, status=0)
        own.add_argument("--json", action="store_true", help="one JSON object on stdout")
        command.declare(own)
    return whole, subparsers.choices


def parsed(commands: Sequence[Command], arguments: Sequence[str]) -> argparse.Namespace:
    """What a command line says; without arguments it asks for help.

    Raises:
        InputError: it names something that there is not, or cannot be understood. Nothing heavy is imported for that.
    """
    whole, own = parsers(commands)
    if arguments and not arguments[0].startswith("-") and arguments[0] not in own:
        raise unknown_name("command", arguments[0], own)
    options = whole.parse_args(arguments or ["--help"])
    _check_names(options)
    return options


def add_parameters(command: argparse.ArgumentParser, flag: str, of: str) -> None:
    """Add `FLAG KEY=VALUE` for the parameters of something."""
    command.add_argument(
        flag, dest=of + "_parameters", action="append", default=[], metavar="KEY=VALUE", help=f"a parameter of the {of}"
    )


def add_code(command: argparse.ArgumentParser) -> None:
    """Add `--code FILE`."""
    command.add_argument(
        "--code",
        action="append",
        metavar="FILE",
        help="the Python file of a class of your own, which is executed; once for each file",
    )


def add_goals(command: argparse.ArgumentParser) -> None:
    """Add what a rule is held against: `--at-least MEASURE=NUMBER` and `--status-quo RULE`."""
    command.add_argument(
        "--at-least",
        action="append",
        default=[],
        metavar="MEASURE=NUMBER",
        help="a measure that must not fall short, such as welfare=2; once for each",
    )
    add_status_quo(command)


def add_status_quo(command: argparse.ArgumentParser) -> None:
    """Add `--status-quo RULE`."""
    command.add_argument(
        "--status-quo", metavar="RULE", help="a rule file, a run folder, or a rule by name, to be beaten"
    )


def add_data(command: argparse.ArgumentParser) -> None:
    """Add where the prior comes from, and how it may be off: `--types`, `--holdout`, `--holdout-seed`, `--robust`."""
    command.add_argument("--types", metavar="FILE", help="a table of observed participants, for the prior")
    command.add_argument("--holdout", metavar="SHARE|FILE", help="rows that are kept out and valued: 0.25, or a file")
    command.add_argument("--holdout-seed", default="0", metavar="S", help="of the rows that are kept out (0)")
    command.add_argument("--robust", metavar="R", help="value under the worst prior within this total variation")


def add_verbose(command: argparse.ArgumentParser) -> None:
    """Add `--verbose`."""
    command.add_argument("--verbose", action="store_true", help="all parameters, ranges of payoffs, numbers of steps")


def use_all_cores() -> None:
    """Have JAX see each core as a device that gets a share of the seeds, unless the user has said how many there are.

    To be called before JAX is imported; later it does nothing.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if "xla_force_host_platform_device_count" not in os.environ.get("XLA_FLAGS", ""):
        os.environ.setdefault("JAX_NUM_CPU_DEVICES", str(cores))


def pairs(flag: str, given: Sequence[str]) -> dict[str, str]:
    """The parameters that were given with a flag.

    Raises:
        InputError: one is not `KEY=VALUE`, or is given twice.
    """
    pairs: dict[str, str] = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise InputError(f"{flag} takes KEY=VALUE; got {item!r}.")
        if key in pairs:
            raise InputError(f"{flag} {key} is given twice.")
        pairs[key] = value
    return pairs


def _check_names(options: argparse.Namespace) -> None:
    """Refuse what nothing is called by.

    Raises:
        InputError: a game, a follower, a leader or a parameter of one is not known.
    """
    for kind, flag in catalogue.FLAGS.items():
        argument = getattr(options, kind, None)
        if argument is not None:
            check_name(kind, argument, pairs(flag, getattr(options, f"{kind}_parameters", [])))


def refuse_game(path: str) -> None:
    """Refuse the name of a game where a rule is needed.

    Raises:
        InputError: it is one, and no file is called so.
    """
    if catalogue.named("game", path) and not os.path.exists(path):  # noqa: PTH110  a path that cannot be is none
        raise InputError(
            f"{path} is a game, and a rule is needed here: name a run folder or a rule file, such as "
            f"'firstmover solve {path} --out rule.json' writes."
        )


def check_name(kind: str, argument: str, given: Iterable[str]) -> None:
    """Refuse a name that nothing is called by, and parameters that it has not; files are not looked at.

    Raises:
        InputError: there is no such item of this kind, or it has no such parameter.
    """
    if not re.fullmatch(r"[\w-]+", argument):
        return
    known = catalogue.item(kind, argument).parameters
    for key in given:
        if key not in known:
            raise unknown_name(f"parameter of {argument}", key, known)
