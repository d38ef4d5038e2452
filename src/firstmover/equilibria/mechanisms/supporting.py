"""The rules that make a given pair of messaging strategies a pure Bayes-Nash equilibrium."""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple, TypeVar

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.mechanisms.linear import Linear, linear
from firstmover.equilibria.mechanisms.market import Cell, Market, Offer, Payoffs, Rule, Strategies, payoffs
from firstmover.equilibria.mechanisms.polish import simple_rule, strict_prices
from firstmover.equilibria.mechanisms.program import Pattern, RuleProgram, mass
from firstmover.equilibria.mechanisms.steps import price_steps
from firstmover.equilibria.mechanisms.verify import cost_of, is_equilibrium

Held = TypeVar("Held")


class Made(NamedTuple):
    """A rule and its cost.

    Attributes:
        rule: the rule, for all messages.
        cost: minus the designer's payoff.
        limit: the least cost, or the limit of the costs, of rules with the same patterns; None if unknown. The cost
            is within 1e-6 of it in units of the largest value.
    """

    rule: Rule
    cost: Fraction
    limit: Fraction | None


class UnroundedError(Exception):
    """Prices in floating point of which no simple fractions nearby pass the exact check."""


class Supporting:
    """The program over rules that make a pair of strategies an equilibrium, and its rules, checked exactly."""

    def __init__(self, market: Market, strategies: Strategies):
        self.market, self.strategies = market, strategies
        self.used = max(strategies[0]) + 1, max(strategies[1]) + 1
        self.prior = mass(market)
        self.blocks: dict[Cell, tuple[list[int], list[int]]] = {
            (a, b): (_senders(strategies[0], a), _senders(strategies[1], b)) for a, b in np.ndindex(*self.used)
        }
        self.excluded: list[Mapping[Cell, Pattern]] = []

    def program(self, margin: float, most: float | None) -> tuple[RuleProgram, list[Linear], Linear]:
        """The program, what no type may lose by its message, and the cost.

        Args:
            margin: kept from excluded ends of price steps, in units of the largest value.
            most: only rules that cost at most this, in units of the largest value.
        """
        program = RuleProgram(self.market, self.blocks, margin)
        incentives = []
        for agent in (0, 1):
            for t in range(self.market.n_types[agent]):
                earned = [self._earned(program, agent, t, m) for m in range(self.used[agent])]
                sent = self.strategies[agent][t]
                for m in range(self.used[agent]):
                    if m != sent:
                        incentives.append(linear((1.0, earned[sent]), (-1.0, earned[m])))
                        program.row(incentives[-1], 0.0)
        cost = linear(*((1.0, program.cell_cost(cell, self._mass(cell))) for cell in self.blocks))
        program.objective = cost
        if most is not None:
            program.row(cost, high=most)
        for chosen in self.excluded:
            program.exclude(chosen)
        return program, incentives, cost

    def _earned(self, program: RuleProgram, agent: int, type_: int, message: int) -> Linear:
        """Expected payoff of a type by a message, given the type."""
        row = self.prior[type_] if agent == 0 else self.prior[:, type_]
        parts = []
        for m in range(self.used[1 - agent]):
            cell = (message, m) if agent == 0 else (m, message)
            weights = np.where(np.array(self.strategies[1 - agent]) == m, row / row.sum(), 0.0)
            parts.append((1.0, program.utility(cell, agent, type_, weights)))
        return linear(*parts)

    def _mass(self, cell: Cell) -> Float[np.ndarray, "T0 T1"]:
        kept = np.zeros_like(self.prior)
        block = np.ix_(*self.blocks[cell])
        kept[block] = self.prior[block]
        return kept

    def rule(self, chosen: Mapping[Cell, Pattern]) -> Made | None:
        """A rule with these patterns, its cost, and the limit of the costs of such rules; None if there are none.

        Raises:
            UnroundedError: there may be such rules, but none with simple prices was found.
        """
        program, incentives, _ = self.program(0.0, None)
        if (prices := strict_prices(program, chosen, incentives)) is None:
            return None
        if (inner := simple_rule(chosen, prices, self.market, lambda r: self._passes(r, None))) is None:
            raise UnroundedError
        made = Made(self._complete(inner), self._cost(inner), None)
        if self.market.welfare_weight == 1:
            return made._replace(limit=made.cost)
        program, _, _ = self.program(0.0, None)
        program.fix(chosen)
        closed = program.solve()
        if closed.point is None:
            return None
        top = float(self.market.highest)
        best = self._limit(chosen, program.prices(closed.point), Fraction((closed.value + 1e-8) * top))
        if best is None:
            return made
        edge, limit = best
        program, incentives, _ = self.program(0.0, closed.value + 1e-9)
        if (prices := strict_prices(program, chosen, incentives)) is not None:
            rule = simple_rule(chosen, prices, self.market, lambda r: self._passes(r, limit))
            if rule is not None:
                return Made(self._complete(rule), limit, limit)
        # All between the limit and a rule inside are rules, for the payoffs are linear in prices.
        share = Fraction(1)
        while share * (made.cost - limit) > self.market.highest / 1_000_000:
            share /= 10
        near = {
            cell: Offer(
                offer.first,
                (1 - share) * offer.price_first + share * inner[cell].price_first,
                (1 - share) * offer.price_second + share * inner[cell].price_second,
            )
            for cell, offer in edge.items()
        }
        return Made(self._complete(near), self._cost(near), limit)

    def _cost(self, rule: Rule) -> Fraction:
        return cost_of(payoffs(self.market, self._complete(rule)), self.strategies)

    def _limit(
        self, chosen: Mapping[Cell, Pattern], prices: Mapping[Cell, tuple[float, float]], most: Fraction
    ) -> tuple[Rule, Fraction] | None:
        """Simple prices near these and the cost of these patterns, even at excluded ends, if it is at most `most`."""
        buys: dict[Cell, tuple[dict[int, bool], dict[int, bool]]] = {}
        for cell, pattern in chosen.items():
            steps = [price_steps(self.market, i, self.blocks[cell][i])[pattern[1 + i]] for i in (0, 1)]
            flags = [{t: steps[i].buys[t] for t in self.blocks[cell][i]} for i in (0, 1)]
            buys[cell] = flags[0], flags[1]
        every = self._complete(buys)

        def limits(rule: Rule) -> Payoffs:
            return payoffs(self.market, self._complete(rule), every)

        def accept(rule: Rule) -> bool:
            within = all(
                step.low <= price <= step.high
                for cell, offer in rule.items()
                for agent, price in ((offer.first, offer.price_first), (1 - offer.first, offer.price_second))
                for step in [price_steps(self.market, agent, self.blocks[cell][agent])[chosen[cell][1 + agent]]]
            )
            tables = limits(rule)
            return within and is_equilibrium(tables, self.strategies) and cost_of(tables, self.strategies) <= most

        rule = simple_rule(chosen, prices, self.market, accept)
        return None if rule is None else (rule, cost_of(limits(rule), self.strategies))

    def _complete(self, cells: Mapping[Cell, Held]) -> dict[Cell, Held]:
        """What belongs to every cell: messages that are not used are answered like message 0."""
        every = np.ndindex(self.market.messages, self.market.messages)
        return {(a, b): cells[a if a < self.used[0] else 0, b if b < self.used[1] else 0] for a, b in every}

    def _passes(self, rule: Rule, most: Fraction | None) -> bool:
        tables = payoffs(self.market, self._complete(rule))
        return is_equilibrium(tables, self.strategies) and (most is None or cost_of(tables, self.strategies) <= most)


def _senders(strategy: tuple[int, ...], message: int) -> list[int]:
    return [t for t, m in enumerate(strategy) if m == message]
