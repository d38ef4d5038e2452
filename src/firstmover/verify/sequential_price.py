"""Sequential price mechanisms: whom to visit next, and at which prices."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .amounts import fraction
from .derivation import NEAR, decide, distribution, finite_game
from .finite import Finite

_TIE = Fraction(5, 10**7)  # surpluses this close, in units of the largest value, are equal


@dataclass(frozen=True)
class _Market:
    """A sequential price mechanism: everything of it that a sub-episode needs."""

    values: list[list[list[Fraction]]]  # [agent][type][item]
    units: list[int]
    additive: bool
    buy_at_tie: bool
    sold_is_seen: bool
    highest: Fraction
    levels: int | None
    rule: Sequence[Mapping[str, Any]]
    decided: dict[Any, Mapping[str, Any]] = field(default_factory=dict)

    def decide(self, messages: Sequence[int], sold: Sequence[list[int] | None], left: Sequence[int]) -> Any:
        """What the rule does here; a situation comes up many times, its entry is looked for once."""
        key = (tuple(messages), str(sold))
        if key not in self.decided:
            remaining = [i for i, bundle in enumerate(sold) if bundle is None]
            situation = {"messages": list(messages), "remaining": remaining, "items": list(left)}
            do = decide(self.rule, situation | ({"sold": list(sold)} if self.sold_is_seen else {}))
            if do["agent"] not in remaining:
                raise ValueError(f"the rule visits agent {do['agent']}, who is not left to visit")
            self.decided[key] = {"agent": do["agent"], "prices": [self.price(fraction(p)) for p in do["prices"]]}
        return self.decided[key]

    def price(self, told: Fraction) -> Fraction:
        """A price of the rule, or the price of the grid that it is meant to be."""
        if not 0 <= told <= self.highest:
            raise ValueError(f"a price lies outside 0 to {self.highest}")
        if self.levels is None:
            return told
        steps = told * (self.levels - 1) / self.highest
        if abs(steps - round(steps)) > NEAR:
            raise ValueError(f"the price {told} is not on the grid")
        return round(steps) * self.highest / (self.levels - 1)

    def taken(self, values: Sequence[Fraction], prices: Sequence[Fraction], left: Sequence[int]) -> list[int]:
        """Units of every item that an agent takes."""
        tie, surplus = _TIE * self.highest, [v - p for v, p in zip(values, prices, strict=True)]
        wanted = [
            units > 0 and (s >= -tie if self.buy_at_tie else s > tie) for s, units in zip(surplus, left, strict=True)
        ]
        if self.additive or not any(wanted):
            return [int(w) for w in wanted]
        best = max(s for s, w in zip(surplus, wanted, strict=True) if w)
        first = next(j for j, w in enumerate(wanted) if w and surplus[j] >= best - tie)
        return [int(j == first) for j in range(len(prices))]

    def first_best(self, values: Sequence[Sequence[Fraction]]) -> Fraction:
        """The largest welfare of any allocation."""
        if self.additive:
            ranked = [sorted((own[j] for own in values), reverse=True) for j in range(len(self.units))]
            return sum((sum(ranked[j][:u], Fraction(0)) for j, u in enumerate(self.units)), Fraction(0))
        best = {tuple(self.units): Fraction(0)}  # by what is left, agent by agent
        for own in values:
            after = dict(best)
            for left, welfare in best.items():
                for j in range(len(left)):
                    if left[j]:
                        rest = (*left[:j], left[j] - 1, *left[j + 1 :])
                        after[rest] = max(after.get(rest, Fraction(0)), welfare + own[j])
            best = after
        return max(best.values())

    def visits(
        self, values: Sequence[Sequence[Fraction]], messages: Sequence[int]
    ) -> tuple[Fraction, Fraction, list[Fraction]]:
        """Welfare, revenue and every agent's surplus, visit by visit."""
        n, left = len(values), list(self.units)
        sold: list[list[int] | None] = [None] * n
        welfare, revenue, surplus = Fraction(0), Fraction(0), [Fraction(0)] * n
        while None in sold and any(left):
            do = self.decide(messages, sold, left)
            agent, prices = do["agent"], do["prices"]
            taken = self.taken(values[agent], prices, left)
            worth = sum((v * u for v, u in zip(values[agent], taken, strict=True)), Fraction(0))
            paid = sum((p * u for p, u in zip(prices, taken, strict=True)), Fraction(0))
            welfare, revenue, surplus[agent] = welfare + worth, revenue + paid, worth - paid
            sold[agent], left = taken, [have - u for have, u in zip(left, taken, strict=True)]
        return welfare, revenue, surplus


def sequential_price(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    """The game of the messages that agents send."""
    n, items, given = parameters["agents"], parameters["items"], parameters["values"]
    if given is None:
        points = parameters["types"]
        grid = [list(own) for own in itertools.product([Fraction(k, points - 1) for k in range(points)], repeat=items)]
        values, marginals = [grid] * n, [[Fraction(1, len(grid))] * len(grid)] * n
    elif "values" in given:
        values = [[[fraction(v) for v in own] for own in table] for table in given["values"]]
        marginals = [
            distribution(own, len(table), "the values of an agent")
            for table, own in zip(values, given["probabilities"], strict=True)
        ]
    if given is None or "values" in given:
        chances = {
            row: math.prod((own[t] for own, t in zip(marginals, row, strict=True)), start=Fraction(1))
            for row in itertools.product(*(range(len(table)) for table in values))
        }
    else:
        realised = [
            [[fraction(v) for v in row[items * i : items * (i + 1)]] for i in range(n)] for row in given["realisations"]
        ]
        values = [sorted(list(own) for own in {tuple(row[i]) for row in realised}) for i in range(n)]
        chances = dict.fromkeys(itertools.product(*(range(len(table)) for table in values)), Fraction(0))
        drawn = distribution(given["probabilities"], len(realised), "the realisations")
        for row, p in zip(realised, drawn, strict=True):
            chances[tuple(values[i].index(row[i]) for i in range(n))] += p
    highest = max(v for table in values for own in table for v in own) or Fraction(1)
    market = _Market(
        values,
        list(parameters["units"]),
        parameters["valuation"] == "additive",
        parameters["buy_at_tie"],
        parameters["history"] == "sold",
        highest,
        None if parameters["prices"] == "continuous" else parameters["prices"],
        rule,
    )
    share = {"welfare": Fraction(1), "revenue": Fraction(0)}.get(parameters["objective"])
    share = fraction(parameters["objective"]) if share is None else share

    def pay(types: tuple[int, ...], actions: tuple[int, ...]) -> tuple[Fraction, list[Fraction], Fraction]:
        realised = [values[i][t] for i, t in enumerate(types)]
        welfare, revenue, surplus = market.visits(realised, actions)
        return share * (welfare - market.first_best(realised)) + (1 - share) * revenue, surplus, revenue

    return finite_game(iter(chances.items()), [len(table) for table in values], [parameters["messages"]] * n, pay)


def agrawal(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    """The market of two agents and one item that is known by this name."""
    rare = fraction(parameters["epsilon"])
    market = {
        "agents": 2,
        "items": 1,
        "units": [1],
        "valuation": "unit",
        "history": "sold",
        "values": {
            "values": [[[Fraction(1, 2)], [1 / (2 * rare)]], [[0], [1]]],
            "probabilities": [[1 - rare, rare], [Fraction(1, 2)] * 2],
        },
    }
    return sequential_price({**parameters, **market}, rule)
