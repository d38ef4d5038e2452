"""Commitments that leave the follower no tie: its intended reply is better than every other one by a margin.

An optimal commitment usually stands where the follower is indifferent, and is worth its value only if the follower goes
for the leader. A margin moves it to where the intended reply is strictly best, at a cost that the result shows.

Payoffs are linear in the leader's choice x, a vector of a polytope, against one follower with private types. For given
replies, one for each type, the best x with a margin is a linear program; combinations of replies are gone through from
the most promising one on, until none that is left can be better.

Source: von Stengel and Zamir, "Leadership games with convex strategy sets" (Games and Economic Behavior 2010), for
regions of strict replies.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.solver import NoAnswerError, attempt

MAX_COMBINATIONS = 2_000  # of replies, that are gone through; of more, only the intended one is tried
_MAX_ENTRIES = 40_000  # of the payoffs, the same
_TIE = 1e-9  # of a type's payoffs under a commitment, or of the leader's payoff range: below it they are equal
_FIRM = 1e-6  # share of the follower's payoff range; what is less may be rounding
_KEPT = 1 - 1e-6  # share of the widest margin that is asked for, where the wanted one is nowhere

Replies = tuple[int, ...]  # the action of each type


class LinearGame(NamedTuple):
    """A leader whose choice x enters all payoffs linearly, against one follower with private types.

    The vectors x with 0 <= x <= upper and rows @ x <= limits and `total @ x = 1`.

    Attributes:
        leader: the leader's payoff per unit of x, by the follower's type and action.
        follower: the same for the follower.
        prior: probabilities of the types.
        upper: bounds on x.
        total: what sums to 1.
        rows: further constraints.
        limits: theirs.
        pure: whether only whole coordinates can be chosen: one is 1, the others 0.
    """

    leader: Float[np.ndarray, "K m a"]
    follower: Float[np.ndarray, "K m a"]
    prior: Float[np.ndarray, "K"]
    upper: Float[np.ndarray, "m"]
    total: Float[np.ndarray, "m"]
    rows: Float[np.ndarray, "r m"]
    limits: Float[np.ndarray, "r"]
    pure: bool

    def choice(self, decision: np.ndarray) -> Float[np.ndarray, "m"]:
        """The choice x that a decision of the leader is, a vector or the number of an action."""
        if self.pure:
            chosen: np.ndarray = np.eye(len(self.upper))[int(decision)]
            return chosen
        return np.append(np.asarray(decision, np.float64), np.ones(len(self.upper) - len(decision)))

    def decision(self, x: Float[np.ndarray, "m"]) -> np.ndarray:
        """The decision that a choice is: without the coordinates that are always 1."""
        fixed = 0 if self.pure or (self.total == 1).all() else int((self.total == 1).sum())
        return np.asarray(np.argmax(x)) if self.pure else x[: len(x) - fixed]


class StrictCommitment(NamedTuple):
    """A commitment and the replies that it is meant for.

    Attributes:
        value: what the leader expects if every type replies as intended.
        x: the commitment.
        replies: of each type.
        margin: by how much every other reply is worse at least, in payoff units of the follower. Replies that pay a
            type the same whatever the leader does are one reply, the worst of them for the leader.
    """

    value: float
    x: Float[np.ndarray, "m"]
    replies: Replies
    margin: float


def mixtures(
    leader: Float[np.ndarray, "K m a"],
    follower: Float[np.ndarray, "K m a"],
    prior: Float[np.ndarray, "K"],
    *,
    pure: bool = False,
) -> LinearGame:
    """The game of a leader that commits to a mixture of m actions, or to one of them."""
    m = leader.shape[1]
    return LinearGame(leader, follower, prior, np.ones(m), np.ones(m), np.zeros((0, m)), np.zeros(0), pure)


def best_replies(game: LinearGame, x: Float[np.ndarray, "m"], margin: float = 0.0) -> tuple[Replies, float]:
    """What every type replies to x, ties for the leader; and what the leader earns if replies go against it.

    Replies that are worse by up to the margin may go against it too. Ties are within 1e-9 of what a type is paid.
    """
    pays, earns = (np.einsum("m,kma->ka", x, table) for table in (game.follower, game.leader))
    short = pays.max(axis=1, keepdims=True) - pays
    tie = _TIE * np.abs(pays).max(axis=1, keepdims=True)
    replies = np.where(short <= tie, earns, -np.inf).argmax(axis=1)
    least = np.where(short <= np.maximum(tie, (1 - _TIE) * margin), earns, np.inf).min(axis=1)
    return tuple(replies.tolist()), float(game.prior @ least)


def strict_commitment(game: LinearGame, intended: Replies, margin: float) -> StrictCommitment | None:
    """The best commitment under which every other reply is worse by the margin at least, for every type.

    Where none has that margin, one with the widest that there is. None if some type is always indifferent.

    Args:
        game: the game.
        intended: the replies to start from; the only ones if there are more than `MAX_COMBINATIONS`.
        margin: > 0, in payoff units of the follower.
    """
    combinations = _combinations(game, intended, margin)
    best: StrictCommitment | None = None
    for bound, replies in combinations:
        if best is not None and bound <= best.value:
            break
        found = _best(game, replies, margin)
        if found is not None and (best is None or found.value > best.value):
            best = found
    if best is not None:
        return best
    widest = max((_widest(game, replies) for _, replies in _combinations(game, intended, 0.0)), key=lambda c: c.margin)
    scale = float(np.ptp(game.follower)) or 1.0
    return _best(game, widest.replies, widest.margin * _KEPT) if widest.margin > _TIE * scale else None


def firmest(game: LinearGame, intended: Replies, value: float) -> StrictCommitment | None:
    """Of the commitments that earn this value, one to which the replies are best by the widest margin; None if none."""
    scale = float(np.ptp(game.leader)) or 1.0
    found = _widest(game, intended, least=value - _TIE / 10 * scale)
    return found if found.margin > _FIRM * (float(np.ptp(game.follower)) or 1.0) else None


def _combinations(game: LinearGame, intended: Replies, margin: float) -> list[tuple[float, Replies]]:
    """Replies of all types that may have the margin together, with an upper bound on their value, the best first."""
    K = len(game.prior)
    classes = [_classes(game, k) for k in range(K)]
    if math.prod(map(len, classes)) > MAX_COMBINATIONS or game.leader.size > _MAX_ENTRIES:
        return [(math.inf, intended)]
    single = []
    for k in range(K):
        only = game._replace(leader=game.leader[[k]], follower=game.follower[[k]], prior=np.ones(1))
        found = {own[0]: _best(only, (own[0],), margin) for own in classes[k]}
        single.append([(game.prior[k] * c.value, action) for action, c in found.items() if c is not None])
    joined = [(sum(v for v, _ in parts), tuple(a for _, a in parts)) for parts in itertools.product(*single)]
    return sorted(joined, key=lambda item: -item[0])


def _classes(game: LinearGame, k: int) -> list[list[int]]:
    """The actions of a type, those together that always pay it the same."""
    columns: dict[bytes, list[int]] = {}
    for action, column in enumerate(np.ascontiguousarray(game.follower[k].T) + 0.0):
        columns.setdefault(column.tobytes(), []).append(action)
    return list(columns.values())


def _best(game: LinearGame, replies: Replies, margin: float) -> StrictCommitment | None:
    """The commitment that earns most while the replies are best by the margin; None if they are so nowhere."""
    return _program(game, replies, margin=margin)


def _widest(game: LinearGame, replies: Replies, least: float = -math.inf) -> StrictCommitment:
    """The commitment with the widest margin, of those that earn at least so much."""
    found = _program(game, replies, least=least)
    return StrictCommitment(-math.inf, np.zeros(len(game.upper)), replies, -math.inf) if found is None else found


def _program(
    game: LinearGame, replies: Replies, *, margin: float | None = None, least: float = -math.inf
) -> StrictCommitment | None:
    """Maximises the leader's payoff at a margin, or the margin where none is given; None if nothing is possible."""
    K, m, _ = game.leader.shape
    unit = float(np.ptp(game.leader)) or 1.0
    gains, own = [], []
    for k, reply in enumerate(replies):
        same = next(c for c in _classes(game, k) if reply in c)
        others = np.delete(np.arange(game.leader.shape[2]), same)
        gains.append((game.follower[k][:, others] - game.follower[k][:, [reply]]).T)
        own += [(k, action) for action in same]
    rivals = np.vstack(gains)
    scale = np.abs(rivals).max() if rivals.size else 1.0
    if game.pure:
        return _whole(game, replies, rivals, own, margin, least)
    # Variables: x, what each type earns the leader, the margin.
    earns = np.array([game.leader[k, :, action] for k, action in own]) / unit
    types = np.eye(K)[[k for k, _ in own]]
    n = len(rivals)
    rows = np.block(
        [
            [rivals / scale, np.zeros((n, K)), np.ones((n, 1))],
            [-earns, types, np.zeros((len(own), 1))],
            [game.rows, np.zeros((len(game.rows), K + 1))],
            [np.zeros(m), -game.prior, 0.0],
        ]
    )
    limits = np.r_[np.zeros(n + len(own)), game.limits, min(-least / unit, 1e30)]
    keep = np.r_[np.ones(len(rows) - 1, bool), np.isfinite(least)]
    fixed = (None, 1.0) if margin is None else (margin / scale, margin / scale)
    aim = np.r_[np.zeros(m), np.zeros(K), 1.0] if margin is None else np.r_[np.zeros(m), game.prior, 0.0]
    try:
        result = attempt(
            -aim,
            A_ub=rows[keep],
            b_ub=limits[keep],
            A_eq=np.r_[game.total, np.zeros(K + 1)][None],
            b_eq=[1.0],
            bounds=[*((0.0, u) for u in game.upper), *[(None, None)] * K, fixed],
        )
    except NoAnswerError:
        return None
    if result.status != 0:
        return None
    x = np.clip(result.x[:m], 0.0, game.upper)
    return _judged(game, x / (game.total @ x), replies, rivals, own)


def _whole(
    game: LinearGame,
    replies: Replies,
    rivals: Float[np.ndarray, "n m"],
    own: list[tuple[int, int]],
    margin: float | None,
    least: float,
) -> StrictCommitment | None:
    """The same over whole choices."""
    judged = [_judged(game, x, replies, rivals, own) for x in np.eye(len(game.upper))]
    if margin is not None:
        return max((c for c in judged if c.margin >= margin), key=lambda c: c.value, default=None)
    return max((c for c in judged if c.value >= least), key=lambda c: c.margin, default=None)


def _judged(
    game: LinearGame,
    x: Float[np.ndarray, "m"],
    replies: Replies,
    rivals: Float[np.ndarray, "n m"],
    own: list[tuple[int, int]],
) -> StrictCommitment:
    """A commitment with what it is really worth, and the margin that it really has."""
    earned = {(k, action): float(game.leader[k, :, action] @ x) for k, action in own}
    worst = tuple(min((a for j, a in own if j == k), key=lambda a: earned[k, a]) for k in range(len(replies)))
    wide = float(-(rivals @ x).max()) if len(rivals) else math.inf
    return StrictCommitment(sum(p * earned[k, worst[k]] for k, p in enumerate(game.prior.tolist())), x, worst, wide)
