"""Payoffs that are estimates: draws of what they may really be, what a rule is worth then, and the rule for it.

Each payoff of the tables that a game is given by is multiplied by a uniform number from 1 - by to 1 + by, independently
of all others. Rules are chosen on some draws and judged on others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.estimates import Bounds, Draws, best_choice, guaranteed, values
from firstmover.equilibria.margins import LinearGame
from firstmover.errors import InputError, require
from firstmover.games.base import Game, Ties
from firstmover.json_types import JsonObject
from firstmover.report.statistics import mean_interval
from firstmover.solvers.registry import baseline_actions, linear_form

Objective = Literal["mean", "worst"]

MADE_FOR: dict[str, Objective] = {"best on average": "mean", "best at worst": "worst"}  # the rules to look for

_CHOSEN_ON = 1000  # draws
_MOST_ENTRIES = 200_000_000  # payoffs over all draws


@dataclass(frozen=True)
class PayoffErrors:
    """How payoffs may be off.

    Attributes:
        by: the largest share by which each may be, more than 0 and less than 1.
        draws: how many draws of all payoffs a rule is judged on, at least 2.
        seed: of the draws.
    """

    by: float
    draws: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a number is out of range.
        """
        require(0 < self.by < 1, "payoffs must be off by more than 0 and less than 100 %", f"{100 * self.by:g} %")
        require(2 <= self.draws <= 1_000_000, "draws must be from 2 to 1,000,000", self.draws)
        require(self.seed >= 0, "the seed of the draws must be a whole number from 0", self.seed)

    def of(self, tables: Sequence[np.ndarray], purpose: Literal["judge", "choose"] = "judge") -> list[np.ndarray]:
        """Draws of these tables of payoffs: those to judge rules on, or as many others to choose them on.

        Returns:
            For every table its draws, stacked along a new first axis.
        """
        draws = self.draws if purpose == "judge" else min(self.draws, _CHOSEN_ON)
        if draws * sum(table.size for table in tables) > _MOST_ENTRIES:
            raise InputError(f"{draws} draws of so many payoffs are too many; use fewer --draws.")
        rng = np.random.default_rng([self.seed, ("judge", "choose").index(purpose)])
        return [table * rng.uniform(1 - self.by, 1 + self.by, (draws, *table.shape)) for table in tables]


@dataclass(frozen=True)
class Fares:
    """What a rule is worth when payoffs are off.

    Attributes:
        nominal: its value if they are as stated.
        mean: over the draws.
        interval: the 95 % interval of the mean.
        worst: the least over the draws.
        guaranteed: what it is worth at least, whatever errors of that size there are; None where that is not known.
    """

    nominal: float
    mean: float
    interval: tuple[float, float]
    worst: float
    guaranteed: float | None = None

    @classmethod
    def over(cls, nominal: float, drawn: Float[np.ndarray, "N"], guaranteed: float | None = None) -> "Fares":
        """From the values in all draws.

        Raises:
            InputError: one is not a finite number.
        """
        if not np.isfinite(drawn).all():
            raise InputError("the rule's value is not a finite number in some draws of the payoffs.")
        mean, low, high = mean_interval(drawn)
        least = float(drawn.min())
        return cls(nominal, mean, (max(low, least), min(high, float(drawn.max()))), least, guaranteed)

    def as_json(self) -> JsonObject:
        """As JSON values."""
        return {
            "value": self.nominal,
            "mean": self.mean,
            "interval": list(self.interval),
            "worst": self.worst,
            "guaranteed": self.guaranteed,
        }


class ExactFares:
    """What rules of a game are worth against one follower that replies best to the true payoffs."""

    def __init__(self, game: Game, errors: PayoffErrors, ties: Ties = "strong"):
        """The draws on which rules are judged.

        Args:
            game: given by tables of payoffs, and linear in the leader's decision.
            errors: how its payoffs may be off.
            ties: whether an indifferent follower replies for the leader.

        Raises:
            InputError: the game is not of this kind, or there are too many draws.
        """
        self.game, self.errors, self.ties = game, errors, ties
        tables = game.payoff_tables()
        form = linear_form(game)
        if form is None:
            raise InputError(f"best replies to estimated payoffs need one follower; {game.name} has several.")
        self.form: LinearGame = form
        self.nominal = _drawn(game, [table[None] for table in tables])
        self.judged_on = _drawn(game, errors.of(tables))
        ends = [linear_form(game.paying([t + sign * errors.by * abs(t) for t in tables])) for sign in (-1, 1)]
        self.bounds = Bounds(*(end for end in ends if end is not None))

    def of(self, decision: np.ndarray | np.integer) -> Fares:
        """What the rule with this decision is worth."""
        x = self.form.choice(np.asarray(decision))[None]
        nominal, drawn = (values(draws, x, self.ties)[0] for draws in (self.nominal, self.judged_on))
        return Fares.over(float(nominal[0]), drawn, float(guaranteed(self.bounds, x)[0]))

    def best(self, objective: Objective, starts: list[np.ndarray]) -> np.ndarray:
        """The best decision, as far as a search finds it.

        Args:
            objective: the largest mean over draws other than those that rules are judged on, or the largest value that
                is guaranteed for all errors of that size ("worst").
            starts: decisions to begin with; the game's baseline joins them.
        """
        known = baseline_actions(self.game)
        begun = np.array([self.form.choice(one) for one in [*starts, *([] if known is None else [known[0]])]])
        chosen_on = _drawn(self.game, self.errors.of(self.game.payoff_tables(), "choose"))
        score: dict[Objective, Callable[[np.ndarray], np.ndarray]] = {
            "mean": lambda x: values(chosen_on, x).mean(axis=1),
            "worst": lambda x: guaranteed(self.bounds, x),
        }
        return self.form.decision(best_choice(self.form, score[objective], begun, seed=self.errors.seed))


def _drawn(game: Game, tables: Sequence[np.ndarray]) -> Draws:
    """The linear forms of the game with these payoffs, each [draws, ...]."""
    forms = [linear_form(game.paying(payoffs)) for payoffs in zip(*tables, strict=True)]
    known = [form for form in forms if form is not None]
    return Draws(np.stack([form.leader for form in known]), np.stack([form.follower for form in known]), known[0].prior)
