"""Pairs of messaging strategies, ordered by what a designer could at best hope for under them.

The bound ignores incentives: in every cell, the pattern of first agent and price steps that costs least. It is exact.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Shaped

from firstmover.equilibria.mechanisms.market import Market, Strategies, integers
from firstmover.equilibria.mechanisms.steps import price_steps
from firstmover.equilibria.mechanisms.strategies import n_partitions, partitions, threshold_partitions
from firstmover.errors import InputError

MAX_PAIRS = 30_000_000


@dataclass(frozen=True)
class Candidates:
    """Pairs of strategies in the order of a bound that ignores incentives.

    Attributes:
        strategies: the strategies of each agent.
        order: positions of the pairs among all pairs, from the least bound.
        bounds: for every pair, no rule costs less; integers over `scale`.
        scale: the common denominator.
    """

    strategies: tuple[list[tuple[int, ...]], list[tuple[int, ...]]]
    order: Shaped[np.ndarray, "pairs"]
    bounds: Shaped[np.ndarray, "all"]
    scale: int

    def __iter__(self) -> Iterator[tuple[Fraction, Strategies]]:
        for k in self.order.tolist():
            row, column = divmod(k, len(self.strategies[1]))
            yield Fraction(int(self.bounds[k]), self.scale), (self.strategies[0][row], self.strategies[1][column])


def candidates(market: Market, *, threshold: bool = False, fewer: bool = False) -> Candidates:
    """Every pair of strategies up to the names of messages and, in a symmetric market, of the agents.

    Args:
        market: the market.
        threshold: only strategies whose blocks are intervals of values.
        fewer: also those that use fewer messages than they could.

    Raises:
        InputError: there are too many.
    """
    most_blocks = [min(market.messages, n) for n in market.n_types]
    ranges = [range(1 if fewer else most, most + 1) for most in most_blocks]
    if not threshold:
        sizes = zip(market.n_types, ranges, strict=True)
        _check(math.prod(sum(n_partitions(n, k) for k in blocks) for n, blocks in sizes))
    listed, blocks, members = [], [], []
    for values, most, used in zip(market.values, most_blocks, ranges, strict=True):
        strategies = [s for k in used for s in _partitions(values, k, threshold)]
        index: dict[tuple[int, ...], int] = {}
        rows = [
            [index.setdefault(tuple(t for t, m in enumerate(s) if m == b), len(index)) for b in range(most)]
            for s in strategies
        ]
        listed.append(strategies)
        blocks.append(np.array(rows))
        members.append(np.array([[int(t in block) for t in range(len(values))] for block in index]))
    number = len(listed[0]) * len(listed[1])
    _check(number)
    cells, scale = _cell_bounds(market, members)
    bounds = np.zeros((len(listed[0]), len(listed[1])), cells.dtype)
    for m0 in range(blocks[0].shape[1]):
        for m1 in range(blocks[1].shape[1]):
            bounds += cells[blocks[0][:, m0][:, None], blocks[1][:, m1][None, :]]
    kept = np.arange(number)
    if market.symmetric:
        kept = kept[kept // len(listed[1]) <= kept % len(listed[1])]
    bounds = bounds.ravel()
    return Candidates((listed[0], listed[1]), kept[np.argsort(bounds[kept], kind="stable")], bounds, scale)


def _check(number: int) -> None:
    if number > MAX_PAIRS:
        raise InputError(f"{number} pairs of messaging strategies are more than {MAX_PAIRS} to list.")


def _partitions(values: tuple[Fraction, ...], blocks: int, threshold: bool) -> Iterator[tuple[int, ...]]:
    return threshold_partitions(values, blocks) if threshold else partitions(len(values), blocks)


def _cell_bounds(market: Market, members: list[np.ndarray]) -> tuple[Any, int]:
    """The least cost of any pattern in a cell for every pair of blocks, whatever the incentives."""
    steps = [price_steps(market, i, range(market.n_types[i])) for i in (0, 1)]
    w, probs = market.welfare_weight, np.array(market.prior, object).reshape(market.n_types)
    tables = []
    for first in (0, 1):
        for one in steps[0]:
            for two in steps[1]:
                buys = np.array(one.buys), np.array(two.buys)
                paid = np.full(market.n_types, Fraction(0))
                for agent, step in ((1 - first, (one, two)[1 - first]), (first, (one, two)[first])):
                    rows = buys[agent]
                    paid[(rows, slice(None)) if agent == 0 else (slice(None), rows)] = step.high
                tables.append(probs * (w * market.losses(first, buys) - (1 - w) * paid))
    whole, scale = integers(np.array(tables))
    least = None
    for table in whole:
        cost = members[0] @ table @ members[1].T
        least = cost if least is None else np.minimum(least, cost)
    return least, scale
