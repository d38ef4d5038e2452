"""The values of a price mechanism's agents, and their probabilities, in fractions."""

from fractions import Fraction

import numpy as np

from firstmover.games.sequential_price import SequentialPrice


def agents_in_fractions(game: SequentialPrice) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Of every agent the values of its types [types, items], and their probabilities, where they are independent."""
    if game.value_grid is None:
        values = [own.fractions for own in game.stated_values]
    else:
        steps = game.value_grid - 1
        grid = [[Fraction(round(value * steps), steps) for value in row] for row in (game.values[0] / game.highest)]
        values = [np.array(grid, object).reshape(game.values[0].shape)] * game.n_followers
    return values, list(game.types.fractions)


def values_and_prior(game: SequentialPrice) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """The values of both agents' types, and the probability of every pair of types, for one item."""
    if game.value_grid is not None:
        points = game.value_grid
        grid = [Fraction(k, points - 1) for k in range(points)]
        return [grid, grid], [[Fraction(1, points**2)] * points] * points
    values = [own.fractions[:, 0].tolist() for own in game.stated_values]
    prior = [[Fraction(0)] * len(values[1]) for _ in values[0]]
    for (t0, t1), p in zip(game.types.profiles[0].tolist(), game.types.profile_fractions.tolist(), strict=True):
        prior[t0][t1] = p
    return values, prior
