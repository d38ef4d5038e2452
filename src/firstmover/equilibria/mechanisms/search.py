"""What every search here returns and obeys: the rule found, the bound that holds, and the time that is left."""

import time
from dataclasses import dataclass
from fractions import Fraction

from firstmover.equilibria.mechanisms.market import Market, Rule, Strategies


@dataclass(frozen=True)
class Found:
    """A rule, what it costs and the messages that are sent.

    Attributes:
        cost: minus the designer's payoff of the rule, or the limit of that of rules near it.
        rule: the rule, or one within 1e-6 of the limit, in units of the largest value.
        strategies: the equilibrium, or nothing where more than one was meant.
        attained: whether the rule itself costs this.
    """

    cost: Fraction
    rule: Rule
    strategies: Strategies | None
    attained: bool


@dataclass(frozen=True)
class Answer:
    """The best rule found, if any, and what no rule costs less than."""

    found: Found | None
    floor: Fraction


class Clock:
    """The time that is left."""

    def __init__(self, limit: float | None):
        self.end = None if limit is None else time.monotonic() + limit
        self.start = time.monotonic()

    @property
    def left(self) -> float | None:
        """Seconds left; None: no limit."""
        return None if self.end is None else self.end - time.monotonic()

    @property
    def over(self) -> bool:
        """Whether no time is left."""
        return self.end is not None and time.monotonic() >= self.end

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start


def resolution(market: Market) -> tuple[Fraction, bool]:
    """The least improvement to look for, and whether no smaller one exists.

    A welfare loss is a multiple of a quantum. What the solver cannot tell apart counts as no improvement.
    """
    least = market.highest / 1_000_000
    if market.welfare_weight == 1 and market.quantum >= 10 * least:
        return market.quantum, True
    return least, False
