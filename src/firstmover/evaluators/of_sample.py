"""Games whose types are drawn (`games.drawn_types`): values and regrets over a sample of types, with an interval.

Every profile of the sample is listed, so that followers reply to it exactly; but it is a sample, and nothing that rests
on it is called exact. The value over equilibria is not bounded: a sample bounds no extremum.

The interval is the normal one of a mean over independent draws; of several followers' draws, every combination of which
is a profile, the variances of the means by each follower's type are added (Hoeffding's decomposition of such a mean).
"""

from dataclasses import dataclass

import numpy as np

from firstmover.core.plays import Play
from firstmover.equilibria import FiniteGame, regrets
from firstmover.errors import InputError
from firstmover.evaluators.base import Interval, Judge, Judged, Listing, Regrets
from firstmover.evaluators.induced import check_induced, induced_game, induced_transfers, play_distribution, value_of
from firstmover.evaluators.status import Status
from firstmover.games.base import Game

_Z = 1.959963984540054  # standard normal quantile at 0.975


@dataclass(frozen=True)
class SampleOfTypes(Judge):
    """Judges finished rules by a sample of types.

    Attributes:
        game: what is played, with the sample.
    """

    game: Game

    @property
    def reason(self) -> str:
        """Why nothing is exact."""
        return f"types are drawn: what is said rests on a sample of {' x '.join(map(str, self.game.n_types))} of them"

    def check(self, actions: np.ndarray) -> None:
        check_induced(self.game, actions)

    def measured(self, actions: np.ndarray, play: Play) -> float:
        return value_of(induced_game(self.game, actions), play_distribution(self.game, play))

    def interval(self, actions: np.ndarray, play: Play) -> Interval:
        return self._interval(induced_game(self.game, actions), play_distribution(self.game, play))

    def regret(self, actions: np.ndarray, play: Play) -> float | None:
        return max(0.0, *regrets(induced_game(self.game, actions), play_distribution(self.game, play)).values())

    def by_type(self, actions: np.ndarray, play: Play) -> list[np.ndarray]:
        raise InputError("what each type earns is not listed where types are drawn.")

    def least(self, actions: np.ndarray) -> float:
        raise InputError(self.reason)

    def listing(self, actions: np.ndarray) -> Listing:
        raise InputError(self.reason)

    def judged(self, actions: np.ndarray, play: Play, *, epsilon: float | None, unproved: str) -> Judged:
        """Value and regrets over the sample; with several followers a regret is one against the others' sample."""
        finite, transfers = induced_game(self.game, actions), induced_transfers(self.game, actions)
        joint = play_distribution(self.game, play)
        gains = regrets(finite, joint)
        revenue = None if transfers is None else value_of(finite, joint, transfers)
        most, sampled = max(0.0, *gains.values()), Status("sampled", self.reason)
        return Judged(
            value=value_of(finite, joint),
            value_interval=self._interval(finite, joint),
            welfare=sum(value_of(finite, joint, own) for own in finite.followers) + (revenue or 0.0),
            revenue=revenue,
            epsilon=Regrets([[gains.get((i, t)) for t in range(n)] for i, n in enumerate(self.game.n_types)], most),
            leader_value_bounds=None,
            leader_value_bounds_at_epsilon=None,
            bounds_epsilon=most if epsilon is None else epsilon,
            reason=unproved,
            exact=False,
            confidence=None,
            sizes={"type_profiles": len(finite.support), "action_profiles": int(np.prod(finite.n_actions))},
            tolerance=1e-7,
            status={"value": sampled, "epsilon": sampled, "bounds": Status("unknown", self.reason)},
        )

    def best(self, actions: np.ndarray) -> tuple[float, str]:
        """What the best replies leave the leader, of one follower, ties for the leader."""
        if self.game.n_followers > 1:
            raise InputError(self.reason)
        finite = induced_game(self.game, actions)
        own = np.where(finite.allowed[0][finite.support[:, 0]], finite.followers[0], -np.inf)
        best = own.max(axis=1, keepdims=True)
        tied = own >= best - 1e-12 * np.abs(best)
        return float(finite.probs @ np.where(tied, finite.leader, -np.inf).max(axis=1)), "the best reply of a sample"

    def _interval(self, finite: FiniteGame, joint: np.ndarray) -> Interval:
        by_profile = (joint * finite.leader).reshape(len(joint), -1).sum(axis=1)
        mean, variance = float(finite.probs @ by_profile), 0.0
        for i, n in enumerate(self.game.n_types):
            chance = np.bincount(finite.support[:, i], finite.probs, n)
            means = np.bincount(finite.support[:, i], finite.probs * by_profile, n) / chance
            variance += float(np.var(means, ddof=1)) / n
        half = _Z * variance**0.5
        return mean - half, mean + half
