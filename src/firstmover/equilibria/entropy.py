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
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import linprog
from scipy.sparse import csr_array, diags_array, hstack

from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.programs import TIGHT, joint_play, program, solved
from firstmover.equilibria.sets import EquilibriumSet, is_of_maps

_MAX_STEPS = 1000
_STOP = 1e-10  # of what deviations gain too much, as a share of the payoff range, and of the entropy
_ACCEPTED = 1e-6  # the same, where rounding does not let it come that far


class MaxEntropy(NamedTuple):
    """The point of greatest entropy of an equilibrium set.

    Attributes:
        entropy: in nats.
        joint: for every type profile, the distribution over action profiles.
        plays: the columns of positive weight, as in `Extreme`.
        weights: of these columns.
    """

    entropy: float
    joint: Float[np.ndarray, "P *actions"]
    plays: Int[np.ndarray, "columns entries"]
    weights: Float[np.ndarray, "columns"]


def max_entropy(game: FiniteGame, which: EquilibriumSet, *, epsilon: float = 0.0) -> MaxEntropy:
    """The point of greatest entropy of an equilibrium set.

    Args:
        game: the game.
        which: the set; see `equilibria.sets`.
        epsilon: regret allowed to every (follower, type), conditional on the type, in payoff units; >= 0.

    Raises:
        InputError: the game has no such set, epsilon is out of range, or the program is larger than `MAX_VARIABLES`.
    """
    rows = program(game, which, epsilon)
    gains = csr_array(diags_array(1 / rows.scales) @ rows.gains)
    limits = rows.limits / rows.scales
    used = _support(gains, limits, rows.blocks)
    plays, gains, blocks = rows.plays[used], gains[:, used], rows.blocks[used]
    block_weights = np.ones(1) if is_of_maps(which) else game.probs
    weights = _smooth(gains, limits, blocks, block_weights)
    entropy = -float(block_weights[blocks] @ (weights * np.log(np.maximum(weights, 1e-300))))
    return MaxEntropy(entropy, joint_play(game, which, plays, weights), plays, weights)


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
    result = linprog(
        np.r_[-np.ones(n), np.zeros(n + 1)],
        A_ub=csr_array(hstack([gains, gains, -limits[:, None]])),
        b_ub=np.zeros(len(limits)),
        A_eq=csr_array(hstack([sums, sums, -np.ones((n_blocks, 1))])),
        b_eq=np.zeros(n_blocks),
        bounds=np.r_[np.tile([0, 1], (n, 1)), np.tile([0, np.inf], (n, 1)), [[1, np.inf]]],
        method="highs",
        options=TIGHT,
    )
    used: np.ndarray = solved(result).x[:n] > 0.5
    return used


def _smooth(
    gains: csr_array,
    limits: Float[np.ndarray, "deviations"],
    blocks: Int[np.ndarray, "columns"],
    block_weights: Float[np.ndarray, "blocks"],
) -> Float[np.ndarray, "columns"]:
    """The weights of greatest entropy, by projected Newton steps on the dual (Bertsekas 1982).

    Raises:
        RuntimeError: they did not converge; an internal error.
    """
    scaled = csr_array(gains @ diags_array(1 / block_weights[blocks]))
    starts = np.unique(blocks, return_index=True)[1]
    columns = np.arange(len(blocks))

    def dual(multipliers: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The value to minimise, its gradient, and the weights of the columns."""
        exponents = -(scaled.T @ multipliers)
        most = np.maximum.reduceat(exponents, starts)
        weights = np.exp(exponents - most[blocks])
        sums = np.add.reduceat(weights, starts)
        weights /= sums[blocks]
        value = block_weights @ (most + np.log(sums)) + multipliers @ limits
        return float(value), limits - gains @ weights, weights

    multipliers = np.zeros(len(limits))
    value, slack, weights = dual(multipliers)
    for _ in range(_MAX_STEPS):
        error = max(-slack.min(initial=0), multipliers @ np.abs(slack))
        if error <= _STOP:
            break
        free = (multipliers > min(1e-6, error)) | (slack < 0)
        mean = csr_array(scaled @ csr_array((weights, (columns, blocks))))
        hessian = (
            scaled @ diags_array(weights * block_weights[blocks]) @ scaled.T
            - mean @ diags_array(block_weights) @ mean.T
        )
        curvature = hessian.toarray()[np.ix_(free, free)]
        curvature[np.diag_indices(len(curvature))] += 1e-9 * curvature.diagonal().max() + 1e-14
        direction = np.zeros(len(limits))
        direction[free] = -cho_solve(cho_factor(curvature), slack[free])
        step = 1.0
        while step > 1e-12:
            ahead = np.maximum(multipliers + step * direction, 0)
            found = dual(ahead)
            if found[0] <= value + 1e-4 * slack @ (ahead - multipliers) + 1e-15 * abs(value):
                break
            step /= 2
        else:
            break
        multipliers, (value, slack, weights) = ahead, found
    if error > _ACCEPTED:
        raise RuntimeError(f"the greatest entropy was not found (an error of {error:.2g} is left); please report it.")
    return weights
