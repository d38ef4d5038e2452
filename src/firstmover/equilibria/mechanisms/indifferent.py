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
_Table = tuple[Int[np.ndarray, "patterns"], ...]  # for every cell, the cost of every pattern


class FreeTypes:
    """The search, for welfare losses."""

    def __init__(self, market: Market, clock: Clock):
        self.market, self.clock = market, clock
        self.free = [[t for t, v in enumerate(row) if v == 0] for row in market.values]
        steps = [price_steps(market, i, range(market.n_types[i])) for i in (0, 1)]
        prior = np.array(market.prior, object).reshape(market.n_types)
        self.losses = np.array(
            [
                (prior * market.losses(first, (np.array(one.buys), np.array(two.buys))) / market.quantum).astype(np.int64)
                for first in (0, 1)
                for one in steps[0]
                for two in steps[1]
            ]
        )
        self.losses = np.unique(self.losses, axis=0)
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
            branches.setdefault(z, []).append(self._table(pair, most))
        everything = list(itertools.product(range(self.market.messages), repeat=sum(map(len, self.free))))
        if any(z not in branches for z in everything):
            return False
        return self._search([branches[z] for z in everything], [], most)

    def _within(self, goal: Fraction) -> Iterator[Strategies]:
        """Every pair of strategies that costs at most a goal with some price steps, messages by name."""
        listed, m = self.candidates.strategies, self.market.messages
        for k in np.flatnonzero(self.candidates.bounds <= int(goal * self.candidates.scale)).tolist():
            row, column = divmod(k, len(listed[1]))
            for strategies in itertools.product(_named(listed[0][row], m), _named(listed[1][column], m)):
                yield strategies[0], strategies[1]

    def _table(self, pair: Strategies, most: int) -> _Table:
        """For every cell, what every pattern costs; more than `most` is as good as any larger number."""
        hot = [np.array(pair[i])[:, None] == np.arange(self.market.messages) for i in (0, 1)]
        costs = np.einsum("ta,ptu,ub->abp", hot[0].astype(np.int64), self.losses, hot[1].astype(np.int64))
        return tuple(np.minimum(costs, most + 1).reshape(-1, len(self.losses)))

    def _search(self, branches: list[list[_Table]], chosen: list[_Table], most: int) -> bool | None:
        """Whether the chosen tables can be completed by one of each list."""
        if not branches:
            return True
        unknown = False
        # Few branches first, and only those that get along with what is chosen.
        branches = sorted(branches, key=len)
        for table in branches[0]:
            if self.clock.over:
                return None
            if not _together([*chosen, table], most):
                continue
            rest = [[other for other in later if _together([*chosen, table, other], most)] for later in branches[1:]]
            if all(rest):
                found = self._search(rest, [*chosen, table], most)
                if found:
                    return True
                unknown |= found is None
        return None if unknown else False


def _named(blocks: tuple[int, ...], messages: int) -> Iterator[tuple[int, ...]]:
    """The strategies with these blocks, for every choice of messages for them."""
    for names in itertools.permutations(range(messages), max(blocks) + 1):
        yield tuple(names[b] for b in blocks)


def _together(tables: list[_Table], most: int) -> bool:
    """Whether one pattern for every cell keeps each of the tables within a total."""
    reached = {(0,) * len(tables)}
    for cell in zip(*tables, strict=True):
        costs = np.stack(cell, axis=1)
        costs = np.unique(costs[(costs <= most).all(axis=1)], axis=0)
        totals = {tuple(a + b for a, b in zip(total, cost, strict=True)) for total in reached for cost in costs.tolist()}
        reached = {total for total in totals if max(total) <= most}
        if not reached:
            return False
    return True
