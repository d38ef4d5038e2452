"""What a rule is worth on rows that its prior was not estimated from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float

from firstmover.core.plays import Play
from firstmover.core.types import TypeDistribution
from firstmover.equilibria import regrets
from firstmover.errors import NO_NUMBER
from firstmover.evaluators import judge_of, play_distribution
from firstmover.evaluators.aims import by_profile
from firstmover.evaluators.measures import expected, measure_tables
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.observed_types import Observed
from firstmover.jobs.respond import respond
from firstmover.json_types import JsonObject
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import baseline

_RESAMPLES = 2_000  # of the bootstrap
_SAME = 1e-9  # of the leader's payoff range

Interval = tuple[float, float]


@dataclass(frozen=True)
class HoldOut:
    """A rule on rows that were held out, the followers' play as it was learnt in sample.

    Attributes:
        rows: how many were held out.
        value: the leader's mean payoff over them, in the game's units.
        interval: its 95 % bootstrap interval over rows.
        in_sample: the leader's expected payoff under the prior that was estimated from the other rows.
        status_quo: what the status quo earns on the same rows, under its own followers' play; None if there is none.
        gain_interval: 95 % bootstrap interval of value less status quo, over the same resampled rows; None likewise.
        regret: the most that a type of a follower could gain by another action when types are as in these rows.
        measures: their values on these rows, by name.
    """

    rows: int
    value: float
    interval: Interval
    in_sample: float
    status_quo: float | None
    gain_interval: Interval | None
    regret: float
    measures: dict[str, float]

    @property
    def worse(self) -> bool:
        """Whether the rule is worth less than the status quo on these rows."""
        return self.status_quo is not None and self.value < self.status_quo

    @property
    def optimism(self) -> float:
        """By how much the rule looks better in sample."""
        return self.in_sample - self.value

    def as_json(self) -> JsonObject:
        """As JSON values."""
        own = {**asdict(self), "interval": list(self.interval), "optimism": self.optimism, "worse": self.worse}
        gain = None if self.gain_interval is None else list(self.gain_interval)
        return {**own, "gain_interval": gain}


def hold_out(rule: Rule, play: Play, followers: Follower | None, held: Observed, seed: int = 0) -> HoldOut:
    """A rule and its play on rows that were held out.

    Types that nobody had in sample respond to the rule anew; without a model of the followers they do as the play says.

    Args:
        rule: of the game whose prior was estimated from other rows.
        play: how its followers play.
        followers: their model, if there is one.
        held: the rows.
        seed: of responses and of the bootstrap.

    Raises:
        InputError: the game's profiles cannot be listed.
    """
    game, actions = rule.game, rule.actions
    seen = game.observed_with(TypeDistribution.correlated(held.frequencies(game.n_types)))
    listing = judge_of(seen).listing(actions)
    finite = listing.finite
    joint = play_on_rows(rule, play, followers, seen, seed)
    position = {tuple(profile): k for k, profile in enumerate(finite.support.tolist())}
    of_row = np.array([position[tuple(profile)] for profile in held.profiles.tolist()])
    weights = np.array(held.weights, float)
    worths = [by_profile(finite, joint)]
    try:
        _, other, theirs = baseline(game)
        rival = Rule(other, theirs).as_told()
    except NO_NUMBER:
        rival = None
    if rival is not None and followers is not None:
        seen_too = other.observed_with(seen.types)
        its_joint = play_on_rows(rival, respond(rival, followers, seed=seed), followers, seen_too, seed)
        worths.append(by_profile(judge_of(seen_too).listing(rival.actions).finite, its_joint))
    means = [float(weights @ own[of_row] / weights.sum()) for own in worths]
    drawn = _resampled(of_row, weights, np.stack(worths), seed)
    tables = measure_tables(seen, actions, listing)
    return HoldOut(
        rows=len(held),
        value=means[0],
        interval=_interval(drawn[0]),
        in_sample=judge_of(game).measured(actions, play),
        status_quo=means[1] if len(means) > 1 else None,
        gain_interval=_interval(drawn[0] - drawn[1]) if len(means) > 1 else None,
        regret=max(0.0, *regrets(finite, joint).values()),
        measures={name: float(expected(table, finite.probs, joint)) for name, table in tables.items()},
    )


def value_on_rows(
    rule: Rule, plays: Sequence[Play], followers: Follower, held: Observed, seed: int
) -> tuple[float, Interval]:
    """What a rule is worth on average over rows and plays, with its 95 % bootstrap interval over rows.

    Raises:
        InputError: the game's profiles cannot be listed.
    """
    seen = rule.game.observed_with(TypeDistribution.correlated(held.frequencies(rule.game.n_types)))
    finite = judge_of(seen).listing(rule.actions).finite
    worth = np.mean([by_profile(finite, play_on_rows(rule, p, followers, seen, seed)) for p in plays], axis=0)
    position = {tuple(profile): k for k, profile in enumerate(finite.support.tolist())}
    of_row = np.array([position[tuple(profile)] for profile in held.profiles.tolist()])
    weights = np.array(held.weights, float)
    value = float(weights @ worth[of_row] / weights.sum())
    return value, _interval(_resampled(of_row, weights, worth[None], seed)[0])


def play_on_rows(rule: Rule, play: Play, followers: Follower | None, seen: Game, seed: int) -> np.ndarray:
    """The play at the type profiles of these rows: as learnt where they occur in sample, else a response of its own."""
    own = {tuple(profile): k for k, profile in enumerate(rule.game.types.profiles[0].tolist())}
    at = np.array([own.get(tuple(profile), -1) for profile in seen.types.profiles[0].tolist()])
    learnt = play_distribution(rule.game, play)
    if (at >= 0).all():
        return np.asarray(learnt[at])
    anew = play if followers is None else respond(Rule(seen, rule.actions), followers, seed=seed)
    joint = play_distribution(seen, anew)
    joint[at >= 0] = learnt[at[at >= 0]]
    return joint


def _resampled(
    of_row: np.ndarray, weights: np.ndarray, worths: Float[np.ndarray, "rules P"], seed: int
) -> Float[np.ndarray, "rules resamples"]:
    """Means over rows that are drawn again with replacement: the same for all rules."""
    kinds, counts = np.unique(np.stack([of_row, weights], axis=1), axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(counts.sum(), counts / counts.sum(), _RESAMPLES)
    weighted = drawn * kinds[:, 1]
    means: np.ndarray = worths[:, kinds[:, 0].astype(int)] @ weighted.T / weighted.sum(axis=1)
    return means


def _interval(drawn: Float[np.ndarray, "resamples"]) -> Interval:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
