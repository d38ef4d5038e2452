"""An independent check of a certificate, with the standard library and exact fractions alone.

    python verify.py CERTIFICATE        exit status: 0 confirmed, 1 refuted, 2 unreadable

Nothing else of firstmover is imported, no solver and no floating-point arithmetic is used. A certificate carries a
rule, the finite game that the rule leaves its followers, their play, and for every interval and each of its ends a
proof: a point of the equilibrium set that reaches the end, and multipliers that show that no point goes beyond.

- The game is derived again from the rule and the parameters, where the family of games is known here.
- The play's regrets, its value, welfare and revenue are computed again.
- A point proves its end reachable if it satisfies every constraint of the set exactly.
- Multipliers m >= 0 prove a least value by weak duality: for every distribution p in the set,
      E_p[leader]  >=  E_p[leader + sum m * gain] - sum m * limit  >=  min over plays of (...) - sum m * limit,
  where gain(i, t, a) is what follower i of type t gains by switching to action a, and its limit is epsilon times the
  probability of t. A greatest value is minus the least one of minus the payoff.
- A number that is shown must be the nearest float to the fraction that is proved.

The sets: `bcce` (and `cce`, without private types) holds a distribution over action profiles for every type profile;
`anf_cce` a distribution over profiles of type -> action maps. Sources: Brero et al., "Stackelberg POMDP", definitions
3.2 and 3.3; weak duality of linear programs.
"""

import itertools
import json
import math
import re
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

MAX_MAPS = 200_000  # profiles of maps, of all followers but one, that are gone through
MAX_SLACK = Fraction(1, 10**9)  # of the leader's payoff range, that may be left between the two proofs of an end
_TIE = Fraction(5, 10**7)  # `sequential-price`: surpluses this close, in units of the largest value, are equal
_SUM = Fraction(1, 10**6)  # how far from 1 the sum of given probabilities may be
_GRID = Fraction(1, 10**6)  # `sequential-price`: a price this close to one of the grid, in steps, is meant to be it
# A bounded exponent: the fraction of a small file must not fill the memory.
_NUMBER = re.compile(r"-?\d+(/\d+|(\.\d+)?([eE][-+]?\d{1,3})?)")

Multipliers = Mapping[tuple[int, int, int], Fraction]  # by follower, type, and action switched to
Joint = Sequence[Mapping[int, Fraction]]  # for every type profile, the probabilities of action profiles


def fraction(value: Any) -> Fraction:
    """A number of the file: whole, a decimal, or a string `numerator/denominator`.

    Raises:
        UnreadableError: it is none of these.
    """
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise UnreadableError(f"{value[:40]!r} is not a number.")
    return Fraction(value)


class UnreadableError(ValueError):
    """The file is not a certificate that can be checked; the message is a sentence for the user."""


class Claim(NamedTuple):
    """One thing that a certificate states, and what came of checking it."""

    claim: str
    verdict: str  # confirmed, refuted or unchecked
    why: str


@dataclass(frozen=True)
class Finite:
    """The followers' game under a rule; tables are indexed [type profile][action profile], the last action fastest.

    Attributes:
        types: type profiles of positive probability.
        probabilities: theirs.
        allowed: for each follower and type, the actions that it may take.
        sizes: number of actions of each follower.
        leader: the leader's payoffs.
        followers: each follower's.
        revenue: what the leader receives less what it pays, or None where the game knows no money.
    """

    types: list[tuple[int, ...]]
    probabilities: list[Fraction]
    allowed: list[list[list[int]]]
    sizes: list[int]
    leader: list[list[Fraction]]
    followers: list[list[list[Fraction]]]
    revenue: list[list[Fraction]] | None = None

    def switched(self, profile: int, i: int, action: int) -> int:
        """The action profile in which follower i plays this action instead."""
        stride = math.prod(self.sizes[i + 1 :])
        return profile + (action - profile // stride % self.sizes[i]) * stride

    def profile(self, actions: Sequence[int]) -> int:
        """Position of an action profile; the actions must be allowed somewhere."""
        position = 0
        for action, size in zip(actions, self.sizes, strict=True):
            position = position * size + action
        return position

    def pairs(self) -> list[tuple[int, int]]:
        """Every (follower, type) of positive probability, in order."""
        return sorted({(i, t) for row in self.types for i, t in enumerate(row)})

    def profiles(self, row: int) -> list[int]:
        """Positions of the action profiles that this type profile allows."""
        own = [self.allowed[i][t] for i, t in enumerate(self.types[row])]
        return [self.profile(actions) for actions in itertools.product(*own)]


# What is proved about a finite game.


def weight(game: Finite, i: int, t: int) -> Fraction:
    """Probability that follower i has type t."""
    return sum((p for row, p in zip(game.types, game.probabilities, strict=True) if row[i] == t), Fraction(0))


def gains(game: Finite, joint: Joint) -> dict[tuple[int, int, int], Fraction]:
    """What every follower of every type gains by an action in place of its play, times the type's probability."""
    found = {(i, t, a): Fraction(0) for i, t in game.pairs() for a in game.allowed[i][t]}
    for row, (types, chance) in enumerate(zip(game.types, game.probabilities, strict=True)):
        for profile, p in joint[row].items():
            for i, t in enumerate(types):
                own = game.followers[i][row]
                for a in game.allowed[i][t]:
                    found[i, t, a] += chance * p * (own[game.switched(profile, i, a)] - own[profile])
    return found


def regrets(game: Finite, joint: Joint) -> dict[tuple[int, int], Fraction]:
    """The most that every follower of every type gains by one action in place of its play, given its type."""
    found: dict[tuple[int, int], Fraction] = {}
    for (i, t, _), gain in gains(game, joint).items():
        gain /= weight(game, i, t)
        found[i, t] = max(found.get((i, t), gain), gain)
    return found


def expected(game: Finite, payoffs: Sequence[Sequence[Fraction]], joint: Joint) -> Fraction:
    """Expected payoff when this is played."""
    return sum(
        (
            chance * p * payoffs[row][profile]
            for row, chance in enumerate(game.probabilities)
            for profile, p in joint[row].items()
        ),
        Fraction(0),
    )


def bound(game: Finite, which: str, sense: str, epsilon: Fraction, multipliers: Multipliers) -> Fraction:
    """What the multipliers prove: a bound that no point of the set goes beyond, below or above as `sense` says."""
    sign = 1 if sense == "least" else -1
    lagrangian = []
    for row, (types, chance) in enumerate(zip(game.types, game.probabilities, strict=True)):
        own = [
            (i, a, multipliers[i, t, a])
            for i, t in enumerate(types)
            for a in game.allowed[i][t]
            if multipliers.get((i, t, a))
        ]
        lagrangian.append(
            {
                profile: chance
                * (
                    sign * game.leader[row][profile]
                    + sum(
                        m * (game.followers[i][row][game.switched(profile, i, a)] - game.followers[i][row][profile])
                        for i, a, m in own
                    )
                )
                for profile in game.profiles(row)
            }
        )
    limit = sum((m * epsilon * weight(game, i, t) for (i, t, _), m in multipliers.items()), Fraction(0))
    if which == "anf_cce":
        least = _least_over_maps(game, lagrangian)
    else:
        least = sum((min(payoffs.values()) for payoffs in lagrangian), Fraction(0))
    return sign * (least - limit)


def maps_to_go_through(game: Finite) -> tuple[int, int]:
    """The follower with the most maps, which is left out, and the number of profiles of the others' maps."""
    counts = [math.prod(len(game.allowed[j][t]) for j, t in game.pairs() if j == i) for i in range(len(game.sizes))]
    last = max(range(len(counts)), key=counts.__getitem__)
    return last, math.prod(counts) // counts[last]


def _least_over_maps(game: Finite, payoffs: list[dict[int, Fraction]]) -> Fraction:
    """The least total payoff over profiles of type -> action maps: the last follower's part is a minimum per type."""
    last, count = maps_to_go_through(game)
    if count > MAX_MAPS:
        raise UnreadableError(f"{count} profiles of maps are more than the {MAX_MAPS} that are gone through.")
    # Whole numbers over one common denominator are faster than fractions.
    scale = math.lcm(*(p.denominator for row in payoffs for p in row.values()))
    whole = [{k: int(p * scale) for k, p in row.items()} for row in payoffs]
    others = [(i, t) for i, t in game.pairs() if i != last]
    rows_of = {t: [r for r, types in enumerate(game.types) if types[last] == t] for i, t in game.pairs() if i == last}
    best = None
    for choice in itertools.product(*(game.allowed[i][t] for i, t in others)):
        played = dict(zip(others, choice, strict=True))
        base = [game.profile([0 if i == last else played[i, t] for i, t in enumerate(types)]) for types in game.types]
        total = sum(
            min(sum(whole[r][game.switched(base[r], last, a)] for r in rows) for a in game.allowed[last][t])
            for t, rows in rows_of.items()
        )
        best = total if best is None else min(best, total)
    assert best is not None
    return Fraction(best, scale)


def joint_of_point(game: Finite, which: str, point: Sequence[tuple[Sequence[int], Fraction]]) -> Joint:
    """The play of a point of a set: weighted columns [type profile, actions...], or for `anf_cce` one action a pair.

    Raises:
        ValueError: weights are negative or do not sum to 1, or an action is not allowed.
    """
    joint: list[dict[int, Fraction]] = [{} for _ in game.types]

    def add(row: int, actions: Sequence[int], p: Fraction) -> None:
        if any(a not in game.allowed[i][t] for (i, t), a in zip(enumerate(game.types[row]), actions, strict=True)):
            raise ValueError("its point plays an action that is not allowed")
        profile = game.profile(actions)
        joint[row][profile] = joint[row].get(profile, Fraction(0)) + p

    if any(p < 0 for _, p in point):
        raise ValueError("its point has a negative probability")
    pairs = game.pairs()
    for column, p in point:
        if which == "anf_cce":
            played = dict(zip(pairs, column, strict=True))
            for row, types in enumerate(game.types):
                add(row, [played[i, t] for i, t in enumerate(types)], p)
        else:
            if column[0] not in range(len(game.types)):
                raise ValueError("its point names a type profile that there is not")
            add(column[0], column[1:], p)
    if any(sum(play.values()) != 1 for play in joint):
        raise ValueError("the probabilities of its point do not sum to 1")
    return joint


# Games derived again from a rule and its parameters.


def matches(condition: Mapping[str, Any], situation: Mapping[str, Any]) -> bool:
    """Whether an entry's `when` holds in a situation: what is left out, and null, match anything."""

    def fits(wanted: Any, there: Any) -> bool:
        if isinstance(wanted, list | tuple) and isinstance(there, list | tuple) and len(wanted) == len(there):
            return all(fits(w, t) for w, t in zip(wanted, there, strict=True))
        return wanted is None or wanted == there

    return all(key in situation and fits(wanted, situation[key]) for key, wanted in condition.items())


def derive(content: Mapping[str, Any]) -> Finite | None:
    """The followers' game from a rule file's content, or None where the family of games is not known here.

    Raises:
        ValueError: the rule does not fit the game.
        KeyError, TypeError, IndexError: the content is malformed.
    """
    family = _FAMILIES.get(content["game"])
    return None if family is None else family(content["parameters"], content["rule"])


def _decide(rule: Sequence[Mapping[str, Any]], situation: Mapping[str, Any]) -> Mapping[str, Any]:
    for entry in rule:
        if matches(entry.get("when", {}), situation):
            do: Mapping[str, Any] = entry["do"]
            return do
    raise ValueError(f"the rule says nothing for {dict(situation)}")


def _finite(
    types: Iterator[tuple[tuple[int, ...], Fraction]],
    n_types: Sequence[int],
    sizes: Sequence[int],
    pay: Callable[[tuple[int, ...], tuple[int, ...]], tuple[Fraction, list[Fraction], Fraction | None]],
) -> Finite:
    """A game from what it pays (leader, followers, revenue) at every type and action profile."""
    support = [(row, p) for row, p in types if p > 0]
    paid = [[pay(row, actions) for actions in itertools.product(*map(range, sizes))] for row, _ in support]
    revenue = [[p[2] for p in row if p[2] is not None] for row in paid]  # nothing where the game knows no money
    return Finite(
        [row for row, _ in support],
        [p for _, p in support],
        [[list(range(size))] * n for n, size in zip(n_types, sizes, strict=True)],
        list(sizes),
        [[p[0] for p in row] for row in paid],
        [[[p[1][i] for p in row] for row in paid] for i in range(len(sizes))],
        revenue if all(revenue) else None,
    )


def _at(table: Any, actions: Sequence[int]) -> Fraction:
    for a in actions:
        table = table[a]
    return fraction(table)


def _shape(table: Any) -> list[int]:
    return [len(table), *_shape(table[0])] if isinstance(table, list) else []


def _mixture(do: Mapping[str, Any], size: int) -> list[Fraction]:
    """The leader's mixture, summing to 1 exactly; one action is a mixture too."""
    if "action" in do:
        return [Fraction(k == do["action"]) for k in range(size)]
    return _distribution(do["mixture"], size, "the mixture")


def _distribution(given: Sequence[Any], size: int, what: str) -> list[Fraction]:
    """Probabilities whose sum is within 1e-6 of 1, divided by their exact sum: as the game reads them.

    Raises:
        ValueError: they are not so many, one is negative, or the sum is farther from 1.
    """
    weights = [fraction(p) for p in given]
    total = sum(weights, Fraction(0))
    if len(weights) != size or min(weights, default=Fraction(-1)) < 0 or abs(total - 1) > _SUM:
        raise ValueError(f"{what} is not a distribution over {size}")
    return [p / total for p in weights]


def _normal_form(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    leader, followers = parameters["leader_payoffs"], parameters["follower_payoffs"]
    rows, *sizes = _shape(leader)
    tables = [followers] if len(sizes) == 1 and len(_shape(followers)) == 2 else followers
    mixture = _mixture(_decide(rule, {}), rows)

    def mixed(table: Any, actions: tuple[int, ...]) -> Fraction:
        return sum((p * _at(table[k], actions) for k, p in enumerate(mixture) if p), Fraction(0))

    return _finite(
        iter([((0,) * len(sizes), Fraction(1))]),
        [1] * len(sizes),
        sizes,
        lambda types, actions: (mixed(leader, actions), [mixed(table, actions) for table in tables], None),
    )


def _published(table: list[list[tuple[int, int]]]) -> Callable[..., Finite]:
    """A two-player game whose payoffs are known by its name."""
    leader, follower = ([[pair[k] for pair in row] for row in table] for k in (0, 1))
    return lambda parameters, rule: _normal_form({"leader_payoffs": leader, "follower_payoffs": follower}, rule)


def _bayesian_normal_form(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    """A normal-form game for each type of the follower, whose profiles are put together."""
    leader, follower = parameters["leader_payoffs"], parameters["follower_payoffs"]
    games = [
        _normal_form({"leader_payoffs": a, "follower_payoffs": b}, rule) for a, b in zip(leader, follower, strict=True)
    ]
    prior = _distribution(parameters["prior"], len(games), "the prior")
    support = [(t, p) for t, p in enumerate(prior) if p]
    (size,) = games[0].sizes
    return Finite(
        [(t,) for t, _ in support],
        [p for _, p in support],
        [[list(range(size))] * len(games)],
        [size],
        [games[t].leader[0] for t, _ in support],
        [[games[t].followers[0][0] for t, _ in support]],
    )


def _security(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    targets, resources = parameters["targets"], fraction(parameters["resources"])
    coverage = [fraction(c) for c in _decide(rule, {})["coverage"]]
    if any(not 0 <= c <= 1 for c in coverage) or sum(coverage) > resources + _GRID:
        raise ValueError("the coverage is not in [0, 1] for every target, or uses too many resources")
    scale = resources / max(sum(coverage), resources)

    def expected_payoffs(side: str) -> list[Fraction]:
        tables = targets[f"{side}_covered"], targets[f"{side}_uncovered"]
        return [
            fraction(uncovered) + c * scale * (fraction(covered) - fraction(uncovered))
            for c, covered, uncovered in zip(coverage, *tables, strict=True)
        ]

    leader, attacker = expected_payoffs("defender"), expected_payoffs("attacker")
    return _finite(
        iter([((0,), Fraction(1))]), [1], [len(coverage)], lambda types, a: (leader[a[0]], [attacker[a[0]]], None)
    )


def _simple_allocation(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    items, messages = parameters["items"], parameters["messages"]
    given = [_decide(rule, {"message": m})["item"] for m in range(messages)]

    def pay(types: tuple[int, ...], actions: tuple[int, ...]) -> tuple[Fraction, list[Fraction], None]:
        served = Fraction(given[actions[0]] == types[0])
        return served, [served], None

    prior = _distribution(parameters["prior"], items, "the prior")
    return _finite((((t,), p) for t, p in enumerate(prior)), [items], [messages], pay)


def _matrix_design(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    payoffs, most, aim = parameters["payoffs"], parameters["max_payment"], parameters["objective"]
    n, *sizes = _shape(payoffs)

    def pay(types: tuple[int, ...], actions: tuple[int, ...]) -> tuple[Fraction, list[Fraction], Fraction]:
        if parameters["rule"] == "tau":
            tau = _decide(rule, {})["tau"]
            paid = [Fraction(tau) * (actions == (i,) * n) for i in range(n)]
        else:
            paid = [fraction(p) for p in _decide(rule, {"actions": list(actions)})["payments"]]
        if len(paid) != n or any(not 0 <= p <= most for p in paid):
            raise ValueError(f"payments must be {n} numbers from 0 to {most}")
        base = [_at(table, actions) for table in payoffs]
        leader = Fraction(aim == "different" and len(set(actions)) > 1)
        if aim.startswith("welfare"):
            leader = sum(base, Fraction(0))
        if aim.endswith("minus-payments"):
            leader -= sum(paid)
        return leader, [u + p for u, p in zip(base, paid, strict=True)], -sum(paid, Fraction(0))

    return _finite(iter([((0,) * n, Fraction(1))]), [1] * n, sizes, pay)


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
            do = _decide(self.rule, situation | ({"sold": list(sold)} if self.sold_is_seen else {}))
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
        if abs(steps - round(steps)) > _GRID:
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


def _sequential_price(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    n, items, given = parameters["agents"], parameters["items"], parameters["values"]
    if given is None:
        points = parameters["types"]
        grid = [list(own) for own in itertools.product([Fraction(k, points - 1) for k in range(points)], repeat=items)]
        values, marginals = [grid] * n, [[Fraction(1, len(grid))] * len(grid)] * n
    elif "values" in given:
        values = [[[fraction(v) for v in own] for own in table] for table in given["values"]]
        marginals = [
            _distribution(own, len(table), "the values of an agent")
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
        drawn = _distribution(given["probabilities"], len(realised), "the realisations")
        for row, p in zip(realised, drawn, strict=True):
            chances[tuple(values[i].index(row[i]) for i in range(n))] += fraction(p)
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

    return _finite(iter(chances.items()), [len(table) for table in values], [parameters["messages"]] * n, pay)


def _agrawal(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
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
    return _sequential_price({**parameters, **market}, rule)


_FAMILIES: dict[str, Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], Finite]] = {
    "normal-form": _normal_form,
    "escape": _published([[(15, 15), (10, 10), (0, 0)], [(10, 10), (10, 10), (0, 0)], [(0, 0), (0, 0), (30, 30)]]),
    "maintain": _published([[(20, 15), (0, 0), (0, 0)], [(30, 0), (10, 5), (0, 0)], [(0, 0), (0, 0), (5, 10)]]),
    "bayesian-normal-form": _bayesian_normal_form,
    "security": _security,
    "simple-allocation": _simple_allocation,
    "matrix-design": _matrix_design,
    "sequential-price": _sequential_price,
    "agrawal": _agrawal,
}


# What a certificate states.


def read(content: str) -> dict[str, Any]:
    """A certificate from its text; decimals are read as the fractions that they are.

    Raises:
        UnreadableError: it is not JSON, or not an object.
    """

    def refuse(word: str) -> None:
        raise ValueError(word)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key stands twice in an object")
        return dict(pairs)

    try:
        value = json.loads(content, parse_float=fraction, parse_constant=refuse, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise UnreadableError("the certificate is not JSON with finite numbers and no key twice.") from None
    if not isinstance(value, dict):
        raise UnreadableError("the certificate is not a JSON object.")
    return value


def game_of(stored: Mapping[str, Any]) -> Finite:
    """The finite game as a certificate carries it."""

    def fractions(table: Any) -> list[list[Fraction]]:
        return [[fraction(p) for p in row] for row in table]

    return Finite(
        [tuple(row) for row in stored["types"]],
        [fraction(p) for p in stored["probabilities"]],
        stored["allowed"],
        stored["sizes"],
        fractions(stored["leader"]),
        [fractions(table) for table in stored["followers"]],
        None if stored["revenue"] is None else fractions(stored["revenue"]),
    )


def joint_of_play(game: Finite, play: Mapping[str, Any]) -> Joint:
    """What is played, from strategies by type, or from the distribution at every type profile.

    Raises:
        ValueError: it is not a play of this game.
    """
    if "joint" in play:
        return joint_of_point(game, "bcce", [(column, fraction(p)) for column, p in play["joint"]])
    tables = [[[fraction(p) for p in row] for row in table] for table in play["strategies"]]
    point = []
    for row, types in enumerate(game.types):
        for actions in itertools.product(*map(range, game.sizes)):
            p = math.prod(
                (tables[i][t][a] for i, (t, a) in enumerate(zip(types, actions, strict=True))), start=Fraction(1)
            )
            if p:
                point.append(((row, *actions), p))
    return joint_of_point(game, "bcce", point)


def check(certificate: Mapping[str, Any]) -> list[Claim]:
    """Every claim of a certificate, confirmed or refuted.

    Raises:
        UnreadableError: it carries no proof, or is malformed.
    """
    try:
        if certificate["proof"] is None:
            raise UnreadableError(f"the certificate carries no proof: {certificate['reason']}.")
        return list(_claims(certificate))
    except UnreadableError:
        raise
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, ArithmeticError) as error:
        raise UnreadableError(f"the certificate is malformed ({type(error).__name__}: {error}).") from None


def _claims(certificate: Mapping[str, Any]) -> Iterator[Claim]:
    proof = certificate["proof"]
    game = yield from _game_claims("the game", certificate, proof["induced"])
    if game is None:
        return
    try:
        joint = joint_of_play(game, proof["play"])
    except ValueError as why:
        yield Claim("the play", "refuted", str(why))
        return
    yield from _play_claims(certificate, game, joint)
    intervals = {(part["set"], fraction(part["epsilon"])): part for part in proof["intervals"]}
    for key, epsilon in (("leader_value_bounds", Fraction(0)), ("leader_value_bounds_at_epsilon", None)):
        at = fraction(certificate["bounds_epsilon"]) if epsilon is None else epsilon
        for which, shown in (certificate[key] or {}).items():
            claim = f"the value over {which} at epsilon {float(at):.6g}"
            yield _interval_claim(claim, game, which, at, shown, intervals.get((which, at)))
    yield from _baseline_claims(certificate["baseline"], certificate["gain"], certificate["value"])


def _game_claims(
    claim: str, rule: Mapping[str, Any], induced: Mapping[str, Any]
) -> Generator[Claim, None, Finite | None]:
    """The stored game is a game, and is what the rule and the parameters lead to.

    Returns:
        The stored game; None if it is none, so that nothing can be computed from it.
    """
    game = game_of(induced)
    profiles = math.prod(game.sizes)
    tables = [game.leader, *game.followers, *([] if game.revenue is None else [game.revenue])]
    sound = (
        abs(sum(game.probabilities, Fraction(-1))) <= Fraction(1, 10**6)
        and all(p > 0 for p in game.probabilities)
        and len(set(game.types)) == len(game.types) == len(game.probabilities)
        and all(len(table) == len(game.types) and all(len(row) == profiles for row in table) for table in tables)
        and len(game.followers) == len(game.sizes) == len(game.allowed)
        and all(len(row) == len(game.sizes) for row in game.types)
        and all(
            t in range(len(game.allowed[i]))
            and game.allowed[i][t]
            and all(a in range(size) for a in game.allowed[i][t])
            for row in game.types
            for i, (t, size) in enumerate(zip(row, game.sizes, strict=True))
        )
    )
    if not sound:
        yield Claim(claim, "refuted", "its tables do not fit together, or its probabilities are none")
        return None
    try:
        derived = derive(rule)
    except ValueError as why:
        yield Claim(claim, "refuted", str(why))
        return game
    if derived is None:
        yield Claim(claim, "unchecked", f"{rule['game']!r} is not known here, so its link to the rule is not checked")
    elif derived == game:
        yield Claim(claim, "confirmed", "derived again from the rule and the parameters")
    else:
        yield Claim(claim, "refuted", "it is not what the rule and the parameters lead to")
    return game


def _play_claims(certificate: Mapping[str, Any], game: Finite, joint: Joint) -> Iterator[Claim]:
    """Epsilon, by follower and type, and the value, welfare and revenue under the play."""
    found, stated = regrets(game, joint), certificate["epsilon"]
    yield _shown("the largest epsilon", stated["max"], max(Fraction(0), *found.values()))
    for i, row in enumerate(stated["by_follower"]):
        for t, shown in enumerate(row):
            yield _shown(f"epsilon of follower {i}, type {t}", shown, found.pop((i, t), None))
    if found:
        yield Claim("epsilon", "refuted", f"it is missing for {sorted(found)}")
    yield _shown("the value", certificate["value"], expected(game, game.leader, joint))
    revenue = None if game.revenue is None else expected(game, game.revenue, joint)
    total = sum((expected(game, table, joint) for table in game.followers), Fraction(0))
    yield _shown("welfare", certificate["welfare"], total + (revenue or 0))
    yield _shown("revenue", certificate["revenue"], revenue)


def _shown(claim: str, shown: Any, proved: Fraction | None) -> Claim:
    """A number as it is shown is the float next to what is proved."""
    if (shown is None) != (proved is None) or (proved is not None and float(shown) != float(proved)):
        return Claim(claim, "refuted", f"it is {_number(proved)}, not {_number(shown)}")
    return Claim(claim, "confirmed", _number(proved))


def _number(value: Any) -> str:
    return "none" if value is None else f"{float(value):.12g}"


def _interval_claim(
    claim: str, game: Finite, which: str, epsilon: Fraction, shown: Sequence[Any], part: Mapping[str, Any] | None
) -> Claim:
    if part is None:
        return Claim(claim, "refuted", "there is no proof of it")
    if which not in ("cce", "bcce", "anf_cce") or (which == "cce" and len(game.types) > 1) or epsilon < 0:
        return Claim(claim, "refuted", "there is no such set in this game")
    for sense, number in zip(("least", "greatest"), shown, strict=True):
        why = why_not_end(game, which, sense, epsilon, part[sense])
        if why is None and float(number) != float(fraction(part[sense]["value"])):
            why = f"{_number(Fraction(part[sense]['value']))} is proved, {_number(number)} is shown"
        if why is not None:
            return Claim(claim, "refuted", f"its {sense} end: {why}")
    return Claim(claim, "confirmed", f"[{part['least']['value']}, {part['greatest']['value']}]")


def why_not_end(game: Finite, which: str, sense: str, epsilon: Fraction, end: Mapping[str, Any]) -> str | None:
    """Why an end of an interval is not proved, or None if it is: both proofs hold, and meet."""
    value, slack = fraction(end["value"]), fraction(end["slack"])
    spread = max(map(max, game.leader)) - min(map(min, game.leader))
    if not 0 <= slack <= MAX_SLACK * spread:
        return "its slack is negative or too wide"
    multipliers = {(i, t, a): fraction(m) for (i, t, a), m in end["multipliers"]}
    pairs = set(game.pairs())
    if any(m < 0 or (i, t) not in pairs or a not in game.allowed[i][t] for (i, t, a), m in multipliers.items()):
        return "a multiplier is negative, or names a deviation that there is not"
    try:
        joint = joint_of_point(game, which, [(column, fraction(p)) for column, p in end["point"]])
    except ValueError as why:
        return str(why)
    for (i, t, a), gain in gains(game, joint).items():
        if gain > epsilon * weight(game, i, t):
            return f"its point is not in the set: follower {i} of type {t} gains by action {a}"
    sign = 1 if sense == "least" else -1
    reached, proved = expected(game, game.leader, joint), bound(game, which, sense, epsilon, multipliers)
    if sign * (proved - value) < 0:
        return f"the multipliers prove {_number(proved)} only"
    if sign * (value + sign * slack - reached) < 0:
        return f"its point reaches {_number(reached)} only"
    return None


def _baseline_claims(baseline: Mapping[str, Any], gain: Any, value: Any) -> Iterator[Claim]:
    """The baseline's value is the greatest over a set of its own game, and the gain is the difference."""
    if baseline["value"] is None:
        yield _shown("the gain over the baseline", gain, None)
        return
    if baseline["proof"] is None:
        yield Claim("the value of the baseline", "unchecked", "it carries no proof")
    else:
        part = baseline["proof"]
        game = yield from _game_claims("the baseline's game", part, part["induced"])
        if game is None:
            return
        why = why_not_end(game, part["set"], "greatest", Fraction(0), part["greatest"])
        if why is None:
            yield _shown("the value of the baseline", baseline["value"], fraction(part["greatest"]["value"]))
        else:
            yield Claim("the value of the baseline", "refuted", why)
    yield _shown("the gain over the baseline", gain, Fraction(float(value)) - Fraction(float(baseline["value"])))


def verify(path: str | Path) -> list[Claim]:
    """Check a certificate file.

    Raises:
        UnreadableError: it cannot be read, is not a certificate, or carries no proof.
    """
    try:
        content = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableError(f"cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"{path} is not a text file in UTF-8.") from None
    return check(read(content))


def verdict(claims: Sequence[Claim]) -> str:
    """Refuted if one claim is, else confirmed: of what is unchecked nothing is said."""
    return "refuted" if any(claim.verdict == "refuted" for claim in claims) else "confirmed"


def main() -> int:
    """Check the certificate named on the command line; returns the exit status."""
    if len(sys.argv) != 2:
        print("usage: python verify.py CERTIFICATE", file=sys.stderr)
        return 2
    try:
        claims = verify(sys.argv[1])
    except UnreadableError as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    for claim in claims:
        print(f"{claim.verdict:10} {claim.claim}: {claim.why}")
    return int(verdict(claims) == "refuted")


if __name__ == "__main__":
    sys.exit(main())
