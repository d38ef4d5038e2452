"""One design of a sweep, in plain values that travel to any worker, and what a worker does with it."""

import json
import os
import socket
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from firstmover import files
from firstmover.errors import FailedError, InputError
from firstmover.json_types import JsonObject

LOG = "log.jsonl"


class Item(NamedTuple):
    """A game, followers or a leader: a name as on the command line, and parameters; the usual ones if it is None."""

    name: str | None
    parameters: JsonObject


@dataclass(frozen=True)
class Task:
    """A design to be made.

    Attributes:
        name: of its run folder, which tells it from every other design.
        game, followers, leader: what to design.
        seeds, seed: how many seeds, and the first of them.
        optimum: whether the exact optimum is computed beside.
        sweep: the folder of the sweep.
        home: the folder that relative names of files are seen from.
        code: the user's own files that may be executed.
    """

    name: str
    game: Item
    followers: Item
    leader: Item
    seeds: int
    seed: int
    optimum: bool
    sweep: str
    home: str
    code: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The run folder."""
        return Path(self.sweep) / "designs" / self.name

    @property
    def finished(self) -> bool:
        """Whether it was run to the end, by whomever."""
        return files.is_file(self.folder / "result.json")

    @property
    def reached(self) -> int:
        """A number that changes whenever a worker gets further with it: the time of its last file."""
        try:
            return max(path.stat().st_mtime_ns for path in self.folder.iterdir())
        except (OSError, ValueError):
            return 0


class Answer(NamedTuple):
    """What a worker says of a task that it did not lose.

    Attributes:
        status: "finished", "refused" (the input was wrong) or "failed".
        reason: one sentence, empty if it is finished.
    """

    status: str
    reason: str = ""


def carry_out(task: Task) -> Answer:
    """Run a design to the end, from its last checkpoint if there is one; only one process at a time does so.

    Every error is answered. What else comes out of an executor is therefore a worker that was lost.
    """
    os.chdir(task.home)
    try:
        with _alone(task):
            if task.finished:
                return Answer("finished")
            _noted(task, "began")
            answer = _answered(task)
            _noted(task, answer.status)
            return answer
    except InputError as error:  # of the folder, not of the design
        return Answer("failed", str(error))


def _answered(task: Task) -> Answer:
    from firstmover.jobs import build
    from firstmover.jobs.designs import design, resume

    try:
        if files.is_file(task.folder / "config.json"):
            resume(task.folder, code=task.code)
        else:
            game = build.game_from(str(task.game.name), task.game.parameters)
            design(
                game,
                followers=build.item_from("followers", task.followers.name or game.usual_followers, task.followers[1]),
                leader=build.item_from("leader", str(task.leader.name), task.leader.parameters),
                seeds=task.seeds,
                seed=task.seed,
                optimum=task.optimum,
                out=task.folder,
            )
    except InputError as error:
        return Answer("refused", str(error))
    except FailedError as error:
        return Answer("failed", str(error))
    except Exception as error:  # a mistake of ours, or a full disk: the other designs go on, and it is told whole
        told = Path(task.sweep) / "errors" / f"{task.name}.txt"
        files.make_folder(told.parent)
        files.write_whole(told, traceback.format_exc().encode())
        return Answer("failed", f"{type(error).__name__}: {error} ({told})")
    return Answer("finished")


@contextmanager
def _alone(task: Task) -> Iterator[None]:
    """Wait until no other process is at this task; the lock goes with the process, however it ends."""
    path = Path(task.sweep) / "locks" / task.name
    files.make_folder(path.parent)
    with path.open("w") as lock:
        try:
            import fcntl
        except ImportError:  # Windows: two sweeps of one folder at a time would do some designs twice
            yield
            return
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _noted(task: Task, event: str) -> None:
    """Add a line to the log of the sweep; a write of less than a page is not torn."""
    line = {"design": task.name, "event": event, "host": socket.gethostname(), "pid": os.getpid(), "time": time.time()}
    log = os.open(Path(task.sweep) / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(log, (json.dumps(line) + "\n").encode())
    finally:
        os.close(log)
