"""Buy boxes: the rule to beat, and the best of all rules against sellers who learn, by a race.

There is no exact optimum: what a rule earns is a mean over sessions. So every rule is played, the worse ones are left
behind, and those that stay are played again, each time by several times as many sessions (successive halving). The last
few meet fresh sessions, and the best is judged by sessions that no choice was made by.

Source: Karnin, Koren and Somekh 2013 (successive halving).
"""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from firstmover.core.batching import on_all_devices
from firstmover.core.sessions import Parameters, Stage, first_values, play_sessions, session_seed
from firstmover.errors import InputError
from firstmover.games.base import Ties
from firstmover.games.buy_box import BuyBox
from firstmover.games.display import every_rule, fixed_rule
from firstmover.json_types import JsonObject
from firstmover.solvers.registry import Baseline, baseline, search
from firstmover.solvers.solution import Solution

MOST_RULES = 20_000
JUDGED = 1000  # sessions for each profile of costs by which the best is judged
RACE = (
    (4, 0.25),
    (16, 0.15),
    (64, 0.2),
    (250, 0.4),
    (1000, 0.0),
)  # sessions for each profile of costs, part that stays
_AT_ONCE = 4096  # sessions in a call

_WORDS = {
    "none": "everybody is shown",
    "lowest": "only the lowest price is shown",
    "pdp": "only the cheapest are shown",
    "block-equal": "everybody is shown unless all charge the same",
}


@baseline.register(BuyBox)
def status_quo(game: BuyBox) -> Baseline:
    """The market's own status quo, by its name."""
    name = game.given["status_quo"]
    return _WORDS.get(name, f"a cap on prices at {name}"), game, fixed_rule(game, name)


@dataclass(frozen=True)
class RaceSolution(Solution):
    """The best rule of a race.

    Attributes:
        interval: 95 % interval of its value, from sessions that no choice was made by.
        sessions: how many sessions these were.
        rules: how many rules there were.
        rounds: pricing rounds in all.
    """

    interval: tuple[float, float] = (0.0, 0.0)
    sessions: int = 0
    rules: int = 0
    rounds: float = 0.0

    def details(self) -> JsonObject:
        """The interval and what the race took."""
        return {
            "exact": False,
            "interval": list(self.interval),
            "sessions": self.sessions,
            "rules": self.rules,
            "rounds": self.rounds,
        }


@search.register(BuyBox)
def race(
    game: BuyBox,
    ties: Ties,
    *,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
    **options: object,
) -> Solution:
    """The best rule against sellers who learn (`repeated-q-learning` at its defaults).

    Raises:
        InputError: there are too many rules, or an option is none of this solver's.
    """
    del ties  # learners have no ties
    if options:
        raise InputError(f"the solver of {game.name} has no option {', '.join(options)}.")
    rules = every_rule(game, MOST_RULES)
    count, start, rounds, call = len(rules), time.monotonic(), 0.0, 0
    play = _Played(game, count)
    for heat, (sessions, stays) in enumerate(RACE):
        means, at_once = np.full(len(rules), -np.inf), play.rules_at_once(sessions)
        for first in range(0, len(rules), at_once):
            if time_limit is not None and time.monotonic() - start > time_limit:
                break
            part, call = rules[first : first + at_once], call + 1
            means[first : first + at_once] = _merits(game, play(part, sessions, call))
            rounds += play.rounds(len(part), sessions)
            if progress is not None:
                progress(f"heat {heat + 1} of {len(RACE)}: {min(first + at_once, len(rules))} of {len(rules)} rules")
        if np.isfinite(means).any():
            rules = rules[np.argsort(-means, kind="stable")[: max(1, int(stays * len(rules)))]]
    best = rules[:1]
    judged = play(best, JUDGED, 0)
    rounds += play.rounds(1, JUDGED)
    value, half = float(judged.mean[0]), 1.96 * float(judged.error[0])
    return RaceSolution(
        value=value,
        rule=game.rule(best[0]),
        attained=bool(_merits(game, judged)[0] >= game.leader_payoff_range[0]),
        method=f"a race of all {count} rules, those that stay judged by more and more sessions (successive halving)",
        followers="repeated Q-learning",
        play=play.marginals(judged.play[0]),
        rests_on_ties=None,
        interval=(value - half, value + half),
        sessions=JUDGED,
        rules=count,
        rounds=rounds,
    )


def play_rules(
    game: BuyBox, rules: Int[np.ndarray, "R rows"], sessions: int, progress: Callable[[str], None]
) -> tuple[Float[np.ndarray, "R"], Float[np.ndarray, "R n"]]:
    """What so many sessions for each profile of costs paid the platform, and every seller, under each of these rules.

    Args:
        game: the market.
        rules: tables of decisions.
        sessions: how many, at least 2.
        progress: told how far it is.
    """
    play = _Played(game, len(rules))
    parts, at_once = [], play.rules_at_once(sessions)
    for call, first in enumerate(range(0, len(rules), at_once)):
        progress(f"{first} of {len(rules)} rules")
        parts.append(play(rules[first : first + at_once], sessions, call + 1))
    return np.concatenate([own.mean for own in parts]), np.concatenate([own.profits for own in parts])


class Paid(NamedTuple):
    """What came of sessions under R rules.

    Attributes:
        mean: the platform's payoff.
        error: its standard error.
        play: how often each profile came up, by profile of costs.
        profits: every seller's expected profit.
    """

    mean: Float[np.ndarray, "R"]
    error: Float[np.ndarray, "R"]
    play: Float[np.ndarray, "R P profiles"]
    profits: Float[np.ndarray, "R n"]


def _merits(game: BuyBox, paid: Paid) -> Float[np.ndarray, "R"]:
    """What rules are compared by: the platform's payoff, or less than any where a seller would leave."""
    if game.profit_floor is None:
        return paid.mean
    lowest, highest = game.leader_payoff_range
    short = np.maximum(0, game.profit_floor - paid.profits).max(axis=1)
    return np.where(short > 0, lowest - (highest - lowest) * short, paid.mean)


class _Played:
    """Rules played against sellers who learn."""

    def __init__(self, game: BuyBox, count: int):
        """So many rules of this market, with the sellers' parameters at their defaults."""
        n = game.n_followers
        self.game, self.count, (self.support, self.probabilities) = game, count, game.types.profiles
        self.how = Parameters(tuple(game.n_actions), (0.25,) * n, (1e-4,) * n, (0.95,) * n)
        self._call = jax.jit(self._payoffs, static_argnums=2)

    def rules_at_once(self, sessions: int) -> int:
        """How many rules are played in a call, so that calls are alike and of seconds."""
        return max(1, _AT_ONCE // (sessions * len(self.support)))

    def rounds(self, rules: int, sessions: int) -> float:
        """Pricing rounds that it takes."""
        return float(rules * sessions * len(self.support)) * (self.how.rounds + self.how.reward_rounds)

    def __call__(self, rules: Int[np.ndarray, "R rows"], sessions: int, address: int) -> Paid:
        """What came of so many sessions for each profile of costs."""
        short = min(self.rules_at_once(sessions), self.count) - len(rules) if len(rules) > 1 else 0
        full = np.concatenate([rules, np.repeat(rules[-1:], short, axis=0)])  # calls of one shape compile once
        played = self._call(jnp.asarray(full), jnp.uint32(address), sessions)
        paid, play, profits = (np.asarray(own, np.float64)[: len(rules)] for own in played)
        error = np.sqrt((self.probabilities**2 * paid.var(axis=2, ddof=1)).sum(axis=1) / sessions)
        return Paid(paid.mean(axis=2) @ self.probabilities, error, play, profits @ self.probabilities)

    def marginals(self, joint: Float[np.ndarray, "P profiles"]) -> list[list[list[float]]]:
        """How often each seller charged each price, by its cost."""
        cube, tables = joint.reshape(-1, *self.game.n_actions), []
        for i, n_types in enumerate(self.game.n_types):
            own = cube.sum(axis=tuple(1 + j for j in range(self.game.n_followers) if j != i))
            weights = (self.support[:, i] == np.arange(n_types)[:, None]) * self.probabilities
            tables.append((weights @ own / weights.sum(axis=1, keepdims=True)).tolist())
        return tables

    def _payoffs(
        self, rules: Int[Array, "R rows"], address: UInt32[Array, ""], sessions: int
    ) -> tuple[Float[Array, "R P sessions"], Float[Array, "R P profiles"], Float[Array, "R n P"]]:
        """The platform's payoff in every session, how often each profile came up, and what sellers earned."""
        game, n = self.game, self.game.n_followers
        actions = rules[:, game.shown.rows]  # [R, profiles]
        every = np.indices(game.n_actions).reshape(n, -1)
        at = jnp.arange(every.shape[1]), actions
        shares = jnp.asarray(game.shares, jnp.float32)[at]
        pays, listed = [], []
        for i in range(n):
            margins = game.margins[i][self.support[:, i]][:, every[i]]  # [P, profiles]
            own = shares[:, None, :, i] * jnp.asarray(margins, jnp.float32)
            listed.append(own)
            pays.append(jnp.repeat(own.reshape(-1, every.shape[1]), sessions, axis=0))
        stage = Stage(tuple(pays))
        seeds = session_seed(address, jnp.arange(len(pays[0])))
        in_sessions = on_all_devices(functools.partial(play_sessions, how=self.how))
        played = in_sessions(stage, first_values(stage, self.how), seeds).frequency
        by_rule = played.reshape(len(rules), len(self.support), sessions, -1)
        aims, play = jnp.asarray(game.aims, jnp.float32)[at], by_rule.mean(axis=2)
        profits = jnp.einsum("rpk,nrpk->rnp", play, jnp.stack(listed))
        return jnp.einsum("rpsk,rk->rps", by_rule, aims), play, profits
