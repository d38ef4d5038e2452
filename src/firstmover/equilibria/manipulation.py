"""What followers gain by manipulating a leader that learns: exact outcomes of a two-player table.

The leader plays a row, the follower sees it and plays a column. A leader that learns sees what its rows earn, so a
follower that replies to every row by a fixed map, not by its best replies, chooses which row looks best.

Source: Yu and Chen, "Decentralized online learning in general-sum Stackelberg games" (2024).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from firstmover.errors import InputError
from firstmover.json_types import JsonObject


class ReplyOutcome(NamedTuple):
    """What comes of a leader that plays its best row against a fixed map of replies.

    Attributes:
        leader, follower: what they are paid.
        row: the leader's row.
        replies: the follower's column for every row.
    """

    leader: float
    follower: float
    row: int
    replies: Int[np.ndarray, "rows"]


class Manipulation(NamedTuple):
    """The two outcomes between which a follower chooses.

    Attributes:
        honest: of best replies (SE, the strong Stackelberg equilibrium in pure rows).
        manipulated: of the map of replies that is best for the follower (FBM).
    """

    honest: ReplyOutcome
    manipulated: ReplyOutcome

    def as_json(self) -> JsonObject:
        """`{"se": [leader, follower], "fbm": [leader, follower], "loss": what the leader loses to manipulation}`."""
        (se, fbm) = ([float(one.leader), float(one.follower)] for one in self)
        return {"se": se, "fbm": fbm, "loss": se[0] - fbm[0]}


def loss_to_manipulation(leader: np.ndarray, follower: np.ndarray) -> Manipulation:
    """What the leader and the follower are paid under best replies, and under the follower's best manipulation.

    Best replies break ties for the leader. A manipulation makes its row strictly better for the leader than every other
    row, against the replies that are worst for the leader there; where no map of replies makes the follower better off
    so, it replies honestly. A manipulation may leave the leader better off too: its loss is then negative.

    Args:
        leader: what the leader is paid, shape [rows, columns].
        follower: what the follower is paid, the same shape.

    Raises:
        InputError: the tables are empty, differ in shape, or hold numbers that are not finite.

    Example:
        >>> found = loss_to_manipulation(np.array([[0.3, 0.1], [0.2, 0.3]]), np.array([[0.1, 0.05], [1.0, 0.1]]))
        >>> found.as_json()["se"], found.as_json()["fbm"]
        ([0.3, 0.1], [0.2, 1.0])
    """
    leader, follower = np.asarray(leader, np.float64), np.asarray(follower, np.float64)
    if leader.ndim != 2 or leader.shape != follower.shape or not leader.size:
        raise InputError(f"two tables [rows, columns] of one shape are needed; got {leader.shape}, {follower.shape}.")
    if not (np.isfinite(leader).all() and np.isfinite(follower).all()):
        raise InputError("the tables hold numbers that are not finite.")
    honest = _best_replies(leader, follower)
    manipulated = _best_manipulation(leader, follower)
    better = manipulated is not None and manipulated.follower > honest.follower
    return Manipulation(honest, manipulated if better and manipulated is not None else honest)


def _best_replies(
    leader: Float[np.ndarray, "rows columns"], follower: Float[np.ndarray, "rows columns"]
) -> ReplyOutcome:
    best = follower == follower.max(axis=1, keepdims=True)
    replies = np.where(best, leader, -np.inf).argmax(axis=1)
    rows = np.arange(len(leader))
    row = int(leader[rows, replies].argmax())
    return ReplyOutcome(float(leader[row, replies[row]]), float(follower[row, replies[row]]), row, replies)


def _best_manipulation(
    leader: Float[np.ndarray, "rows columns"], follower: Float[np.ndarray, "rows columns"]
) -> ReplyOutcome | None:
    """The best pair for the follower that some map makes the leader's only best row; None where there is no such pair.

    Elsewhere the map has the replies that are worst for the leader: if those do not make the row best, none do.
    """
    threats = leader.argmin(axis=1)
    worst = leader.min(axis=1)
    others = np.array([np.delete(worst, row).max(initial=-np.inf) for row in range(len(leader))])
    reachable = leader > others[:, None]
    if not reachable.any():
        return None
    most = np.where(reachable, follower, -np.inf).max()
    row, column = divmod(int(np.where(reachable & (follower == most), leader, -np.inf).argmax()), leader.shape[1])
    replies = threats.copy()
    replies[row] = column
    return ReplyOutcome(float(leader[row, column]), float(follower[row, column]), row, replies)
