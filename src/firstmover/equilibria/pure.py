"""All pure Bayes-Nash equilibria of a finite game, by enumeration."""

import numpy as np
from jaxtyping import Int

from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.maps import choices, combinations, n_maps, totals
from firstmover.errors import InputError, require

MAX_PROFILES = 5_000_000


def pure_equilibria(game: FiniteGame, *, tolerance: float = 1e-9) -> Int[np.ndarray, "K pairs"]:
    """All profiles of type -> action maps from which no type of a follower gains; without types, pure Nash equilibria.

    Args:
        game: the game.
        tolerance: a reply that falls short of the best by no more than this share of the follower's payoff range,
            conditional on the type, counts as a best reply; >= 0.

    Returns:
        An action for each pair of `game.follower_types()`, in that order; none to many rows, in lexical order.

    Raises:
        InputError: there are more than `MAX_PROFILES` profiles of maps, or the tolerance is negative.
    """
    require(tolerance >= 0, "the tolerance must be at least 0", tolerance)
    size = n_maps(game)
    if size > MAX_PROFILES:
        raise InputError(f"the game has {size:.3g} profiles of maps, more than {MAX_PROFILES} to look through.")
    options = choices(game)
    sizes = [len(mine) for mine in options]
    stable = np.ones(int(size), bool)
    for k, (i, t) in enumerate(game.follower_types()):
        chances = np.where(game.support[:, i] == t, game.probs, 0)
        paid = totals(game, (game.followers[i].T * (chances / chances.sum())).T, i, t)
        best = paid >= paid.max(axis=1, keepdims=True) - tolerance * game.payoff_ranges[i]
        # Follower i's other types, whose actions do not matter to this one, come before and after it.
        before, own, after = best.shape
        stable = stable.reshape(before, -1, own, int(np.prod(sizes[k + 1 :])) // after, after)
        stable &= best[:, None, :, None, :]
    return combinations(options, np.flatnonzero(stable))
