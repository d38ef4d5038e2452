"""Newsvendor pricing: the supplier's best contract, by root finding where it is known, else the best that was found.

With z the order beyond expected demand, N(z) = t0 - E max(e - z, 0) and F the noise's distribution, the retailer's
conditions are p = N / (t1 (1 + F)) and w = p (1 - F): one number z says everything (Petruzzi and Dada 1999).
"""

from typing import TypeVar

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from firstmover.games.base import Ties
from firstmover.games.newsvendor import LEAST_SHARE, Newsvendor
from firstmover.solvers.market import Progress, best_of_market
from firstmover.solvers.registry import Baseline, baseline, optimum, search
from firstmover.solvers.solution import Solution

_POINTS = 20_001
Numbers = TypeVar("Numbers", float, np.ndarray)


@optimum.register(Newsvendor)
def best_contract(game: Newsvendor, ties: Ties) -> Solution:
    """The best contract; retailers that are indifferent between taking it and not take it.

    A closed form or a root where one is known: wholesale prices that leave the retailer more than its reservation,
    revenue sharing that can leave it exactly that, and two-part tariffs. Otherwise a search of decisions.
    """
    chain = game.chain_profit
    match game.contract:
        case "two-part" if chain >= game.reservation:
            return _known(
                game, [game.cost, chain - game.reservation], chain - game.reservation, "all of the chain's profit"
            )
        case "revenue-sharing" if LEAST_SHARE <= game.reservation / chain <= 1:
            share = game.reservation / chain
            return _known(game, [share * game.cost, share], chain - game.reservation, "all of the chain's profit")
        case "wholesale":
            price, supplier, retailer = wholesale_optimum(game)
            if retailer >= game.reservation:
                return _known(game, [price], supplier, "the root of the supplier's condition in z")
    return best_of_market(game, ties)


@search.register(Newsvendor)
def best_contract_in_time(
    game: Newsvendor, ties: Ties, *, time_limit: float | None = None, progress: Progress = None, **options: object
) -> Solution:
    """As `best_contract`.

    Raises:
        InputError: there is such an option for other games only.
    """
    del time_limit, progress
    return best_of_market(game, ties, **options) if options else best_contract(game, ties)


@baseline.register(Newsvendor)
def price_without_noise(game: Newsvendor) -> Baseline:
    """The wholesale price that is best without noise, (t0 / t1 + cost) / 2; the contract's second number at rest."""
    second = {"wholesale": [], "revenue-sharing": [1.0], "buyback": [0.0], "two-part": [0.0]}[game.contract]
    price = (game.t0 / game.t1 + game.cost) / 2
    return "the wholesale price that is best without noise", game, np.array([[price, *second]])


def wholesale_optimum(game: Newsvendor) -> tuple[float, float, float]:
    """The best wholesale price where the retailer trades anyway, and what supplier and retailer then earn."""

    def at(z: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """The wholesale price, the retail price, the order, and the slope of the supplier's profit in z."""
        if game.noise == "normal":
            x = z / game.spread
            below, density, lost = norm.cdf(x), norm.pdf(x) / game.spread, game.spread * (norm.pdf(x) - x * norm.sf(x))
        else:
            below, density = (z + game.spread) / (2 * game.spread), 1 / (2 * game.spread)
            lost = (game.spread - z) ** 2 / (4 * game.spread)
        left, whole = game.t0 - lost, 1 + below
        price = left / (game.t1 * whole)
        wholesale = price * (1 - below)
        order = game.t0 - game.t1 * price + z
        price_slope = ((1 - below) * whole - left * density) / (game.t1 * whole**2)
        wholesale_slope = price_slope * (1 - below) - price * density
        slope = wholesale_slope * order + (wholesale - game.cost) * (1 - game.t1 * price_slope)
        return wholesale, price, order, slope

    reach = game.spread * (1.0 if game.noise == "uniform" else 8.0)
    grid = np.linspace(-reach, reach, _POINTS)
    wholesale, _, order, _ = at(grid)
    k = int(np.clip(np.argmax((wholesale - game.cost) * order), 1, _POINTS - 2))
    z = brentq(lambda x: at(x)[3], grid[k - 1], grid[k + 1], xtol=1e-15, rtol=1e-14)
    wholesale, price, order, _ = at(z)
    lost = game.t0 - price * game.t1 * (1 + (1 - wholesale / price))
    sold = game.t0 - game.t1 * price - lost
    return float(wholesale), float((wholesale - game.cost) * order), float(price * sold - wholesale * order)


def _known(game: Newsvendor, decision: list[float], value: float, method: str) -> Solution:
    return Solution(
        value=value,
        rule=game.rule(np.array([decision])),
        attained=True,
        method=f"{method} (Petruzzi and Dada 1999)",
        followers="best reply, exact; takes a contract at its reservation",
    )
