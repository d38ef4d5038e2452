"""What agents do at given prices, and the best that could be done: units of items, and what an agent wants of them."""

import functools
import itertools
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.trees import AnyArray, SameArray

Valuation = Literal["unit", "additive"]


@dataclass(frozen=True)
class Goods:
    """Items that are sold, and how agents choose among them.

    Attributes:
        units: of every item.
        valuation: "unit": an agent wants one item; "additive": it takes every item that is worth its price.
        buy_at_tie: whether an agent buys at a price equal to its value.
        tie: surpluses this close are equal.
    """

    units: tuple[int, ...]
    valuation: Valuation
    buy_at_tie: bool
    tie: float

    @property
    def items(self) -> int:
        """Number of items."""
        return len(self.units)

    def bundles(self) -> Int[np.ndarray, "bundles items"]:
        """Units of every item in each bundle that one agent may take; the first is empty."""
        if self.valuation == "unit":
            return np.concatenate([np.zeros((1, self.items), int), np.eye(self.items, dtype=int)])
        return np.array(list(itertools.product((0, 1), repeat=self.items)))

    def taken(
        self,
        values: Float[SameArray, "... items"],
        prices: Float[SameArray, "... items"],
        left: AnyArray,
        xp: ModuleType,
    ) -> Int[SameArray, "..."]:
        """The bundle that is best for an agent with these values; `xp` is `jax.numpy` or `numpy`."""
        surplus, tie = values - prices, self.tie
        wanted = (left > 0) & (surplus >= -tie if self.buy_at_tie else surplus > tie)
        if self.valuation == "additive":
            return xp.sum(wanted * 2 ** np.arange(self.items)[::-1], axis=-1, dtype=np.int32)
        # Item by item: compiled, maxima over a short last axis are slow in batches.
        own = [xp.where(wanted[..., j], surplus[..., j], -np.inf) for j in range(self.items)]
        enough = functools.reduce(xp.maximum, own) - tie
        bundle = xp.zeros(enough.shape, np.int32)
        for j in reversed(range(self.items)):
            bundle = xp.where(wanted[..., j] & (own[j] >= enough), np.int32(1 + j), bundle)
        return bundle

    def has(self, bundle: Int[SameArray, "..."], item: int) -> Bool[SameArray, "..."]:
        """Whether a bundle has a unit of the item."""
        if self.valuation == "unit":
            return bundle == 1 + item
        return bundle // 2 ** (self.items - 1 - item) % 2 == 1

    def first_best_in_a_loop(self, values: Float[Array, "n items"]) -> Float[Array, ""]:
        """As `first_best`, agent by agent in a loop that is compiled once whatever their number."""
        if self.valuation == "additive":
            return self.first_best(values, jnp)

        def agent(best: Float[Array, "*stocks"], own: Float[Array, "items"]) -> tuple[Float[Array, "*stocks"], None]:
            after = best
            for j in range(self.items):
                # Who takes item j leaves one unit less to those before; with none left there is nothing to take.
                without = jnp.moveaxis(jnp.moveaxis(best, j, 0)[:-1] + own[j], 0, j)
                none = [(int(i == j), 0) for i in range(self.items)]
                after = jnp.maximum(after, jnp.pad(without, none, constant_values=-jnp.inf))
            return after, None

        return jax.lax.scan(agent, jnp.zeros([u + 1 for u in self.units], values.dtype), values)[0].ravel()[-1]

    def first_best(self, values: Float[AnyArray, "... n items"], xp: ModuleType) -> Float[Any, "..."]:
        """The largest welfare of any allocation."""
        if self.valuation == "additive":
            ranked = -xp.sort(-values, axis=-2)
            return sum(ranked[..., : self.units[j], j].sum(axis=-1) for j in range(self.items))
        # The best assignment of the first agents for every stock of items, agent by agent.
        stocks = list(itertools.product(*(range(u + 1) for u in self.units)))
        best: dict[tuple[int, ...], AnyArray] = dict.fromkeys(stocks, xp.zeros_like(values[..., 0, 0]))
        for agent in range(values.shape[-2]):
            previous = dict(best)
            for stock, j in itertools.product(stocks, range(self.items)):
                if stock[j] > 0:
                    without = tuple(s - (i == j) for i, s in enumerate(stock))
                    best[stock] = xp.maximum(best[stock], previous[without] + values[..., agent, j])
        return best[self.units]
