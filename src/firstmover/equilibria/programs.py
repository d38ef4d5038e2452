"""The linear program over an equilibrium set: columns that are played, deviations that must not gain.

Every set here is a set of weights on columns. For `bcce` and `bce` a column is a type profile and an action profile
(for `cce` and `ce` there is one type profile), and the weights sum to 1 for each type profile; for the sets of the
agent normal form it is a profile of type -> action maps, and the weights sum to 1. Either way a column is a list of
cells (type profile, action profile) of the game's tables, and its entry in a constraint is the sum over its cells.
"""

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import scipy
from jaxtyping import Float, Int

from firstmover.equilibria.deviations import Deviation, deviations, positions
from firstmover.equilibria.finite_game import FiniteGame, numbers
from firstmover.equilibria.maps import all_maps, n_maps, played
from firstmover.equilibria.sets import EquilibriumSet, check_set, is_of_maps
from firstmover.equilibria.solver import TOLERANCE, minimum
from firstmover.errors import InputError

if TYPE_CHECKING:
    from scipy.sparse import csr_array  # not every run needs a program

Sense = Literal["least", "greatest"]

MAX_VARIABLES = {
    "cce": 100_000,
    "ce": 100_000,
    "bcce": 100_000,
    "bce": 100_000,
    "anf_cce": 50_000,
    "anf_ce": 50_000,
}


class Extreme(NamedTuple):
    """An end of what an objective can be over an equilibrium set, with a vertex that attains it and its proof.

    Weak duality is the proof: for the least value, and any multipliers,

        value >= bound = sum over blocks of min over columns of (objective + sum of multiplier * gain)
                         - sum of multiplier * epsilon * probability of the type

    where a block is a type profile (all maps, for the sets of the agent normal form), and gain and objective are
    weighted by the probabilities of the type profiles. It is mirrored for the greatest value.

    Attributes:
        value: of the objective.
        plays: the columns of positive weight: the row of the type profile, then every follower's action; or, for the
            sets of the agent normal form, an action for each pair of `game.follower_types()`, in that order.
        weights: of these columns; they sum to 1 for each type profile, or in all.
        multipliers: at least 0, by (follower, type, deviation), or (follower, type, told, deviation) if deviations
            are by the action told; in units of the objective per unit of the follower's payoff.
        bound: what the multipliers prove. It is the value where the end was computed in fractions; else, in floating
            point, it differs by rounding, unless the game has payoffs or probabilities of very different magnitudes.
        fractions: value, weights of `plays` and multipliers (none that are 0) as exact fractions, or None where the
            program was too large for that.
    """

    value: float
    plays: Int[np.ndarray, "columns entries"]
    weights: Float[np.ndarray, "columns"]
    multipliers: dict[Deviation, float]
    bound: float
    fractions: tuple[Fraction, list[Fraction], dict[Deviation, Fraction]] | None = None


class Program(NamedTuple):
    """Columns and constraints: weights >= 0 that sum to 1 in each block, with gains @ weights <= limits.

    Attributes:
        plays: the columns, as in `Extreme`.
        blocks: which block each column belongs to, ascending.
        gains: what each deviation gains, weighted by the probabilities of the type profiles; in payoff units.
        limits: epsilon times the probability of the type.
        keys: of the deviations.
        scales: of the constraints: the probability of the type times the follower's payoff range.
    """

    plays: Int[np.ndarray, "columns entries"]
    blocks: Int[np.ndarray, "columns"]
    gains: "csr_array"
    limits: Float[np.ndarray, "deviations"]
    keys: list[Deviation]
    scales: Float[np.ndarray, "deviations"]


def n_variables(game: FiniteGame, which: EquilibriumSet) -> float:
    """Number of variables of the linear program over a set; 1e300 stands for anything larger."""
    return n_maps(game) if is_of_maps(which) else float(len(game.support) * math.prod(game.n_actions))


def program(
    game: FiniteGame,
    which: EquilibriumSet,
    epsilon: float = 0.0,
    *,
    plays: Int[np.ndarray, "columns entries"] | None = None,
) -> Program:
    """The program over a set, or over those of its points that put weight on the given columns only.

    Raises:
        InputError: the game has no such set, or its columns are more than `MAX_VARIABLES`.
    """
    check_set(game, which, epsilon)
    plays = columns(game, which) if plays is None else plays
    keys = deviations(game, which)
    chances = {(i, t): game.probs[game.support[:, i] == t].sum() for i, t in game.follower_types()}
    by_key = np.array([chances[key[0], key[1]] for key in keys])
    return Program(
        plays,
        np.zeros(len(plays), np.int64) if is_of_maps(which) else plays[:, 0],
        _gains(game, which, keys, plays),
        epsilon * by_key,
        keys,
        by_key * game.payoff_ranges[[key[0] for key in keys]],
    )


def columns(game: FiniteGame, which: EquilibriumSet) -> Int[np.ndarray, "columns entries"]:
    """All columns of a set.

    Raises:
        InputError: they are more than `MAX_VARIABLES`.
    """
    size = n_variables(game, which)
    if size > MAX_VARIABLES[which]:
        raise InputError(f"the program over {which} has {size:.3g} variables, more than {MAX_VARIABLES[which]}.")
    return all_maps(game) if is_of_maps(which) else np.argwhere(game.possible())


def cells(
    game: FiniteGame, which: EquilibriumSet, plays: Int[np.ndarray, "columns entries"]
) -> tuple[Int[np.ndarray, "columns cells"], Int[np.ndarray, "columns cells"]]:
    """Where in tables of shape [P, actions], all actions in one axis, the columns are: type and action profile."""
    if is_of_maps(which):
        profiles = np.broadcast_to(np.arange(len(game.support)), (len(plays), len(game.support)))
        actions = played(game, plays)
    else:
        profiles, actions = plays[:, :1], plays[:, None, 1:]
    return profiles, np.ravel_multi_index(tuple(np.moveaxis(actions, -1, 0)), game.n_actions)


def joint_play(
    game: FiniteGame,
    which: EquilibriumSet,
    plays: Int[np.ndarray, "columns entries"],
    weights: Float[np.ndarray, "columns"],
) -> Float[np.ndarray, "P *actions"]:
    """For every type profile, the distribution over action profiles that weighted columns amount to."""
    joint = np.zeros((len(game.support), math.prod(game.n_actions)))
    at = cells(game, which, plays)
    np.add.at(joint, at, np.broadcast_to(weights[:, None], at[0].shape))
    return joint.reshape(game.leader.shape)


def column_values(
    game: FiniteGame,
    which: EquilibriumSet,
    plays: Int[np.ndarray, "columns entries"],
    table: Float[np.ndarray, "P *actions"],
) -> Float[np.ndarray, "columns"]:
    """What each column adds up to in a table of payoffs, weighted by the probabilities of the type profiles."""
    profiles, actions = cells(game, which, plays)
    return (game.probs[profiles] * table.reshape(len(table), -1)[profiles, actions]).sum(axis=1)


def objective_table(game: FiniteGame, objective: object) -> Float[np.ndarray, "P *actions"]:
    """The objective, checked; the leader's payoff if None.

    Raises:
        InputError: it is not an array of finite numbers of the shape of the leader's payoffs.
    """
    return game.leader if objective is None else numbers("the objective", objective, game.leader.shape)


def solve(
    rows: Program, costs: Float[np.ndarray, "columns"], unit: float, *, elastic: bool = False
) -> tuple[Float[np.ndarray, "columns"], Float[np.ndarray, "deviations"], float]:
    """The weights of least cost, the multipliers of the deviations, and how far constraints are violated.

    Args:
        rows: the program.
        costs: of the columns.
        unit: that the costs are of the order of; > 0.
        elastic: minimise by how much limits are exceeded instead, all by the same share of their scales.

    Returns:
        Weights with what is below 1e-10 removed, multipliers, and the share by which limits are exceeded, if elastic.
    """
    n, n_blocks = len(costs), int(rows.blocks[-1]) + 1
    objective = (costs - costs.min()) / unit
    matrix = scipy.sparse.csr_array(rows.gains.multiply(1 / rows.scales[:, None]))
    sums = scipy.sparse.csr_array((np.ones(n), (rows.blocks, np.arange(n))), shape=(n_blocks, n))
    if elastic:
        objective, unit = np.append(np.zeros(n), 1.0), 1.0
        matrix = scipy.sparse.hstack([matrix, np.full((len(rows.keys), 1), -1.0)])
        sums = scipy.sparse.hstack([sums, np.zeros((n_blocks, 1))])
    # Rows, then columns, are divided by their largest entries: the solver's tolerance counts for each by itself.
    heights = _largest(matrix, 1)
    matrix = matrix.multiply(1 / heights[:, None])
    widths = np.maximum(_largest(scipy.sparse.csr_array(matrix), 0), 1.0)
    result = minimum(
        objective / widths,
        A_ub=scipy.sparse.csr_array(matrix.multiply(1 / widths)),
        b_ub=rows.limits / rows.scales / heights,
        A_eq=scipy.sparse.csr_array(sums.multiply(1 / widths)),
        b_eq=np.ones(n_blocks),
    )
    weights = np.where(result.x[:n] > TOLERANCE, result.x[:n], 0.0) / widths[:n]
    weights /= np.bincount(rows.blocks, weights)[rows.blocks]
    multipliers = np.maximum(-result.ineqlin.marginals, 0) * unit / rows.scales / heights
    return weights, multipliers, float((result.x / widths)[n:].sum())


def _largest(matrix: "csr_array", axis: int) -> Float[np.ndarray, "lines"]:
    """The largest size of an entry of every row (axis 1) or column (axis 0), 1 where all are 0."""
    if 0 in matrix.shape:
        return np.ones(matrix.shape[1 - axis])
    sizes = abs(matrix).max(axis=axis)
    largest = np.asarray(sizes.toarray() if scipy.sparse.issparse(sizes) else sizes, float).ravel()
    return np.where(largest > 0, largest, 1.0)


def _gains(
    game: FiniteGame, which: EquilibriumSet, keys: list[Deviation], plays: Int[np.ndarray, "columns entries"]
) -> "csr_array":
    """What each deviation gains in each column, weighted by the probabilities of the type profiles; sparse."""
    profiles, actions = cells(game, which, plays)
    blocks = []
    for (i, t), position in positions(game, keys).items():
        column, cell = np.nonzero(game.support[profiles, i] == t)
        profile, action = profiles[column, cell], actions[column, cell]
        stride = math.prod(game.n_actions[i + 1 :])
        told = action // stride % game.n_actions[i]
        payoffs = game.followers[i].reshape(len(game.support), -1)
        held = payoffs[profile, action]
        mine = np.unique(position[position >= 0])
        entries = []
        for instead in np.flatnonzero(game.allowed[i][t]):
            row = position[told, instead]
            gained = game.probs[profile] * (payoffs[profile, action + (instead - told) * stride] - held)
            kept = (row >= 0) & (gained != 0)
            entries.append((gained[kept], row[kept] - mine[:1].sum(), column[kept]))
        values, row, column = map(np.concatenate, zip(*entries, strict=True))
        blocks.append(scipy.sparse.csr_array((values, (row, column)), shape=(len(mine), len(plays))))
    return scipy.sparse.vstack(blocks, format="csr")
