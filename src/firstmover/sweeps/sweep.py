"""Many designs from one file: given out to workers, gone on with where one was lost, told in one table."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firstmover import files
from firstmover.errors import InputError, require
from firstmover.jobs.loop import Progress, Silent
from firstmover.json_types import JsonObject
from firstmover.sweeps.executors import Place, place
from firstmover.sweeps.plan import read_plan
from firstmover.sweeps.schedule import Told, schedule
from firstmover.sweeps.table import Row, row, write_table
from firstmover.sweeps.task import Answer, carry_out


@dataclass(frozen=True)
class Sweep:
    """A sweep that has ended.

    Attributes:
        out: its folder: `designs/` with a run folder each, `log.jsonl`, and the table.
        rows: one for every design, in the order of the file.
        skipped: how many were finished before.
        lost: how many workers were lost on the way.
        seconds: waited for.
        tables: the files of the table.
    """

    out: Path
    rows: list[Row]
    skipped: int
    lost: int
    seconds: float
    tables: list[Path]

    @property
    def counts(self) -> dict[str, int]:
        """How many designs ended how: "finished", "refused", "failed"."""
        return {"finished": 0, "refused": 0, "failed": 0} | Counter(str(row["status"]) for row in self.rows)

    def as_json(self) -> JsonObject:
        """All of it as JSON values."""
        return {
            "out": str(self.out),
            **self.counts,
            "skipped": self.skipped,
            "lost_workers": self.lost,
            "seconds": self.seconds,
            "tables": [str(path) for path in self.tables],
            "rows": self.rows,
        }


def sweep(
    path: str | Path,
    *,
    out: str | Path | None = None,
    on: str | Place = "local",
    jobs: int | None = None,
    code: str | Path | list[str] | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Make all designs that a TOML file asks for (see `sweeps.plan`); not those that are finished.

    Args:
        path: the file.
        out: the folder of the sweep, new or one to go on with; `runs/` and the file's stem if not given.
        on: "local" (processes of this machine), "ray" or "slurm"; or a `sweeps.executors.Place` of your own.
        jobs: designs at a time; 2 on this machine, a cluster's cores on Ray and 100 on Slurm if not given.
        code: the file of a user's own classes, or several, which workers execute.
        progress: told of what goes on.

    Raises:
        InputError: the file asks for what there is not, or there is no such place.

    Example:
        >>> sweep("missing.toml")
        Traceback (most recent call last):
        ...
        firstmover.errors.InputError: cannot read missing.toml: No such file or directory.
    """
    began, progress = time.perf_counter(), progress or Silent()
    folder = Path(out) if out is not None else Path("runs") / Path(path).stem
    named = [] if code is None else [code] if isinstance(code, str | Path) else code
    require(jobs is None or jobs >= 1, "jobs must be at least 1", jobs)
    if files.exists(folder / "config.json"):
        raise InputError(f"{folder} is the folder of a run; name another with --out.")
    progress.stage("reading the plan")
    tasks, options = read_plan(path, folder, tuple(str(Path(file).absolute()) for file in named))
    files.make_folder(folder)
    todo = [task for task in tasks if not task.finished]
    answers = {task.name: Answer("finished") for task in tasks if task.finished}
    lost = 0
    if todo:
        where = place(on, jobs, folder, options.get(on, {})) if isinstance(on, str) else on
        progress.stage(f"{len(todo)} of {len(tasks)} designs, {where.jobs} at a time")
        given, lost = schedule(todo, carry_out, where, _teller(progress, len(todo)))
        answers |= {task.name: answer for task, answer in zip(todo, given, strict=True)}
    rows = [row(task, answers[task.name]) for task in tasks]
    tables = write_table(folder, Path(path).stem, rows)
    return Sweep(folder, rows, len(tasks) - len(todo), lost, time.perf_counter() - began, tables)


def _teller(progress: Progress, total: int) -> Callable[[Told], None]:
    """Tells progress of every answer and every worker lost, and lets it interrupt."""
    last = Told(0, 0)

    def told(now: Told) -> None:
        nonlocal last
        progress.alive()
        if now != last:
            lost = f", {now.lost} workers lost" if now.lost else ""
            progress.stage(f"{now.answered} of {total} designs{lost}")
        last = now

    return told
