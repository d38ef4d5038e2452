"""Sequential price mechanisms: whom to visit next, and at which prices."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from .amounts import Json, indices, listed, number, one_of, parameters, whole
from .best_prices import most_without_messages
from .finite import Finite
from .game import Baseline, Game, Range, finite_game, named_actions, span
from .limits import MAX_FOLLOWERS, MAX_SITUATIONS, at_most_so_many, look_at_the_time, total
from .price_values import Chances, Joint, Profile, Values, stated_names, stated_values
from .rules import Decided, Entries
from .wording import Wording

_TIE = Fraction(5, 10**7)  # surpluses this close, in units of the largest value, are equal
_TOLD = Fraction(1, 10**8)  # share by which a price may be rounded when it is told
_GRID = Fraction(1, 10**6)  # a price this close to one of the grid, in steps, is meant to be it
_MAX_TYPES = 10_000  # of an agent
_MAX_STOCKS = 10_000  # numbers of units of the items that may be left
_ROUNDING = Fraction(1, 10**6)  # of the largest value, by which a rule may fall short of the best one
Sold = tuple[Profile | None, ...]  # what every agent took, None before its visit


@dataclass(frozen=True)
class Market(Game):
    """Agents who send messages, are visited one by one and offered prices.

    Attributes:
        values: of each agent's types for the items, [agent][type][item].
        chances: how likely each type of each agent is, where agents are independent; else None.
        joint: type profiles of positive probability, where they are not; else None.
        messages: how many each agent may send.
        units: of each item.
        additive: whether an agent takes every item that is worth its price, or one at most.
        levels: points of the price grid, or None where any price may be asked.
        buy_at_tie: whether an agent buys at its value.
        share: the weight of welfare, the rest being that of revenue.
        sold_is_seen: whether the leader sees who bought what.
        agents: what agents are called, if they are called anything.
        items: what items are called, if they are called anything.
    """

    values: Values
    chances: Chances
    joint: Joint
    messages: int
    units: list[int]
    additive: bool
    levels: int | None
    buy_at_tie: bool
    share: Fraction
    sold_is_seen: bool
    agents: list[str] | None = None
    items: list[str] | None = None
    highest: Fraction = field(init=False)
    told_range: Range = field(init=False)

    def __post_init__(self) -> None:
        """The least and the largest value of all, which prices and ties go by."""
        low, high = span(v for own in self.values for row in own for v in row)
        object.__setattr__(self, "told_range", (low, high))
        object.__setattr__(self, "highest", high or Fraction(1))

    @classmethod
    def read(cls, given: Json) -> "Market":
        """The game with these parameters.

        Raises:
            ValueError: there is none.
        """
        own = parameters(
            given,
            {
                "agents": 2,
                "items": 1,
                "messages": 2,
                "types": 3,
                "values": None,
                "units": None,
                "valuation": "unit",
                "prices": 11,
                "buy_at_tie": True,
                "objective": "welfare",
                "history": "sold",
                "anonymous": True,  # of networks, which no proof is of
            },
        )
        _truth(own["anonymous"], "anonymous")
        n, items = whole(own["agents"], "agents", 1), whole(own["items"], "items", 1)
        at_most_so_many(n, MAX_FOLLOWERS, "agents")
        at_most_so_many(items, MAX_FOLLOWERS, "items")
        points = whole(own["types"], "types", 2)
        units = [1] * items if own["units"] is None else own["units"]
        if not isinstance(units, list) or len(units) != items:
            raise ValueError("units must be a number for every item")
        stocks = [whole(u, "units", 1) for u in units]
        at_most_so_many(math.prod(u + 1 for u in stocks), _MAX_STOCKS, "numbers of units that may be left")
        if own["values"] is None:
            at_most_so_many(points**items, _MAX_TYPES, "types of an agent")
            steps = [Fraction(k, points - 1) for k in range(points)]
            grid = [list(row) for row in itertools.product(steps, repeat=items)]
            drawn: tuple[Values, Chances, Joint] = [grid] * n, [[Fraction(1, len(grid))] * len(grid)] * n, None
        else:
            drawn = stated_values(own["values"], n, items)
        return cls(
            *drawn,
            whole(own["messages"], "messages", 1),
            stocks,
            one_of(own["valuation"], ("unit", "additive"), "valuation") == "additive",
            None if own["prices"] == "continuous" else whole(own["prices"], "prices", 2),
            _truth(own["buy_at_tie"], "buy_at_tie"),
            _share(own["objective"]),
            one_of(own["history"], ("sold", "left"), "history") == "sold",
            stated_names(own["values"], "agents", n),
            stated_names(own["values"], "items", items),
        )

    @property
    def sizes(self) -> list[int]:
        return [self.messages] * len(self.values)

    @property
    def n_types(self) -> list[int]:
        return [len(own) for own in self.values]

    @property
    def n_type_profiles(self) -> int:
        if self.chances is None:
            return len(self.joint or ())
        return math.prod(sum(p > 0 for p in own) for own in self.chances)

    def _profiles(self) -> Iterator[tuple[Profile, Fraction]]:
        """Type profiles of positive probability, in order."""
        if self.chances is None:
            yield from self.joint or ()
            return
        possible = [[(t, p) for t, p in enumerate(own) if p] for own in self.chances]
        for row in itertools.product(*possible):
            yield tuple(t for t, _ in row), math.prod((p for _, p in row), start=Fraction(1))

    # What the rule says.

    def decided(self, rule: Entries) -> list[Decided]:
        n = len(self.values)
        at_most_so_many(self.messages**n, MAX_SITUATIONS, "message profiles")
        found: list[Decided] = []
        outcomes: dict[tuple[int, tuple[Fraction, ...], tuple[bool, ...]], list[list[int]]] = {}
        for messages in itertools.product(range(self.messages), repeat=n):
            reached: list[tuple[Sold, Profile]] = [((None,) * n, tuple(self.units))]
            seen = {self._seen(*reached[0])}
            for sold, left in reached:  # grows on the way
                if None not in sold or not any(left):
                    continue
                look_at_the_time()
                at_most_so_many(len(found), MAX_SITUATIONS, "situations that the rule can come to")
                remaining = [i for i, bundle in enumerate(sold) if bundle is None]
                when: dict[str, Json] = {"messages": list(messages), "remaining": remaining, "items": list(left)}
                if self.sold_is_seen:
                    when["sold"] = [None if bundle is None else list(bundle) for bundle in sold]
                do = rule.decide(when, ["agent", "prices"])
                agent, prices = self.offer(do, remaining)
                found.append((when, do))
                key = (agent, tuple(prices), tuple(u > 0 for u in left))
                if key not in outcomes:
                    outcomes[key] = self._bundles(agent, prices, left)
                for bundle in outcomes[key]:
                    after = (*sold[:agent], tuple(bundle), *sold[agent + 1 :])
                    rest = tuple(u - b for u, b in zip(left, bundle, strict=True))
                    if self._seen(after, rest) not in seen:
                        seen.add(self._seen(after, rest))
                        reached.append((after, rest))
        return found

    def _seen(self, sold: Sold, left: Profile) -> tuple[Sold | tuple[bool, ...], Profile]:
        """What the leader tells situations apart by."""
        return (sold, left) if self.sold_is_seen else (tuple(bundle is None for bundle in sold), left)

    def _bundles(self, agent: int, prices: Sequence[Fraction], left: Sequence[int]) -> list[list[int]]:
        """What some type of an agent takes at these prices, in the order of the game."""
        taken = {tuple(self.taken(own, prices, left)) for own in self.values[agent]}
        return [list(bundle) for bundle in sorted(taken, key=self._rank)]

    def _rank(self, bundle: Sequence[int]) -> int:
        """Place among an agent's bundles: none, item by item; or where it takes many, as a binary number."""
        if self.additive:
            return int("".join(map(str, bundle)), 2)
        return 1 + bundle.index(1) if any(bundle) else 0

    def offer(self, do: Mapping[str, Json], remaining: Sequence[int]) -> tuple[int, list[Fraction]]:
        """Whom the rule visits, and at which prices.

        Raises:
            ValueError: it cannot.
        """
        agent = whole(do["agent"], "the agent to visit", most=len(self.values) - 1)
        if agent not in remaining:
            raise ValueError(f"the rule visits agent {agent}, who is not left to visit")
        return agent, [self._price(p) for p in self._stated_prices(do)]

    def _stated_prices(self, do: Mapping[str, Json]) -> list[Fraction]:
        stated = do["prices"]
        if not isinstance(stated, list) or len(stated) != len(self.units):
            raise ValueError("prices must be a number for every item")
        return [number(p, "a price") for p in stated]

    def _price(self, stated: Fraction) -> Fraction:
        """A price of the rule, or the price of the grid that it is meant to be."""
        if not 0 <= stated <= self.highest * (1 + _TOLD):
            raise ValueError(f"a price must lie from 0 to {float(self.highest):g}")
        stated = min(stated, self.highest)
        if self.levels is None:
            return stated
        steps = stated * (self.levels - 1) / self.highest
        if abs(steps - round(steps)) > _GRID:
            raise ValueError(f"the price {float(stated):g} is not on the grid")
        return round(steps) * self.highest / (self.levels - 1)

    # What is played.

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
            look_at_the_time()
            after = dict(best)
            for left, welfare in best.items():
                for j in range(len(left)):
                    if left[j]:
                        rest = (*left[:j], left[j] - 1, *left[j + 1 :])
                        after[rest] = max(after.get(rest, Fraction(0)), welfare + own[j])
            best = after
        return max(best.values())

    def finite(self, decided: Sequence[Decided]) -> Finite:
        offers = {}
        for when, do in decided:
            messages, remaining, items = (indices(when[key], key) for key in ("messages", "remaining", "items"))
            place = (tuple(messages), str(when["sold"] if self.sold_is_seen else remaining + items))
            offers[place] = self.offer(do, remaining)
        best: dict[Profile, Fraction] = {}

        def visits(types: Profile, messages: Profile) -> tuple[Fraction, Fraction, list[Fraction]]:
            """Welfare, revenue and every agent's surplus, visit by visit."""
            left = list(self.units)
            sold: list[list[int] | None] = [None] * len(types)
            welfare, revenue, surplus = Fraction(0), Fraction(0), [Fraction(0)] * len(types)
            while None in sold and any(left):
                remaining = [i for i, bundle in enumerate(sold) if bundle is None]
                agent, prices = offers[messages, str(sold if self.sold_is_seen else remaining + left)]
                values = self.values[agent][types[agent]]
                taken = self.taken(values, prices, left)
                worth = sum((v * u for v, u in zip(values, taken, strict=True)), Fraction(0))
                paid = sum((p * u for p, u in zip(prices, taken, strict=True)), Fraction(0))
                welfare, revenue, surplus[agent] = welfare + worth, revenue + paid, worth - paid
                sold[agent], left = taken, [have - u for have, u in zip(left, taken, strict=True)]
            return welfare, revenue, surplus

        def pay(types: Profile, messages: Profile) -> tuple[Fraction, list[Fraction], Fraction]:
            if types not in best:
                best[types] = self.first_best([self.values[i][t] for i, t in enumerate(types)])
            welfare, revenue, surplus = visits(types, messages)
            return self.share * (welfare - best[types]) + (1 - self.share) * revenue, surplus, revenue

        return finite_game(self._profiles(), self.n_types, self.sizes, pay)

    # What is said about it.

    def ranges(self) -> tuple[Range, list[Range]]:
        most = self.first_best([[max(row[j] for row in own) for j in range(len(self.units))] for own in self.values])
        worth = [max(sum(row, Fraction(0)) if self.additive else max(row) for row in own) for own in self.values]
        return (-self.share * most, (1 - self.share) * most), [(Fraction(0), own) for own in worth]

    def sentence(self, decided: Decided, wording: Wording) -> str:
        when, do = decided
        messages, remaining, items = (indices(when[key], key) for key in ("messages", "remaining", "items"))
        words = []
        if self.messages > 1:
            words.append(f"after messages {', '.join(map(str, messages))}")
        gone = [i for i in range(len(self.values)) if i not in remaining]
        if gone:
            words.append(
                "with " + ", ".join(f"{self._agent(i, wording)} {self._bought(when, i, wording)}" for i in gone)
            )
        if not self.sold_is_seen and max(len(self.units), *self.units) > 1:
            words.append(f"with units {', '.join(map(str, items))} left")
        asked = [self._told(p, wording) for p, left in zip(self._stated_prices(do), items, strict=True) if left > 0]
        prices = f"{'price' if len(asked) == 1 else 'prices'} {' and '.join(asked)}"
        agent = self._agent(whole(do["agent"], "the agent to visit"), wording)
        return ", ".join([*words, f"visit {agent} at {prices}"])

    def play_sentence(self, follower: int, type_: int, probabilities: Sequence[Fraction], wording: Wording) -> str:
        worth = ", ".join(self._told(value, wording) for value in self.values[follower][type_])
        sent = named_actions([f"message {m}" for m in range(self.messages)], probabilities)
        return f"{self._agent(follower, wording)} with value {worth} sends {sent}"

    def _agent(self, agent: int, wording: Wording) -> str:
        return f"agent {agent}" if self.agents is None else wording.names(self.agents)[agent]

    def _bought(self, when: Mapping[str, Json], agent: int, wording: Wording) -> str:
        if "sold" not in when:
            return "gone"
        taken = [j for j, units in enumerate(indices(listed(when["sold"], "sold")[agent], "sold")) if units]
        if not taken:
            return "gone without buying"
        if self.items is not None:
            return f"served with {' and '.join(wording.names(self.items)[j] for j in taken)}"
        return f"served with item {' and '.join(map(str, taken))}"

    def _told(self, amount: Fraction, wording: Wording) -> str:
        return wording.number(amount, *self.told_range, 6)

    def baseline(self) -> Baseline:
        silent = Market(
            self.values,
            self.chances,
            self.joint,
            1,
            self.units,
            self.additive,
            self.levels,
            self.buy_at_tie,
            self.share,
            self.sold_is_seen,
            self.agents,
            self.items,
        )

        def fault(_: Sequence[Decided], value: Fraction) -> str | None:
            # With one message each there is nothing to choose, so that a rule earns what it earns.
            lost = total(
                p * self.first_best([own[t] for own, t in zip(self.values, row, strict=True)])
                for row, p in (silent._profiles() if self.share else ())
            )
            most = most_without_messages(silent) - self.share * lost
            if value < most - _ROUNDING * self.highest:
                return f"another rule without messages earns {float(most):.6g}"
            return None

        return Baseline("no messages: the best prices and order", silent, fault)


def agrawal(given: Json) -> Market:
    """The market of two agents and one item that is known by this name.

    Raises:
        ValueError: there is none with these parameters.
    """
    own = parameters(
        given,
        {"messages": 2, "epsilon": Fraction(1, 5), "prices": 11, "buy_at_tie": True, "objective": "welfare"},
    )
    rare = number(own.pop("epsilon"), "epsilon")
    if not 0 < rare < 1:
        raise ValueError("epsilon must lie between 0 and 1")
    values: dict[str, Json] = {
        "values": [[[Fraction(1, 2)], [1 / (2 * rare)]], [[0], [1]]],
        "probabilities": [[1 - rare, rare], [Fraction(1, 2)] * 2],
    }
    return Market.read({**own, "values": values})


def _share(objective: Json) -> Fraction:
    if type(objective) is str:
        return Fraction(one_of(objective, ("revenue", "welfare"), "objective") == "welfare")
    share = number(objective, "objective")
    if not 0 <= share <= 1:
        raise ValueError("the weight of welfare must lie from 0 to 1")
    return share


def _truth(value: Json, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value
