"""The main job: learn a rule, see how its followers settle, certify it.

`design` runs it, `resume` goes on after a kill, and a `Design` is what comes of it.
"""

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from firstmover import build
from firstmover.batching import in_parts
from firstmover.certificates import (
    certify_play,
    induced_game,
    play_distribution,
    sampled_values,
    summary,
    value_in_steps,
    value_of,
)
from firstmover.commitment import table_of
from firstmover.equilibria.polytopes import value_bounds
from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.games.base import Game, Solution
from firstmover.leaders.base import Leader, Metrics
from firstmover.memory import compiled_to_fit, for_seed
from firstmover.noise import Stream, stream
from firstmover.pomdp import StackelbergPOMDP
from firstmover.rollout import JointPlay, Strategies, TimedStrategies, all_profiles
from firstmover.rule import Rule, play_text
from firstmover.runs import Run
from firstmover.training import Progress, Silent, blank_history, check_memory, initial_states, train

OPTIMUM_TOLERANCE = 5e-4  # "at the optimum": within this share of the leader's payoff range


@dataclass(frozen=True, eq=False)
class Design:
    """A finished design.

    Attributes:
        game, followers, leader, seeds, seed: what was asked.
        tables: the final rule of every seed, actions [seeds, n_observations, ...], greedy unless the rule is mixed.
        plays: how the followers play under each, with a leading axis of seeds.
        values: the leader's expected payoff under each, in the game's units.
        worst_values: the least expected payoff over all coarse correlated equilibria of the agent normal form under
            each, where the leader designed for it (`target=worst`), else None.
        certificate: of the best seed's rule, as JSON values (see `certificates.Certificate`).
        history: metrics of every update, [updates, seeds].
        seconds: `total`, `compile` and `train`, wall clock.
        run: the run folder, if one was written.
    """

    game: Game
    followers: Follower
    leader: Leader
    seeds: int
    seed: int
    tables: np.ndarray
    plays: Strategies | TimedStrategies | JointPlay
    values: np.ndarray
    worst_values: np.ndarray | None
    certificate: dict[str, Any]
    history: Metrics
    seconds: dict[str, float]
    run: Path | None = None

    @property
    def best(self) -> int:
        """Position of the best seed."""
        return _best(self.values, self.worst_values)

    @property
    def rule(self) -> Rule:
        """The best seed's rule."""
        return Rule(self.game, self.tables[self.best])

    @property
    def play(self) -> Strategies | TimedStrategies | JointPlay:
        """How the followers play under the best seed's rule."""
        return _of_seed(self.plays, self.best)

    @property
    def value(self) -> float:
        """The leader's expected payoff under the best seed's rule."""
        return float(self.values[self.best])

    @property
    def env_steps(self) -> Float[np.ndarray, "updates"]:
        """Environment steps of a seed after every update (the mean where seeds differ)."""
        return np.cumsum(np.asarray(self.history.env_steps, np.float64).mean(axis=1))

    @functools.cached_property
    def solution(self) -> Solution | None:
        """The exact optimum, where it is known; ties go as the followers break them, for the leader if they do not."""
        try:
            exact = self.game.optimum if self.followers.counts_steps else self.game.memory_optimum
            return exact(self.followers.optimum_ties)
        except InputError:
            return None

    @property
    def at_optimum(self) -> int | None:
        """How many seeds came within `OPTIMUM_TOLERANCE` of the payoff range of the optimum, if that is known."""
        if self.solution is None or self.solution.value is None:
            return None
        low, high = self.game.leader_payoff_range
        return int(np.sum(self.values >= self.solution.value - OPTIMUM_TOLERANCE * (high - low)))

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        from firstmover.report.statistics import fraction_interval, mean_interval

        mean, low, high = mean_interval(self.values)
        optimum = None if self.solution is None else self.solution.value
        count = self.at_optimum
        return {
            "game": build.description(self.game),
            "followers": build.description(self.followers),
            "leader": build.description(self.leader),
            "objective": self.game.objective,
            "seeds": self.seeds,
            "seed": self.seed,
            "value": self.values.tolist(),
            "mean_value": mean,
            "mean_value_interval": [low, high],
            "best_seed": self.seed + self.best,
            "best_value": self.value,
            "welfare_loss": -self.value if self.game.value_is_loss else None,
            "worst_value": None if self.worst_values is None else self.worst_values.tolist(),
            "best_worst_value": None if self.worst_values is None else float(self.worst_values[self.best]),
            "rule": self.rule.entries,
            "rule_text": self.rule.text,
            "play_text": play_text(self.game, self.play),
            "certificate": summary(self.certificate),
            "optimum": optimum,
            "optimum_followers": None if self.solution is None else self.solution.followers,
            "upper_bounds": {} if self.solution is None else self.solution.upper_bounds,
            "seeds_at_optimum": count,
            "seeds_at_optimum_interval": None if count is None else fraction_interval(count, self.seeds),
            "env_steps": int(np.sum(self.history.env_steps, dtype=np.int64)),
            "simulated_steps": int(np.sum(self.history.simulated_steps, dtype=np.int64)),
            "seconds": self.seconds,
            "run": None if self.run is None else str(self.run),
        }

    def save(self, path: str | Path) -> Path:
        """Write a run folder, which must not hold anything yet.

        Raises:
            InputError: the folder holds something, or cannot be written.
        """
        run = Run.create(path, _config(self.game, self.followers, self.leader, self.seeds, self.seed))
        self._write(run)
        return run.path

    def _write(self, run: Run) -> None:
        run.write_arrays("outcome.npz", (self.tables, self.plays, self.values, self.worst_values, self.history))
        rules = [Rule(self.game, table).as_file() for table in self.tables]
        run.write_json("rules.json", {"best_seed": self.seed + self.best, "first_seed": self.seed, "rules": rules})
        run.write_json("certificate.json", self.certificate)
        run.write_json("result.json", self.as_json())

    @classmethod
    def load(cls, path: str | Path) -> "Design":
        """Read a finished run.

        Raises:
            InputError: it is missing, unfinished, damaged, or of a newer version.
        """
        run = Run.open(path)
        if not run.has("result.json"):
            raise InputError(f"the run in {path} is not finished; go on with 'firstmover resume {path}'.")
        parts = _parts(run)
        problem, leader = parts[2].problem(parts[0], parts[1]), parts[2]
        states = jax.eval_shape(lambda: initial_states(problem, leader, *parts[3:]))
        with jax.enable_x64(True):
            tables, plays = jax.eval_shape(lambda state: _settled(problem, leader, state), states)
        values, history = np.zeros(parts[3]), blank_history(leader.updates, parts[3])
        worst = values if leader.target == "worst" else None
        tables, plays, values, worst, history = run.read_arrays("outcome.npz", (tables, plays, values, worst, history))
        seconds = run.read_json("result.json")["seconds"]
        certificate = run.read_json("certificate.json")
        return cls(*parts, tables, plays, values, worst, certificate, history, seconds, run.path)


def design(
    game: Game | str,
    *,
    followers: Follower | str = "multiplicative-weights",
    leader: Leader | str = "commitment-gradient",
    seeds: int = 25,
    seed: int = 0,
    game_parameters: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Design:
    """Design the rule of a game: learn it with every seed, let the followers settle, certify the best.

    Args:
        game: a game, the name of one, or a Gambit file.
        followers: how participants adapt, or the name of a model with its defaults.
        leader: the learner, or the name of one with its defaults.
        seeds: number of independent seeds, at least 1, trained at once.
        seed: the first of them, 0 or more.
        game_parameters: parameters for a game given by name.
        out: a new folder to write the run to; nothing is written if not given.
        progress: told of what goes on.

    Raises:
        InputError: something does not exist, does not fit, or is out of range.
    """
    if isinstance(game, str):
        game = build.game_from(game, game_parameters or {})
    elif game_parameters:
        raise InputError("game_parameters go with a game's name; a game object has its parameters already.")
    responding: Follower = build.build("followers", followers, {}) if isinstance(followers, str) else followers
    learner: Leader = build.build("leader", leader, {}) if isinstance(leader, str) else leader
    if seeds < 1:
        raise InputError(f"seeds must be at least 1; got {seeds}.")
    if not 0 <= seed < 2**31 - seeds:
        raise InputError(f"seed must be a whole number from 0 to {2**31 - seeds - 1}; got {seed}.")
    problem = learner.problem(game, responding)
    check_memory(problem, learner, seeds)
    run = None
    if out is not None:
        run = Run.create(out, _config(game, responding, learner, seeds, seed))
    return _carry_out(problem, learner, seeds, seed, run, progress or Silent())


def resume(path: str | Path, *, progress: Progress | None = None) -> Design:
    """Go on with a run that was stopped or killed; a finished one is read back.

    Raises:
        InputError: there is no run, or it is damaged or of a newer version.
    """
    run = Run.open(path)
    if run.has("result.json"):
        return Design.load(path)
    game, followers, leader, seeds, seed = _parts(run)
    problem = leader.problem(game, followers)
    return _carry_out(problem, leader, seeds, seed, run, progress or Silent())


def _carry_out(
    problem: StackelbergPOMDP, leader: Leader, seeds: int, seed: int, run: Run | None, progress: Progress
) -> Design:
    began = time.perf_counter()
    learnt = train(problem, leader, seeds, seed, run, progress)
    progress.stage("letting the followers settle")
    settle = time.perf_counter()
    # In 64-bit numbers: a rule that stands on a cliff must not be held there by the rounding of 32-bit ones.
    with jax.enable_x64(True):
        settled = jax.jit(lambda parts, state: _settled(problem, leader, state, parts), static_argnums=0)
        compiled = compiled_to_fit(lambda parts: settled.lower(parts, learnt.state), "the followers' response")
        compile_seconds = learnt.compile_seconds + time.perf_counter() - settle
        tables, plays = jax.tree.map(np.asarray, compiled(learnt.state))
    values = _values(problem, tables, plays, seed)
    progress.stage("certifying")
    worst = None
    if problem.target == "worst":
        worst = np.array([value_bounds(induced_game(problem.game, table), "anf_cce")[0] for table in tables])
    best = _best(values, worst)
    model = build.description(problem.followers)
    certificate = certify_play(problem.game, tables[best], _of_seed(plays, best), followers=model, seed=seed).as_json()
    seconds = {
        "total": time.perf_counter() - began,
        "compile": compile_seconds,
        "train": learnt.train_seconds,
    }
    path = None if run is None else run.path
    made = Design(
        problem.game,
        problem.followers,
        leader,
        seeds,
        seed,
        tables,
        plays,
        values,
        worst,
        certificate,
        learnt.history,
        seconds,
        path,
    )
    if run is not None:
        made._write(run)
    return made


def _settled(problem: StackelbergPOMDP, leader: Leader, states: Any, parts: int = 1) -> tuple[Any, Any]:
    """The final rule of every seed, the best of its candidates, and how the followers play after responding to it."""

    def one(own: StackelbergPOMDP, state: Any) -> tuple[Any, Any]:
        key, tables = stream(state.key, Stream.EVALUATION), leader.tables(own, state)
        episodes = in_parts(lambda actions: own.episode(table_of(own.game, actions), key), own.parts)(tables)
        return _of_seed((tables, episodes.strategy), jnp.argmax(episodes.reward))

    seeds = len(jax.tree.leaves(states)[0])
    return in_parts(for_seed(problem, seeds, parts, one), parts)(states, jnp.arange(seeds))


def _best(values: np.ndarray, worst_values: np.ndarray | None) -> int:
    """Position of the best seed, by what was designed for."""
    return int(np.argmax(values if worst_values is None else worst_values))


def _of_seed(stacked: Any, k: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf[k], stacked)


def _values(problem: StackelbergPOMDP, tables: np.ndarray, plays: Any, seed: int) -> np.ndarray:
    """The leader's expected payoff under every seed's rule and play: exact, or the mean of a large sample."""
    game = problem.game
    values = []
    if game.followers_act == "every step":
        for k, table in enumerate(tables):
            values.append(value_in_steps(Rule(game, table), _of_seed(plays, k), seed=seed))
        return np.array(values)
    try:
        all_profiles(game)
    except InputError:
        for k, table in enumerate(tables):
            values.append(sampled_values(game, table, _of_seed(plays, k), seed=seed)[0])
        return np.array(values)
    for k, table in enumerate(tables):
        joint = play_distribution(game, _of_seed(plays, k))
        values.append(value_of(induced_game(game, table), joint))
    return np.array(values)


def _config(game: Game, followers: Follower, leader: Leader, seeds: int, seed: int) -> dict[str, Any]:
    return {
        "game": build.description(game),
        "followers": build.description(followers),
        "leader": build.description(leader),
        "seeds": seeds,
        "seed": seed,
    }


def _parts(run: Run) -> tuple[Game, Follower, Leader, int, int]:
    """What a run's configuration asks for.

    Raises:
        InputError: the configuration is damaged, or names what this version does not have.
    """
    config = run.read_json("config.json")
    try:
        items = [build.build(kind, config[kind]["name"], config[kind]["parameters"]) for kind in build.KINDS]
        seeds, seed = int(config["seeds"]), int(config["seed"])
    except (KeyError, TypeError, AttributeError):
        raise InputError(f"{run.path / 'config.json'} is damaged: it is not the configuration of a run.") from None
    return items[0], items[1], items[2], seeds, seed
