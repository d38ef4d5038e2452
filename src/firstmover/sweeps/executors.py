"""Where designs are run: processes of this machine, Ray, or Slurm. This module imports nothing heavy.

An executor is what `concurrent.futures` calls one, as far as it is used here: `submit(function, argument)` returns
something with `done()` and `result()`, and `shutdown` ends it. Only the first is a class of that library.
"""

import concurrent.futures
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from firstmover.errors import InputError
from firstmover.json_types import JsonObject
from firstmover.sweeps import PLACES

Argument = TypeVar("Argument")
Result = TypeVar("Result")
Outcome = TypeVar("Outcome", covariant=True)


@runtime_checkable
class Future(Protocol[Outcome]):
    """What will come of a task."""

    def done(self) -> bool:
        """Whether it has come."""

    def result(self) -> Outcome:
        """What came of it; any exception means that the worker was lost."""


@runtime_checkable
class Executor(Protocol):
    """Something that runs functions elsewhere."""

    def submit(self, function: Callable[[Argument], Result], argument: Argument, /) -> Future[Result]:
        """Run `function(argument)` as soon as there is a free worker."""

    def shutdown(self) -> None:
        """End what still runs, and the workers."""


class Place(NamedTuple):
    """Where to run, and how much at a time.

    Attributes:
        jobs: how many designs at a time.
        executor: makes an executor; it is asked again when one is broken.
    """

    jobs: int
    executor: Callable[[], Executor]


def place(on: str, jobs: int | None, folder: Path, options: JsonObject) -> Place:
    """The place with this name.

    Args:
        on: one of `PLACES`.
        jobs: designs at a time; if None, 2 on this machine, a cluster's cores on Ray, and 100 on Slurm.
        folder: of the sweep, which every machine sees under this name.
        options: arguments of `ray.init`, or parameters of submitit.

    Raises:
        InputError: there is no such place here.
    """
    if on == "ray":
        connected = OnRay(options)
        return Place(jobs or connected.cores, lambda: connected)
    if on == "slurm":
        if not shutil.which("sbatch"):
            raise InputError("--on slurm needs a machine that submits to Slurm; there is no sbatch here.")
        return Place(jobs or 100, lambda: Submitted(folder / "slurm", "slurm", options))
    if on != "local":
        raise InputError(f"--on must be one of {', '.join(PLACES)}; got {on!r}.")
    return Place(jobs or 2, lambda: Local(jobs or 2))


class Local(concurrent.futures.ProcessPoolExecutor):
    """Processes of this machine, which share its cores."""

    def __init__(self, jobs: int):
        """So many, each with its share of the cores as devices of JAX."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        spawned = multiprocessing.get_context("spawn")  # a fork of a process with JAX in it may hang
        super().__init__(jobs, spawned, _begin, (max(1, cores // jobs), os.getpid()))

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = True) -> None:
        """End the workers at once: what they have learnt stands in checkpoints."""
        for process in list((self._processes or {}).values()):
            process.kill()
        super().shutdown(wait=True, cancel_futures=True)


def _begin(devices: int, parent: int) -> None:
    """Prepare a worker before it imports JAX."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers it
    os.environ["JAX_NUM_CPU_DEVICES"] = str(devices)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    """End with the parent, however that ends."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


class OnRay:
    """Workers of a Ray cluster: the one of `address` or RAY_ADDRESS, or one that is started on this machine."""

    def __init__(self, options: JsonObject):
        """Connected, with arguments of `ray.init`."""
        self._ray = _imported("ray", "--on ray", "cluster")
        try:
            self._ray.init(**{"ignore_reinit_error": True, "log_to_driver": False, **options})
        except (TypeError, ValueError, ConnectionError, RuntimeError) as error:
            raise InputError(f"[ray] does not lead to a cluster: {error}.") from None
        self.cores = int(self._ray.cluster_resources().get("CPU", 1))

    def submit(self, function: Callable[[Argument], Result], argument: Argument, /) -> Future[Result]:
        """Run `function(argument)` on a core; what is lost is given out again by the sweep, not by Ray."""
        future: Future[Result] = self._ray.remote(num_cpus=1, max_retries=0)(function).remote(argument).future()
        return future

    def shutdown(self) -> None:
        """Disconnect, and end what was started here."""
        self._ray.shutdown()


class Submitted:
    """Jobs of Slurm, by submitit, which can also start processes of this machine (`cluster="local"`)."""

    def __init__(self, folder: Path, cluster: str, options: JsonObject):
        """Of a cluster, with logs in `folder` and parameters of submitit."""
        submitit = _imported("submitit", "--on slurm", "cluster")
        self._jobs: list[Any] = []
        self._executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
        try:
            self._executor.update_parameters(**{"timeout_min": 60, "cpus_per_task": 1, **options})
        except (TypeError, ValueError, NameError) as error:
            raise InputError(f"[slurm] holds parameters of submitit; {error}.") from None

    def submit(self, function: Callable[[Argument], Result], argument: Argument, /) -> Future[Result]:
        """Run `function(argument)` as a job."""
        self._jobs.append(self._executor.submit(function, argument))
        future: Future[Result] = self._jobs[-1]
        return future

    def shutdown(self) -> None:
        """Cancel what still waits or runs."""
        for job in self._jobs:
            if not job.done():
                job.cancel()


def _imported(name: str, what: str, extra: str) -> ModuleType:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise InputError(f"{what} needs {name}; install it with: pip install 'firstmover[{extra}]'.") from None
