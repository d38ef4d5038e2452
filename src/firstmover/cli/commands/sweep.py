"""`firstmover sweep`: many designs from one file, on this machine or a cluster."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from firstmover.cli.command import Command, add_code
from firstmover.json_types import Json
from firstmover.sweeps import PLACES

if TYPE_CHECKING:
    from firstmover.sweeps.sweep import Sweep


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="a TOML file: games, followers, leaders, parameters, seeds")
    command.add_argument("--out", metavar="DIR", help="its folder, new or to go on with (runs/FILE)")
    command.add_argument("--jobs", metavar="N", help="designs at a time (2; on ray all its cores, on slurm 100)")
    command.add_argument("--on", choices=PLACES, default="local", help="where (local)")
    add_code(command)


def _run(options: argparse.Namespace) -> tuple[Json, str]:
    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import whole
    from firstmover.sweeps.sweep import sweep

    out = Path(options.out) if options.out else Path("runs") / Path(options.file).stem
    with Watched(
        out / "log.jsonl", f"sweep {options.file}{f' --out {options.out}' if options.out else ''}"
    ) as progress:
        made = sweep(
            options.file,
            out=out,
            on=options.on,
            jobs=None if options.jobs is None else whole(options.jobs, "--jobs"),
            code=options.code,
            progress=progress,
        )
    options.status = 0 if made.counts["finished"] == len(made.rows) else 1
    return made.as_json(), _text(made)


def _text(made: "Sweep") -> str:
    lines = [f"{row['design']}: {row['status']}, {row['reason']}" for row in made.rows if row["status"] != "finished"]
    counts = ", ".join(f"{number} {status}" for status, number in made.counts.items() if number)
    skipped = f" ({made.skipped} were finished before)" if made.skipped else ""
    lost = f"; {made.lost} workers were lost, and others went on from their checkpoints" if made.lost else ""
    lines.append(f"{len(made.rows)} designs: {counts}{skipped}{lost}; took {made.seconds:.1f} s")
    return "\n".join([*lines, f"table: {', '.join(str(path) for path in made.tables)}"])


COMMAND = Command("sweep", "many designs from one file, on this machine or a cluster", _declare, _run)
