"""`firstmover reproduce`: the papers' figures and tables."""

import argparse
from pathlib import Path

from firstmover.cli.command import Command, use_all_cores
from firstmover.errors import InputError
from firstmover.json_types import Json


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("names", nargs="*", metavar="NAME", help="figures, or all")
    command.add_argument("--list", action="store_true", dest="only_list", help="the figures and what they claim")
    command.add_argument("--seeds", default="25", metavar="N", help="independent seeds of every experiment (25)")
    command.add_argument("--out", default="reproduction", metavar="DIR", help="where it all goes (reproduction)")


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    use_all_cores()
    from firstmover import reproduce
    from firstmover.cli import printing
    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import whole

    if options.only_list:
        return reproduce.claims(), printing.claims(reproduce.claims())
    if not options.names:
        raise InputError("name the figures to reproduce, or all; 'firstmover reproduce --list' shows them.")
    again = f"reproduce {' '.join(options.names)} --seeds {options.seeds} --out {options.out}"
    with Watched(Path(options.out) / "runs", again) as progress:
        results = reproduce.reproduce(
            options.names, seeds=whole(options.seeds, "--seeds"), out=options.out, progress=progress
        )
    return results, printing.verdicts(results)


COMMAND = Command(
    "reproduce", "the papers' figures and tables: run, compare with what was published, draw", _declare, _run
)
