"""The rules of a market as the points of a mixed-integer program, with payoffs that are linear in it.

For every cell a binary column for each pattern (who is first, the step of each price), and the price times the binary
as a column within the ends of the step. Given what the others send, the chance that an agent is asked is fixed by the
pattern, so payoffs are linear in these columns. Ends of steps that are excluded are kept at a margin >= 0; margin 0
gives the closure, whose optimum bounds what rules can reach.

Prices and payoffs are in units of the largest value.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from firstmover.equilibria.mechanisms.linear import Linear, Program, linear
from firstmover.equilibria.mechanisms.market import Cell, Market
from firstmover.equilibria.mechanisms.steps import Step, price_steps

Pattern = tuple[int, int, int]  # who is first, the step of agent 0's price, the step of agent 1's price


@dataclass(frozen=True)
class _Asked:
    """One way in which an agent may come to be asked in a cell.

    Attributes:
        agent: the agent.
        step: its step.
        after: the step of the other agent, which did not buy, or None if the agent is first.
        binaries: columns of the patterns that have this in them; at most one of them is 1.
        price: column of the price times the sum of the binaries.
    """

    agent: int
    step: int
    after: int | None
    binaries: list[int]
    price: int


class RuleProgram(Program):
    """All rules whose price steps are told apart by some types in every cell."""

    def __init__(self, market: Market, told_apart: Mapping[Cell, tuple[Sequence[int], Sequence[int]]], margin: float):
        """The program over rules.

        Args:
            market: the market.
            told_apart: for every cell, the types of both agents for which purchases must be exact; the payoffs of
                other types are bounded from above, which is what a deviation needs.
            margin: kept from excluded ends of steps, in units of the largest value.
        """
        super().__init__()
        self.market, self.told_apart, self.margin = market, told_apart, margin
        self.worth = [np.array([float(v / market.highest) for v in row]) for row in market.values]
        self.steps: dict[Cell, tuple[list[Step], list[Step]]] = {}
        self.patterns: dict[Cell, dict[Pattern, int]] = {}
        self._asked: dict[Cell, list[_Asked]] = {}
        for cell, types in told_apart.items():
            self.steps[cell] = price_steps(market, 0, types[0]), price_steps(market, 1, types[1])
            self._add_cell(cell)

    def _add_cell(self, cell: Cell) -> None:
        steps = self.steps[cell]
        sizes = (2, len(steps[0]), len(steps[1]))
        patterns = {(f, k0, k1): self.column(whole=True) for f, k0, k1 in np.ndindex(*sizes)}
        self.row(dict.fromkeys(patterns.values(), 1.0), 1.0, 1.0)
        asked = []
        for f in (0, 1):
            for k in range(len(steps[f])):
                binaries = [x for pattern, x in patterns.items() if pattern[0] == f and pattern[1 + f] == k]
                asked.append(_Asked(f, k, None, binaries, self._price(binaries, steps[f][k])))
        for pattern, x in patterns.items():
            s = 1 - pattern[0]
            price = self._price([x], steps[s][pattern[1 + s]])
            asked.append(_Asked(s, pattern[1 + s], pattern[1 + pattern[0]], [x], price))
        self.patterns[cell], self._asked[cell] = patterns, asked

    def _price(self, binaries: list[int], step: Step) -> int:
        """The column of price times the sum of binaries, within the ends of the step."""
        low, high = (float(end / self.market.highest) for end in (step.low, step.high))
        margin = min(self.margin, (high - low) / 2)
        low, high = low + margin * step.open_low, high - margin * step.open_high
        price = self.column(0.0, high)
        self.row({price: 1.0, **dict.fromkeys(binaries, -low)}, 0.0)
        self.row({price: 1.0, **dict.fromkeys(binaries, -high)}, -np.inf, 0.0)
        return price

    def _chance(self, cell: Cell, way: _Asked, weights: Float[np.ndarray, "others"]) -> float:
        """Weight of the other's types at which the agent is asked."""
        if way.after is None:
            return float(weights.sum())
        return float(weights @ ~np.array(self.steps[cell][1 - way.agent][way.after].buys))

    def utility(self, cell: Cell, agent: int, type_: int, weights: Float[np.ndarray, "others"]) -> Linear:
        """The payoff of a type in a cell, summed over the other's types that send the cell's message.

        Args:
            cell: the cell.
            agent: the agent.
            type_: its type.
            weights: weight of every type of the other agent; zero unless it sends the cell's message.
        """
        total: Linear = defaultdict(float)
        exact = type_ in self.told_apart[cell][agent]
        value, worth = self.market.values[agent][type_], float(self.worth[agent][type_])
        for way in self._asked[cell]:
            if way.agent != agent or (chance := self._chance(cell, way, weights)) == 0:
                continue
            step = self.steps[cell][agent][way.step]
            surplus = linear((worth, dict.fromkeys(way.binaries, 1.0)), (-1.0, {way.price: 1.0}))
            if step.buys[type_] if exact else value >= step.high:
                total = linear((1.0, total), (chance, surplus))
            elif not exact and value > step.low:
                # It may or may not buy: at least what both would earn it.
                bound = self.column()
                self.row(linear((1.0, {bound: 1.0}), (-1.0, surplus)), 0.0)
                total[bound] += chance
        return total

    def cell_cost(self, cell: Cell, weights: Float[np.ndarray, "T0 T1"]) -> Linear:
        """Minus the designer's payoff in a cell, summed over the pairs of types with these weights.

        Args:
            cell: the cell.
            weights: weight of every pair of types; zero unless they send the cell's messages and are told apart.
        """
        total: Linear = defaultdict(float)
        share, top = float(self.market.welfare_weight), float(self.market.highest)
        steps = self.steps[cell]
        for (f, k0, k1), x in self.patterns[cell].items() if share > 0 else ():
            loss = self.market.losses(f, (_flags(steps[0][k0]), _flags(steps[1][k1])))
            total[x] += share * float((weights * loss.astype(float)).sum()) / top
        for way in self._asked[cell] if share < 1 else ():
            mass = weights.sum(axis=1) if way.agent == 0 else weights.sum(axis=0)
            if way.after is not None:
                refused = ~_flags(steps[1 - way.agent][way.after])
                mass = weights @ refused if way.agent == 0 else refused @ weights
            total[way.price] -= (1 - share) * float(mass @ _flags(steps[way.agent][way.step]))
        return total

    def chosen(self, point: Float[np.ndarray, "columns"]) -> dict[Cell, Pattern]:
        """The pattern of every cell at a point of the program."""
        return {cell: max(patterns, key=lambda p: point[patterns[p]]) for cell, patterns in self.patterns.items()}

    def prices(self, point: Float[np.ndarray, "columns"]) -> dict[Cell, tuple[float, float]]:
        """The prices of agents 0 and 1 in every cell at a point of the program, in units of the largest value."""
        return {
            cell: (
                float(point[self.price_column(cell, chosen, 0)]),
                float(point[self.price_column(cell, chosen, 1)]),
            )
            for cell, chosen in self.chosen(point).items()
        }

    def price_column(self, cell: Cell, pattern: Pattern, agent: int) -> int:
        """The column of an agent's price where a pattern is chosen."""
        x = self.patterns[cell][pattern]
        return next(way.price for way in self._asked[cell] if way.agent == agent and x in way.binaries)

    def fix(self, chosen: Mapping[Cell, Pattern]) -> None:
        """Only rules with these patterns."""
        for cell, pattern in chosen.items():
            self.row({self.patterns[cell][pattern]: 1.0}, 1.0, 1.0)

    def exclude(self, chosen: Mapping[Cell, Pattern]) -> None:
        """No rule with all of these patterns."""
        self.row({self.patterns[cell][pattern]: 1.0 for cell, pattern in chosen.items()}, -np.inf, len(chosen) - 1.0)


def _flags(step: Step) -> Bool[np.ndarray, "types"]:
    return np.array(step.buys)


def mass(market: Market) -> Float[np.ndarray, "T0 T1"]:
    """The prior in floating point."""
    return np.array([[float(p) for p in row] for row in market.prior])
