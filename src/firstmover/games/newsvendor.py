"""Newsvendor pricing: a supplier commits to a contract, a retailer then chooses its price and how much to order.

Players: a supplier (the leader) and one retailer. Nobody has a private type.
What happens: the retailer pays `wholesale price` w for each of the q units that it orders, and sets a retail price p.
Demand is t0 - t1 p + e, where e is uniform on [-spread, spread], or normal with standard deviation `spread`; what is
not sold is worth nothing. By `contract` the retailer also keeps only a `share` of what customers pay
(revenue-sharing), gets a `buyback share` of the wholesale price for every unit that is left (buyback), or pays a `fee`
(two-part). It takes the contract only if it then expects `reservation` or more; otherwise nothing is traded and the
supplier earns nothing.
Reply: continuous, and exact. With z = q - t0 + t1 p units beyond expected demand the best price has a closed form, and
the best z is found by bisection (`reply`). How far a reply may be from the best one is bounded by a search of its own
over prices, which shares none of that (`reply_gap`).
Payoffs, expected: supplier (w - c) q, and what the contract adds; retailer p E min(demand, q) - w q, and the same.
Rule: `{"when": {}, "do": {"wholesale price": 5.41}}`, with `"share"`, `"buyback share"` or `"fee"` where the contract
has one.
Known optimum: the equilibrium under wholesale prices by root finding; revenue sharing at w = share times cost and a
two-part tariff at w = cost give the supplier all that the chain can earn but the reservation (`solvers.newsvendor`).

Source: the textbook model of Petruzzi and Dada 1999, in the setting of Liu and Rong 2024.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from firstmover.core.trees import AnyArray
from firstmover.errors import require
from firstmover.games.market import Market
from firstmover.spaces import Box

Noise = Literal["uniform", "normal"]
Contract = Literal["wholesale", "revenue-sharing", "buyback", "two-part"]

LEAST_SHARE, _MOST_BUYBACK = 0.01, 0.95
_GRID, _BISECTIONS, _DEVIATIONS = 65, 48, 8.0  # of the retailer's search
_TIE = 1e-9  # share of what the chain may earn by which a retailer takes less than its reservation


class Terms(NamedTuple):
    """What a contract comes to for the retailer, in any contract.

    Attributes:
        wholesale: price of a unit.
        share: of what customers pay, that it keeps.
        buyback: what it gets for a unit that is left.
        fee: what it pays beside.
    """

    wholesale: Array
    share: Array
    buyback: Array
    fee: Array


class Newsvendor(Market):
    """A supplier commits to a contract; a retailer chooses a price and an order for uncertain demand.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import Newsvendor
        >>> round(solve(Newsvendor()).value, 6)
        7.178584
    """

    name = "newsvendor"

    def __init__(
        self,
        t0: float = 10.0,
        t1: float = 1.0,
        cost: float = 2.0,
        noise: Noise = "uniform",
        spread: float = 1.0,
        contract: Contract = "wholesale",
        reservation: float = 0.0,
    ):
        """A supply chain.

        Args:
            t0: demand at a price of nothing, positive.
            t1: by how much demand falls with the price, positive.
            cost: of a unit to the supplier, at least 0 and below t0 / t1.
            noise: of demand, "uniform" or "normal".
            spread: of the noise: half its width if uniform, its standard deviation if normal; at least 0.001 of t0, and
                below t0.
            contract: "wholesale", "revenue-sharing", "buyback" or "two-part".
            reservation: the least that the retailer takes a contract for, at least 0.

        Raises:
            InputError: a number is out of range.
        """
        require(0 < t0 < 1e12, "t0 must be a positive number", t0)
        require(1e-12 < t1 < 1e12, "t1 must be a positive number", t1)
        require(0 <= cost < t0 / t1, f"cost must be at least 0 and below t0 / t1, {t0 / t1:g}", cost)
        require(1e-3 * t0 <= spread < t0, f"spread must be from {1e-3 * t0:g} to below t0, {t0:g}", spread)
        require(0 <= reservation < 1e12, "reservation must be at least 0", reservation)
        self.t0, self.t1, self.cost, self.noise, self.spread = t0, t1, cost, noise, spread
        self.contract, self.reservation = contract, reservation
        dearest = t0 / t1
        most = t0 * t0 / (4 * t1)  # what customers may pay at most
        second = {
            "wholesale": [],
            "revenue-sharing": [("share", LEAST_SHARE, 1.0)],
            "buyback": [("buyback share", 0.0, _MOST_BUYBACK)],
            "two-part": [("fee", 0.0, most)],
        }[contract]
        names, lows, highs = zip(*[("wholesale price", 0.0, dearest), *second], strict=True)
        super().__init__(
            acts=Box(["retail price", "order"], 0.0, [dearest, t0 + 6 * spread]),
            decides=Box(names, lows, highs, digits=12),
        )

    # The noise, in JAX or NumPy: its distribution, its quantiles, and E max(e - z, 0).

    def distribution(self, z: Array) -> Array:
        """The chance that the noise is at most z."""
        if self.noise == "normal":
            return norm.cdf(z / self.spread)
        return ((z + self.spread) / (2 * self.spread)).clip(0, 1)

    def lost(self, z: Array) -> Array:
        """Demand that is lost on average, E max(noise - z, 0)."""
        if self.noise == "normal":
            x = z / self.spread
            return self.spread * (norm.pdf(x) - x * norm.sf(x))
        inside = z.clip(-self.spread, self.spread)
        return (self.spread - inside) ** 2 / (4 * self.spread) + (inside - z).clip(0)

    # What the parties are paid.

    def terms(self, decision: Array) -> Terms:
        """The contract of a decision."""
        wholesale, nothing = decision[..., 0], jnp.zeros_like(decision[..., 0])
        match self.contract:
            case "revenue-sharing":
                return Terms(wholesale, decision[..., 1], nothing, nothing)
            case "buyback":
                return Terms(wholesale, nothing + 1, decision[..., 1] * wholesale, nothing)
            case "two-part":
                return Terms(wholesale, nothing + 1, nothing, decision[..., 1])
        return Terms(wholesale, nothing + 1, nothing, nothing)

    def reply(self, type_: object, decision: Float[Array, "d"]) -> Float[Array, "2"]:
        """The retailer's best price and order, exact up to rounding; no order where it does not take the contract.

        With z units beyond expected demand the best price has a closed form, and the best z is where one unit more
        earns as much as it risks: found by bisection around the best z of a grid.
        """
        del type_
        terms = self.terms(decision)
        risk = terms.wholesale - terms.buyback

        def price_at(z: Array) -> Array:
            return (self.t0 - self.lost(z)) / (2 * self.t1) + terms.wholesale / (2 * terms.share)

        def earned_at(z: Array) -> Array:
            price = price_at(z)
            demand = self.t0 - self.t1 * price
            earned = (terms.share * price - terms.buyback) * (demand - self.lost(z)) - risk * (demand + z) - terms.fee
            return jnp.where(demand + z > 0, earned, -terms.fee)

        def halved(_: object, ends: tuple[Array, Array]) -> tuple[Array, Array]:
            low, high = ends
            z = (low + high) / 2
            more = (terms.share * price_at(z) - terms.buyback) * (1 - self.distribution(z)) > risk
            return jnp.where(more, z, low), jnp.where(more, high, z)

        reach = self.spread * (1.0 if self.noise == "uniform" else _DEVIATIONS)
        grid = jnp.linspace(-reach, reach, _GRID)
        earned = earned_at(grid)
        # By comparisons: argmax takes the precision of the program around, not that of payoffs.
        place = jnp.arange(_GRID, dtype=jnp.int32)
        best = jnp.where(earned == earned.max(), place, _GRID).min().clip(1, _GRID - 2)
        low, high = jax.lax.fori_loop(0, _BISECTIONS, halved, (grid[best - 1], grid[best + 1]))
        z = (low + high) / 2
        price = price_at(z)
        takes = earned_at(z) >= self.reservation - _TIE * self.t0 * self.t0 / self.t1
        order = jnp.maximum(self.t0 - self.t1 * price + z, 0)
        return jnp.stack([price, jnp.where(takes, order, 0.0)])

    def payoff(self, type_: object, reply: Float[Array, "2"], decision: Float[Array, "d"]) -> tuple[Array, Array]:
        """What supplier and retailer expect, without the noise."""
        del type_
        supplier, retailer, _ = self._paid(reply, decision)
        return supplier, retailer

    def _paid(self, reply: Array, decision: Array) -> tuple[Array, Array, Array]:
        """What supplier and retailer expect, and what customers pay."""
        terms, price, order = self.terms(decision), reply[..., 0], reply[..., 1]
        demand = self.t0 - self.t1 * price
        sold = demand - self.lost(order - demand)
        retailer = terms.share * price * sold + terms.buyback * (order - sold) - terms.wholesale * order - terms.fee
        chain = price * sold - self.cost * order
        trades = order > 0
        refused = jnp.where(trades, retailer, self.reservation)
        return jnp.where(trades, chain - retailer, 0.0), refused, jnp.where(trades, price * sold, 0.0)

    def measures(self, type_: object, action: object, decision: AnyArray) -> dict[str, float]:
        """The retailer's price and order, and what the chain earns as a share of what it could."""
        del action
        with jax.enable_x64(True):
            reply = self.reply(type_, jnp.asarray(decision))
            supplier, retailer, _ = map(float, self._paid(reply, jnp.asarray(decision)))
        earned = supplier + retailer if float(reply[1]) > 0 else 0.0
        return {
            "retail price": float(reply[0]),
            "order": float(reply[1]),
            "chain efficiency": earned / self.chain_profit,
        }

    @property
    def chain_profit(self) -> float:
        """What supplier and retailer would earn as one."""
        whole = Terms(*map(jnp.asarray, (self.cost, 1.0, 0.0, 0.0)))
        with jax.enable_x64(True):
            return self.most_earned(whole)[0]

    def reply_gap(self, type_: int, decision: np.ndarray) -> float:
        """The most by which the retailer falls short of its best reply to a decision: a proved bound.

        Branch and bound over prices: on [a, b] no reply earns more than the best order at price b for the demand of
        price a. Prices above t0 / t1 and orders below 0 sell nothing on average and earn nothing.
        """
        with jax.enable_x64(True):
            terms = Terms(*(jnp.asarray(part, float) for part in self.terms(jnp.asarray(decision, float))))
            reply = self.reply(type_, jnp.asarray(decision, float))
            _, own, _ = self._paid(reply, jnp.asarray(decision, float))
            _, most = self.most_earned(terms)
        return max(0.0, max(most, self.reservation) - float(own))

    def most_earned(self, terms: Terms) -> tuple[float, float]:
        """The most that is earned by a price and an order under these terms: what is found, and a bound from above."""
        low, high = np.zeros(1), np.full(1, self.t0 / self.t1)
        size = self.t0 * self.t0 / self.t1
        found, bound, close = -np.inf, np.inf, 1e-9 * size
        for _ in range(80):
            found = max(found, float(np.max(self._earned(terms, (low + high) / 2, (low + high) / 2))))
            above = self._earned(terms, low, high)
            # What was closed before is at most `close` above what was found by then.
            bound = max(found + close, float(above.max()))
            open_ = above > found + close
            if not open_.any() or open_.sum() > 200_000:
                break
            low, high = low[open_], high[open_]
            middle = (low + high) / 2
            low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        return found, bound + 1e-13 * size

    def _earned(self, terms: Terms, demand_at: np.ndarray, price: np.ndarray) -> np.ndarray:
        """What the best order earns at a price, with the demand of another price; at least what no order does."""
        from scipy.stats import norm as exact

        share, buyback, wholesale, fee = (
            float(part) for part in (terms.share, terms.buyback, terms.wholesale, terms.fee)
        )
        gain, risk = share * price - buyback, wholesale - buyback
        worth = gain > risk
        chance = np.where(worth, 1 - risk / np.where(worth, gain, 1.0), 0.5).clip(1e-15, 1 - 1e-15)
        demand = self.t0 - self.t1 * demand_at
        if self.noise == "normal":
            x = exact.ppf(chance)
            z, lost = self.spread * x, self.spread * (exact.pdf(x) - x * exact.sf(x))
        else:
            z = self.spread * (2 * chance - 1)
            lost = (self.spread - z) ** 2 / (4 * self.spread)
        earned = gain * (demand - lost) - risk * (demand + z)
        return np.where(worth, np.maximum(earned, 0.0), 0.0) - fee
