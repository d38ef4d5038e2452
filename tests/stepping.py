"""Tasks for workers in tests: nothing heavy is imported, so that workers start at once."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from firstmover.sweeps.task import Answer


@dataclass(frozen=True)
class Steps:
    """A task of many short steps, each of which is a file."""

    folder: Path
    steps: int

    @property
    def reached(self) -> int:
        return len(list(self.folder.iterdir()))


def step_by_step(task: Steps) -> Answer:
    for step in range(task.steps):
        if not (task.folder / str(step)).exists():
            time.sleep(0.05)
            (task.folder / str(step)).touch()
    with (task.folder.parent / "ended").open("a") as log:
        log.write(task.folder.name + "\n")
    return Answer("finished")


def die(task: Steps) -> Answer:
    os._exit(1)
