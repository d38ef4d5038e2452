"""Commitments to joint distributions over everybody's actions, of which each follower is told its own.

Source: Conitzer and Korzhyk, "Commitment to correlated strategies" (AAAI 2011).
"""

from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float, Shaped

from firstmover.equilibria.exact_programs import least, near_by
from firstmover.equilibria.solver import minimum
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions

MAX_ENTRIES = 20_000_000  # of the constraints
MAX_EXACT = 20_000  # of the constraints of a program that is solved in fractions


class CorrelatedCommitment(NamedTuple):
    """An optimal correlated commitment.

    Attributes:
        value: the leader's optimal payoff.
        joint: the probability of every profile of actions: the leader's own, and those that the followers are told.
    """

    value: float
    joint: Float[np.ndarray, "leader_actions *actions"]


def correlated_commitment(
    leader: Shaped[np.ndarray, "leader_actions *actions"],
    followers: Shaped[np.ndarray, "n leader_actions *actions"],
    *,
    coarse: bool = False,
) -> CorrelatedCommitment:
    """The best joint distribution to commit to, where every follower is told its action and does not gain by another.

    Followers do as they are told when they are indifferent: these are strong ties. For weak ties the optimum is not
    defined, since what an indifferent follower does instead depends on what the others then do.

    Its value bounds every mixed commitment: with `coarse=False` if followers play a Nash or correlated equilibrium of
    the game that the mixture leaves them, with `coarse=True` also if they play a coarse correlated one. With one
    follower and `coarse=False` it is that of the optimal mixed commitment with strong ties.

    Args:
        leader: the leader's payoffs, [leader action, action of follower 1, ...].
        followers: the followers' payoffs, one table each.
        coarse: whether followers decide before they are told whether to do as they will be told.

    Raises:
        InputError: the program has more than `MAX_ENTRIES` entries.
    """
    shape = leader.shape
    entries = leader.size * sum(size if coarse else size**2 for size in shape[1:])
    if entries > MAX_ENTRIES:
        raise InputError(f"correlated commitments are limited to {MAX_ENTRIES} constraint entries; got {entries}.")
    exact = entries <= MAX_EXACT
    paid, own = (as_fractions(leader), as_fractions(followers)) if exact else _in_floats(leader, followers)
    rows = []
    for i, payoffs in enumerate(own):
        told = np.arange(shape[i + 1]).reshape([-1 if axis == i + 1 else 1 for axis in range(len(shape))])
        for deviation in range(shape[i + 1]):
            gain = np.take(payoffs, [deviation], axis=i + 1) - payoffs
            rows += [gain] if coarse else [np.where(told == action, gain, 0) for action in range(shape[i + 1])]
    upper = np.reshape(rows, (len(rows), -1))
    ones = np.ones((1, leader.size), int)
    if exact:
        program = -paid.ravel(), upper, 0 * upper[:, 0], ones.astype(object), np.array([1], object)
        found = least(*program, near_by(*program))
        assert found is not None  # somebody always has something to obey
        return CorrelatedCommitment(float(-found.value), found.point.astype(np.float64).reshape(shape))
    heights = np.abs(upper).max(axis=1, keepdims=True)
    result = minimum(
        -paid.ravel() / (np.ptp(paid) or 1.0),
        A_ub=scipy.sparse.csr_array(upper / np.where(heights > 0, heights, 1.0)),
        b_ub=np.zeros(len(rows)),
        A_eq=ones,
        b_eq=[1.0],
    )
    joint = np.maximum(result.x, 0).reshape(shape)
    joint /= joint.sum()
    return CorrelatedCommitment(float((joint * paid).sum()), joint)


def _in_floats(*tables: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(table, np.float64) for table in tables)
