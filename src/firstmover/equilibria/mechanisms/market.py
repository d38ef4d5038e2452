"""A market with one item, two agents and messages, and the exact payoffs of a rule in it.

A rule answers every pair of messages (a cell) with who is asked first, the price for it, and the price for the other,
who is asked only if the first did not buy. All numbers here are fractions, or integers over a common denominator.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Shaped

from firstmover.errors import InputError

Cell = tuple[int, int]  # message of agent 0, message of agent 1
Strategies = tuple[tuple[int, ...], tuple[int, ...]]  # for both agents, the message of every type


class Offer(NamedTuple):
    """The answer to one pair of messages: who is asked first and the two prices, in units of the values."""

    first: int
    price_first: Fraction
    price_second: Fraction


Rule = Mapping[Cell, Offer]


@dataclass(frozen=True)
class Market:
    """What the designer knows and wants.

    Attributes:
        values: for both agents, what the item is worth to every type.
        prior: joint probability of every pair of types; every type has positive probability.
        messages: messages that each agent may send.
        welfare_weight: weight w of minus the welfare loss; the revenue has 1 - w.
        buy_at_tie: whether an agent buys at a price equal to its value.
    """

    values: tuple[tuple[Fraction, ...], tuple[Fraction, ...]]
    prior: tuple[tuple[Fraction, ...], ...]
    messages: int
    welfare_weight: Fraction
    buy_at_tie: bool

    @property
    def highest(self) -> Fraction:
        """The largest value of anybody, which is the largest price."""
        return max(map(max, self.values))

    @property
    def n_types(self) -> tuple[int, int]:
        """Number of types of each agent."""
        return len(self.values[0]), len(self.values[1])

    @property
    def symmetric(self) -> bool:
        """Whether nothing changes when the agents swap places."""
        return self.values[0] == self.values[1] and self.prior == tuple(zip(*self.prior, strict=True))

    @property
    def quantum(self) -> Fraction:
        """A number of which every expected welfare loss, for whatever prices, is a multiple."""
        worth = {v for row in self.values for v in row}
        parts = [p * v for row in self.prior for p in row for v in worth]
        return Fraction(math.gcd(*(part.numerator for part in parts)), math.lcm(*(part.denominator for part in parts)))

    def losses(
        self, first: int, buys: tuple[Bool[np.ndarray, "T0"], Bool[np.ndarray, "T1"]]
    ) -> Shaped[np.ndarray, "T0 T1"]:
        """The welfare loss at every pair of types, fractions, where these types buy if they are asked."""
        loss = np.empty(self.n_types, object)
        for t0, t1 in np.ndindex(*self.n_types):
            worth = self.values[0][t0], self.values[1][t1]
            sold = [i for i in (first, 1 - first) if buys[i][(t0, t1)[i]]]
            loss[t0, t1] = max(worth) - (worth[sold[0]] if sold else 0)
        return loss


class Payoffs(NamedTuple):
    """What a rule leads to at every pair of types and messages, times the probability of the types.

    All are integers (int64 where sums of them fit, else Python's), to be divided by `scale`.

    Attributes:
        cost: minus the designer's payoff.
        utility: the agents' payoffs.
        scale: the common denominator.
    """

    cost: Shaped[np.ndarray, "T0 M T1 M"]
    utility: tuple[Shaped[np.ndarray, "T0 M T1 M"], Shaped[np.ndarray, "T0 M T1 M"]]
    scale: int


Buys = Mapping[Cell, tuple[Mapping[int, bool], Mapping[int, bool]]]


def payoffs(market: Market, rule: Rule, buys: Buys | None = None) -> Payoffs:
    """The exact payoffs of a rule, from the definition of the mechanism alone.

    Args:
        market: the market.
        rule: the rule.
        buys: whether types buy, for some cells, agents and types, in place of what they do: with what nearby prices
            make them do, these are the limits of the payoffs of rules.
    """
    told: Buys = {} if buys is None else buys
    (n0, n1), m = market.n_types, market.messages
    tables = np.empty((3, n0, m, n1, m), object)
    for t0, m0, t1, m1 in np.ndindex(n0, m, n1, m):
        worth, offer, p = (market.values[0][t0], market.values[1][t1]), rule[m0, m1], market.prior[t0][t1]
        gains, got, paid = [Fraction(0), Fraction(0)], Fraction(0), Fraction(0)
        for agent, price in ((offer.first, offer.price_first), (1 - offer.first, offer.price_second)):
            wants = worth[agent] > price or (market.buy_at_tie and worth[agent] == price)
            if told.get((m0, m1), ({}, {}))[agent].get((t0, t1)[agent], wants):
                gains[agent], got, paid = worth[agent] - price, worth[agent], price
                break
        w = market.welfare_weight
        tables[:, t0, m0, t1, m1] = p * (w * (max(worth) - got) - (1 - w) * paid), p * gains[0], p * gains[1]
    (cost, first, second), scale = integers(tables)
    return Payoffs(cost, (first, second), scale)


def integers(fractions: Shaped[np.ndarray, "*shape"]) -> tuple[np.ndarray, int]:
    """Fractions as integers over a common denominator: int64 where no sum of them can overflow."""
    flat: list[Fraction] = fractions.ravel().tolist()
    scale = math.lcm(*(x.denominator for x in flat))
    whole = [x.numerator * (scale // x.denominator) for x in flat]
    kind = np.int64 if sum(map(abs, whole)) < 2**62 else object
    return np.array(whole, kind).reshape(fractions.shape), scale


def read_market(
    values: Sequence[Sequence[Fraction]],
    prior: Sequence[Sequence[Fraction]],
    messages: int,
    welfare_weight: Fraction | int,
    buy_at_tie: bool,
) -> tuple[Market, tuple[tuple[int, ...], tuple[int, ...]]]:
    """A market without types of probability zero, and for both agents the types that were kept.

    Raises:
        InputError: a number is out of range, or the shapes do not fit.
    """
    if len(values) != 2 or any(len(row) < 1 for row in values):
        raise InputError("values must be two sequences, one for each agent, of at least one value each.")
    worth = [_fractions(row, "values") for row in values]
    chance = [_fractions(row, "prior") for row in prior]
    if min(map(min, worth)) < 0 or max(map(max, worth)) == 0:
        raise InputError("values must be at least 0, and not all of them 0.")
    if len(chance) != len(worth[0]) or any(len(row) != len(worth[1]) for row in chance):
        raise InputError(f"prior must have {len(worth[0])} rows of {len(worth[1])} probabilities.")
    if min(map(min, chance)) < 0 or sum(map(sum, chance)) != 1:
        raise InputError(f"prior must be at least 0 and sum to 1; it sums to {sum(map(sum, chance))}.")
    if messages < 1:
        raise InputError(f"messages must be at least 1; got {messages}.")
    if not 0 <= welfare_weight <= 1:
        raise InputError(f"welfare_weight must be at least 0 and at most 1; got {welfare_weight}.")
    kept = (
        tuple(t for t, row in enumerate(chance) if sum(row) > 0),
        tuple(t for t, column in enumerate(zip(*chance, strict=True)) if sum(column) > 0),
    )
    market = Market(
        (tuple(worth[0][t] for t in kept[0]), tuple(worth[1][t] for t in kept[1])),
        tuple(tuple(chance[t0][t1] for t1 in kept[1]) for t0 in kept[0]),
        messages,
        Fraction(welfare_weight),
        buy_at_tie,
    )
    if market.highest == 0:
        raise InputError("values must not all be 0 where the prior is positive.")
    return market, kept


def _fractions(row: Iterable[Any], what: str) -> list[Fraction]:
    try:
        return [Fraction(x) for x in row]
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{what} must be finite numbers, best fractions; got {row!r}.") from None
