"""The most that a sequential price mechanism without messages earns, by dynamic programming in fractions.

    V(R, s) = max over i in R and price vectors q of  gain_i(q, s) + sum_b P_i(b | q, s) V(R - i, s - b)

with R the agents not yet visited, s the units left, b the bundle that agent i takes; agents' types are independent.
"""

import itertools
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from .limits import LimitError, at_most_so_many, look_at_the_time

if TYPE_CHECKING:
    from .sequential_price import Market

_MAX_OFFERS = 300_000  # price vectors times types, of agents and items available, that are gone through
_MAX_STATES = 100_000
Bundle = tuple[int, ...]
Offers = Mapping[tuple[tuple[Bundle, Fraction], ...], Fraction]  # the most that is earned, by who takes what how often


def most_without_messages(market: "Market") -> Fraction:
    """The most that a rule without messages earns, of welfare and revenue as the market weighs them.

    Raises:
        LimitError: there is no method for this market, or it has too many prices, types or agents.
    """
    if market.chances is None:
        raise LimitError("which rule is best is not known where values are correlated")
    prices, n = _prices(market), len(market.values)
    alike = {str((own, p)) for own, p in zip(market.values, market.chances, strict=True)}
    at_most_so_many(len(prices) ** len(market.units), _MAX_OFFERS, "price vectors")
    work = len(prices) ** len(market.units) * max(market.n_types) * 2 ** len(market.units) * len(alike)
    at_most_so_many(work, _MAX_OFFERS, "offers to go through")
    at_most_so_many(2**n * math.prod(u + 1 for u in market.units), _MAX_STATES, "situations without messages")
    known: dict[tuple[str, Bundle], Offers] = {}
    most: dict[tuple[tuple[int, ...], Bundle], Fraction] = {}
    stocks = list(itertools.product(*(range(u + 1) for u in market.units)))
    names = [str((own, p)) for own, p in zip(market.values, market.chances, strict=True)]
    for remaining in sorted(itertools.product((0, 1), repeat=n), key=sum):
        for left in stocks:
            best = Fraction(0)
            for agent in (i for i in range(n) if remaining[i]) if any(left) else ():
                available = tuple(int(u > 0) for u in left)
                if (names[agent], available) not in known:
                    known[names[agent], available] = _offers(market, agent, available, prices)
                rest = tuple(int(r and j != agent) for j, r in enumerate(remaining))
                for chances, gain in known[names[agent], available].items():
                    look_at_the_time()
                    later = (
                        p * most[rest, tuple(u - b for u, b in zip(left, bundle, strict=True))] for bundle, p in chances
                    )
                    best = max(best, gain + sum(later, Fraction(0)))
            most[remaining, left] = best
    return most[(1,) * n, tuple(market.units)]


def _prices(market: "Market") -> list[Fraction]:
    """Prices of an item that some best rule is among."""
    if market.levels is not None:
        at_most_so_many(market.levels, _MAX_OFFERS, "prices")
        return [k * market.highest / (market.levels - 1) for k in range(market.levels)]
    if len(market.units) > 1 or not (market.buy_at_tie or market.share == 1):
        raise LimitError("which rule is best is not known for any prices of several items, or bought at no tie")
    worth = sorted({v for own in market.values for row in own for v in row})
    return sorted({Fraction(0), *worth, *((a + b) / 2 for a, b in itertools.pairwise(worth))})


def _offers(market: "Market", agent: int, available: Bundle, prices: list[Fraction]) -> Offers:
    """What the price vectors lead to that differ in who takes what."""
    assert market.chances is not None
    best: dict[tuple[tuple[Bundle, Fraction], ...], Fraction] = {}
    types = [(v, p) for v, p in zip(market.values[agent], market.chances[agent], strict=True) if p]
    # Of what is sold out the price does not matter.
    for asked in itertools.product(*(prices if units else prices[:1] for units in available)):
        gain, chances = Fraction(0), dict[Bundle, Fraction]()
        look_at_the_time()
        for values, p in types:
            taken = tuple(market.taken(values, asked, available))
            chances[taken] = chances.get(taken, Fraction(0)) + p
            for v, q, u in zip(values, asked, taken, strict=True):
                if u:
                    gain += p * (market.share * v + (1 - market.share) * q)
        key = tuple(sorted(chances.items()))
        best[key] = max(best.get(key, gain), gain)
    return best
