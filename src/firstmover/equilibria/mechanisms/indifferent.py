"""What no rule can guarantee over `anf_cce`, because types of value 0 may send whatever they like.

A type of value 0 earns 0 by every message. Fix what such types send in any way z; the game among all other types has
an equilibrium, maybe in mixed strategies, and together with z it is one of the whole game, so it is in the set. Its
cost is an average of costs of pure strategies that agree with z. So whatever its prices, a rule costs at least

    max over z of  min over strategies that agree with z of  the cost of the price steps under them,

and whether some price steps keep this within a goal is a finite question without any incentives. It is answered by
depth-first search over z, with the strategies that agree with it as branches, in whole multiples of the quantum.
"""

import itertools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from jaxtyping import Int

from firstmover.equilibria.mechanisms.candidates import candidates
from firstmover.equilibria.mechanisms.market import Market, Strategies
from firstmover.equilibria.mechanisms.search import Clock
from firstmover.equilibria.mechanisms.steps import price_steps

_MAX_BRANCHES = 20_000
_Table = Int[np.ndarray, "cells patterns"]  # what every pattern costs in every cell


class FreeTypes:
    """The search, for welfare losses."""

    def __init__(self, market: Market, clock: Clock):
        self.market, self.clock = market, clock
        self.free = [[t for t, v in enumerate(row) if v == 0] for row in market.values]
        steps = [price_steps(market, i, range(market.n_types[i])) for i in (0, 1)]
        prior = np.array(market.prior, object).reshape(market.n_types)
        losses = [
            prior * market.losses(first, (np.array(one.buys), np.array(two.buys))) / market.quantum
            for first in (0, 1)
            for one in steps[0]
            for two in steps[1]
        ]
        self.losses = np.unique(np.array(losses).astype(np.int64), axis=0)
        self.candidates = candidates(market, fewer=True)

    def possible(self, goal: Fraction) -> bool | None:
        """Whether price steps exist with which every z can cost at most a goal; None: unknown.

        Args:
            goal: a multiple of the quantum.
        """
        most = int(goal / self.market.quantum)
        branches: dict[tuple[int, ...], list[_Table]] = {}
        for count, pair in enumerate(self._within(goal)):
            if count >= _MAX_BRANCHES or self.clock.over:
                return None
            z = tuple(pair[i][t] for i in (0, 1) for t in self.free[i])
            branches.setdefault(z, []).append(self._table(pair))
        everything = list(itertools.product(range(self.market.messages), repeat=sum(map(len, self.free))))
        if any(z not in branches for z in everything):
            return False
        tables = [np.array(branches[z]) for z in everything]
        return self._search(tables, np.zeros((0, *tables[0].shape[1:]), np.int64), most)

    def _within(self, goal: Fraction) -> Iterator[Strategies]:
        """Every pair of strategies that costs at most a goal with some price steps, messages by name."""
        listed, m = self.candidates.strategies, self.market.messages
        for k in np.flatnonzero(self.candidates.bounds <= int(goal * self.candidates.scale)).tolist():
            row, column = divmod(k, len(listed[1]))
            for strategies in itertools.product(_named(listed[0][row], m), _named(listed[1][column], m)):
                yield strategies[0], strategies[1]

    def _table(self, pair: Strategies) -> Int[np.ndarray, "cells patterns"]:
        """For every cell, what every pattern costs."""
        hot = [np.array(pair[i])[:, None] == np.arange(self.market.messages) for i in (0, 1)]
        costs = np.einsum("ta,ptu,ub->abp", hot[0].astype(np.int64), self.losses, hot[1].astype(np.int64))
        return costs.reshape(-1, len(self.losses))

    def _search(
        self,
        branches: list[Int[np.ndarray, "_ cells patterns"]],
        chosen: Int[np.ndarray, "k cells patterns"],
        most: int,
    ) -> bool | None:
        """Whether the chosen tables can be completed by one of each list."""
        if not branches:
            return True
        unknown = False
        # Few branches first, and only those that get along with what is chosen.
        branches = sorted(branches, key=len)
        for table in branches[0]:
            if self.clock.over:
                return None
            together = np.concatenate([chosen, table[None]])
            rest = [_compatible(together, later, most) for later in branches[1:]]
            if all(map(len, rest)):
                found = self._search(rest, together, most)
                if found:
                    return True
                unknown |= found is None
        return None if unknown else False


def _compatible(
    chosen: Int[np.ndarray, "k cells patterns"], others: Int[np.ndarray, "n cells patterns"], most: int
) -> Int[np.ndarray, "kept cells patterns"]:
    """The tables that together with those chosen may all stay within a total."""
    # On average they must; that is quick to see.
    others = others[(others + chosen.sum(axis=0)).min(axis=2).sum(axis=1) <= most * (len(chosen) + 1)]
    for one in chosen:
        others = others[(others + one).min(axis=2).sum(axis=1) <= 2 * most]
    return (
        others[[_together(np.concatenate([chosen, table[None]]), most) for table in others]] if len(others) else others
    )


def _named(blocks: tuple[int, ...], messages: int) -> Iterator[tuple[int, ...]]:
    """The strategies with these blocks, for every choice of messages for them."""
    for names in itertools.permutations(range(messages), max(blocks) + 1):
        yield tuple(names[b] for b in blocks)


def _together(tables: Int[np.ndarray, "k cells patterns"], most: int) -> bool:
    """Whether one pattern for every cell keeps each of the tables within a total."""
    reached = np.zeros((1, len(tables)), np.int64)
    for costs in np.moveaxis(tables, 0, 2):
        costs = np.unique(costs[(costs <= most).all(axis=1)], axis=0)
        sums = (reached[:, None] + costs).reshape(-1, len(tables))
        reached = np.unique(sums[(sums <= most).all(axis=1)], axis=0)
        if not len(reached):
            return False
    return True
