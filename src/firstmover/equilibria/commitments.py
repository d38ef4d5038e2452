"""Optimal commitments in normal-form games, by linear programs (HiGHS, through SciPy).

Payoff tables are indexed [leader action, follower action, ...]; with several followers, the followers' tables are
stacked along a leading axis. Everyone maximises; all results are in the units of the payoffs.

Sources: Conitzer and Sandholm, "Computing the optimal strategy to commit to" (EC 2006), for one follower and strong
ties; von Stengel and Zamir, "Leadership games with convex strategy sets" (2010), for weak ties; Conitzer and Korzhyk,
"Commitment to correlated strategies" (AAAI 2011), for several followers.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from firstmover.equilibria.polytopes import FiniteGame, solved, value_bounds
from firstmover.errors import InputError

Ties = Literal["strong", "weak"]
MAX_PAYOFFS = 40_000  # entries of one table, of a game whose mixed commitment is computed: half a minute or less
MAX_ENTRIES = 20_000_000  # of the constraints of a correlated commitment


class OptimalCommitment(NamedTuple):
    """An optimal commitment.

    Attributes:
        value: the leader's optimal payoff.
        commitment: the action index, or the mixture. Where the value is not attained: a mixture whose payoff falls
            short of it by a millionth of the leader's payoff range or less.
        attained: whether the value is a maximum, not only a supremum.
        method: what was computed, with its source.
    """

    value: float
    commitment: int | Float[np.ndarray, "leader_actions"]
    attained: bool
    method: str


def deterministic_commitment(
    leader: Float[np.ndarray, "leader_actions *actions"],
    followers: Float[np.ndarray, "n leader_actions *actions"],
    ties: Ties,
    *,
    tolerance: float = 1e-9,
) -> OptimalCommitment:
    """The best single action to commit to.

    One follower plays a best response; several play a coarse correlated equilibrium of the game that the action
    leaves them. Ties, or the choice of equilibrium, go for the leader (`strong`) or against it (`weak`).

    Args:
        leader: the leader's payoffs.
        followers: the followers' payoffs, one table each.
        ties: "strong" or "weak".
        tolerance: payoffs this close, as a share of their range, count as equal; > 0.
    """
    values = []
    for row in range(leader.shape[0]):
        if len(followers) == 1:
            replies = followers[0, row]
            best = replies >= replies.max() - tolerance * np.ptp(followers[0])
            values.append(leader[row][best].max() if ties == "strong" else leader[row][best].min())
        else:
            induced = FiniteGame.without_types(leader[row], followers[:, row])
            least, greatest = value_bounds(induced, "bcce")
            values.append(greatest if ties == "strong" else least)
    chosen = int(np.argmax(values))
    method = "enumeration of the leader's actions"
    if len(followers) > 1:
        method += ", a linear program over coarse correlated equilibria for each"
    return OptimalCommitment(float(values[chosen]), chosen, True, method)


def mixed_commitment(
    leader: Float[np.ndarray, "m k"], follower: Float[np.ndarray, "m k"], ties: Ties, *, tolerance: float = 1e-9
) -> OptimalCommitment:
    """The best mixture to commit to against one follower: one linear program per follower action.

        max_x  x . leader[:, j]   s.t.   x . follower[:, j] >= x . follower[:, a] for all a,   x in the simplex

    With weak ties only actions that are the sole best reply somewhere (up to actions of identical payoffs, the worst
    of which counts) can be counted on; the best value over their regions is a supremum, attained or not.

    Args:
        leader: the leader's payoffs.
        follower: the follower's payoffs.
        ties: "strong" or "weak".
        tolerance: margin above which a reply is strict, as a share of the follower's payoff range; > 0.

    Raises:
        InputError: the tables have more than `MAX_PAYOFFS` entries.
    """
    if leader.size > MAX_PAYOFFS:
        raise InputError(f"exact mixed commitments are limited to {MAX_PAYOFFS} payoffs a player; got {leader.size}.")
    span = np.ptp(follower) or 1.0
    scaled = (follower - follower.min()) / span
    if ties == "strong":
        found = [_best_mixture(leader[:, [j]], scaled, j) for j in range(leader.shape[1])]
        value, mixture = max((f for f in found if f is not None), key=lambda f: f[0])
        return OptimalCommitment(value, mixture, True, "multiple linear programs (Conitzer and Sandholm 2006)")
    candidates = []
    for j in range(leader.shape[1]):
        twins = [a for a in range(leader.shape[1]) if np.allclose(scaled[:, a], scaled[:, j], rtol=0, atol=tolerance)]
        margin, interior = _most_interior(scaled, j, twins)
        if margin > tolerance:
            found_j = _best_mixture(leader[:, twins], scaled, j)
            assert found_j is not None
            candidates.append((*found_j, j, twins, interior))
    value, mixture, j, twins, interior = max(candidates, key=lambda c: c[0])
    attaining = _attaining_mixture(leader, scaled, j, twins, value, tolerance)
    if attaining is None:
        # One step of a millionth into the region where the reply is strict.
        mixture = (1 - 1e-6) * mixture + 1e-6 * interior
    return OptimalCommitment(
        value,
        mixture if attaining is None else attaining,
        attaining is not None,
        "multiple linear programs over regions of strict replies (von Stengel and Zamir 2010)",
    )


def correlated_commitment(
    leader: Float[np.ndarray, "leader_actions *actions"],
    followers: Float[np.ndarray, "n leader_actions *actions"],
    *,
    coarse: bool = False,
) -> float:
    """The most that a leader can earn by committing to a joint distribution and telling each follower its action.

    An upper bound on every mixed commitment: with `coarse=False` if followers play a Nash or correlated equilibrium
    of the game that the mixture leaves them, with `coarse=True` also if they play a coarse correlated one.

    Raises:
        InputError: the program has more than `MAX_ENTRIES` entries.
    """
    shape = leader.shape
    entries = leader.size * sum(size if coarse else size**2 for size in shape[1:])
    if entries > MAX_ENTRIES:
        raise InputError(f"correlated commitments are limited to {MAX_ENTRIES} constraint entries; got {entries}.")
    rows = []
    for i in range(len(followers)):
        axis, n_actions = i + 1, shape[i + 1]
        for deviation in range(n_actions):
            deviated = np.take(followers[i], [deviation] * n_actions, axis=axis)
            gain = followers[i] - deviated
            if coarse:
                rows.append(gain.ravel())
            else:
                for told in range(n_actions):
                    only = np.zeros(n_actions)
                    only[told] = 1
                    rows.append((gain * only.reshape([-1 if k == axis else 1 for k in range(len(shape))])).ravel())
    scale = max(float(np.ptp(followers)), 1e-300)
    result = linprog(
        -leader.ravel(),
        A_ub=csr_array(-np.array(rows) / scale),
        b_ub=np.zeros(len(rows)),
        A_eq=np.ones((1, leader.size)),
        b_eq=[1.0],
        method="highs",
    )
    return -float(solved(result).fun)


def _best_mixture(
    leader_columns: Float[np.ndarray, "m t"], scaled: Float[np.ndarray, "m k"], j: int
) -> tuple[float, Float[np.ndarray, "m"]] | None:
    """The mixture under which j is a best reply that maximises the worst of the columns; None if j never is one."""
    m, t = leader_columns.shape
    # Variables: the mixture and the worst column's payoff.
    replies = np.hstack([(scaled - scaled[:, [j]]).T, np.zeros((scaled.shape[1], 1))])
    worst = np.hstack([-leader_columns.T, np.ones((t, 1))])
    result = linprog(
        np.r_[np.zeros(m), -1.0],
        A_ub=np.vstack([replies, worst]),
        b_ub=np.zeros(len(replies) + t),
        A_eq=[[1.0] * m + [0.0]],
        b_eq=[1.0],
        bounds=[(0, 1)] * m + [(None, None)],
        method="highs",
    )
    if result.status == 2:  # infeasible: j is dominated
        return None
    mixture = np.maximum(solved(result).x[:m], 0)
    mixture /= mixture.sum()
    return float(np.min(mixture @ leader_columns)), mixture


def _most_interior(
    scaled: Float[np.ndarray, "m k"], j: int, twins: Sequence[int]
) -> tuple[float, Float[np.ndarray, "m"]]:
    """The largest margin by which j can be better than every action but its twins, and the mixture."""
    m = scaled.shape[0]
    others = [a for a in range(scaled.shape[1]) if a not in twins]
    if not others:
        return np.inf, np.full(m, 1 / m)
    result = linprog(
        np.r_[np.zeros(m), -1.0],
        A_ub=np.hstack([(scaled[:, others] - scaled[:, [j]]).T, np.ones((len(others), 1))]),
        b_ub=np.zeros(len(others)),
        A_eq=[[1.0] * m + [0.0]],
        b_eq=[1.0],
        bounds=[(0, 1)] * m + [(None, None)],
        method="highs",
    )
    return float(solved(result).x[m]), result.x[:m]


def _attaining_mixture(
    leader: Float[np.ndarray, "m k"],
    scaled: Float[np.ndarray, "m k"],
    j: int,
    twins: Sequence[int],
    value: float,
    tolerance: float,
) -> Float[np.ndarray, "m"] | None:
    """A mixture that guarantees `value` under weak ties, or None.

    Every reply other than j and its twins must either be strictly worse than j, or pay the leader `value` too: one
    binary variable each. The margin of the strictly worse ones is maximised; it must be positive.
    """
    m, k = leader.shape
    others = [a for a in range(k) if a not in twins]
    span = np.ptp(leader) or 1.0
    payoffs = (leader - value) / span
    slack = 1e-9
    # Variables: mixture [m], one binary per other action [o], the margin [1].
    o = len(others)
    rows, upper = [], []
    for twin in twins:
        rows.append(np.r_[-payoffs[:, twin], np.zeros(o + 1)])
        upper.append(slack)
    for index, a in enumerate(others):
        binary = np.zeros(o)
        binary[index] = 1.0
        rows.append(np.r_[scaled[:, a] - scaled[:, j], -2 * binary, 1.0])  # margin, unless the binary is 1
        upper.append(0.0)
        rows.append(np.r_[scaled[:, a] - scaled[:, j], 0 * binary, 0.0])  # j is a best reply in any case
        upper.append(0.0)
        rows.append(np.r_[-payoffs[:, a], 2 * binary, 0.0])  # binary 1: pays the value as well
        upper.append(2.0 + slack)
    simplex = np.r_[np.ones(m), np.zeros(o + 1)]
    result = milp(
        np.r_[np.zeros(m + o), -1.0],
        constraints=[
            LinearConstraint(np.array(rows), -np.inf, np.array(upper)),
            LinearConstraint(simplex[None], 1.0, 1.0),
        ],
        integrality=np.r_[np.zeros(m), np.ones(o), 0],
        bounds=Bounds(np.zeros(m + o + 1), np.ones(m + o + 1)),
    )
    if result.status != 0 or (o > 0 and result.x[-1] <= 100 * tolerance):
        return None
    mixture = np.maximum(result.x[:m], 0)
    return mixture / mixture.sum()
