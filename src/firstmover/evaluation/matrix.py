"""The behaviour matrix: what rules of a game are worth if its followers are otherwise than was thought.

Every rule meets every model of the followers, in the same response seeds: the chance of a response, and of what is
sampled, is common to all cells of a seed.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from firstmover import files
from firstmover.core.commitment import table_of
from firstmover.core.plays import Play
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.deadline import within
from firstmover.errors import InputError, require
from firstmover.evaluation.behaviours import label, presets
from firstmover.evaluators import exact_table, judge_of
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.python_files import Code
from firstmover.jobs import build
from firstmover.jobs.finished import Design, read_result
from firstmover.jobs.runs import Run
from firstmover.jobs.settling import of_seed
from firstmover.jobs.solutions import solve
from firstmover.report.statistics import mean_interval
from firstmover.rules.rule import Rule
from firstmover.rules.rule_files import read_rule_file
from firstmover.solvers.registry import baseline
from firstmover.wording import told_apart

OPTIMUM_SECONDS = 10.0  # what the exact optimum beside the rules may take
STATUS_QUO = "status quo"
_SAMPLES = 2_000  # sub-episodes of a response seed, where the value has to be sampled
_SAME = 1e-9  # of the leader's payoff range: values this close are equal

Given = Game | Design | Rule | str | Path


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What every rule is worth under every model of the followers.

    Attributes:
        game: what the rules are for.
        rules: by name, in the order of the rows of all arrays.
        followers: the models, in the order of the columns.
        value: the leader's expected payoff in the game's units, the mean over response seeds; NaN where a response ends
            in numbers that are not finite.
        interval: its 95 % interval over response seeds, both ends the value where nothing is random.
        regret: the most that a type of a follower could gain by deviating, the largest over response seeds; NaN where
            it is not known.
        sampled: whether the value is the mean of sampled sub-episodes, for lack of an exact one.
        status_quo: what the status quo among the rules is, or None where the game has none.
        optimum_reason: why the exact optimum is not among the rules, or None where it is, or was not asked for.
        left_out: models that cannot play the game, and why.
        seeds, seed: how many response seeds, and the first.
        seconds: what it took.
    """

    game: Game
    rules: dict[str, Rule]
    followers: tuple[Follower, ...]
    value: Float[np.ndarray, "rules followers"]
    interval: Float[np.ndarray, "rules followers 2"]
    regret: Float[np.ndarray, "rules followers"]
    sampled: tuple[bool, ...]
    status_quo: str | None
    optimum_reason: str | None
    left_out: tuple[tuple[Follower, str], ...]
    seeds: int
    seed: int
    seconds: float

    def __repr__(self) -> str:
        return f"<Evaluation of {len(self.rules)} rules of {self.game!r}, {len(self.followers)} models of followers>"

    @property
    def names(self) -> list[str]:
        """Of the rules."""
        return list(self.rules)

    @property
    def worst(self) -> Float[np.ndarray, "rules"]:
        """What each rule is worth in its worst case over the models; NaN where one of its values is."""
        return np.min(self.value, axis=1)

    @property
    def best_for(self) -> list[str | None]:
        """The best rule for each model, the first of those that are equal; None where no value is known."""
        return [self._best(column) for column in self.value.T]

    def _best(self, column: Float[np.ndarray, "rules"]) -> str | None:
        if np.isnan(column).all():
            return None
        return self.names[int(np.flatnonzero(column >= np.nanmax(column) - self._tie)[0])]

    @property
    def behind_best(self) -> Float[np.ndarray, "rules followers"]:
        """By how much the best of the rules for each model beats each rule, at least 0; NaN where it is not known."""
        return np.fmax.reduce(self.value, axis=0) - self.value

    @property
    def _tie(self) -> float:
        low, high = self.game.leader_payoff_range
        return _SAME * (high - low)

    @property
    def below_status_quo(self) -> np.ndarray:
        """Whether a rule is worth less than the status quo, bool [rules, followers]; nowhere if there is none."""
        if self.status_quo is None:
            return np.zeros(self.value.shape, bool)
        below: np.ndarray = self.value < self.value[self.names.index(STATUS_QUO)] - self._tie
        return below

    def as_json(self) -> dict[str, Any]:
        """As JSON values; null for what is not known."""
        return {
            "game": build.description(self.game),
            "rules": self.names,
            "followers": [build.description(followers) for followers in self.followers],
            "value": _numbers(self.value),
            "interval": _numbers(self.interval),
            "regret": _numbers(self.regret),
            "worst": _numbers(self.worst),
            "best_for": self.best_for,
            "behind_best": _numbers(self.behind_best),
            "status_quo": self.status_quo,
            "optimum_reason": self.optimum_reason,
            "below_status_quo": self.below_status_quo.tolist(),
            "sampled": list(self.sampled),
            "left_out": [{**build.description(followers), "reason": reason} for followers, reason in self.left_out],
            "payoff_range": list(self.game.leader_payoff_range),
            "seeds": self.seeds,
            "seed": self.seed,
            "seconds": self.seconds,
        }


def evaluate(
    *given: Given,
    rules: Mapping[str, Rule] | None = None,
    followers: Sequence[Follower | str] = ("all",),
    seeds: int = 20,
    seed: int = 0,
    optimum_seconds: float | int = OPTIMUM_SECONDS,
    progress: Callable[[str], None] | None = None,
    code: Code = None,
) -> Evaluation:
    """What rules of a game are worth under several models of its followers.

    The game's status quo joins the rules where one is known, and so does the exact optimum where it is soon found, or
    the best rule that `solve` finds; of one that rests on ties also the rule with a margin (see `solve`).

    Args:
        given: run folders, rule files, designs, rules; or a game alone. All are of the same game.
        rules: more rules, by name.
        followers: the models, or names of models at their defaults; "all" stands for all of `behaviours.presets` that
            can play the game.
        seeds: of the responses, at least 1.
        seed: the first of them.
        optimum_seconds: what the exact optimum may take; at 0 it is left out.
        progress: told how far it is, and how many seconds are left.
        code: the file of a user's own game, which is executed.

    Raises:
        InputError: a rule cannot be read, or is for another game; a model that was named cannot play it, or none can; a
            number is out of range.

    Example:
        >>> from firstmover.games import Maintain
        >>> evaluation = evaluate(Maintain("mixed"), followers=["best-response", "logit"])
        >>> evaluation.names
        ['status quo', 'optimum', 'optimum with a margin']
        >>> [round(float(value)) for value in evaluation.worst]
        [20, 17, 17]
    """
    began = time.perf_counter()
    require(seeds >= 1, "seeds must be at least 1", seeds)
    require(seed >= 0, "seed must be a whole number from 0", seed)
    require(optimum_seconds >= 0, "the seconds for the optimum must be 0 or more", optimum_seconds)
    named, game = _rules(given, rules or {}, code)
    status_quo = _status_quo(game)
    if status_quo is not None:
        named.append((STATUS_QUO, status_quo[1]))
    optimum_reason = None
    if optimum_seconds:
        if progress is not None:
            progress("looking for the exact optimum")
        solved, optimum_reason = _optimum(game, float(optimum_seconds))
        named += solved
    if not named:
        raise InputError(f"there is no rule to evaluate: {game.name} has no status quo and no optimum that is known.")
    matrix = dict(zip(told_apart([name for name, _ in named]), (rule for _, rule in named), strict=True))
    models, left_out = _models(followers, list(matrix.values()))
    shape = len(matrix), len(models)
    value, interval, regret = np.full(shape, np.nan), np.full((*shape, 2), np.nan), np.full(shape, np.nan)
    sampled, since = [], time.perf_counter()
    for column, model in enumerate(models):
        responses: dict[str, _Responses] = {}
        for row, (name, rule) in enumerate(matrix.items()):
            _tell(progress, since, column * len(matrix) + row, value.size, f"{name} under {label(model)}")
            game_key = _stored(rule.game)
            if game_key not in responses:
                responses[game_key] = _Responses(rule.game, model, seeds, seed)
            value[row, column], interval[row, column], regret[row, column] = responses[game_key].cell(rule)
        sampled.append(any(own.sampled for own in responses.values()))
    return Evaluation(
        game,
        matrix,
        tuple(models),
        value,
        interval,
        regret,
        tuple(sampled),
        None if status_quo is None else status_quo[0],
        optimum_reason,
        tuple(left_out),
        seeds,
        seed,
        time.perf_counter() - began,
    )


class _Responses:
    """How one model responds to rules of one game, in all response seeds at once: one compiled program."""

    def __init__(self, game: Game, followers: Follower, seeds: int, seed: int):
        self.game, self.standard = game, game.standardised
        try:
            problem, self.sampled = StackelbergPOMDP(self.standard, followers), False
        except InputError:  # it has no exact value
            problem, self.sampled = StackelbergPOMDP(self.standard, followers, _SAMPLES), True
        self.judge = judge_of(game, seed=seed)
        self.keys = jax.vmap(jax.random.key)(seed + jnp.arange(seeds))

        @jax.jit
        def episodes(actions: jax.Array, keys: jax.Array) -> tuple[jax.Array, Play]:
            def one(key: jax.Array) -> tuple[jax.Array, Play]:
                episode = problem.episode(table_of(self.standard, actions), key)
                return episode.reward, episode.strategy

            return jax.vmap(one)(keys)

        self.episodes = episodes

    def cell(self, rule: Rule) -> tuple[float, tuple[float, float], float]:
        """The leader's value with its interval, and the followers' largest regret; NaN for what is not known."""
        with jax.enable_x64(True):
            actions = exact_table(self.standard, self.game.standard_actions(rule.actions)).actions
            rewards, plays = jax.tree.map(np.asarray, self.episodes(actions, self.keys))
        units = self.standard.payoff_units
        values = rewards if units is None else units.of_leader(rewards)
        value, low, high = mean_interval(values)
        if np.ptp(values) == 0:
            value = low = high = float(values[0])
        least, most = self.game.leader_payoff_range
        return value, (max(low, min(least, value)), min(high, max(most, value))), self._regret(rule, plays)

    def _regret(self, rule: Rule, plays: Play) -> float:
        """The largest over response seeds; equal ones are looked at once."""
        different = {str([leaf[k].tobytes() for leaf in jax.tree.leaves(plays)]): k for k in range(len(self.keys))}
        regrets = [self.judge.regret(rule.actions, of_seed(plays, k)) for k in different.values()]
        return max((np.nan if regret is None else regret for regret in regrets), default=np.nan)


def _rules(given: Sequence[Given], more: Mapping[str, Rule], code: Code) -> tuple[list[tuple[str, Rule]], Game]:
    """The rules with their names, and the game that they are for.

    Raises:
        InputError: see `evaluate`.
    """
    named: list[tuple[str, Rule]] = []
    games: list[Game] = []
    for one in given:
        match one:
            case Game():
                games.append(one)
            case Design():
                named.append(("learned", one.rule.as_told()))
            case Rule():
                named.append(("rule", one.as_told()))
            case _:
                named.append((str(one), _read(one, code)))
    named += [(name, rule.as_told()) for name, rule in more.items()]
    if not games and not named:
        raise InputError("evaluate needs a run, a rule file, a rule or a game.")
    game = games[0] if games else named[0][1].game
    for name, rule in named:
        if not _fits(game, rule) and (games or not _fits(rule.game, named[0][1])):
            raise InputError(f"{name} is a rule for another game than {game!r}; rules are compared in one game.")
    if any(_stored(other) != _stored(game) for other in games):
        raise InputError("rules are compared in one game; several were given.")
    return named, game


def _fits(game: Game, rule: Rule) -> bool:
    """Whether the rule is one of this game, if need be with decisions that are off its grid."""
    return _stored(game.playing(rule.entries)) == _stored(rule.game)


def _stored(game: Game) -> str:
    return json.dumps(build.description(game), sort_keys=True)


def _read(path: str | Path, code: Code) -> Rule:
    """The best rule of a finished run, or the rule of a file."""
    if not files.is_folder(path):
        return read_rule_file(path, code)[0]
    run = Run.open(path)
    read_result(run)  # refuses what is unfinished, damaged or edited
    return read_rule_file(run.path / "result.json", code)[0]


def _status_quo(game: Game) -> tuple[str, Rule] | None:
    """What the game's baseline is, and its rule, maybe with other settings of the game; None if it has none."""
    try:
        name, other, actions = baseline(game)
    except InputError:
        return None
    return name, Rule(other, actions)


def _optimum(game: Game, seconds: float) -> tuple[list[tuple[str, Rule]], str | None]:
    """The exact optimum, and the rule that leaves no tie where it rests on some; or why it is not there.

    Where a search found a rule that it could not prove to be the best, that rule.
    """
    try:
        solution = within(seconds, lambda: solve(game, time_limit=seconds))
    except InputError as why:
        return [], str(why)
    except TimeoutError:
        return [], f"it takes more than {seconds:g} s."
    reason = None if solution.value is not None else "no rule is proved to be the best."
    if solution.rule is None:
        return [], reason
    played = game if solution.game is None else solution.game
    solved = [("optimum" if reason is None else "best found", solution.rule)]
    if solution.margin is not None:
        solved.append((f"{solved[0][0]} with a margin", solution.margin.rule))
    return [(name, Rule.read(played, entries)) for name, entries in solved], reason


def _models(
    named: Sequence[Follower | str], rules: Sequence[Rule]
) -> tuple[list[Follower], list[tuple[Follower, str]]]:
    """The models that can play the games of all rules, and those of the presets that cannot, with the reason.

    Raises:
        InputError: one that was named cannot, or none can.
    """
    wanted: list[tuple[Follower, bool]] = []
    for one in named:
        match one:
            case "all":
                wanted += [(model, False) for model in presets()]
            case _:
                wanted.append((build.given("followers", one), True))
    models: list[Follower] = []
    left_out: list[tuple[Follower, str]] = []
    for model, must in wanted:
        try:
            if model.needs_training:
                raise InputError(f"{model.name} followers must be trained first: name their network with -f network=.")
            for rule in rules:
                model.check(rule.game.standardised)
            models.append(model)
        except InputError as why:
            if must:
                raise
            left_out.append((model, str(why)))
    if not models:
        raise InputError(left_out[0][1] if left_out else "evaluate needs at least one model of the followers.")
    return models, left_out


def _tell(progress: Callable[[str], None] | None, since: float, done: int, total: int, what: str) -> None:
    if progress is not None:
        left = f", {(time.perf_counter() - since) / done * (total - done):.0f} s left" if done else ""
        progress(f"cell {done + 1} of {total}: {what}{left}")


def _numbers(values: np.ndarray) -> Any:
    """Nested lists, null for NaN."""
    plain = values.astype(object)
    plain[~np.isfinite(values)] = None
    return plain.tolist()
