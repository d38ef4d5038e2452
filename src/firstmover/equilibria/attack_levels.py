"""Security games by one number: how much an attack may pay the attacker, at the target that it prefers.

Against a coverage under which target t is a best one to attack, every other target must pay no more than t does, its
level. What that takes of each other target is a share of a resource that falls linearly with the level, down to none;
all of it together is convex in the level. So the coverages of t for which the resources suffice form an interval, whose
ends are roots of convex functions that are linear in pieces: Newton's method finds them in a few steps, and, in
fractions, exactly. No program is solved and no table is made.

The same code runs in floats, to see which targets can matter, and in fractions.

Source: Kiekintveld, Jain, Tsai, Pita, Ordóñez and Tambe, "Computing optimal randomized resource allocations for massive
security games" (AAMAS 2009), section 5 (ORIGAMI), where coverage always hurts the attacker; here it may help it.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

Number = Any  # float or Fraction, the same in all of an object


class AttackLevels:
    """How far each target can be covered while it is a best one to attack.

    Attributes:
        lowest: the least level for which the resources suffice; None where coverage makes no target worse.
    """

    def __init__(
        self,
        covered: Sequence[Number],
        uncovered: Sequence[Number],
        resources: Number,
        total: Callable[[list[Number]], Number],
        slack: float = 0,
    ):
        """With the attacker's payoffs at every target, at least two.

        Args:
            covered: what an attack on each target pays if it is covered.
            uncovered: and if it is not.
            resources: the sum that the coverage may have.
            total: sums numbers of their kind.
            slack: what is held to be within the limits although it is not; for floats.
        """
        self.covered, self.uncovered, self.resources = covered, uncovered, resources
        self._total, self._slack = total, slack
        least = list(map(min, covered, uncovered))  # no coverage makes a target pay less
        *_, second, self._worst = sorted(range(len(least)), key=least.__getitem__)
        self._floors = least[self._worst] - slack, least[second] - slack
        hurt = sorted((-u, u - c) for c, u in zip(covered, uncovered, strict=True) if c < u)
        self._starts, self._drops = [start for start, _ in hurt], [drop for _, drop in hurt]
        self._sums: dict[int, tuple[Number, Number]] = {}
        self.lowest = self._lowest() - slack if hurt else None

    def floor(self, t: int) -> Number:
        """What the attacker can be sure of at other targets than t, however much they are covered."""
        return self._floors[t == self._worst]

    def needed(self, level: Number) -> Number:
        """The resources it takes that no target which coverage makes worse pays more than a level."""
        constant, slope = self._line(level)
        return constant - slope * level

    def span(self, t: int) -> tuple[Number, Number] | None:
        """The least and the greatest coverage of t at which it can be a best target; None if it never is."""
        start, rise, floor = self.uncovered[t], self.covered[t] - self.uncovered[t], self.floor(t)
        if rise > 0:  # coverage makes it better: both ends are roots
            first = max(0, (floor - start) / rise)
            low, high = self._root(start, rise, first, 1), self._root(start, rise, 1, -1)
            return None if low is None or high is None or not first <= low <= high else (low, high)
        bound = floor if self.lowest is None else max(floor, self.lowest)
        if start < bound:
            return None
        return 0, min(1, (start - bound) / -rise if rise else max(self.resources - self.needed(start), 0))

    def _root(self, start: Number, rise: Number, coverage: Number, way: int) -> Number | None:
        """The first coverage from here on, upwards or downwards, for which the resources suffice; None if none does."""
        while 0 <= coverage <= 1:
            constant, slope = self._line(start + rise * coverage)
            offset, falls = constant - slope * start - self.resources, rise * slope - 1
            # Too much is needed by offset - falls * coverage; right of a kink this is its slope.
            if offset - falls * coverage <= self._slack * (1 + constant + slope):
                return coverage
            if falls * way <= 0:
                return None
            root = offset / falls
            if (root - coverage) * way <= 0:  # by rounding
                return coverage
            coverage = root
        return None

    def _line(self, level: Number) -> tuple[Number, Number]:
        """What is needed at a level, as a constant and by how much it falls per unit of the level."""
        return self._sum(bisect_left(self._starts, -level))

    def _sum(self, count: int) -> tuple[Number, Number]:
        if count not in self._sums:
            pairs = list(zip(self._starts[:count], self._drops[:count], strict=True))
            self._sums[count] = self._total([-s / d for s, d in pairs]), self._total([1 / d for _, d in pairs])
        return self._sums[count]

    def _lowest(self) -> Number:
        """Where all resources are used on the targets that coverage makes worse, from the one that pays most on."""
        ranks = range(1, len(self._starts))
        last = bisect_left(ranks, True, key=lambda k: self.needed(-self._starts[k]) > self.resources)
        constant, slope = self._sum(last + 1)
        return (constant - self.resources) / slope


def exact_total(numbers: list[Fraction]) -> Fraction:
    """The sum of many fractions, pair by pair and without reducing in between: long numbers come last."""
    terms = [(x.numerator, x.denominator) for x in numbers] or [(0, 1)]
    while len(terms) > 1:
        odd = terms[len(terms) & ~1 :]
        terms = [(a * d + c * b, b * d) for (a, b), (c, d) in zip(terms[::2], terms[1::2], strict=False)] + odd
    return Fraction(*terms[0])


def in_floats(exact: AttackLevels) -> AttackLevels:
    """The same in floats, in units of the range of the payoffs, with a little more than what is possible."""
    low, high = min(*exact.covered, *exact.uncovered), max(*exact.covered, *exact.uncovered)
    unit = (high - low) or Fraction(1)
    covered, uncovered = ([float((x - low) / unit) for x in own] for own in (exact.covered, exact.uncovered))
    return AttackLevels(covered, uncovered, float(exact.resources), math.fsum, slack=1e-9)
