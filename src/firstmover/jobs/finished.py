"""A finished design: what came of it, and how it stands in a run folder.

`designs.design` makes them.
"""

import functools
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from firstmover.certificates import certify_play, summary
from firstmover.core.plays import Play
from firstmover.errors import NO_NUMBER, ChangedCodeWarning, InputError
from firstmover.evaluation.holdout import HoldOut, hold_out
from firstmover.evaluation.measures import Constraint, Measure, constrained, measures
from firstmover.evaluation.robustness import Robust, robust
from firstmover.evaluation.rows_curve import RowsCurve
from firstmover.evaluators.aims import constraints
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.python_files import Code
from firstmover.jobs import build
from firstmover.jobs.fresh_types import on_fresh_types
from firstmover.jobs.observed import NO_EVIDENCE, Evidence
from firstmover.jobs.ready_followers import ready
from firstmover.jobs.records import (
    LEFT_OUT,
    MANY_CALLS,
    Outcome,
    configuration,
    parts_of,
    problem_of,
    read_outcome,
    read_result,
    sealed,
    write_outcome,
)
from firstmover.jobs.rows_needed import rows_needed
from firstmover.jobs.runs import Run, digest
from firstmover.jobs.settling import Settled, best_seed, of_seed, valued_anew
from firstmover.json_types import JsonObject, Parsed
from firstmover.leaders.base import Leader, Metrics
from firstmover.rules.rule import Rule, play_text
from firstmover.solvers.registry import memory_optimum, optimum
from firstmover.solvers.solution import Solution
from firstmover.wording import written

OPTIMUM_TOLERANCE = 5e-4  # "at the optimum": within this share of the leader's payoff range


@dataclass(frozen=True)
class Optimum:
    """What is known of the exact optimum of the game that was designed.

    Attributes:
        value: the optimum, or None.
        followers: which equilibrium of the followers it assumes, or None.
        upper_bounds: named bounds on what any commitment can earn.
        reason: why it was not computed although there may be a method, or None.
    """

    value: float | None = None
    followers: str | None = None
    upper_bounds: dict[str, float] = field(default_factory=dict)
    reason: str | None = None


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
        optimum: the exact optimum, as far as it was computed.
        history: metrics of every update that was made, [updates, seeds].
        seconds: `total` (all that was waited for, over all processes of the run), `compile` and `train`, wall clock.
        run: the run folder, if one was written.
        trained: where the followers were trained, seen from the run folder, if that was done for the design, or was
            found beside it.
        changed_code: which of a user's own classes have other code than when the run began. Rules and plays are those
            of the run then, all figures but the history are those of the code as it is.
        merits: what the rules of all seeds were chosen by, where that is neither their value nor their worst case (see
            `evaluators.aims.Merit`), else None.
        evidence: rows that were held out, and how far the prior may be off.
    """

    game: Game
    followers: Follower
    leader: Leader
    seeds: int
    seed: int
    tables: np.ndarray
    plays: Play
    values: np.ndarray
    worst_values: np.ndarray | None
    learned_values: np.ndarray
    from_baseline: np.ndarray
    dropped: np.ndarray
    certificate: Parsed
    optimum: Optimum
    history: Metrics
    seconds: dict[str, float]
    run: Path | None = None
    trained: str | None = None
    changed_code: tuple[str, ...] = ()
    merits: np.ndarray | None = None
    evidence: Evidence = NO_EVIDENCE

    def __repr__(self) -> str:
        return f"<Design of {self.game!r}: {self._in_short()}>"

    def _repr_html_(self) -> str:
        """The page of the design without what takes time to compute, for notebooks."""
        from firstmover.jobs.reports import design_page
        from firstmover.report.page import fragment

        return fragment(design_page(self))

    def _in_short(self) -> str:
        """The value of the best seed, beside the optimum."""
        low, high = self.game.leader_payoff_range
        optimum = "" if self.optimum.value is None else f" (optimum {written(self.optimum.value, low, high)})"
        return f"value {written(self.value, low, high)}{optimum}, best of {self.seeds} seeds"

    @property
    def best(self) -> int:
        """Position of the best seed."""
        return best_seed(self.values, self.worst_values, self.merits)

    @property
    def rule(self) -> Rule:
        """The best seed's rule."""
        return Rule(self.game, self.tables[self.best])

    @property
    def play(self) -> Play:
        """How the followers play under the best seed's rule."""
        return of_seed(self.plays, self.best)

    @functools.cached_property
    def measures(self) -> dict[str, Measure]:
        """Named numbers of the best seed's rule beside its value, with their intervals over equilibria."""
        return measures(self.game, self.rule.as_told().actions, self.play)

    @functools.cached_property
    def constraints(self) -> tuple[Constraint, ...]:
        """The constraints that were designed for, and whether the best seed's rule keeps them."""
        return constrained(self.game, constraints((*self.game.at_least, *self.leader.at_least)), self.measures)

    @functools.cached_property
    def holdout(self) -> HoldOut | None:
        """The best seed's rule on the rows that were held out; None where none were."""
        if self.evidence.held is None:
            return None
        return hold_out(self.rule.as_told(), self.play, self.followers, self.evidence.held, self.seed)

    @functools.cached_property
    def robust(self) -> Robust | None:
        """The best seed's rule under the worst prior nearby, its play as it is; None where that was not asked for."""
        return robust(self.rule.as_told(), self.play, self.evidence.radius)

    @functools.cached_property
    def rows_curve(self) -> RowsCurve | None:
        """What fewer rows, or more like these, are good for; None where the prior is not from data."""
        if self.evidence.rows is None:
            return None
        known, others = {self.tables[self.best].tobytes()}, []
        for k in np.flatnonzero(~np.isnan(self.values)):
            if self.tables[k].tobytes() not in known:
                known.add(self.tables[k].tobytes())
                others.append((Rule(self.game, self.tables[k]).as_told(), of_seed(self.plays, int(k))))
        return rows_needed(self.rule.as_told(), others, self.play, self.followers, self.evidence, self.seed)

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

    def history_frame(self) -> Any:
        """The metrics as a pandas DataFrame, a row for every update (from 1) and seed, as in `metrics.csv`.

        Raises:
            InputError: pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            raise InputError("history_frame needs pandas; install it with: pip install pandas.") from None
        updates, seeds = np.shape(self.history.value)
        index = pandas.MultiIndex.from_product(
            [range(1, updates + 1), range(self.seed, self.seed + seeds)], names=["update", "seed"]
        )
        columns = {name: np.asarray(metric).ravel() for name, metric in self.history._asdict().items()}
        return pandas.DataFrame(columns, index).reset_index()

    @functools.cached_property
    def solution(self) -> Solution | None:
        """The exact optimum with its rule, computed however long it takes, where there is a method."""
        try:
            return exact_optimum(self.game, self.followers)
        except NO_NUMBER:
            return None

    @property
    def at_optimum(self) -> int | None:
        """How many seeds learnt a rule within `OPTIMUM_TOLERANCE` of the payoff range of the optimum, if known."""
        if self.optimum.value is None:
            return None
        return int(np.sum(self._above_optimum >= -1)) - self.beyond_optimum

    @property
    def beyond_optimum(self) -> int:
        """How many earn more than any equilibrium allows (ties are strong): their followers have not settled."""
        if self.optimum.value is None or self.followers.optimum_ties == "weak":
            return 0
        return int(np.sum(self._above_optimum > 1))

    @property
    def _above_optimum(self) -> Float[np.ndarray, "seeds"]:
        """By how much what every seed learnt is worth more than the optimum, in units of the tolerance."""
        low, high = self.game.leader_payoff_range
        above: np.ndarray = (self.learned_values - self.optimum.value) / (OPTIMUM_TOLERANCE * ((high - low) or 1.0))
        return above

    def as_json(self) -> JsonObject:
        """The result as JSON values."""
        from firstmover.report.statistics import fraction_interval, mean_interval

        mean, low, high = mean_interval(self.values)
        learned, *learned_interval = mean_interval(self.learned_values)
        count = self.at_optimum
        result = {
            "game": build.description(self.game),
            "followers": build.description(self.followers),
            "leader": build.description(self.leader),
            "objective": self.game.objective,
            "measures": {name: measure.as_json() for name, measure in self.measures.items()},
            "constraints": [constraint.as_json() for constraint in self.constraints],
            "holdout": None if self.holdout is None else self.holdout.as_json(),
            "robust": None if self.robust is None else self.robust.as_json(),
            "rows_curve": None if self.rows_curve is None else self.rows_curve.as_json(),
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
            "optimum": self.optimum.value,
            "optimum_followers": self.optimum.followers,
            "optimum_reason": self.optimum.reason,
            "upper_bounds": self.optimum.upper_bounds,
            "seeds_at_optimum": count,
            "seeds_beyond_optimum": self.beyond_optimum,
            "seeds_at_optimum_interval": None if count is None else fraction_interval(count, self.seeds),
            "updates": len(self.history.value),
            "env_steps": int(np.sum(self.history.env_steps, dtype=np.int64)),
            "simulated_steps": int(np.sum(self.history.simulated_steps, dtype=np.int64)),
            "seconds": self.seconds,
            "run": None if self.run is None else str(self.run),
            "trained": self.trained,
            **({"changed_code": list(self.changed_code)} if self.changed_code else {}),
        }
        return sealed(result, self.certificate)

    def save(self, path: str | Path) -> Path:
        """Write a run folder, which must not hold anything yet.

        Raises:
            InputError: the folder holds something, or cannot be written.
        """
        left_out = self.optimum.reason if self.optimum.reason in (LEFT_OUT, MANY_CALLS) else None
        asked = configuration(
            self.game, self.followers, self.leader, self.seeds, self.seed, left_out, evidence=self.evidence
        )
        run = Run.create(path, asked)
        final = Settled(*(getattr(self, name) for name in Settled._fields))
        write_outcome(run, Outcome(final, self.history), self.leader)
        self.write_results(run)
        return run.path

    def write_results(self, run: Run) -> None:
        rules = [
            None if np.isnan(value) else Rule(self.game, table).as_file()
            for table, value in zip(self.tables, self.values, strict=True)
        ]
        run.write_json("rules.json", {"best_seed": self.seed + self.best, "first_seed": self.seed, "rules": rules})
        run.write_json("certificate.json", self.certificate)
        run.write_json("result.json", self.as_json())

    @classmethod
    def load(cls, path: str | Path, *, code: Code = None, game: Game | None = None) -> "Design":
        """Read a finished run.

        Where a user's own code has changed since, the rules and the plays of the run are valued and certified under the
        code as it is, with a warning; nothing is written.

        Args:
            path: the run folder.
            code: the file of a user's own game, followers or leader, which is executed.
            game: its game, where that is at hand.

        Raises:
            InputError: it is missing, unfinished, damaged, edited, or of another version.
        """
        run = Run.open(path)
        result = read_result(run)
        read = uncertified(run, result, code, game)
        if read.changed_code:
            model = build.description(read.followers)
            rule, play = on_fresh_types(read.rule, read.play, read.followers, read.seed)
            anew = certify_play(rule.game, rule.actions, play, followers=model, seed=read.seed)
            return replace(read, certificate=anew.as_json())
        certificate = run.read_json("certificate.json")
        if digest(certificate) != result["digests"].get("certificate"):
            raise InputError(
                f"{run.path / 'certificate.json'} was edited, or belongs to another run; 'firstmover certify {path}' "
                "writes it anew."
            )
        return replace(read, certificate=certificate)


def uncertified(run: Run, result: Parsed, code: Code = None, given: Game | None = None) -> Design:
    """A finished run without its certificate; under a user's own code as it is, with a warning if it has changed.

    Raises:
        InputError: it is damaged, or what it was played with has changed so that it does not fit any more.
    """
    game, followers, leader, seeds, seed = parts_of(run, code, given, changed_too=True)
    if "network" in result:
        raise InputError(
            f"the rule of {run.path} is a network that is not written out; its value, its interval and the bounds on "
            "regrets, judged on fresh samples, are in result.json."
        )
    items: dict[str, build.Named] = {"game": game, "followers": followers, "leader": leader}
    changed = tuple(
        run.config[kind]["name"] for kind, item in items.items() if build.has_changed(item, run.config[kind])
    )
    try:
        problem = problem_of(run, game, ready(run, game, followers), leader)
        final, history = read_outcome(run, game, problem, leader, seeds, seed)
    except InputError as why:
        if not changed:
            raise
        raise InputError(
            f"{' and '.join(changed)} changed since the run in {run.path} began, and its rules do not fit any more "
            f"({why}); begin anew with 'design'."
        ) from None
    if _numbers(final.values) != result["value"]:
        raise InputError(f"{run.path / 'outcome.npz'} and result.json do not belong together.")
    if changed:
        final = valued_anew(game, problem, final, seed)
        warnings.warn(
            f"{' and '.join(changed)} changed since the run in {run.path} began: its rules and plays are those that "
            "were learnt then, and what is said of them holds for the code as it is now.",
            ChangedCodeWarning,
            stacklevel=3,
        )
    return Design(
        game,
        problem.followers,
        leader,
        seeds,
        seed,
        **final._asdict(),
        certificate={},
        optimum=Optimum(reason="the code has changed since")
        if changed
        else Optimum(result["optimum"], result["optimum_followers"], result["upper_bounds"], result["optimum_reason"]),
        history=history,
        seconds=result["seconds"],
        run=run.path,
        trained=run.config.get("trained"),
        changed_code=changed,
        evidence=Evidence.from_json(run.config),
    )


def exact_optimum(game: Game, followers: Follower) -> Solution:
    """The exact optimum of a game; ties go as the followers break them, for the leader if they do not.

    Raises:
        InputError: there is no method, or the game is too large.
    """
    exact = optimum if followers.counts_steps else memory_optimum
    return exact(game, followers.optimum_ties)


def _numbers(values: np.ndarray) -> list[float | None]:
    """Numbers as JSON has them: null for one that is none."""
    return [float(value) if np.isfinite(value) else None for value in values]
