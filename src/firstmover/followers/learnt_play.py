"""What is known of followers who remember, under a finished rule: session by session, beside what one round says.

Every follower's best-reply gap is exact, given what the others have learnt: value iteration finds the best reply, and
one inequality per state and action proves that nothing pays more (`equilibria.repeated_replies`). What the leader and
the followers are paid are means over sessions, with 95 % intervals. Bounds over equilibria of one round bound neither.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from firstmover.core.sessions import Parameters, Sessions
from firstmover.equilibria import FiniteGame
from firstmover.equilibria.repeated_replies import best_reply_gaps
from firstmover.json_types import JsonObject


class Statistic(NamedTuple):
    """A mean over sessions, weighed by how likely their types are, and its 95 % interval."""

    mean: float
    low: float
    high: float


def over_sessions(values: Float[np.ndarray, "P sessions"], weights: Float[np.ndarray, "P"]) -> Statistic:
    """The statistic of what sessions came to, for each type profile with its probability."""
    mean = float(weights @ values.mean(axis=1))
    half = 0.0
    if values.shape[1] > 1:
        half = 1.96 * float(np.sqrt((weights**2 * values.var(axis=1, ddof=1)).sum() / values.shape[1]))
    return Statistic(mean, mean - half, mean + half)


class LearntPlay(NamedTuple):
    """What came of sessions.

    Attributes:
        sessions: how many for each type profile.
        rounds: learning rounds, the mean.
        leader: what the leader was paid.
        followers: what every follower was paid.
        gaps: every follower's best-reply gap, per round.
        largest_gaps: its largest in any session.
        no_gap: the share of sessions in which no follower gains more than a thousandth of the largest payoff.
        violation: by how much an inequality that proves the gaps fails at worst: rounding.
    """

    sessions: int
    rounds: float
    leader: Statistic
    followers: list[Statistic]
    gaps: list[Statistic]
    largest_gaps: list[float]
    no_gap: float
    violation: float

    def as_json(self) -> JsonObject:
        """As JSON values."""
        return {
            **self._asdict(),
            "leader": self.leader._asdict(),
            "followers": [own._asdict() for own in self.followers],
            "gaps": [own._asdict() for own in self.gaps],
        }


def learnt_play(finite: FiniteGame, sessions: Sessions, how: Parameters) -> LearntPlay:
    """What these sessions of a listed game came to; those of the first type profile stand first."""
    count, weights = len(finite.probs), finite.probs
    paid = np.moveaxis(finite.followers.reshape(len(how.actions), count, -1), 0, 1).copy()  # [P, n, S]
    frequency = sessions.frequency.astype(np.float64).reshape(count, -1, paid.shape[2])
    shape = frequency.shape[:2]
    leader = np.einsum("psk,pk->ps", frequency, finite.leader.reshape(count, -1))
    followers = np.einsum("psk,pik->psi", frequency, paid)
    strategies = np.stack([table.argmax(axis=-1) for table in sessions.tables], axis=-2)
    strategies = np.broadcast_to(strategies, (*strategies.shape[:2], paid.shape[2])).reshape(*shape, -1, paid.shape[2])
    if how.masked:  # an action that is impossible is never a best reply
        for i, allowed in enumerate(finite.allowed):
            own = np.indices(how.actions)[i].ravel()
            paid[:, i] = np.where(allowed[finite.support[:, i]][:, own], paid[:, i], paid.min() - 1e3 * np.ptp(paid))
    found = best_reply_gaps(paid, strategies, how.actions, np.asarray(sessions.last).reshape(shape), how.discount)
    enough = 1e-3 * max(float(np.abs(finite.followers).max()), 1e-300)
    calm = (found.gaps.max(axis=2) <= enough).astype(np.float64)
    n = range(len(how.actions))
    return LearntPlay(
        shape[1],
        float(sessions.rounds.mean()),
        over_sessions(leader, weights),
        [over_sessions(followers[..., i], weights) for i in n],
        [over_sessions(found.gaps[..., i], weights) for i in n],
        [float(found.gaps[..., i].max()) for i in n],
        over_sessions(calm, weights).mean,
        max(0.0, found.violation),
    )
