"""Demand from a table: every seller's share of the buyers, and what they gain, by prices and by who is shown.

A table has a row for every choice of a price of its grid, or none (not shown), by every seller: columns "price NAME"
and "share NAME" for each, and "surplus". The row in which nobody is shown may be left out: then nobody gains anything.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import SupportsInt

import numpy as np
from jaxtyping import Bool, Float

from firstmover.errors import InputError

_CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class TableDemand:
    """The demand of a unit mass of buyers, at the prices of a grid.

    Attributes:
        grid: the prices, ascending.
        shares: by the numbers of all sellers' prices (the last number: not shown), and seller.
        gained: the buyers' surplus there.
    """

    grid: Float[np.ndarray, "K"]
    shares: Float[np.ndarray, "*prices n"]
    gained: Float[np.ndarray, "*prices"]

    def of(
        self, prices: Float[np.ndarray, "... n"], shown: Bool[np.ndarray, "... n"]
    ) -> tuple[Float[np.ndarray, "... n"], Float[np.ndarray, "..."]]:
        """Every seller's share of the buyers, and the buyers' surplus; prices are those of the grid."""
        number = np.abs(np.asarray(prices)[..., None] - self.grid).argmin(axis=-1)
        at = tuple(np.moveaxis(np.where(shown, number, len(self.grid)), -1, 0))
        return self.shares[at], self.gained[at]

    def nash_prices(self, costs: Float[np.ndarray, "n"], fee: float = 0.0) -> Float[np.ndarray, "n"]:
        """The prices of the grid, all shown, from which a seller gains least by another: an equilibrium, if any."""
        profits = self._profits(costs, fee)
        gains = [own.max(axis=i, keepdims=True) - own for i, own in enumerate(profits)]
        return self._at(np.max(gains, axis=0).argmin())

    def monopoly_prices(self, costs: Float[np.ndarray, "n"], fee: float = 0.0) -> Float[np.ndarray, "n"]:
        """The prices of the grid that maximise the sellers' joint profit."""
        return self._at(self._profits(costs, fee).sum(axis=0).argmax())

    def _profits(self, costs: Float[np.ndarray, "n"], fee: float) -> Float[np.ndarray, "n *prices"]:
        n = len(costs)
        inside = self.shares[(slice(0, -1),) * n]
        margins = (1 - fee) * self.grid[np.indices(inside.shape[:-1])] - np.asarray(costs).reshape(n, *[1] * n)
        return np.moveaxis(inside, -1, 0) * margins

    def _at(self, flat: SupportsInt) -> Float[np.ndarray, "n"]:
        n = self.shares.shape[-1]
        return self.grid[np.array(np.unravel_index(int(flat), (len(self.grid),) * n))]


def table_demand(columns: Mapping[str, Sequence[float | None]], names: Sequence[str]) -> TableDemand:
    """The demand of these columns.

    Args:
        columns: "price NAME" (None where it is not shown), "share NAME" and "surplus".
        names: of the sellers.

    Raises:
        InputError: a column or a row is missing, or a share is none.

    Example:
        >>> rows = {"price a": [1.5, 1.5, None], "price b": [1.5, None, 1.5], "share a": [0.4, 0.6, 0],
        ...         "share b": [0.4, 0, 0.6], "surplus": [0.5, 0.3, 0.3]}
        >>> table_demand(rows, ["a", "b"]).gained.shape
        (2, 2)
    """
    wanted = [f"{what} {name}" for what in ("price", "share") for name in names] + ["surplus"]
    if set(columns) != set(wanted):
        raise InputError(f"demand has the columns outside and mu, or {', '.join(wanted)}; got {', '.join(columns)}.")
    given = [columns[f"price {name}"] for name in names]
    grid = np.unique([price for own in given for price in own if price is not None]).astype(float)
    if not 1 <= len(grid) <= 40:
        raise InputError(f"a table of demand must have from 1 to 40 different prices; got {len(grid)}.")
    n, none = len(names), len(grid)
    shares, gained = np.full((none + 1,) * n + (n,), np.nan), np.full((none + 1,) * n, np.nan)
    shares[(none,) * n], gained[(none,) * n] = 0.0, 0.0
    for k, prices in enumerate(zip(*given, strict=True)):
        at = tuple(none if price is None else int(np.searchsorted(grid, price)) for price in prices)
        own = [columns[f"share {name}"][k] for name in names]
        own = [0.0 if share is None and price is None else share for share, price in zip(own, prices, strict=True)]
        surplus = columns["surplus"][k]
        told = ", ".join("not shown" if price is None else f"{price:g}" for price in prices)
        if surplus is None or any(share is None for share in own):
            raise InputError(f"the table of demand lacks a share or the surplus at prices {told}.")
        sold = np.array(own, float)
        hidden = np.array([price is None for price in prices])
        if (sold < 0).any() or sold.sum() > 1 + _CLOSE or (sold[hidden] != 0).any() or not np.isfinite(surplus):
            raise InputError(
                f"shares at prices {told} must be at least 0, at most 1 in all, and 0 for who is not shown; got "
                f"{', '.join(f'{share:g}' for share in sold)}."
            )
        shares[at], gained[at] = sold, surplus
    missing = next((at for at in itertools.product(range(none + 1), repeat=n) if np.isnan(gained[at])), None)
    if missing is not None:
        told = ", ".join("not shown" if k == none else f"{grid[k]:g}" for k in missing)
        raise InputError(f"the table of demand has no row for prices {told}.")
    return TableDemand(grid, shares, gained)
