"""`firstmover export`: a rule, or a game, in forms that other people and programs read."""

import argparse
from pathlib import Path

from firstmover.cli.command import Command, add_code, add_parameters, pairs, refuse_game
from firstmover.errors import InputError, unknown_name
from firstmover.json_types import Json

_FORMS = ("csv", "latex", "markdown", "nfg", "python")


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", metavar="RULE", help="a run folder or a rule file; for nfg a game too")
    command.add_argument("--to", required=True, metavar="FORM", help=f"one of {', '.join(_FORMS)}")
    command.add_argument("-o", "--out", metavar="FILE", help="a new file (stdout)")
    add_parameters(command, "-g", "game")
    add_code(command)


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    from firstmover import files

    if options.to not in _FORMS:
        raise unknown_name("form", options.to, _FORMS)
    if options.out is not None and files.exists(options.out):
        raise InputError(f"{options.out} exists; name a new file with -o.")
    if options.to == "nfg":
        from firstmover.jobs.exports import game_file

        text = game_file(options.path, pairs("-g", options.game_parameters), options.code)
    else:
        from firstmover.rules.exporting import exported

        refuse_game(options.path)
        if options.game_parameters or options.code:
            raise InputError(f"-g and --code go with --to nfg; {options.to} needs the rule alone.")
        text = exported(options.path, options.to)
    result = {"to": options.to, "out": options.out, "text": text}
    if options.out is None:
        return result, text.removesuffix("\n")
    files.write_whole(Path(options.out), text.encode(errors="backslashreplace"), new=True)
    return result, f"wrote {options.out}"


COMMAND = Command("export", "a rule as CSV, LaTeX, Markdown or Python; a game as a Gambit file", _declare, _run)
