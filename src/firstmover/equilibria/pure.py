"""All pure Bayes-Nash equilibria of a finite game, by enumeration."""

import numpy as np
from jaxtyping import Bool, Int

from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.maps import choices, combinations, n_maps, totals
from firstmover.errors import InputError, require
from firstmover.exact_numbers import as_fractions

MAX_PROFILES = 5_000_000
_SURE = 1e-13  # rounding of a sum of floats, as a share of the sum of their sizes


def pure_equilibria(game: FiniteGame, *, epsilon: float = 0.0) -> Int[np.ndarray, "K pairs"]:
    """All profiles of type -> action maps from which no type of a follower gains; without types, pure Nash equilibria.

    What gains is decided in fractions where floats cannot tell.

    Args:
        game: the game.
        epsilon: a reply that falls short of the best by no more than this, conditional on the type and in payoff units,
            counts as a best reply; >= 0.

    Returns:
        An action for each pair of `game.follower_types()`, in that order; none to many rows, in lexical order.

    Raises:
        InputError: there are more than `MAX_PROFILES` profiles of maps, or epsilon is negative.

    Example:
        >>> from firstmover.equilibria import FiniteGame, pure_equilibria
        >>> chicken = FiniteGame.without_types([[12, 9], [9, 0]], [[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
        >>> pure_equilibria(chicken)
        array([[0, 1],
               [1, 0]])
    """
    require(epsilon >= 0, "epsilon must be at least 0", epsilon)
    size = n_maps(game)
    if size > MAX_PROFILES:
        raise InputError(f"the game has {size:.3g} profiles of maps, more than {MAX_PROFILES} to look through.")
    options = choices(game)
    sizes = [len(mine) for mine in options]
    stable = np.ones(int(size), bool)
    for k, (i, t) in enumerate(game.follower_types()):
        best = _best(game, i, t, epsilon)
        # Follower i's other types, whose actions do not matter to this one, come before and after it.
        before, own, after = best.shape
        stable = stable.reshape(before, -1, own, int(np.prod(sizes[k + 1 :])) // after, after)
        stable &= best[:, None, :, None, :]
    return combinations(options, np.flatnonzero(stable))


def _best(game: FiniteGame, i: int, t: int, epsilon: float) -> Bool[np.ndarray, "before own after"]:
    """Which actions of a type are best replies to the others' maps, on the axes of `maps.totals`."""
    chances = np.where(game.support[:, i] == t, game.probs, 0)
    weighted = (game.followers[i].T * (chances / chances.sum())).T
    paid, scale = totals(game, weighted, i, t), totals(game, np.abs(weighted), i, t)
    short = paid.max(axis=1, keepdims=True) - paid - epsilon
    unsure = np.abs(short) <= _SURE * (scale + scale.max(axis=1, keepdims=True) + epsilon)
    if not unsure.any():
        return np.asarray(short <= 0)
    probs, _, followers = game.fractions
    chances = np.where(game.support[:, i] == t, probs, 0)
    exact = totals(game, (followers[i].T * (chances / sum(chances.tolist()))).T, i, t)
    return np.asarray(exact >= exact.max(axis=1, keepdims=True) - as_fractions([epsilon])[0], bool)
