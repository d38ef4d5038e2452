"""Profiles of maps from types to actions: what each (follower, type) pair plays, whatever the types of others are.

A profile is a row of actions, one for each pair of `game.follower_types()`, in that order.
"""

import functools
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, Shaped

from firstmover.equilibria.finite_game import FiniteGame


def choices(game: FiniteGame) -> list[Int[np.ndarray, "_allowed"]]:
    """The actions that each (follower, type) pair may choose from."""
    return [np.flatnonzero(game.allowed[i][t]) for i, t in game.follower_types()]


def n_maps(game: FiniteGame) -> float:
    """Number of profiles of maps; 1e300 stands for anything larger."""
    return min(math.prod(float(len(options)) for options in choices(game)), 1e300)


def all_maps(game: FiniteGame) -> Int[np.ndarray, "maps pairs"]:
    """Every profile of maps, the last pair's action changing fastest."""
    options = choices(game)
    return combinations(options, np.arange(math.prod(map(len, options))))


def combinations(
    options: Sequence[Int[np.ndarray, "_choices"]], numbers: Int[np.ndarray, "m"]
) -> Int[np.ndarray, "m pairs"]:
    """One of each pair's options, by the number of the combination; the last pair's changes fastest."""
    columns = []
    for mine in reversed(options):
        numbers, digit = np.divmod(numbers, len(mine))
        columns.append(mine[digit])
    return np.stack(columns[::-1], axis=1) if columns else np.zeros((len(numbers), 0), np.int64)


def played(game: FiniteGame, maps: Int[np.ndarray, "maps pairs"]) -> Int[np.ndarray, "maps P n"]:
    """What every follower plays at every type profile."""
    position = {pair: k for k, pair in enumerate(game.follower_types())}
    return maps[:, np.array([[position[i, int(t)] for i, t in enumerate(row)] for row in game.support])]


def totals(
    game: FiniteGame, table: Shaped[np.ndarray, "P *actions"], i: int, t: int
) -> Shaped[np.ndarray, "before own after"]:
    """For every profile of maps, the sum of the table over the type profiles in which follower i has type t.

    Only the others' maps and the action of the pair (i, t) matter to it. The axes are: the combinations of all pairs
    before follower i's, the actions of (i, t), the combinations of all pairs after follower i's.

    The sum is taken by broadcasting, in the order of the types, so that the partial sums stay small: it makes about as
    many additions as there are entries times the number of types of one follower.
    """
    options = dict(zip(game.follower_types(), choices(game), strict=True))
    # Only pairs with a choice have an axis, since the number of axes of an array is limited.
    axes = [pair for pair, mine in options.items() if len(mine) > 1 and (pair[0] != i or pair[1] == t)]
    spread = []
    for row in np.flatnonzero(game.support[:, i] == t):
        acting = list(enumerate(game.support[row].tolist()))
        part = table[row][np.ix_(*(options[pair] for pair in acting))]
        spread.append(part.reshape([len(options[pair]) if pair in acting else 1 for pair in axes]))
    total = np.broadcast_to(functools.reduce(np.add, spread), [len(options[pair]) for pair in axes])
    before = math.prod(len(mine) for pair, mine in options.items() if pair[0] < i)
    return total.reshape(before, len(options[i, t]), -1)
