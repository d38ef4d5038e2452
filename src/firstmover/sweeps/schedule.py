"""Tasks are given out, and given out again when a worker is lost, until each is answered."""

import collections
import concurrent.futures
import time
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from firstmover.sweeps.executors import Executor, Future, Place
from firstmover.sweeps.task import Answer

PATIENCE = 5  # workers that a task may lose, one after the other, without getting further
_EVERY = 0.02  # seconds between looks at what runs


@runtime_checkable
class Resumable(Protocol):
    """A task with which a worker can be lost."""

    @property
    def reached(self) -> int:
        """A number that changes whenever a worker gets further with it."""


T = TypeVar("T", bound=Resumable)


class Told(NamedTuple):
    """How far a schedule is.

    Attributes:
        answered: how many tasks are answered.
        lost: how many workers were lost.
    """

    answered: int
    lost: int


def schedule(
    tasks: Sequence[T], work: Callable[[T], Answer], place: Place, told: Callable[[Told], None]
) -> tuple[list[Answer], int]:
    """Give out all tasks, at most `place.jobs` at a time.

    Args:
        tasks: in the order in which they begin.
        work: runs one. It answers every error itself: an exception in place of an answer means that its worker was
            lost, and the task is given out again. Where that happens `PATIENCE` times in a row and the task gets no
            further, it has failed.
        place: where.
        told: hears how far it is, many times a second; what it raises ends everything.

    Returns:
        The answers, in the order of the tasks, and how many workers were lost.
    """
    return _Schedule(tasks, work, place).carried_out(told)


class _Schedule(Generic[T]):
    def __init__(self, tasks: Sequence[T], work: Callable[[T], Answer], place: Place):
        self.tasks, self.work, self.place = tasks, work, place
        self.waiting = collections.deque(range(len(tasks)))
        self.running: dict[int, Future[Answer]] = {}
        self.answers: dict[int, Answer] = {}
        self.in_vain: dict[int, tuple[int, int]] = {}  # what a task had reached, and workers lost since
        self.lost = 0
        self.executor: Executor | None = None

    def carried_out(self, told: Callable[[Told], None]) -> tuple[list[Answer], int]:
        try:
            while len(self.answers) < len(self.tasks):
                self._give_out()
                time.sleep(_EVERY)
                self._take_in()
                told(Told(len(self.answers), self.lost))
        finally:
            if self.executor is not None:
                self.executor.shutdown()
        return [self.answers[k] for k in range(len(self.tasks))], self.lost

    def _give_out(self) -> None:
        while self.waiting and len(self.running) < self.place.jobs:
            if self.executor is None:
                self.executor = self.place.executor()
            try:
                future = self.executor.submit(self.work, self.tasks[self.waiting[0]])
            except concurrent.futures.BrokenExecutor:
                self.executor.shutdown()
                self.executor = None
                continue
            self.running[self.waiting.popleft()] = future

    def _take_in(self) -> None:
        for k in [k for k, future in self.running.items() if future.done()]:
            try:
                self.answers[k] = self.running.pop(k).result()
            except (Exception, concurrent.futures.CancelledError):
                self._lost_at(k)

    def _lost_at(self, k: int) -> None:
        self.lost += 1
        reached = self.tasks[k].reached
        before, times = self.in_vain.get(k, (reached, 0))
        self.in_vain[k] = (reached, times + 1 if before == reached else 1)
        if self.in_vain[k][1] < PATIENCE:
            self.waiting.append(k)
        else:
            self.answers[k] = Answer("failed", f"its worker was lost {PATIENCE} times, and it got no further")
