"""The expected welfare of the best allocation, exactly, without listing type profiles.

What the agents so far make of every stock of items is a function of the stocks; each further agent turns it into
another one. Far fewer such functions than type profiles can come up, so their distribution is carried along, agent by
agent:

    f'(s) = max(f(s), max over items j in s of  f(s - j) + v_j)

for an agent that wants one item and is worth v_j with item j. Agents that take all they want split item by item.
"""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Int

from firstmover.errors import InputError

MAX_FUNCTIONS = 4_000_000  # that one further agent may make, before they are merged
_MOST = 2**62


def expected_first_best(
    values: Sequence[np.ndarray], probabilities: Sequence[np.ndarray], units: Sequence[int], *, additive: bool
) -> Fraction:
    """The expected largest welfare, for agents whose types are independent.

    Args:
        values: of every agent's types, fractions [types, items] each.
        probabilities: of every agent's types, fractions [types] each.
        units: of every item.
        additive: whether agents take all that they want, instead of one item.

    Raises:
        InputError: too many functions come up, or values have too many digits.

    Example:
        >>> coin = np.array([[Fraction(0)], [Fraction(1)]]), np.array([Fraction(1, 2)] * 2)
        >>> str(expected_first_best([coin[0]] * 2, [coin[1]] * 2, (1,), additive=False))
        '3/4'
    """
    if additive:
        alone = range(len(units))
        return sum(
            (_unit_demand([own[:, [j]] for own in values], probabilities, (units[j],)) for j in alone), Fraction(0)
        )
    return _unit_demand(values, probabilities, tuple(units))


def _unit_demand(values: Sequence[np.ndarray], probabilities: Sequence[np.ndarray], units: tuple[int, ...]) -> Fraction:
    scale = math.lcm(*(value.denominator for own in values for value in own.ravel()))
    highest = max(value for own in values for value in own.ravel())
    if scale * highest * len(values) >= _MOST:
        raise InputError("the values have too many digits for whole numbers of 63 bits.")
    stocks = list(itertools.product(*(range(unit + 1) for unit in units)))
    place = {stock: k for k, stock in enumerate(stocks)}
    functions, weights, total = np.zeros((1, len(stocks)), np.int64), np.array([1], object), 1
    for own, chances in zip(values, probabilities, strict=True):
        common = math.lcm(*(chance.denominator for chance in chances))
        # Types that are worth the same are one.
        merged: dict[tuple[int, ...], int] = {}
        for row, chance in zip(own, chances, strict=True):
            worth = tuple(int(value * scale) for value in row)
            merged[worth] = merged.get(worth, 0) + int(chance * common)
        if len(functions) * len(merged) > MAX_FUNCTIONS:
            raise InputError("the first best has too many cases to list.")
        total *= common
        after = [_with_agent(functions, stocks, place, worth) for worth in merged]
        functions, weights = _united(
            np.concatenate(after), np.concatenate([weights * weight for weight in merged.values()])
        )
    return Fraction(int((functions[:, -1].astype(object) * weights).sum()), scale * total)


def _with_agent(
    functions: Int[np.ndarray, "F stocks"],
    stocks: list[tuple[int, ...]],
    place: dict[tuple[int, ...], int],
    worth: tuple[int, ...],
) -> Int[np.ndarray, "F stocks"]:
    """The functions after one more agent, whom the items are worth this."""
    after = functions.copy()
    for k, stock in enumerate(stocks):
        for j, value in enumerate(worth):
            if stock[j] and value > 0:
                without = place[tuple(s - (i == j) for i, s in enumerate(stock))]
                np.maximum(after[:, k], functions[:, without] + value, out=after[:, k])
    return after


def _united(functions: Int[np.ndarray, "F stocks"], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each function once, with the sum of its weights."""
    order = np.lexsort(functions.T)
    functions, weights = functions[order], weights[order]
    first = np.flatnonzero(np.append(True, np.any(functions[1:] != functions[:-1], axis=1)))
    return functions[first], np.add.reduceat(weights, first)
