"""Training a leader: every seed in the loop (`loop.learn`), and what comes of it in units of the user's game."""

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.traced import Numbers, numbers_of, with_numbers
from firstmover.core.trees import LeaderState
from firstmover.errors import InputError
from firstmover.games.units import Units
from firstmover.jobs.loop import Learnt, Lesson, Progress, Update, learn
from firstmover.jobs.memory import for_seed
from firstmover.jobs.programs import traced_from
from firstmover.jobs.runs import Run
from firstmover.leaders.base import Leader, Metrics

# Hears of an update, counted from 1, and its metrics, each [seeds] in the game's units; True stops the run early.
Callback = Callable[[int, Metrics], bool | None]
_MOST_BYTES = 2e9  # of a learner's state and its metrics


def train(
    problem: StackelbergPOMDP,
    leader: Leader,
    seeds: int,
    seed: int,
    run: Run | None,
    progress: Progress,
    waiting_since: float | None = None,
    callback: Callback | None = None,
) -> Learnt:
    """Train `seeds` independent seeds, from the last checkpoint of `run` if it has one.

    The metrics are in units of the game that was asked about. `waiting_since` is the reading of `time.perf_counter`
    since which this process is waited for, now if not given. `callback` hears of every update of this process.
    """
    units = problem.game.payoff_units

    def start(given: Given) -> LeaderState:
        own, learner = given.parts(problem, leader)
        return initial_states(own, learner, seeds, given.seed)

    def update(parts: int, side_by_side: int, given: Given) -> Update:
        own, learner = given.parts(problem, leader)
        # What is never written out is worked off seed by seed anyhow: it is the episodes that have to be split.
        return for_seed(own, side_by_side if own.listed else 1, parts, learner.update)

    lesson = Lesson(
        who="the learner",
        doing="learning",
        updates=leader.updates,
        given=Given(seed, numbers_of(leader), numbers_of(problem.followers)),
        start=start,
        update=update,
        blank=blank_history(leader.updates, seeds),
        shown=lambda history, update: (np.asarray(in_own_units(history, units).evaluated)[update], "mean learned"),
        spread=problem.game.calls is None and problem.followers.calls is None and problem.game.on_many_devices,
        heard=None if callback is None else lambda first, part: _replayed(callback, first, in_own_units(part, units)),
        traced_from=shared_by(problem, leader),
    )
    learnt = learn(lesson, run, progress, time.perf_counter() if waiting_since is None else waiting_since)
    history = in_own_units(learnt.history, units)
    if run is not None:
        run.write_bytes("metrics.csv", _as_csv(history, seed).encode())
    return learnt._replace(history=history)


class Given(NamedTuple):
    """What the compiled programs of a design take as arguments.

    Attributes:
        seed: the first of the seeds.
        leader, followers: traced numbers (`core.traced`).
    """

    seed: int
    leader: Numbers
    followers: Numbers

    def parts(self, problem: StackelbergPOMDP, leader: Leader) -> tuple[StackelbergPOMDP, Leader]:
        """The problem and the leader with these numbers in place of their own."""
        followers = with_numbers(problem.followers, self.followers)
        return replace(problem, followers=followers), with_numbers(leader, self.leader)


def shared_by(problem: StackelbergPOMDP, leader: Leader) -> Hashable:
    """What designs have in common that share compiled programs; None for what calls a user's own Python."""
    return None if problem.game.calls is not None else traced_from(problem, leader)


def _replayed(callback: Callback, first: int, part: Metrics) -> bool:
    """Tell of updates that were made in one call, one by one; whether that should be all."""
    return any(callback(first + k, Metrics._make(one)) for k, one in enumerate(zip(*part, strict=True), start=1))


def in_own_units(history: Metrics, units: Units | None) -> Metrics:
    """Metrics of a standardised game, [updates, seeds], in the units of the game it was made of; float64 there."""
    if units is None:
        return history
    earned = ("value", "best", "evaluated")
    return history._replace(**{name: units.of_leader(getattr(history, name)) for name in earned})


def initial_states(problem: StackelbergPOMDP, leader: Leader, seeds: int, seed: int | Array) -> LeaderState:
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
    shapes = jax.tree.leaves(jax.eval_shape(lambda: leader.init(problem, jax.random.key(0))))
    return seeds * sum(4.0 * leaf.size for leaf in shapes), 4.0 * seeds * leader.updates * len(Metrics._fields)


def blank_history(updates: int, seeds: int) -> Metrics:
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
