"""Commitments with payoffs linear in the leader's choice: where replies are best, and what the leader earns there.

The leader commits to a vector x of a polytope: a mixture of its actions, or how well it covers each target. One
follower, whose private type is drawn from a prior, sees x and replies. Every payoff is linear in x, so the vectors to
which given replies are best ones (a reply region) form a polytope again, and the best vector in a region is a linear
program. With strong ties the optimum is the best over all regions. With weak ties only regions with an inside count,
where the replies are the only best ones (up to replies that always pay the follower the same, the worst of which
counts): these fill all but the borders, and nowhere on a border is the worst best reply better for the leader than
every region that meets there. Their best value is a supremum, attained or not.

Sources: von Stengel and Zamir, "Leadership games with convex strategy sets" (Games and Economic Behavior 2010), for
polytopes and weak ties.
"""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from firstmover.equilibria.programs import solved
from firstmover.errors import InputError

Ties = Literal["strong", "weak"]
Replies = tuple[tuple[int, ...], ...]  # for each type, the action that is played, or several that pay it the same
TOLERANCE = 1e-9  # of payoffs in units of their range: below it they are equal
STEP = 1e-6  # into a region where the optimum lies on the border; costs at most this share of the payoff range
# The solver's tolerance, on payoffs in units of their range. It may need to do without presolve.
_TIGHT = {"primal_feasibility_tolerance": TOLERANCE / 10, "dual_feasibility_tolerance": TOLERANCE / 10}
_ATTEMPTS: tuple[dict[str, Any], ...] = (_TIGHT, {**_TIGHT, "presolve": False}, {})
MOST_EQUAL = 10  # replies of equal value that are searched for a vector that attains a supremum


class CommitmentGame(NamedTuple):
    """A leader with a polytope of commitments against one follower with private types.

    The polytope holds the vectors x with lower <= x <= upper and least <= sum of the counted coordinates <= greatest.
    A constant in a payoff is the payoff of a coordinate that is fixed at 1.

    Attributes:
        leader: the leader's payoff per unit of x, by the follower's type and action, in units of its range.
        follower: the same for the follower, in units of the type's range.
        prior: probabilities of the types.
        lower: bounds on x.
        upper: bounds on x.
        counted: 1 for coordinates whose sum is bounded, else 0.
        least: of their sum.
        greatest: of their sum.
    """

    leader: Float[np.ndarray, "K m a"]
    follower: Float[np.ndarray, "K m a"]
    prior: Float[np.ndarray, "K"]
    lower: Float[np.ndarray, "m"]
    upper: Float[np.ndarray, "m"]
    counted: Float[np.ndarray, "m"]
    least: float
    greatest: float


class Candidate(NamedTuple):
    """The best commitment of a reply region.

    Attributes:
        value: what the leader earns, in units of its payoff range.
        x: the commitment.
        replies: to which it is a best one, of each type.
    """

    value: float
    x: Float[np.ndarray, "m"]
    replies: Replies


def over_mixtures(
    leader: Float[np.ndarray, "K m a"], follower: Float[np.ndarray, "K m a"], prior: Float[np.ndarray, "K"]
) -> CommitmentGame:
    """The game of a leader that commits to a mixture, with payoffs of any range."""
    m = leader.shape[1]
    ones = np.ones(m)
    units = np.ptp(follower, axis=(1, 2), keepdims=True)
    return CommitmentGame(
        leader=(leader - leader.min()) / (np.ptp(leader) or 1.0),
        follower=(follower - follower.min(axis=(1, 2), keepdims=True)) / np.where(units > 0, units, 1.0),
        prior=prior,
        lower=0 * ones,
        upper=ones,
        counted=ones,
        least=1.0,
        greatest=1.0,
    )


def reply_classes(game: CommitmentGame, ties: Ties) -> list[list[tuple[int, ...]]]:
    """For each type, its replies: every action alone, or with weak ties those together that always pay it the same."""
    classes: list[list[tuple[int, ...]]] = []
    for payoffs in game.follower:
        left, own = list(range(payoffs.shape[1])), []
        while left:
            gaps = np.abs(payoffs[:, left] - payoffs[:, left[:1]]).max(axis=0)
            same = [a for a, gap in zip(left, gaps, strict=True) if gap <= TOLERANCE] if ties == "weak" else left[:1]
            own.append(tuple(same))
            left = [a for a in left if a not in same]
        classes.append(own)
    return classes


def single_type_candidates(game: CommitmentGame, ties: Ties) -> list[Candidate]:
    """The candidates of every reply of a follower with one type, the best first: one linear program each."""
    found = [best_in_region(game, (own,)) for own in reply_classes(game, ties)[0]]
    return sorted((c for c in found if c is not None), key=lambda c: -c.value)


def optimal(game: CommitmentGame, candidates: Iterable[Candidate], ties: Ties) -> tuple[Candidate, bool]:
    """The optimum among the candidates of all replies, and whether it is attained.

    Where it is not, the commitment falls short of the value by `STEP` of the leader's payoff range or less. Of
    replies with equal values `MOST_EQUAL` are searched for a commitment that attains it.

    Args:
        game: the game.
        candidates: of all replies (of `reply_classes` with these ties), the best first.
        ties: "strong" or "weak".

    Raises:
        InputError: with weak ties, no reply is strictly best by more than `TOLERANCE` anywhere.
    """
    supremum, searched = None, 0
    for candidate in candidates:
        if ties == "strong":
            return candidate, True
        if supremum is not None and (candidate.value < supremum.value - TOLERANCE or searched == MOST_EQUAL):
            break
        margin, inside = most_interior(game, candidate.replies)
        if margin <= TOLERANCE:
            continue
        attaining = _attaining(game, candidate)
        if attaining is not None:
            return candidate._replace(x=attaining), True
        searched += 1
        if supremum is None:
            supremum = candidate._replace(x=(1 - STEP) * candidate.x + STEP * inside)
    if supremum is None:
        raise InputError("the follower's payoffs are too close to one another to tell which reply is strictly best.")
    return supremum, False


def best_in_region(game: CommitmentGame, replies: Replies) -> Candidate | None:
    """The commitment that earns most while the replies are best ones; None if they are so nowhere."""
    n_types = len(replies)
    types, columns = _played(game.leader, replies)
    gains = np.vstack(_gains(game, replies))
    # Besides x: what each type's reply pays the leader, the worst of those that are the same to it.
    rows = np.block([[gains, np.zeros((len(gains), n_types))], [-columns, np.eye(n_types)[types]]])
    result = _maximum(game, rows, game.prior, (None, None))
    if result.status == 2:  # infeasible
        return None
    x = _feasible(game, solved(result).x)
    earned = np.full(n_types, np.inf)
    np.minimum.at(earned, types, columns @ x)
    return Candidate(float(game.prior @ earned), x, replies)


def most_interior(game: CommitmentGame, replies: Replies) -> tuple[float, Float[np.ndarray, "m"]]:
    """The largest margin by which the replies can be better than all others, every type's at once, and where.

    The margin is at most 1, in units of the types' payoff ranges; it is negative if some reply is best nowhere.
    """
    gains = np.vstack([_other(gains, own) for gains, own in zip(_gains(game, replies), replies, strict=True)])
    result = solved(_maximum(game, np.hstack([gains, np.ones((len(gains), 1))]), np.ones(1), (None, 1.0)))
    return -float(result.fun), _feasible(game, result.x)


def guaranteed(game: CommitmentGame, x: Float[np.ndarray, "m"]) -> float:
    """What the leader earns if every type plays the worst of its best replies, in units of its payoff range."""
    pays, earns = (np.einsum("m,kma->ka", x, table) for table in (game.follower, game.leader))
    best = pays >= pays.max(axis=1, keepdims=True) - TOLERANCE
    return float(game.prior @ np.where(best, earns, np.inf).min(axis=1))


def _attaining(game: CommitmentGame, candidate: Candidate) -> Float[np.ndarray, "m"] | None:
    """A commitment to which the candidate's replies are best and that guarantees its value under weak ties, or None.

    Every other reply must be strictly worse, or what it pays the leader is counted on: one binary variable each. The
    margin of the strictly worse ones is maximised; it must be positive.
    """
    if guaranteed(game, candidate.x) >= candidate.value - TOLERANCE:
        return candidate.x
    n_types = len(candidate.replies)
    types, columns = _played(game.leader, candidate.replies)
    rivals = tuple(tuple(a for a in range(game.leader.shape[2]) if a not in own) for own in candidate.replies)
    rival_types, rival_columns = _played(game.leader, rivals)
    gains = np.vstack(
        [_other(rows, own) for rows, own in zip(_gains(game, candidate.replies), candidate.replies, strict=True)]
    )
    (n, m), binaries, one = gains.shape, np.eye(len(gains)), np.ones((len(gains), 1))
    of_type = np.eye(n_types)
    # Variables: x, what each type's best replies pay the leader at worst, the binaries, the margin.
    rows = np.block(
        [
            [-columns, of_type[types], np.zeros((len(columns), n + 1))],
            [-rival_columns, of_type[rival_types], binaries, 0 * one],
            [gains, np.zeros((n, n_types)), 0 * binaries, 0 * one],
            [gains, np.zeros((n, n_types)), -2 * binaries, one],
            [np.zeros(m), -game.prior, np.zeros(n + 1)],
        ]
    )
    limits = np.r_[np.zeros(len(columns)), np.ones(n), np.zeros(2 * n), -candidate.value]
    total = np.r_[game.counted, np.zeros(n_types + n + 1)]
    result = milp(
        np.r_[np.zeros(m + n_types + n), -1.0],
        constraints=[LinearConstraint(rows, -np.inf, limits), LinearConstraint(total, game.least, game.greatest)],
        integrality=np.r_[np.zeros(m + n_types), np.ones(n), 0],
        bounds=Bounds(np.r_[game.lower, np.zeros(n_types + n + 1)], np.r_[game.upper, np.ones(n_types + n + 1)]),
    )
    if result.status != 0 or result.x[-1] <= 100 * TOLERANCE:
        return None
    x = _feasible(game, result.x)
    return x if guaranteed(game, x) >= candidate.value - 10 * TOLERANCE else None


def _played(
    tables: Float[np.ndarray, "K m a"], replies: Replies
) -> tuple[Int[np.ndarray, "replies"], Float[np.ndarray, "replies m"]]:
    """The types and the columns of the tables that belong to these actions."""
    pairs = [(k, a) for k, own in enumerate(replies) for a in own]
    types, actions = np.array(pairs, np.int64).reshape(-1, 2).T
    return types, tables[types, :, actions]


def _gains(game: CommitmentGame, replies: Replies) -> list[Float[np.ndarray, "a m"]]:
    """What each type gains by each action in place of its reply, per unit of x."""
    return [(payoffs - payoffs[:, own[:1]]).T for payoffs, own in zip(game.follower, replies, strict=True)]


def _other(rows: Float[np.ndarray, "a m"], own: tuple[int, ...]) -> Float[np.ndarray, "others m"]:
    return np.delete(rows, own, axis=0)


def _maximum(
    game: CommitmentGame,
    rows: Float[np.ndarray, "rows n"],
    aim: Float[np.ndarray, "extra"],
    bounds: tuple[float | None, float | None],
) -> Any:
    """Maximises `aim` of the variables beside x, where rows @ [x, these] <= 0; the solver's result."""
    m = len(game.lower)
    # One variable more, the sum of the counted coordinates.
    for options in _ATTEMPTS:
        result = linprog(
            np.r_[np.zeros(m), -aim, 0.0],
            A_ub=np.hstack([rows, np.zeros((len(rows), 1))]),
            b_ub=np.zeros(len(rows)),
            A_eq=np.r_[game.counted, 0 * aim, -1.0][None],
            b_eq=[0.0],
            bounds=[*zip(game.lower, game.upper, strict=True), *[bounds] * len(aim), (game.least, game.greatest)],
            method="highs",
            options=options,
        )
        if result.status in (0, 2):  # optimal, or infeasible
            break
    return result


def _feasible(game: CommitmentGame, found: Float[np.ndarray, "n"]) -> Float[np.ndarray, "m"]:
    """The commitment in a solver's result, with what rounding has added taken off."""
    x = np.clip(found[: len(game.lower)], game.lower, game.upper)
    total = float(game.counted @ x)
    if game.least <= total <= game.greatest:
        return x
    scale = np.clip(total, game.least, game.greatest) / total
    return np.where(game.counted > 0, x * scale, x)
