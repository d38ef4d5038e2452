"""The loop around all that learns: all seeds at once, many updates per call, a checkpoint every few seconds.

Every call runs the same compiled program, whose number of updates is an argument. How many updates a call makes, and
when a checkpoint is written, follows the clock; the numbers do not, so that what was killed and resumed computes the
same to the bit.

Seeds never speak to each other. Where there are several devices, each gets its share of them, and the numbers are the
same: to the bit where no matrix product is involved, else up to rounding, since its order of summation depends on how
many there are.
"""

import math
import time
from collections.abc import Callable, Hashable
from functools import partial, wraps
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Array, Float, Int, PyTree

from firstmover.core.batching import replaced_in_parts
from firstmover.core.selection import average
from firstmover.core.trees import LeaderState, Tree
from firstmover.errors import InputError
from firstmover.jobs import memory
from firstmover.jobs.memory import compiled_to_fit
from firstmover.jobs.programs import program_for
from firstmover.jobs.runs import Run, plain, rebuilt
from firstmover.jobs.stored_programs import lowered

_MOST_UPDATES = 64  # in one call
_CALL_SECONDS = 0.5  # what a call should take, so that Ctrl-C is answered soon
_MOST_KEPT = 8e8  # bytes of a checkpoint, which is read back within 1 GB; what is larger learns without one
_CHECKPOINT_SECONDS = 2.0  # between checkpoints, or twenty times what writing one takes

Given: TypeAlias = PyTree  # numbers
Metrics: TypeAlias = PyTree  # of one update of a seed, or of many of all
Learning: TypeAlias = tuple[LeaderState, Metrics]
Update = Callable[[LeaderState, Int[Array, ""]], Learning]  # (state, position of the seed) -> (state, metrics)


@runtime_checkable
class Progress(Protocol):
    """What is told of a run while it is under way."""

    def stage(self, what: str) -> None:
        """A new stage has begun."""

    def announce(self, what: str) -> None:
        """Something that is to be read before what follows begins."""

    def learnt(self, done: int, total: int, value: float, measure: str = "mean learned") -> None:
        """So many updates are done; the mean over seeds of what is measured is this."""

    def alive(self) -> None:
        """Something goes on that needs no words; raises KeyboardInterrupt if it should not."""


class Silent:
    """Progress that nobody watches."""

    def stage(self, what: str) -> None:
        """Say nothing."""

    def announce(self, what: str) -> None:
        """Say nothing."""

    def learnt(self, done: int, total: int, value: float, measure: str = "mean learned") -> None:
        """Say nothing."""

    def alive(self) -> None:
        """Say nothing."""


class Lesson(NamedTuple):
    """Something to learn, in so many updates of every seed.

    Attributes:
        who: learns, in words.
        doing: what it does, in words.
        updates: how many.
        given: numbers that the compiled programs take as arguments (`core.traced`).
        start: the state of all seeds before the first, with a leading axis of seeds, from what is given.
        update: one update of a seed, where all that is batched is worked off in so many parts, and so many seeds learn
            side by side: (parts, seeds, what is given) -> (state, position of the seed) -> (state, metrics).
        blank: the metrics of all updates before the first, NumPy arrays [updates, seeds].
        shown: the metrics of an update that is told of, [seeds], and their name, from all metrics and its number.
        spread: whether seeds may learn on several devices at once; what calls plain Python may not.
        heard: hears the metrics of updates that were made in a row, NumPy arrays [updates, seeds], and the number of
            the first, from 0; it ends the lesson there by returning True.
        traced_from: all that the programs are traced from beside what is given: lessons with the same share them (see
            `programs`); None if they are for this lesson only.
    """

    who: str
    doing: str
    updates: int
    given: Given
    start: Callable[[Given], LeaderState]
    update: Callable[[int, int, Given], Update]
    blank: Metrics
    shown: Callable[[Metrics, int], tuple[np.ndarray, str]]
    spread: bool = True
    heard: Callable[[int, Metrics], bool] | None = None
    traced_from: Hashable = None


class Learnt(NamedTuple):
    """What a lesson leaves.

    Attributes:
        state: of all seeds, with a leading axis of seeds.
        history: metrics of the updates that were made, [updates, seeds].
        compile_seconds: spent on tracing and compiling, in this process.
        train_seconds: spent on updates, over all processes of the run.
        waited_before: seconds that earlier processes of the run were waited for, up to their last checkpoints.
    """

    state: LeaderState
    history: Metrics
    compile_seconds: float
    train_seconds: float
    waited_before: float


class _Checkpoint(NamedTuple):
    done: Int[np.ndarray, ""]
    train_seconds: Float[np.ndarray, ""]
    waited: Float[np.ndarray, ""]
    state: LeaderState
    history: Metrics


def learn(lesson: Lesson, run: Run | None, progress: Progress, waiting_since: float) -> Learnt:
    """Go through a lesson, from the last checkpoint of `run` if it has one.

    `waiting_since` is the reading of `time.perf_counter` since which this process is waited for.
    """
    blank = jax.tree.map(np.copy, lesson.blank)
    seeds = jax.tree.leaves(blank)[0].shape[1]
    key = _key(lesson, "start", seeds)
    start, shape = program_for(key, lambda: _starting(lesson, key))
    if run is not None and run.has("checkpoint.npz"):
        like = _Checkpoint(np.zeros((), np.int64), np.zeros(()), np.zeros(()), shape, blank)
        done, spent, before, state, history = _resumed(run, like, lesson.updates)
        if done == lesson.updates:
            return Learnt(state, history, 0.0, spent, before)
    else:
        done, spent, before, state, history = 0, 0.0, 0.0, start(lesson.given), blank

    progress.stage(f"compiling {lesson.who}")
    began = time.perf_counter()
    most, devices = min(_MOST_UPDATES, lesson.updates), jax.devices()
    share = Shares(seeds, devices if lesson.spread else devices[:1])
    updates = _key(lesson, "updates", seeds, most, share.devices, memory.ENOUGH)
    compiled = program_for(updates, lambda: _compiled(lesson, updates, most, share, shape))
    compile_seconds = time.perf_counter() - began

    kept = run is not None and _bytes((shape, blank)) <= _MOST_KEPT
    told = "" if kept or run is None else " (too large for checkpoints: a stop begins anew)"
    progress.stage(f"{lesson.doing}{told}")
    count, saved, wait = 1, time.perf_counter(), _CHECKPOINT_SECONDS
    state, positions = share.out((state, np.arange(seeds, dtype=np.int32)))
    while done < lesson.updates:
        began = time.perf_counter()
        count = min(count, most, lesson.updates - done)
        state, metrics = jax.block_until_ready(compiled(state, positions, jnp.int32(count), lesson.given))
        for whole, part in zip(jax.tree.leaves(history), jax.tree.leaves(metrics), strict=True):
            whole[done : done + count] = np.asarray(part)[:count, :seeds]
        done += count
        took = time.perf_counter() - began
        spent += took
        following = max(1, int(count * _CALL_SECONDS / max(took, 1e-6)))
        now = time.perf_counter()
        if run is not None and kept and (now - saved >= wait or done == lesson.updates):
            waited = np.array(before + time.perf_counter() - waiting_since)
            stored = _Checkpoint(np.array(done, np.int64), np.array(spent), waited, share.together(state), history)
            run.write_arrays("checkpoint.npz", stored)
            saved = time.perf_counter()
            wait = max(_CHECKPOINT_SECONDS, 20 * (saved - now))
        value, measure = lesson.shown(history, done - 1)
        progress.learnt(done, lesson.updates, float(average(value)), measure)
        if lesson.heard is not None and lesson.heard(done - count, _rows(history, done - count, done)):
            break
        count = following
    history = _rows(history, 0, done)
    return Learnt(share.together(state), history, compile_seconds, spent, before)


def _key(lesson: Lesson, *more: Hashable) -> Hashable:
    """What a program of a lesson is kept by."""
    return None if lesson.traced_from is None else (lesson.traced_from, *more)


def _starting(lesson: Lesson, key: Hashable) -> tuple[Callable[[Given], LeaderState], LeaderState]:
    """The program that starts a lesson, and the shapes of what comes out."""
    start = lowered(key, "start", lesson.start, (lesson.given,))
    return start.compile(), start.out_info


def _compiled(lesson: Lesson, key: Hashable, most: int, share: "Shares", shape: LeaderState) -> jax.stages.Compiled:
    """At most so many updates of all seeds: (state, positions, count, what is given) -> (state, metrics)."""
    repeated = share.over_devices(_repeated(lesson, most, share.size))
    arguments = *share.shapes((shape, np.arange(share.seeds))), jnp.int32(0), lesson.given

    def lower(parts: int) -> jax.stages.Lowered:
        return lowered(key, f"{parts} parts", wraps(repeated)(partial(repeated, parts)), arguments, donated=(0,))

    return compiled_to_fit(lower, f"an update of {lesson.who}", share.devices)


def _repeated(lesson: Lesson, most: int, side_by_side: int) -> Callable[..., Learning]:
    """Several updates of several seeds: (parts, state, positions, count, given) -> (state, metrics [most, seeds])."""

    def repeated(parts: int, state: LeaderState, positions: Array, count: Array, given: Given) -> Learning:
        each = replaced_in_parts(lesson.update(parts, side_by_side, given), parts)
        blank = jax.tree.map(lambda whole: jnp.zeros((most, len(positions)), whole.dtype), lesson.blank)

        def body(k: Array, carry: Learning) -> Learning:
            state, metrics = carry
            state, new = each(state, positions)
            return state, jax.tree.map(lambda all_, one: all_.at[k].set(one), metrics, new)

        return jax.lax.fori_loop(0, count, body, (state, blank))

    return repeated


class Shares:
    """How seeds are dealt out to the devices there are: in turn, as many to each, the last filled up with the last.

    Attributes:
        seeds: how many there are.
        size: how many each device gets.
        devices: how many devices get some.
    """

    def __init__(self, seeds: int, devices: list[jax.Device]):
        """Of so many seeds, to these devices."""
        self.seeds, self.size = seeds, math.ceil(seeds / len(devices))
        self._devices = devices[: math.ceil(seeds / self.size)]
        self.devices = len(self._devices)
        mesh = jax.sharding.Mesh(np.array(self._devices), ("seeds",))
        self._mesh, self._sharding = mesh, NamedSharding(mesh, PartitionSpec("seeds"))

    def over_devices(self, program: Callable[..., Learning]) -> Callable[..., Learning]:
        """A program as `_repeated` makes it, every device its share of the seeds."""
        if self.devices == 1:
            return program

        def shared(parts: int, *arguments: PyTree) -> Learning:
            own, everywhere = PartitionSpec("seeds"), PartitionSpec()
            return jax.shard_map(
                lambda *of_device: program(parts, *of_device),
                mesh=self._mesh,
                in_specs=(own, own, everywhere, everywhere),
                out_specs=(own, PartitionSpec(None, "seeds")),
                check_vma=False,
            )(*arguments)

        return shared

    def shapes(self, tree: PyTree) -> PyTree:
        """What `out` makes of arrays of these shapes, with a leading axis of seeds."""
        if self.devices == 1:
            return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), tree)
        rows = self.size * self.devices
        return jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct((rows, *leaf.shape[1:]), leaf.dtype, sharding=self._sharding), tree
        )

    def out(self, tree: Tree) -> Tree:
        """Arrays with a leading axis of seeds, dealt out."""
        if self.devices == 1:
            return tree
        rows = np.minimum(np.arange(self.size * self.devices), self.seeds - 1)
        return jax.device_put(jax.tree.map(lambda leaf: rebuilt(plain(leaf)[rows], leaf), tree), self._sharding)

    def together(self, tree: Tree) -> Tree:
        """The arrays of all seeds again, on the host."""
        if self.devices == 1:
            return tree
        return jax.tree.map(lambda leaf: rebuilt(plain(leaf)[: self.seeds], leaf), tree)


def _resumed(run: Run, like: _Checkpoint, updates: int) -> tuple[int, float, float, LeaderState, Metrics]:
    stored = run.read_arrays("checkpoint.npz", like)
    done = int(stored.done)
    if not 0 <= done <= updates:
        raise InputError(f"{run.path / 'checkpoint.npz'} is damaged: it holds {done} of {updates} updates.")
    return done, float(stored.train_seconds), float(stored.waited), stored.state, stored.history


def _rows(history: Tree, first: int, end: int) -> Tree:
    """The metrics of updates from `first` until before `end`."""
    return jax.tree.map(lambda whole: whole[first:end], history)


def _bytes(tree: PyTree) -> float:
    return sum(4.0 * math.prod(leaf.shape) for leaf in jax.tree.leaves(tree))
