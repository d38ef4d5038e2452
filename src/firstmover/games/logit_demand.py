"""Logit demand: how many buyers choose each seller that they are shown, and what they gain.

Of a unit mass of buyers the share exp((quality - price) / mu) / (exp(outside / mu) + the same summed over all sellers
shown) buys from a seller; who is not shown sells nothing. The buyers' surplus is mu times the logarithm of that sum.

Source: Anderson, de Palma and Thisse 1992; the numbers of the default market are those of Calvano et al. 2020.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import brentq

from firstmover.errors import InputError, require


@dataclass(frozen=True)
class LogitDemand:
    """The demand of a unit mass of buyers.

    Attributes:
        qualities: of every seller's good.
        outside: what buying nothing is worth.
        mu: how little buyers are alike, more than 0: near 0 all choose the best offer.

    Example:
        >>> demand = LogitDemand((2.0, 2.0))
        >>> shares, surplus = demand.of(np.array([1.05, 1.05]), np.array([True, True]))
        >>> round(float(surplus), 4), round(float(shares[0]), 4)
        (1.1261, 0.4945)
    """

    qualities: tuple[float, ...]
    outside: float = 0.0
    mu: float = 0.25

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a number is not finite, or mu is not positive.
        """
        if not np.all(np.isfinite([*self.qualities, self.outside])):
            raise InputError(f"qualities and outside must be numbers; got {self.qualities} and {self.outside}.")
        require(1e-3 <= self.mu <= 1e3, "mu must lie between 0.001 and 1000", self.mu)

    def of(
        self, prices: Float[np.ndarray, "... n"], shown: Bool[np.ndarray, "... n"]
    ) -> tuple[Float[np.ndarray, "... n"], Float[np.ndarray, "..."]]:
        """Every seller's share of the buyers, and the buyers' surplus in units of the prices."""
        value = np.where(shown, (np.asarray(self.qualities) - prices) / self.mu, -np.inf)
        nothing = self.outside / self.mu
        most = np.maximum(value.max(axis=-1, keepdims=True), nothing)
        weights, none = np.exp(value - most), np.exp(nothing - most)
        total = none + weights.sum(axis=-1, keepdims=True)
        return weights / total, np.asarray(self.mu * (most + np.log(total))[..., 0])

    def nash_prices(self, costs: Float[np.ndarray, "n"], fee: float = 0.0) -> Float[np.ndarray, "n"]:
        """The prices of the one-shot Nash equilibrium of sellers that may charge any price and are all shown.

        Each price solves its first-order condition p = c / (1 - fee) + mu / (1 - share). Given what buyers weigh the
        whole market with, a share is the root of one increasing function, so that two nested bisections find them.
        """
        costs = np.asarray(costs, float) / (1 - fee)
        worth = (np.asarray(self.qualities) - costs - self.outside) / self.mu

        def share(w: float, log_total: float) -> float:
            """The share s with log s = w - 1 / (1 - s) - log_total."""
            return float(
                brentq(lambda s: np.log(s) - w + 1 / (1 - s) + log_total, 1e-300, 1 - 1e-15, xtol=1e-300, rtol=1e-15)
            )

        def excess(log_total: float) -> float:
            return 1 - np.exp(-log_total) - sum(share(w, log_total) for w in worth)

        most = float(np.logaddexp.reduce([0.0, *worth]))
        total = brentq(excess, 1e-12, most + 1, xtol=1e-14)
        shares = np.array([share(w, total) for w in worth])
        return np.asarray(costs + self.mu / (1 - shares))

    def monopoly_prices(self, costs: Float[np.ndarray, "n"], fee: float = 0.0) -> Float[np.ndarray, "n"]:
        """The prices that maximise the sellers' joint profit: all add the same margin, mu / (share of buying nothing).

        With costs c / (1 - fee) the margin m solves m = mu (1 + sum of exp((quality - c - m - outside) / mu)).
        """
        costs = np.asarray(costs, float) / (1 - fee)
        worth = (np.asarray(self.qualities) - costs - self.outside) / self.mu
        margin = brentq(
            lambda m: m - 1 - np.exp(worth - m).sum(), 1.0, 2.0 + np.logaddexp.reduce([0, *worth]), xtol=1e-14
        )
        return np.asarray(costs + self.mu * margin)
