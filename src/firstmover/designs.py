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
import numpy as np
from jaxtyping import Float

from firstmover import build
from firstmover.certificates import certify_play, summary
from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.games.base import Game, Solution
from firstmover.leaders.base import Leader, Metrics
from firstmover.pomdp import StackelbergPOMDP
from firstmover.rollout import JointPlay, Strategies, TimedStrategies
from firstmover.rule import Rule, play_text
from firstmover.runs import Run
from firstmover.settling import Settled, best_seed, of_seed, rules_and_plays, settled
from firstmover.training import Progress, Silent, blank_history, check_memory, in_own_units, initial_states, train

OPTIMUM_TOLERANCE = 5e-4  # "at the optimum": within this share of the leader's payoff range


@dataclass(frozen=True, eq=False)
class Design:
    """A finished design.

    Attributes:
        game, followers, leader, seeds, seed: what was asked.
        tables: the final rule of every seed, actions [seeds, n_observations, ...], greedy unless the rule is mixed.
        plays: how the followers play under each, with a leading axis of seeds.
        values: the leader's expected payoff under each, in the game's units; NaN for a seed that has failed.
        worst_values: the least expected payoff over all coarse correlated equilibria of the agent normal form under
            each, where the leader designed for it (`target=worst`), else None.
        learned_values: as `values`, of the rules that were learnt, also where the baseline is worth more.
        from_baseline: seeds whose final rule is the game's baseline, since it is worth more than what they learnt.
        dropped: how many copies of each seed were dropped, since they ended in numbers that are not finite.
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
    learned_values: np.ndarray
    from_baseline: np.ndarray
    dropped: np.ndarray
    certificate: dict[str, Any]
    history: Metrics
    seconds: dict[str, float]
    run: Path | None = None

    @property
    def best(self) -> int:
        """Position of the best seed."""
        return best_seed(self.values, self.worst_values)

    @property
    def rule(self) -> Rule:
        """The best seed's rule."""
        return Rule(self.game, self.tables[self.best])

    @property
    def play(self) -> Strategies | TimedStrategies | JointPlay:
        """How the followers play under the best seed's rule."""
        return of_seed(self.plays, self.best)

    @property
    def failed(self) -> list[int]:
        """The seeds that have no rule, since all their copies were dropped."""
        return [self.seed + int(k) for k in np.flatnonzero(np.isnan(self.values))]

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
        """How many seeds learnt a rule within `OPTIMUM_TOLERANCE` of the payoff range of the optimum, if known."""
        if self.solution is None or self.solution.value is None:
            return None
        low, high = self.game.leader_payoff_range
        return int(np.sum(self.learned_values >= self.solution.value - OPTIMUM_TOLERANCE * (high - low)))

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        from firstmover.report.statistics import fraction_interval, mean_interval

        mean, low, high = mean_interval(self.values)
        learned, *learned_interval = mean_interval(self.learned_values)
        optimum = None if self.solution is None else self.solution.value
        count = self.at_optimum
        return {
            "game": build.description(self.game),
            "followers": build.description(self.followers),
            "leader": build.description(self.leader),
            "objective": self.game.objective,
            "seeds": self.seeds,
            "seed": self.seed,
            "value": _numbers(self.values),
            "mean_value": mean,
            "mean_value_interval": [low, high],
            "learned_value": _numbers(self.learned_values),
            "mean_learned_value": learned,
            "mean_learned_value_interval": learned_interval,
            "from_baseline": self.from_baseline.tolist(),
            "dropped": self.dropped.tolist(),
            "failed_seeds": self.failed,
            "best_seed": self.seed + self.best,
            "best_value": self.value,
            "welfare_loss": -self.value if self.game.value_is_loss else None,
            "worst_value": None if self.worst_values is None else _numbers(self.worst_values),
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
        rules = [
            None if np.isnan(value) else Rule(self.game, table).as_file()
            for table, value in zip(self.tables, self.values, strict=True)
        ]
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
            tables, plays, *_ = jax.eval_shape(lambda state: rules_and_plays(problem, leader, state), states)
        tables = parts[0].own_actions(np.zeros(tables.shape, tables.dtype))
        values, history = (
            np.zeros(parts[3]),
            in_own_units(blank_history(leader.updates, parts[3]), problem.game.payoff_units),
        )
        worst = values if leader.target == "worst" else None
        tables, plays, values, worst, history = run.read_arrays("outcome.npz", (tables, plays, values, worst, history))
        named: dict[str, Any] = dict(zip(("game", "followers", "leader", "seeds", "seed"), parts, strict=True))
        result, certificate = run.read_json("result.json"), run.read_json("certificate.json")
        # Runs of version 0.1 know nothing but what was learnt.
        learned = np.array(result.get("learned_value", values.tolist()), float)
        from_baseline = np.array(result.get("from_baseline", [False] * parts[3]))
        dropped = np.array(result.get("dropped", [0] * parts[3]))
        final = Settled(tables, plays, values, worst, learned, from_baseline, dropped)
        others: dict[str, Any] = {
            "certificate": certificate,
            "history": history,
            "seconds": result["seconds"],
            "run": run.path,
        }
        return cls(**named, **final._asdict(), **others)


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
    return _carry_out(game, problem, learner, seeds, seed, run, progress or Silent())


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
    return _carry_out(game, problem, leader, seeds, seed, run, progress or Silent())


def _carry_out(
    game: Game,
    problem: StackelbergPOMDP,
    leader: Leader,
    seeds: int,
    seed: int,
    run: Run | None,
    progress: Progress,
) -> Design:
    """Solve the problem that a leader has in a game, which is in units of its own where the problem is in none."""
    began = time.perf_counter()
    learnt = train(problem, leader, seeds, seed, run, progress)
    progress.stage("letting the followers settle")
    settle = time.perf_counter()
    # In 64-bit numbers: a rule that stands on a cliff must not be held there by the rounding of 32-bit ones.
    with jax.enable_x64(True):
        compiled = jax.jit(lambda state: rules_and_plays(problem, leader, state)).lower(learnt.state).compile()
        compile_seconds = learnt.compile_seconds + time.perf_counter() - settle
        found = compiled(learnt.state)
    final = settled(game, problem.target, found, seed)
    progress.stage("certifying")
    best = best_seed(final.values, final.worst_values)
    model = build.description(problem.followers)
    certificate = certify_play(
        game, final.tables[best], of_seed(final.plays, best), followers=model, seed=seed
    ).as_json()
    seconds = {
        "total": time.perf_counter() - began,
        "compile": compile_seconds,
        "train": learnt.train_seconds,
    }
    path = None if run is None else run.path
    made = Design(
        game,
        problem.followers,
        leader,
        seeds,
        seed,
        **final._asdict(),
        certificate=certificate,
        history=learnt.history,
        seconds=seconds,
        run=path,
    )
    if run is not None:
        made._write(run)
    return made


def _numbers(values: np.ndarray) -> list[float | None]:
    """Numbers as JSON has them: null for one that is none."""
    return [float(value) if np.isfinite(value) else None for value in values]


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
