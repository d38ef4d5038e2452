"""The point of greatest entropy of an equilibrium set: what is played if nothing but the equilibrium is known.

The entropy is that of the joint play: for `bcce` and `bce` its expectation over the type profiles, for the sets of the
agent normal form that of the distribution over profiles of type -> action maps. The point is unique.

It is found in two steps. A linear program finds all columns that have weight somewhere in the set; on these alone the
smooth dual is attained,

    minimise over multipliers m >= 0:   sum_b w_b log sum_{c in b} exp(-(m . gains_c) / w_b) + m . limits

over blocks b of weight w_b (the probability of the type profile, or 1) and their columns c, and the weights of a
block's columns are the softmax that belongs to it. Newton steps on the multipliers, projected on those that are not
negative, minimise it.
Source of the dual: Ortiz, Schapire and Kakade, "Maximum entropy correlated equilibria" (AISTATS 2007).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls
from scipy.sparse import csr_array, diags_array, hstack

from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.programs import joint_play, minimum, program
from firstmover.equilibria.sets import EquilibriumSet, is_of_maps
from firstmover.equilibria.solver import NoAnswerError
from firstmover.errors import InputError

MAX_DEVIATIONS = 2_000  # each step solves a dense system of as many equations
_MAX_STEPS = 300
_STOP = 1e-8  # for what deviations gain too much, as a share of the payoff range, and for the gap of the entropy
_ACCEPTED = 1e-6  # for what deviations gain too much, where rounding does not let it come that far
_MAX_FACTOR = 1e9  # columns whose weight can hardly exceed the inverse are left out
_DAMPING = (1e-13, 1e-3, 1e6)  # least, first and greatest, as a share of the greatest curvature so far


class MaxEntropy(NamedTuple):
    """The point of greatest entropy of an equilibrium set.

    Attributes:
        entropy: in nats.
        joint: for every type profile, the distribution over action profiles.
        plays: the columns of positive weight, as in `Extreme`.
        weights: of these columns.
        gap: how far the entropy may be from the greatest; below 1e-8 unless the game has payoffs or probabilities of
            very different magnitudes.
    """

    entropy: float
    joint: Float[np.ndarray, "P *actions"]
    plays: Int[np.ndarray, "columns entries"]
    weights: Float[np.ndarray, "columns"]
    gap: float


def max_entropy(game: FiniteGame, which: EquilibriumSet, *, epsilon: float = 0.0) -> MaxEntropy:
    """The point of greatest entropy of an equilibrium set.

    Args:
        game: the game.
        which: the set; see `equilibria.sets`.
        epsilon: regret allowed to every (follower, type), conditional on the type, in payoff units; >= 0.

    Raises:
        InputError: the game has no such set, epsilon is out of range, the program is larger than `MAX_VARIABLES`, or
            there are more than `MAX_DEVIATIONS`.

    Example:
        >>> from firstmover.equilibria import FiniteGame, max_entropy
        >>> chicken = FiniteGame.without_types([[12, 9], [9, 0]], [[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
        >>> max_entropy(chicken, "ce").joint.round(4)
        array([[[0.2583, 0.2967],
                [0.2967, 0.1483]]])
    """
    rows = program(game, which, epsilon)
    if len(rows.keys) > MAX_DEVIATIONS:
        raise InputError(
            f"the greatest entropy over {which} has {len(rows.keys)} deviations, more than {MAX_DEVIATIONS}."
        )
    # The constraints in shares of the payoff range: conditional on the type, and weighted by its probability.
    chances = np.array([game.probs[game.support[:, key[0]] == key[1]].sum() for key in rows.keys])
    conditional = csr_array(diags_array(1 / rows.scales) @ rows.gains)
    used = _support(conditional, rows.limits / rows.scales, rows.blocks)
    blocks = rows.blocks[used]
    shares = np.ones(1) if is_of_maps(which) else game.probs
    weighted = csr_array(diags_array(chances) @ conditional[:, used])
    weights, gap = _smooth(weighted, chances * rows.limits / rows.scales, chances, blocks, shares)
    entropy = -float(shares[blocks] @ (weights * np.log(np.maximum(weights, 1e-300))))
    plays = rows.plays[used]
    return MaxEntropy(entropy, joint_play(game, which, plays, weights), plays, weights, gap)


def _support(
    gains: csr_array, limits: Float[np.ndarray, "deviations"], blocks: Int[np.ndarray, "columns"]
) -> Bool[np.ndarray, "columns"]:
    """The columns that have weight in some point of the set: one linear program.

    It looks for a point, times a factor >= 1, with as many columns of weight 1 or more as possible: points can be
    averaged and the factor is free, so that all columns that have weight anywhere have it. Variables: for each column
    the weight up to 1 and the weight beyond it, and the factor.
    """
    n, n_blocks = len(blocks), int(blocks[-1]) + 1
    sums = csr_array((np.ones(n), (blocks, np.arange(n))), shape=(n_blocks, n))
    result = minimum(
        np.r_[-np.ones(n), np.zeros(n + 1)],
        A_ub=csr_array(hstack([gains, gains, -limits[:, None]])),
        b_ub=np.zeros(len(limits)),
        A_eq=csr_array(hstack([sums, sums, -np.ones((n_blocks, 1))])),
        b_eq=np.zeros(n_blocks),
        bounds=np.r_[np.tile([0, 1], (n, 1)), np.tile([0, np.inf], (n, 1)), [[1, _MAX_FACTOR]]],
    )
    used: np.ndarray = result.x[:n] > 0.5
    return used


def _smooth(
    gains: csr_array,
    limits: Float[np.ndarray, "deviations"],
    chances: Float[np.ndarray, "deviations"],
    blocks: Int[np.ndarray, "columns"],
    shares: Float[np.ndarray, "blocks"],
) -> tuple[Float[np.ndarray, "columns"], float]:
    """The weights of greatest entropy, by damped Newton steps on the dual.

    A step leads to the least value, over multipliers that are not negative, of the dual's quadratic model and the
    damping (Levenberg and Marquardt; scaled by the greatest curvatures so far, as in Moré 1978).

    Args:
        gains: what deviations gain in each column, weighted by the probabilities of the type profiles.
        limits: of these gains.
        chances: the probabilities of the types that deviate.
        blocks: of the columns, ascending.
        shares: of the blocks in the entropy.

    Returns:
        The weights of the columns, and the gap between their entropy and that of the dual.

    Raises:
        NoAnswerError: it did not converge.
    """
    scaled = csr_array(gains @ diags_array(1 / shares[blocks]))
    sums = csr_array((np.ones(len(blocks)), (blocks, np.arange(len(blocks)))))
    starts = np.unique(blocks, return_index=True)[1]

    def dual(multipliers: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The value to minimise, its gradient, and the weights of the columns."""
        exponents = -(scaled.T @ multipliers)
        most = np.maximum.reduceat(exponents, starts)
        weights = np.exp(exponents - most[blocks])
        totals = np.add.reduceat(weights, starts)
        weights /= totals[blocks]
        return float(shares @ (most + np.log(totals)) + multipliers @ limits), limits - gains @ weights, weights

    least, damping, greatest = _DAMPING
    multipliers, steepest = np.zeros(len(limits)), 1e-12 * chances
    value, slack, weights = dual(multipliers)
    for _ in range(_MAX_STEPS):
        excess, gap = (-slack / chances).max(initial=0), float(multipliers @ np.abs(slack))
        if max(excess, gap) <= _STOP or damping > greatest:
            break
        centred = scaled - (scaled @ (sums * weights).T) @ sums
        curvature = (centred @ diags_array(weights * shares[blocks]) @ centred.T).toarray()
        steepest = np.maximum(steepest, curvature.diagonal())
        unit = 1 / np.sqrt(steepest)
        root = cholesky(unit * curvature * unit[:, None] + damping * np.eye(len(unit)))
        ahead = unit * nnls(root, root @ (multipliers / unit) - solve_triangular(root, unit * slack, trans="T"))[0]
        step = ahead - multipliers
        predicted = -slack @ step - 0.5 * ((root @ (step / unit)) ** 2).sum()
        found = dual(ahead)
        if found[0] <= value - 1e-4 * predicted + 1e-15 * abs(value):
            multipliers, (value, slack, weights) = ahead, found
            damping = max(damping / 10, least)
        else:
            damping *= 10
    excess, gap = (-slack / chances).max(initial=0), float(multipliers @ np.abs(slack))
    if excess > _ACCEPTED:
        raise NoAnswerError(f"the greatest entropy was not found (a gain of {excess:.2g} is left); please report it.")
    return weights, gap
