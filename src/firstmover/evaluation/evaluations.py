"""The result of an evaluation: what every rule is worth under every model of the followers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from firstmover.evaluation.estimates import PayoffErrors
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.jobs import build
from firstmover.jobs.network_designs import NetworkDesign
from firstmover.json_types import Json, JsonObject
from firstmover.rules.rule import Rule

STATUS_QUO = "status quo"
_SAME = 1e-9  # of the leader's payoff range: values this close are equal


@dataclass(frozen=True, eq=False)
class WhenOff:
    """What the rules are worth when payoffs are off and the followers know the true ones.

    Attributes:
        errors: how the payoffs may be off.
        mean: over draws of the payoffs.
        interval: the 95 % interval of the mean.
        worst: the least over the draws.
    """

    errors: PayoffErrors
    mean: Float[np.ndarray, "rules followers"]
    interval: Float[np.ndarray, "rules followers 2"]
    worst: Float[np.ndarray, "rules followers"]

    def as_json(self) -> JsonObject:
        """As JSON values."""
        own = {"mean": self.mean, "interval": self.interval, "worst": self.worst}
        asked = {"off_by": self.errors.by, "draws": self.errors.draws, "seed": self.errors.seed}
        return asked | {name: _numbers(values) for name, values in own.items()}


@dataclass(frozen=True, eq=False)
class OnRows:
    """What the rules are worth on rows that their prior was not estimated from.

    Attributes:
        rows: how many there are.
        value: the mean over them.
        interval: its 95 % bootstrap interval over rows.
    """

    rows: int
    value: Float[np.ndarray, "rules followers"]
    interval: Float[np.ndarray, "rules followers 2"]

    def as_json(self) -> JsonObject:
        """As JSON values."""
        return {"rows": self.rows, "value": _numbers(self.value), "interval": _numbers(self.interval)}


@dataclass(frozen=True, eq=False)
class Held:
    """Whether the rules keep a constraint.

    Attributes:
        name: the measure.
        at_least: what it has to be at least.
        value: the mean over response seeds.
        holds: whether that keeps the constraint.
    """

    name: str
    at_least: float
    value: Float[np.ndarray, "rules followers"]
    holds: Bool[np.ndarray, "rules followers"]

    def as_json(self) -> JsonObject:
        """As JSON values."""
        own = {"value": _numbers(self.value), "holds": self.holds.tolist()}
        return {"name": self.name, "at_least": self.at_least, **own}


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
        when_off: the same when payoffs are off, where that was asked for.
        constraints: and whether the rules keep them, those that were asked about.
        holdout: the rules on rows that were held out, where there are some.
    """

    game: Game
    rules: Mapping[str, Rule | NetworkDesign]
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
    when_off: WhenOff | None = None
    constraints: tuple[Held, ...] = ()
    holdout: OnRows | None = None

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
    def below_status_quo(self) -> Bool[np.ndarray, "rules followers"]:
        """Whether a rule is worth less than the status quo; nowhere if there is none."""
        if self.status_quo is None:
            return np.zeros(self.value.shape, bool)
        below: np.ndarray = self.value < self.value[self.names.index(STATUS_QUO)] - self._tie
        return below

    def as_json(self) -> JsonObject:
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
            "constraints": [own.as_json() for own in self.constraints],
            "holdout": None if self.holdout is None else self.holdout.as_json(),
            **({} if self.when_off is None else {"payoffs": self.when_off.as_json()}),
        }


def _numbers(values: np.ndarray) -> Json:
    """Nested lists, null for NaN."""
    plain = values.astype(object)
    plain[~np.isfinite(values)] = None
    return plain.tolist()
