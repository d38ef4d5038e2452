"""What a price can do: between two neighbouring values it makes the same types buy."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from firstmover.equilibria.mechanisms.market import Market


class Step(NamedTuple):
    """Prices at which the same types of an agent buy.

    Attributes:
        low: the least such price, or its limit.
        high: the greatest such price, or its limit.
        open_low: whether `low` itself is not such a price.
        open_high: whether `high` itself is not such a price.
        buys: which types of the agent buy; exact for the types that the steps were made for.
    """

    low: Fraction
    high: Fraction
    open_low: bool
    open_high: bool
    buys: tuple[bool, ...]


def price_steps(market: Market, agent: int, types: Sequence[int]) -> list[Step]:
    """The steps of an agent's price that some of these types can tell apart, from low to high prices.

    An agent that buys at a price equal to its value cannot be kept from buying if its value is the largest price.
    """
    values, top = market.values[agent], market.highest
    ends = sorted({values[t] for t in types})
    steps = []
    for k, (low, high) in enumerate(zip([Fraction(0), *ends], [*ends, top], strict=True)):
        open_low, open_high = market.buy_at_tie and k > 0, not market.buy_at_tie and k < len(ends)
        if low < high or not (open_low or open_high):
            steps.append(Step(low, high, open_low, open_high, tuple(k < len(ends) and v >= high for v in values)))
    return steps
