"""`firstmover sample`: what to do on each of so many days, so that it comes to the rule; and what an override costs."""

import csv
import io
import math
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.estimates import Draws, values
from firstmover.equilibria.sampling import Assignment, Share, decomposition, schedule
from firstmover.errors import InputError, require
from firstmover.games.base import Game, Ties
from firstmover.jobs import build
from firstmover.json_types import JsonObject
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import linear_form

_MOST_DAYS = 100_000


@dataclass(frozen=True)
class Override:
    """What it costs to do something else on one day.

    Attributes:
        day: which.
        instead: what is done on it.
        value: of the rule, to a follower that replies best to how often everything happens.
        after: the same if one of the days is as overridden.
        known: what that day is worth if the follower knows of it and replies best to what is done.
    """

    day: int
    instead: Assignment
    value: float
    after: float
    known: float

    @property
    def cost(self) -> float:
        """By how much the leader earns less on every day."""
        return self.value - self.after


@dataclass(frozen=True)
class Schedule:
    """The days of a rule.

    Attributes:
        game: what the rule is for.
        names: of what may be done on a day.
        frequencies: how often each is to be done, exactly.
        parts: what is done at once and how often, exactly: it comes to the frequencies.
        days: what is done on every day, without the override.
        seed: of the draw.
        override: what is done otherwise on one day, and its cost.
    """

    game: Game
    names: tuple[str, ...]
    frequencies: tuple[Fraction, ...]
    parts: list[Share]
    days: list[Assignment]
    seed: int
    override: Override | None = None

    @property
    def played(self) -> list[Assignment]:
        """What is done on every day."""
        played = list(self.days)
        if self.override is not None:
            played[self.override.day - 1] = self.override.instead
        return played

    @property
    def counts(self) -> dict[str, int]:
        """On how many days each is done."""
        counted = Counter(k for day in self.played for k in day)
        return {name: counted[k] for k, name in enumerate(self.names)}

    def as_json(self) -> JsonObject:
        """As JSON values; frequencies are fractions in text."""
        own = self.override
        override: JsonObject | None = None
        if own is not None:
            override = {
                "day": own.day,
                "instead": self.named(own.instead),
                "value": own.value,
                "value_after": own.after,
            }
            override |= {"cost": own.cost, "value_of_the_day_if_known": own.known}
        return {
            "game": build.description(self.game),
            "frequencies": {name: str(p) for name, p in zip(self.names, self.frequencies, strict=True)},
            "decomposition": [{"weight": str(part.weight), "does": self.named(part.covered)} for part in self.parts],
            "days": len(self.days),
            "seed": self.seed,
            "schedule": [self.named(day) for day in self.played],
            "counts": self.counts,
            "override": override,
        }

    def as_csv(self) -> str:
        """A line for every day, with 1 under what is done on it."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["day", *self.names])
        for number, day in enumerate(self.played, 1):
            writer.writerow([number, *(int(k in day) for k in range(len(self.names)))])
        return out.getvalue()

    def named(self, does: Assignment) -> list[str]:
        """The names of what is done."""
        return [self.names[k] for k in does]


def sample(
    rule: Rule, days: int, *, seed: int = 0, override: tuple[int, list[str]] | None = None, ties: Ties = "strong"
) -> Schedule:
    """What to do on each of so many days, so that every day is a draw from the rule.

    Over the days everything is done as often as the rule says, rounded down or up to whole days.

    Args:
        rule: one decision: a coverage or a mixture.
        days: how many, from 1 to 100,000.
        seed: of the draw.
        override: a day, and the names of what is done on it instead.
        ties: of the follower whose replies an override is valued by.

    Raises:
        InputError: the rule is of another kind, a number is out of range, or something is not known by that name.

    Example:
        >>> from firstmover.games import Maintain
        >>> found = sample(Rule.read(Maintain("mixed"), [{"do": {"mixture": [0.25, 0.75, 0]}}]), 8)
        >>> found.counts
        {'A': 2, 'B': 6, 'C': 0}
    """
    require(1 <= days <= _MOST_DAYS, f"days must be from 1 to {_MOST_DAYS:,}", days)
    require(seed >= 0, "seed must be a whole number from 0", seed)
    if len(rule.actions) != 1:
        raise InputError(f"days are sampled of one decision; a rule of {rule.game.name} has several.")
    decision = np.asarray(rule.actions[0])
    stated = rule.game.done_at_once(decision)
    if stated is None:
        frequencies = rule.game.frequencies(decision)
        names, probabilities = tuple(frequencies), tuple(frequencies.values())
        parts, drawn = decomposition(probabilities), schedule(probabilities, days, seed)
    else:
        names, together = stated
        parts = [Share(weight, does) for weight, does in together]
        probabilities = tuple(sum((p for p, does in parts if k in does), Fraction(0)) for k in range(len(names)))
        drawn = [parts[only].covered for (only,) in schedule([part.weight for part in parts], days, seed)]
    found = Schedule(rule.game, names, probabilities, parts, drawn, seed)
    if override is None:
        return found
    day, instead = override
    require(1 <= day <= days, f"the overridden day must be from 1 to {days}", day)
    for name in instead:
        if name not in names:
            raise InputError(f"there is no {name!r} to do on a day; valid: {', '.join(names)}.")
    does = tuple(k for k, name in enumerate(names) if name in instead)
    if stated is None:
        most = math.ceil(sum(probabilities, Fraction(0)))
        if len(does) > most:
            raise InputError(f"at most {most} can be done on a day; got {len(does)}.")
        usual, once = np.array([float(p) for p in probabilities]), np.isin(np.arange(len(names)), does).astype(float)
    else:
        usual, once = np.array(list(rule.game.frequencies(decision).values()), float), rule.game.doing(instead)
    return replace(found, override=_override(rule.game, usual, once, day, days, does, ties))


def _override(
    game: Game,
    usual: Float[np.ndarray, "m"],
    once: Float[np.ndarray, "m"],
    day: int,
    days: int,
    does: Assignment,
    ties: Ties,
) -> Override:
    """What it costs that one of the days is not as usual, both as decisions."""
    form = linear_form(game)
    if form is None or form.pure:
        raise InputError(f"what an override costs is known for one follower and a mixed rule, not for {game.name}.")
    x = np.array([form.choice(p) for p in (usual, ((days - 1) * usual + once) / days, once)])
    worth = values(Draws(form.leader[None], form.follower[None], form.prior), x, ties)[:, 0]
    return Override(day, does, *(float(value) for value in worth))
