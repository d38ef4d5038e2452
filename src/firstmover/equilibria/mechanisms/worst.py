"""The rule whose worst pure equilibrium costs the designer least, among rules that have one.

For fixed strategies that must be an equilibrium, the program over rules gets a row for every other pair of strategies
that was a bad equilibrium of an earlier solution: either it costs little, or some type gains by another message. Every
such reason is a binary, shared by all pairs of strategies to which it applies.

The gains must reach a margin, so a rule whose equilibria are only kept apart by less is not found. What no rule can
cost less than is therefore taken from `best`, which is a bound: a rule's worst equilibrium is one that it supports.
"""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from firstmover.equilibria.mechanisms.best import best, silent, supported
from firstmover.equilibria.mechanisms.candidates import candidates
from firstmover.equilibria.mechanisms.guarded import Guarded, polished
from firstmover.equilibria.mechanisms.linear import linear
from firstmover.equilibria.mechanisms.market import Market, Rule, Strategies, payoffs
from firstmover.equilibria.mechanisms.search import Answer, Clock, Found, resolution
from firstmover.equilibria.mechanisms.verify import PureEquilibria, check_size, cost_of, is_equilibrium, pure_equilibria

_MARGINS = (1e-3, 1e-4)  # of every strict inequality, in units of the largest value
_CUTS = 8  # bad equilibria that are cut off at a time

Reason = tuple[int, int, tuple[int, ...], int, int]  # agent, type, what the other's types send, from and to a message


class Guarantee(Guarded):
    """The rules that make a pair of strategies an equilibrium, and no bad pair of a list."""

    def __init__(self, market: Market, strategies: Strategies, bad: list[Strategies], margin: float, most: float):
        super().__init__(market, margin, most)
        self.reasons: dict[Reason, int] = {}
        for reason in self._deviations(strategies):
            self.incentives.append(linear((-1.0, self.gain(*reason))))
            self.row(self.incentives[-1], 0.0)
        self.limit(strategies)
        for pair in bad:
            self.cut(pair)

    def cut(self, bad: Strategies) -> None:
        """Either a pair of strategies costs little, or some type gains by leaving it."""
        # Costs are within [-1, 1] in units of the largest value.
        self.limit(bad, linear(*((2.0, {self._reason(reason): 1.0}) for reason in self._deviations(bad))))

    def _deviations(self, strategies: Strategies) -> list[Reason]:
        """Every way in which a type that has a stake may leave a pair of strategies."""
        return [
            (agent, t, strategies[1 - agent], sent, instead)
            for agent in (0, 1)
            for t, sent in enumerate(strategies[agent])
            if self.market.values[agent][t] > 0
            for instead in range(self.market.messages)
            if instead != sent
        ]

    def _reason(self, reason: Reason) -> int:
        """The binary that is 1 only if the gain is at least the margin."""
        if reason not in self.reasons:
            agent, type_, other, sent, instead = reason
            column, gain = self.column(whole=True), self.gain(*reason)
            worth = float(self.worth[agent][type_])  # nobody loses more
            self.row(linear((1.0, gain), (-worth - self.margin, {column: 1.0})), -worth)
            if (back := self.reasons.get((agent, type_, other, instead, sent))) is not None:
                self.row({column: 1.0, back: 1.0}, high=1.0)
            self.reasons[reason] = column
            self.choices.append(column)
            self.positive.append((gain, column))
        return self.reasons[reason]


def worst(market: Market, *, clock: Clock, say: Callable[[str], None] = lambda text: None) -> Answer:
    """The least cost that every pure equilibrium of some rule that has one guarantees.

    Args:
        market: the market.
        clock: the time that is left.
        say: told about progress.

    Raises:
        InputError: there are too many strategies to list.
    """
    check_size(market)
    floor, (step, whole) = best(market, clock=clock).floor, resolution(market)
    say(f"{clock.spent:.1f} s: no equilibrium costs less than {float(floor):.6g}")
    # Without messages there is nothing to choose.
    found = supported(market, silent(market), None, clock).found
    # First only rules that reach the floor, then any that improve.
    for goal, margin in [(floor, m) for m in _MARGINS] + [(None, m) for m in _MARGINS]:
        if goal is not None and not whole:
            continue
        for bound, strategies in candidates(market, fewer=True):
            least = None if found is None else found.cost
            if clock.over or (least is not None and least <= floor):
                break
            if (goal is not None and bound > goal) or (least is not None and bound > least - step):
                break
            most = market.highest if least is None else least - (step / 2 if whole else step)
            better = guaranteed(market, strategies, margin, most if goal is None else goal, clock)
            if better is not None and (least is None or better.cost < least):
                found = better
                say(f"{clock.spent:.1f} s: cost at most {float(found.cost):.6g}")
    return Answer(found, floor)


def guaranteed(market: Market, strategies: Strategies, margin: float, most: Fraction, clock: Clock) -> Found | None:
    """The best rule found that makes a pair of strategies an equilibrium and all its equilibria cost little.

    Args:
        market: the market.
        strategies: the pair of strategies.
        margin: of every strict inequality, in units of the largest value.
        most: only rules whose equilibria all cost at most this are looked for.
        clock: the time that is left.
    """
    bad: list[Strategies] = []
    highest = float(market.highest)

    def make(kept: float) -> Guarantee:
        return Guarantee(market, strategies, bad, kept, float(most) / highest + 1e-9)

    program = make(margin)
    found: Found | None = None
    while not clock.over:
        outcome = program.solve(clock.left)
        if outcome.point is None:
            break
        level = Fraction((outcome.value + 1e-6) * highest)

        def accept(rule: Rule, level: Fraction = level) -> bool:
            tables = payoffs(market, rule)
            return is_equilibrium(tables, strategies) and not any(
                is_equilibrium(tables, pair) and cost_of(tables, pair) > level for pair in bad
            )

        if (rule := polished(make, outcome, accept)) is None:
            break
        equilibria = pure_equilibria(market, rule)
        extreme = equilibria.extreme(-1)
        if extreme is not None and (found is None or extreme[0] < found.cost):
            found = Found(extreme[0], rule, extreme[1], True)
        if extreme is None or extreme[0] <= level:
            break
        for pair in _spread(equilibria, level):
            bad.append(pair)
            program.cut(pair)
    return found


def _spread(equilibria: PureEquilibria, level: Fraction) -> list[Strategies]:
    """Some of the equilibria that cost more than a level, unlike each other."""
    rows, columns = np.nonzero(equilibria.stable & (equilibria.cost > math.floor(level * equilibria.scale)))
    pick = np.random.default_rng(len(rows)).permutation(len(rows))[:_CUTS]
    return [equilibria.strategies(int(rows[k]), int(columns[k])) for k in pick]
