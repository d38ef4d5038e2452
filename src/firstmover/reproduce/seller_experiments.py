"""Experiments with sellers who learn under rules that are given: sessions whose statistics are kept, case by case."""

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

from firstmover import files
from firstmover.errors import InputError
from firstmover.evaluation.impulse import impulse_response
from firstmover.evaluation.matrix import evaluate
from firstmover.evaluation.seller_sessions import seller_sessions
from firstmover.evaluation.seller_statistics import statistics_of
from firstmover.followers import Follower, RepeatedQLearning
from firstmover.followers.learnt_play import Statistic
from firstmover.games import BuyBox
from firstmover.games.display import fixed_rule
from firstmover.games.prominence import named_rule
from firstmover.jobs import build
from firstmover.jobs.loop import Progress, Silent
from firstmover.json_types import JsonObject, Parsed
from firstmover.rules.rule import Rule

FORMAT = 1
_DEVIATION = ("punished", "does not pay", "back", "told")
_PATHS = ("deviator", "rival", "undisturbed")


@dataclass(frozen=True)
class Case:
    """A rule with a name in a market, and how its sellers learn.

    Attributes:
        game: the market.
        rule: the rule's name, or a cap on prices.
        sellers: how they learn.
        per_seed: sessions for each profile of costs and each seed.
        deviates: whether a seller is made to deviate afterwards.
    """

    game: BuyBox
    rule: str | float
    sellers: RepeatedQLearning = field(default_factory=RepeatedQLearning)
    per_seed: int = 40
    deviates: bool = False

    def settings(self, seeds: int) -> JsonObject:
        """What its results depend on, as JSON values."""
        stored = {"game": build.as_stored(self.game), "sellers": build.as_stored(self.sellers)}
        return stored | {"rule": self.rule, "sessions": self.per_seed * seeds, "deviates": self.deviates}

    def play(self, seeds: int, tell: Callable[[str], None]) -> JsonObject:
        """What came of it, as JSON values."""
        played = seller_sessions(
            self.game, named_rule(self.game, self.rule), self.sellers, sessions=self.per_seed * seeds, progress=tell
        )
        found: JsonObject = {"statistics": {name: list(own) for name, own in statistics_of(played).items()}}
        if self.deviates:
            after = impulse_response(played)
            if not after.deviated:  # the forced price is everybody's own
                return found
            shares = [after.punished.mean(), after.does_not_pay.mean(), after.back.mean(), after.deviated]
            found["deviation"] = dict(zip(_DEVIATION, map(float, shares), strict=True))
            found["paths"] = {name: getattr(after, name).mean(axis=1).tolist() for name in _PATHS}
        return found


@dataclass(frozen=True, eq=False)
class Played:
    """What came of the cases of an experiment, by label.

    Attributes:
        statistics: every statistic of the sessions, by name.
        deviation: shares of sessions, and `paths` of mean prices by round, where a seller was made to deviate.
        seconds: what it took, `total`; nothing for what was read back.
    """

    statistics: Mapping[str, Mapping[str, Statistic]]
    deviation: Mapping[str, Mapping[str, float]]
    paths: Mapping[str, Mapping[str, Float[np.ndarray, "rounds"]]]
    seconds: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Sessions:
    """Cases that are played one by one, each kept in a file: after a stop the same call goes on.

    Attributes:
        name: of its folder.
        cases: by label.
    """

    name: str
    cases: Mapping[str, Case]

    def run(self, folder: Path, seeds: int, progress: Progress | None) -> Played:
        """Play what the folder does not hold yet.

        Raises:
            InputError: the folder holds something else.
        """
        began, found = time.perf_counter(), {}
        for label, case in self.cases.items():
            path, tell = folder / self.name / f"{slug(label)}.json", _told(progress, label)
            tell("sellers learn")
            found[label] = kept(path, case.settings(seeds), functools.partial(case.play, seeds, tell))
        return Played(
            {
                label: {name: Statistic(*own) for name, own in item["statistics"].items()}
                for label, item in found.items()
            },
            {label: item["deviation"] for label, item in found.items() if "deviation" in item},
            {
                label: {name: np.array(own) for name, own in item["paths"].items()}
                for label, item in found.items()
                if "paths" in item
            },
            {"total": time.perf_counter() - began},
        )


@dataclass(frozen=True, eq=False)
class Worth:
    """What rules are worth under models of the sellers.

    Attributes:
        value: by rule and model.
        interval: 95 % intervals over seeds.
        seconds: what it took, `total`.
    """

    value: Float[np.ndarray, "rules models"]
    interval: Float[np.ndarray, "rules models 2"]
    seconds: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Models:
    """Rules with names, and one that is written down, under several models of the sellers, each kept in a file.

    Attributes:
        name: of its folder.
        game: the market.
        rules: by label: a name, or thresholds by row.
        models: by label.
    """

    name: str
    game: BuyBox
    rules: Mapping[str, str | tuple[int, ...]]
    models: Mapping[str, Follower]

    def run(self, folder: Path, seeds: int, progress: Progress | None) -> Worth:
        """Evaluate what the folder does not hold yet.

        Raises:
            InputError: the folder holds something else.
        """
        began = time.perf_counter()
        rules = {label: Rule(self.game, _table(self.game, own)) for label, own in self.rules.items()}
        entries = {label: rule.entries for label, rule in rules.items()}
        columns = []
        for label, model in self.models.items():
            play = functools.partial(_worth, rules, model, seeds, progress)
            settings = {"game": build.as_stored(self.game), "model": build.as_stored(model), "rules": entries}
            columns.append(kept(folder / self.name / f"{slug(label)}.json", settings | {"seeds": seeds}, play))
        value = np.array([column["value"] for column in columns]).T
        interval = np.array([column["interval"] for column in columns]).swapaxes(0, 1)
        return Worth(value, interval, {"total": time.perf_counter() - began})


def _worth(rules: dict[str, Rule], model: Follower, seeds: int, progress: Progress | None) -> JsonObject:
    """What rules are worth under a model, as JSON values."""
    found = evaluate(rules=rules, followers=[model], seeds=seeds, optimum_seconds=0, progress=_told(progress, ""))
    rows = [found.names.index(name) for name in rules]
    return {"value": found.value[rows, 0].tolist(), "interval": found.interval[rows, 0].tolist()}


def _table(game: BuyBox, rule: str | tuple[int, ...]) -> np.ndarray:
    return fixed_rule(game, rule) if isinstance(rule, str) else np.array(rule, np.int32)


def kept(path: Path, settings: JsonObject, play: Callable[[], JsonObject]) -> Parsed:
    """What the file holds of these settings; played and written where there is none.

    Raises:
        InputError: the file holds something else.
    """
    if not files.exists(path):
        files.make_folder(path.parent)
        files.write_json(path, {"format": FORMAT, "settings": settings, "result": play()})
    held = files.read_json(path)
    if not isinstance(held, dict) or held.get("format") != FORMAT or held.get("settings") != settings:
        raise InputError(f"{path} holds a run with other settings; name another folder with --out.")
    result: Parsed = held["result"]
    return result


def _told(progress: Progress | None, label: str) -> Callable[[str], None]:
    tell = (progress or Silent()).stage
    return lambda what: tell(f"{label}: {what}" if label else what)


def slug(words: str) -> str:
    """Words as the name of a file."""
    return "-".join("".join(c if c.isalnum() or c == "." else " " for c in words.lower()).split())
