"""What no mechanism of any kind can earn: the revelation principle, with prices that buyers accept.

What an equilibrium leads to at every pair of types is an allocation and payments that no type would swap for those of
another type, and a buyer pays at most its value. The best of these is a linear program. Its dual: for any multipliers
lambda >= 0 of the swaps, what remains falls apart into one choice for every pair of types (whom to sell to, and whether
for nothing or for its value), so it is minimised exactly, and is a bound for pure and for mixed equilibria.

Source: Myerson 1981, "Optimal auction design", as a linear program.
"""

from fractions import Fraction

import numpy as np
from jaxtyping import Float, Shaped

from firstmover.equilibria.mechanisms.market import Market
from firstmover.equilibria.solver import minimum

_DENOMINATORS = (1, 12, 120, 1000, 10**5, 10**8)


def direct_floor(market: Market) -> Fraction:
    """No equilibrium of any rule costs less; exact."""
    multipliers = _multipliers(market)
    bounds = []
    for denominator in _DENOMINATORS:
        exact = [
            [[Fraction(x).limit_denominator(denominator) for x in row] for row in part.tolist()] for part in multipliers
        ]
        bounds.append(_bound(market, exact))
    return max(bounds)


def _tables(market: Market) -> tuple[Shaped[np.ndarray, "2 T0 T1"], Shaped[np.ndarray, "T0 T1"]]:
    """Values of both agents and the prior, at every pair of types."""
    prior = np.array(market.prior, object).reshape(market.n_types)
    values = np.empty((2, *market.n_types), object)
    values[0], values[1] = np.array(market.values[0], object)[:, None], np.array(market.values[1], object)[None, :]
    return values, prior


def _multipliers(market: Market) -> tuple[Float[np.ndarray, "T0 T0"], Float[np.ndarray, "T1 T1"]]:
    """Multipliers of the program: for each agent, of every type not swapping with every other."""
    values, prior = (table.astype(float) for table in _tables(market))
    n0, n1 = market.n_types
    w = float(market.welfare_weight)
    index = np.arange(4 * n0 * n1).reshape(4, n0, n1)  # allocations of both agents, payments of both agents
    cost = np.concatenate([(-w * prior * values).ravel(), np.tile(-(1 - w) * prior.ravel(), 2)])
    rows, swaps = [], [(i, s, t) for i, n in enumerate((n0, n1)) for s in range(n) for t in range(n) if s != t]
    for i, s, t in swaps:
        row = np.zeros(4 * n0 * n1)
        own, swapped = (index[:, s], index[:, t]) if i == 0 else (index[:, :, s], index[:, :, t])
        belief = prior[s] if i == 0 else prior[:, s]
        worth = float(market.values[i][s])
        row[own[i]], row[own[2 + i]] = -belief * worth, belief
        row[swapped[i]], row[swapped[2 + i]] = belief * worth, -belief
        rows.append(row)
    profiles = np.arange(n0 * n1)
    once = np.zeros((n0 * n1, 4 * n0 * n1))
    once[profiles, index[0].ravel()] = once[profiles, index[1].ravel()] = 1.0
    accepted = np.zeros((2 * n0 * n1, 4 * n0 * n1))
    accepted[np.arange(2 * n0 * n1), index[2:].ravel()] = 1.0
    accepted[np.arange(2 * n0 * n1), index[:2].ravel()] = -values.ravel()
    result = minimum(
        cost,
        A_ub=np.concatenate([np.reshape(rows, (-1, 4 * n0 * n1)), once, accepted]),
        b_ub=np.concatenate([np.zeros(len(rows)), np.ones(n0 * n1), np.zeros(2 * n0 * n1)]),
    )
    multipliers = np.zeros((n0, n0)), np.zeros((n1, n1))
    for (i, s, t), marginal in zip(swaps, result.ineqlin.marginals, strict=False):
        multipliers[i][s, t] = max(-marginal, 0.0)
    return multipliers


def _bound(market: Market, multipliers: list[list[list[Fraction]]]) -> Fraction:
    """The bound for some multipliers."""
    values, prior = _tables(market)
    w = market.welfare_weight
    paid, sold = -(1 - w) * np.stack([prior, prior]), -w * prior * values  # what a unit of each adds
    for i in (0, 1):
        weight = np.array(multipliers[i], object).reshape(market.n_types[i], market.n_types[i])
        chance, worth = (prior, values[i]) if i == 0 else (prior.T, values[i].T)  # [own type, other's type]
        kept = weight.sum(axis=1)[:, None] * chance
        more_paid, more_sold = kept - weight.T @ chance, weight.T @ (chance * worth) - kept * worth
        paid[i] = paid[i] + (more_paid if i == 0 else more_paid.T)
        sold[i] = sold[i] + (more_sold if i == 0 else more_sold.T)
    least = np.minimum((sold + values * np.minimum(paid, 0)).min(axis=0), 0)
    return Fraction((w * prior * values.max(axis=0)).sum() + least.sum())
