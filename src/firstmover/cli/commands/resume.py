"""`firstmover resume`: go on with a run that was stopped."""

import argparse
from pathlib import Path

from firstmover.cli.command import Command, add_code, add_verbose, use_all_cores
from firstmover.cli.logs import add_log, logged
from firstmover.json_types import Json


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("run", metavar="RUN", help="a run folder")
    add_code(command)
    add_log(command)
    add_verbose(command)


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    use_all_cores()
    from firstmover.cli import printing
    from firstmover.cli.progress import Watched
    from firstmover.jobs import pretraining
    from firstmover.jobs.designs import resume
    from firstmover.jobs.runs import Run

    kind = Run.open(options.run, None).kind
    with Watched(Path(options.run) / "config.json", f"resume {options.run}") as progress:
        given = {"code": options.code, "progress": progress, "waiting_since": options.waiting_since}
        if kind == pretraining.KIND:
            trained = pretraining.resume_pretraining(options.run, **given)
            return trained.as_json(), printing.pretrained(trained.as_json())
        with logged(options, Path(options.run)) as callback:
            made = resume(options.run, **given, callback=callback)
    return made.as_json(), printing.design(made.as_json(), verbose=options.verbose)


COMMAND = Command("resume", "go on with a run that was stopped or killed", _declare, _run)
