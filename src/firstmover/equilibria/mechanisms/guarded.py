"""The program over all rules of a market, and what it takes for nobody to be led astray by one.

Every type is told apart in every cell here, so the payoffs are exact for whatever messages are sent.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.mechanisms.linear import Linear, Outcome, linear
from firstmover.equilibria.mechanisms.market import Market, Rule, Strategies
from firstmover.equilibria.mechanisms.polish import simple_rule, strict_prices
from firstmover.equilibria.mechanisms.program import RuleProgram, mass


class Guarded(RuleProgram):
    """All rules of a market, a level that costs must not exceed, and inequalities that must be strict.

    Attributes:
        level: column of the greatest cost that matters, in units of the largest value; it is minimised.
        choices: binary columns besides the patterns.
        incentives: what no type may lose by its message, each a row with lower limit 0.
        positive: expressions that must be positive, each with the binary column that demands it, or None.
    """

    def __init__(self, market: Market, margin: float, most: float):
        """The program.

        Args:
            market: the market.
            margin: of every strict inequality, in units of the largest value.
            most: no greater level.
        """
        everyone = list(range(market.n_types[0])), list(range(market.n_types[1]))
        cells = np.ndindex(market.messages, market.messages)
        super().__init__(market, {(a, b): everyone for a, b in cells}, margin)
        self.prior = mass(market)
        self.level = self.column(-1.0, most)
        self.objective = linear((1.0, {self.level: 1.0}))
        self.choices: list[int] = []
        self.incentives: list[Linear] = []
        self.positive: list[tuple[Linear, int | None]] = []

    def given(self, agent: int, type_: int) -> Float[np.ndarray, "others"]:
        """What a type believes about the other's type."""
        row = self.prior[type_] if agent == 0 else self.prior[:, type_]
        return row / row.sum()

    def payoff(self, agent: int, type_: int, message: int, other: int, weights: Float[np.ndarray, "others"]) -> Linear:
        """What a type earns by a message against one message of the other, summed over types with weights."""
        return self.utility((message, other) if agent == 0 else (other, message), agent, type_, weights)

    def gain(self, agent: int, type_: int, send: tuple[int, ...], sent: int, instead: int) -> Linear:
        """What a type gains by a message in place of another, where the other's types send these messages."""
        parts = []
        for m in sorted(set(send)):
            weights = np.where(np.array(send) == m, self.given(agent, type_), 0.0)
            parts.append((1.0, self.payoff(agent, type_, instead, m, weights)))
            parts.append((-1.0, self.payoff(agent, type_, sent, m, weights)))
        return linear(*parts)

    def cost(self, strategies: Strategies) -> Linear:
        """Minus the designer's payoff at a pair of strategies."""
        sent = np.array(strategies[0])[:, None], np.array(strategies[1])[None, :]
        parts = []
        for a, b in self.patterns:
            weights = np.where((sent[0] == a) & (sent[1] == b), self.prior, 0.0)
            if weights.any():
                parts.append((1.0, self.cell_cost((a, b), weights)))
        return linear(*parts)

    def limit(self, strategies: Strategies, escape: Linear | None = None) -> None:
        """The level is at least the cost at a pair of strategies, less what an expression allows."""
        allowed = linear() if escape is None else escape
        self.row(linear((1.0, {self.level: 1.0}), (-1.0, self.cost(strategies)), (1.0, allowed)), 0.0)


def polished(make: Callable[[float], Guarded], outcome: Outcome, accept: Callable[[Rule], bool]) -> Rule | None:
    """A rule with the choices of a solution, simple prices and slack wherever there can be some, or None.

    Args:
        make: makes the program with a margin, always with the same columns.
        outcome: the solution of one that was made.
        accept: an exact check.
    """
    if (point := outcome.point) is None:
        return None
    program = make(0.0)
    for column in program.choices:
        program.row({column: 1.0}, *([float(point[column] > 0.5)] * 2))
    program.row({program.level: 1.0}, high=outcome.value + 1e-7)
    positive = [expression for expression, when in program.positive if when is None or point[when] > 0.5]
    chosen = program.chosen(point)
    prices = strict_prices(program, chosen, program.incentives, positive)
    return None if prices is None else simple_rule(chosen, prices, program.market, accept)
