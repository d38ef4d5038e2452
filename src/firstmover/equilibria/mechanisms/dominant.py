"""Rules under which messages are dominant one after another, so that little is left to chance.

Types may get a place in an order. The message of a type with a place must be better than any other whatever is sent by
types of the other agent without a place or with a later one, when those before it send theirs. Then all of `anf_cce`
sends these messages. Types without a place may send anything, so that must cost little too: rows for that are added
one by one. Types of value 0 never gain, so they have no place.

Payoffs add up over the other's types, so the worst case is a sum of worst cases: linear, with a binary for every pair
of types that says which comes first.
"""

import itertools

import numpy as np

from firstmover.equilibria.mechanisms.guarded import Guarded
from firstmover.equilibria.mechanisms.linear import Linear, linear
from firstmover.equilibria.mechanisms.market import Market, Strategies


class Dominant(Guarded):
    """The rules under which these strategies are dominant one after another, for the types that get a place."""

    def __init__(
        self,
        market: Market,
        strategies: Strategies,
        others: list[Strategies],
        margin: float,
        most: float,
        *,
        everyone: bool,
    ):
        """The program.

        Args:
            market: the market.
            strategies: what must be dominant.
            others: pairs of strategies that must cost little, too, unless dominance excludes them.
            margin: of every strict inequality, in units of the largest value.
            most: no greater level.
            everyone: whether all types with a stake must get a place.
        """
        super().__init__(market, margin, most)
        self.strategies = strategies
        self.stake = [[t for t, v in enumerate(row) if v > 0] for row in market.values]
        self.places = {(i, t): self.column() for i in (0, 1) for t in self.stake[i]}
        self.placed = {pair: self._choice() for pair in self.places}
        for placed in self.placed.values() if everyone else ():
            self.row({placed: 1.0}, 1.0)
        self.limit(strategies)
        for agent in (0, 1):
            for t in self.stake[agent]:
                self._dominant(agent, t)
        for pair in others:
            self.allow(pair)

    def _choice(self) -> int:
        self.choices.append(self.column(whole=True))
        return self.choices[-1]

    def allow(self, others: Strategies) -> None:
        """Unless a type with a place sends something else here than it must, this pair of strategies costs little."""
        # Costs are within [-1, 1] in units of the largest value.
        escape = {placed: 2.0 for (i, t), placed in self.placed.items() if others[i][t] != self.strategies[i][t]}
        self.limit(others, linear((1.0, escape)))

    def _dominant(self, agent: int, type_: int) -> None:
        """The message of a type with a place is better than any other whatever is sent by those not before it."""
        apart, own, placed = 1 / len(self.places), self.strategies[agent][type_], self.placed[agent, type_]
        before: dict[int, int] = {}
        for other in self.stake[1 - agent]:
            before[other] = self._choice()
            self.row({before[other]: 1.0, self.placed[1 - agent, other]: -1.0}, high=0.0)
            # If 1, the other's place is lower by as much as places are apart; places are within [0, 1].
            places = {self.places[agent, type_]: 1.0, self.places[1 - agent, other]: -1.0}
            self.row(linear((1.0, places), (-1.0 - apart, {before[other]: 1.0})), -1.0)
        everyone = range(self.market.n_types[1 - agent])
        for message in range(self.market.messages):
            if message != own:
                lead = linear(*((1.0, self._least_lead(agent, type_, message, o, before)) for o in everyone))
                free = 2 * float(self.worth[agent][type_]) + self.margin
                self.row(linear((1.0, lead), (-free, {placed: 1.0})), self.margin - free)
                self.positive.append((lead, placed))

    def _least_lead(self, agent: int, type_: int, message: int, other: int, before: dict[int, int]) -> Linear:
        """How much better the type's own message is than another one at least, in expectation over one other type."""
        weights = np.where(np.arange(self.market.n_types[1 - agent]) == other, self.given(agent, type_), 0.0)
        least = self.column(-1.0, 1.0)
        most = 2 * float(self.worth[agent][type_]) * float(weights.sum())  # between any two leads
        for sent in range(self.market.messages):
            lead = linear(
                (1.0, self.payoff(agent, type_, self.strategies[agent][type_], sent, weights)),
                (-1.0, self.payoff(agent, type_, message, sent, weights)),
                (-1.0, {least: 1.0}),
            )
            if sent != self.strategies[1 - agent][other] and other in before:
                lead = linear((1.0, lead), (most, {before[other]: 1.0}))
            self.row(lead, 0.0)
        return linear((1.0, {least: 1.0}))


def free_choices(market: Market, strategies: Strategies) -> list[Strategies]:
    """The strategies with every message that types of value 0 may send instead."""
    options = [
        [range(market.messages) if v == 0 else (m,) for v, m in zip(values, send, strict=True)]
        for values, send in zip(market.values, strategies, strict=True)
    ]
    return [(a, b) for a in itertools.product(*options[0]) for b in itertools.product(*options[1])]
