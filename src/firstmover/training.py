"""The loop around a learner: all seeds at once, many updates per call, a checkpoint every few seconds.

Every call runs the same compiled program, whose number of updates is an argument. How many updates a call makes, and
when a checkpoint is written, follows the clock; the numbers do not, so that a run that was killed and resumed computes
the same to the bit.
"""

import math
import time
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.batching import replaced_in_parts
from firstmover.errors import InputError
from firstmover.games.units import Units
from firstmover.leaders.base import Leader, Metrics
from firstmover.memory import compiled_to_fit, for_seed
from firstmover.pomdp import StackelbergPOMDP
from firstmover.runs import Run
from firstmover.selection import average

_MOST_UPDATES = 64  # in one call
_CALL_SECONDS = 0.5  # what a call should take, so that Ctrl-C is answered soon
_MOST_BYTES = 2e9  # of a learner's state and its metrics
_MOST_KEPT = 8e8  # of them in a checkpoint, which is read back within 1 GB; what is larger learns without one
_CHECKPOINT_SECONDS = 2.0  # between checkpoints, or twenty times what writing one takes


@runtime_checkable
class Progress(Protocol):
    """What is told of a run while it is under way."""

    def stage(self, what: str) -> None:
        """A new stage has begun."""

    def learnt(self, done: int, total: int, value: float) -> None:
        """So many updates are done; the rules learnt so far, one of every seed, earn this on average."""

    def alive(self) -> None:
        """Something goes on that needs no words; raises KeyboardInterrupt if it should not."""


class Silent:
    """Progress that nobody watches."""

    def stage(self, what: str) -> None:
        """Say nothing."""

    def learnt(self, done: int, total: int, value: float) -> None:
        """Say nothing."""

    def alive(self) -> None:
        """Say nothing."""


class Learnt(NamedTuple):
    """What training leaves.

    Attributes:
        state: the learner's state, with a leading axis of seeds.
        history: metrics, [updates, seeds], in units of the game that was asked about.
        compile_seconds: spent on tracing and compiling, in this process.
        train_seconds: spent on updates, over all processes of the run.
        waited_before: seconds that earlier processes of the run were waited for, up to their last checkpoints.
    """

    state: Any
    history: Metrics
    compile_seconds: float
    train_seconds: float
    waited_before: float


class _Checkpoint(NamedTuple):
    done: Any  # int64 scalar
    train_seconds: Any  # float64 scalar
    waited: Any  # float64 scalar
    state: Any
    history: Metrics


def train(
    problem: StackelbergPOMDP,
    leader: Leader,
    seeds: int,
    seed: int,
    run: Run | None,
    progress: Progress,
    waiting_since: float | None = None,
) -> Learnt:
    """Train `seeds` independent seeds, from the last checkpoint of `run` if it has one.

    `waiting_since` is the reading of `time.perf_counter` since which this process is waited for, now if not given.
    """
    waiting_since = time.perf_counter() if waiting_since is None else waiting_since

    def start() -> Any:
        return initial_states(problem, leader, seeds, seed)

    def some_updates(parts: int, state: Any, count: jax.Array) -> tuple[Any, Metrics]:
        each = replaced_in_parts(for_seed(problem, seeds, parts, leader.update), parts)
        blank = jax.tree.map(jnp.asarray, blank_history(most, seeds))

        def body(k: jax.Array, carry: tuple[Any, Metrics]) -> tuple[Any, Metrics]:
            state, metrics = carry
            state, new = each(state, jnp.arange(seeds))
            return state, jax.tree.map(lambda all_, one: all_.at[k].set(one), metrics, new)

        return jax.lax.fori_loop(0, count, body, (state, blank))

    most, shape = min(_MOST_UPDATES, leader.updates), jax.eval_shape(start)
    blank = blank_history(leader.updates, seeds)
    if run is not None and run.has("checkpoint.npz"):
        like = _Checkpoint(np.zeros((), np.int64), np.zeros(()), np.zeros(()), shape, blank)
        done, spent, before, state, history = _resumed(run, like, leader.updates)
        if done == leader.updates:
            history = in_own_units(history, problem.game.payoff_units)
            _write_metrics(run, history, seed)
            return Learnt(state, history, 0.0, spent, before)
    else:
        done, spent, before, state, history = 0, 0.0, 0.0, jax.jit(start)(), blank
    progress.stage("compiling the learner")
    began = time.perf_counter()
    updates = jax.jit(some_updates, static_argnums=0, donate_argnums=1)
    compiled = compiled_to_fit(lambda parts: updates.lower(parts, shape, jnp.int32(0)), "an update of the learner")
    compile_seconds = time.perf_counter() - began

    kept = run is not None and sum(_sizes(problem, leader, seeds)) <= _MOST_KEPT
    progress.stage("learning" if kept or run is None else "learning (too large for checkpoints: a stop begins anew)")
    count, saved, wait = 1, time.perf_counter(), _CHECKPOINT_SECONDS
    while done < leader.updates:
        began = time.perf_counter()
        count = min(count, most, leader.updates - done)
        state, metrics = jax.block_until_ready(compiled(state, jnp.int32(count)))
        for whole, part in zip(history, metrics, strict=True):
            whole[done : done + count] = np.asarray(part)[:count]
        done += count
        took = time.perf_counter() - began
        spent += took
        count = max(1, int(count * _CALL_SECONDS / max(took, 1e-6)))
        now = time.perf_counter()
        if run is not None and kept and (now - saved >= wait or done == leader.updates):
            waited = np.float64(before + time.perf_counter() - waiting_since)
            run.write_arrays("checkpoint.npz", _Checkpoint(np.int64(done), np.float64(spent), waited, state, history))
            saved = time.perf_counter()
            wait = max(_CHECKPOINT_SECONDS, 20 * (saved - now))
        earned = in_own_units(history, problem.game.payoff_units).evaluated[done - 1]
        progress.learnt(done, leader.updates, float(average(earned)))
    history = in_own_units(history, problem.game.payoff_units)
    if run is not None:
        _write_metrics(run, history, seed)
    return Learnt(state, history, compile_seconds, spent, before)


def in_own_units(history: Metrics, units: Units | None) -> Metrics:
    """Metrics of a standardised game, [updates, seeds], in the units of the game it was made of; float64 there."""
    if units is None:
        return history
    earned = ("value", "best", "evaluated")
    return history._replace(**{name: units.of_leader(getattr(history, name)) for name in earned})


def _resumed(run: Run, like: _Checkpoint, updates: int) -> tuple[int, float, float, Any, Metrics]:
    stored = run.read_arrays("checkpoint.npz", like)
    done = int(stored.done)
    if not 0 <= done <= updates:
        raise InputError(f"{run.path / 'checkpoint.npz'} is damaged: it holds {done} of {updates} updates.")
    return done, float(stored.train_seconds), float(stored.waited), stored.state, stored.history


def _write_metrics(run: Run, history: Metrics, seed: int) -> None:
    run.write_bytes("metrics.csv", _as_csv(history, seed).encode())


def initial_states(problem: StackelbergPOMDP, leader: Leader, seeds: int, seed: int) -> Any:
    """The learner's state before the first update, with a leading axis of seeds."""
    keys = jax.vmap(jax.random.key)(seed + jnp.arange(seeds))
    return jax.vmap(lambda position, key: leader.init(problem.of_seed(position), key))(jnp.arange(seeds), keys)


def check_memory(problem: StackelbergPOMDP, leader: Leader, seeds: int) -> None:
    """Refuse a learner whose state would not fit, before anything is written.

    Raises:
        InputError: state and metrics of all seeds are larger than `_MOST_BYTES`; learning takes several times as much.
    """
    state, metrics = _sizes(problem, leader, seeds)
    if state + metrics > _MOST_BYTES:
        ways = "updates" if metrics > state else "restarts, prices or messages, or policy=network"
        raise InputError(
            f"the learner's {'metrics' if metrics > state else 'state'} would take {max(state, metrics) / 1e9:.1f} GB "
            f"for {seeds} seeds, more than {_MOST_BYTES / 1e9:g}; use fewer seeds, {ways}."
        )


def _sizes(problem: StackelbergPOMDP, leader: Leader, seeds: int) -> tuple[float, float]:
    """Bytes of the state of all seeds, and of their metrics."""
    shapes = jax.tree.leaves(jax.eval_shape(lambda key: leader.init(problem, key), jax.random.key(0)))
    return seeds * sum(4.0 * leaf.size for leaf in shapes), 4.0 * seeds * leader.updates * len(Metrics._fields)


def blank_history(updates: int, seeds: int) -> Any:
    """`Metrics` of zeros, each [updates, seeds]; all metrics are float32 scalars."""
    return Metrics._make(np.zeros((updates, seeds), np.float32) for _ in Metrics._fields)


def _as_csv(history: Metrics, seed: int) -> str:
    updates, seeds = history.value.shape
    lines = [",".join(("update", "seed", *history._fields))]
    for update, rows in enumerate(np.stack(history, axis=-1).astype(np.float64).tolist(), start=1):
        lines += [
            f"{update},{seed + s}," + ",".join(f"{number:.9g}" if math.isfinite(number) else "" for number in row)
            for s, row in enumerate(rows)
        ]
    assert len(lines) == 1 + updates * seeds
    return "\n".join(lines) + "\n"
