"""The best prices without messages, by counts of agents alike, against sets of agents and all profiles in fractions."""

import functools
import itertools
import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest

from firstmover.equilibria.first_best import expected_first_best
from firstmover.errors import InputError
from firstmover.games import SequentialPrice
from firstmover.jobs.solutions import solve
from firstmover.rules.rule import Rule
from firstmover.solvers.messages.informed import best_informed

GRID = [Fraction(0), Fraction(1, 2), Fraction(1)]


def _first_best_of(rows: tuple[tuple[Fraction, ...], ...], units: tuple[int, ...]) -> Fraction:
    """The best assignment of one profile, by trying whom each agent gets an item from, or none."""
    choices = itertools.product(range(-1, len(units)), repeat=len(rows))
    return max(
        sum((row[j] for row, j in zip(rows, chosen, strict=True) if j >= 0), Fraction(0))
        for chosen in choices
        if all(chosen.count(j) <= unit for j, unit in enumerate(units))
    )


def _mean_first_best(n: int, units: tuple[int, ...]) -> Fraction:
    types = list(itertools.product(GRID, repeat=len(units)))
    total = sum(_first_best_of(rows, units) for rows in itertools.product(types, repeat=n))
    return total / Fraction(len(types)) ** n


def _welfare_without_messages(n: int, units: tuple[int, ...], prices: int) -> Fraction:
    """The most welfare of one price vector per agent in turn: agents are alike, so their order does not matter."""
    types = list(itertools.product(GRID, repeat=len(units)))
    levels = [Fraction(k, prices - 1) for k in range(prices)]

    @functools.cache
    def best(agents: int, left: tuple[int, ...]) -> Fraction:
        if not agents:
            return Fraction(0)
        return max(
            sum(after(row, offer, agents, left) for row in types) / len(types)
            for offer in itertools.product(levels, repeat=len(units))
        )

    def after(row: tuple[Fraction, ...], offer: tuple[Fraction, ...], agents: int, left: tuple[int, ...]) -> Fraction:
        gains = [(row[j] - offer[j], -j) for j in range(len(units)) if left[j] and row[j] >= offer[j]]
        if not gains:
            return best(agents - 1, left)
        taken = -max(gains)[1]
        return row[taken] + best(agents - 1, tuple(unit - (j == taken) for j, unit in enumerate(left)))

    return best(n, units)


@pytest.mark.parametrize(("n", "units"), [(2, (1, 1)), (3, (1, 1)), (4, (2,)), (3, (2, 1))])
def test_no_messages_against_all_profiles_and_all_prices(n: int, units: tuple[int, ...]) -> None:
    loss = _mean_first_best(n, units) - _welfare_without_messages(n, units, 5)
    game = SequentialPrice(agents=n, items=len(units), units=units, messages=1, prices=5)
    found = solve(game)
    assert Fraction(found.details()["optimum_fraction"]) == -loss
    assert found.value == pytest.approx(-float(loss), abs=1e-12)


# Published with the issue of larger markets; the smaller ones above are derived by other code.
@pytest.mark.parametrize(
    ("n", "units", "loss"),
    [(4, (1, 1), "785/6561"), (6, (1, 1, 1), "12325139/86093442"), (12, (4,), "19174/177147")],
)
def test_larger_markets(n: int, units: tuple[int, ...], loss: str) -> None:
    game = SequentialPrice(agents=n, items=len(units), units=units, messages=1, prices=5)
    assert solve(game).details()["optimum_fraction"] == f"-{loss}"


class _Solved(NamedTuple):
    n: int
    value: float


def _first_best(n: int) -> Fraction:
    types = np.array(list(itertools.product(GRID, repeat=4)), object)
    chances = np.array([Fraction(1, len(types))] * len(types), object)
    return expected_first_best([types] * n, [chances] * n, (1,) * 4, additive=False)


def test_a_market_whose_observations_are_no_table_has_its_optimum_and_a_rule() -> None:
    game = SequentialPrice(agents=8, items=4, messages=1, prices=5)
    found = solve(game)
    assert game.n_observations > 200_000 and found.rule is not None
    smaller = solve(SequentialPrice(agents=7, items=4, messages=1, prices=5))
    welfare = [own.value + float(_first_best(own.n)) for own in (_Solved(8, found.value), _Solved(7, smaller.value))]
    assert welfare[1] < welfare[0] < float(_first_best(8))
    assert len(found.rule) < 200


def test_the_rule_of_counts_is_the_rule_of_the_table() -> None:
    game = SequentialPrice(agents=4, items=2, messages=1, prices=5, history="left")
    found = solve(game)
    assert found.rule is not None
    again = solve(SequentialPrice(agents=4, items=2, messages=1, prices=5))
    assert found.details()["optimum_fraction"] == again.details()["optimum_fraction"]
    rule = Rule.read(game, found.rule)
    assert _value_of(rule) == pytest.approx(found.value, abs=1e-6)


def _value_of(rule: Rule) -> float:
    """What the rule earns over all type profiles, visit by visit in plain Python."""
    game = rule.game
    total, types = 0.0, list(itertools.product([0.0, 0.5, 1.0], repeat=2))
    for rows in itertools.product(types, repeat=4):
        left, visited, welfare = [1, 1], [0] * 4, 0.0
        while any(left) and not all(visited):
            agent, *prices = rule([*(0,) * 4, *visited, *left])
            agent, visited[int(agent)] = int(agent), 1
            gains = [(rows[agent][j] - p, -j) for j, p in enumerate(prices) if left[j] and rows[agent][j] >= p]
            if gains:
                taken = -max(gains)[1]
                left[taken] -= 1
                welfare += rows[agent][taken]
        exact = tuple(tuple(map(Fraction, row)) for row in rows)
        total += welfare - float(_assigned(exact))
    assert game.n_followers == 4
    return total / len(types) ** 4


@functools.cache
def _assigned(rows: tuple[tuple[Fraction, ...], ...]) -> Fraction:
    return max(a[0] + b[1] for a, b in itertools.permutations(rows, 2))


@pytest.mark.parametrize(("n", "units"), [(3, (1, 1)), (4, (2, 1)), (2, (1, 1, 1))])
def test_the_first_best_of_many_is_the_mean_over_all_profiles(n: int, units: tuple[int, ...]) -> None:
    types = np.array(list(itertools.product(GRID, repeat=len(units))), object)
    chances = np.array([Fraction(1, len(types))] * len(types), object)
    found = expected_first_best([types] * n, [chances] * n, units, additive=False)
    assert found == _mean_first_best(n, units)


def test_the_first_best_of_additive_agents_is_that_of_each_item() -> None:
    own = np.array([[Fraction(0), Fraction(3)], [Fraction(1), Fraction(1)]], object)
    chances = np.array([Fraction(1, 3), Fraction(2, 3)], object)
    pairs = itertools.product(range(2), repeat=2)
    expected = sum(
        math.prod((chances[s], chances[t])) * (max(own[s, 0], own[t, 0]) + own[s, 1] + own[t, 1]) for s, t in pairs
    )
    assert expected_first_best([own] * 2, [chances] * 2, (1, 2), additive=True) == expected


# The information relaxation.


def _informed(types: int, levels: int) -> Fraction:
    """Of two agents and an item: every way of telling with two messages, every order and prices for what is told."""
    grid, prices = ([Fraction(k, points - 1) for k in range(points)] for points in (types, levels))

    def earned(first: list[Fraction], second: list[Fraction], own: Fraction, other: Fraction) -> Fraction:
        pairs = itertools.product(first, second)  # the probability of each pair is the same
        return sum((v if v >= own else w if w >= other else Fraction(0) for v, w in pairs), Fraction(0))

    def told(one: tuple[int, ...], two: tuple[int, ...]) -> Fraction:
        total = Fraction(0)
        for m, k in itertools.product((0, 1), repeat=2):
            cells = [[v for v, t in zip(grid, way, strict=True) if t == cell] for way, cell in ((one, m), (two, k))]
            offers = itertools.product((cells, cells[::-1]), prices, prices)
            total += max(earned(*order, p, q) for order, p, q in offers)
        return total

    ways = list(itertools.product((0, 1), repeat=types))
    best = max(told(one, two) for one, two in itertools.product(ways, ways))
    return (best - sum((max(pair) for pair in itertools.product(grid, repeat=2)), Fraction(0))) / types**2


@pytest.mark.parametrize(("types", "levels", "nothing"), [(3, 3, True), (5, 2, False)])
def test_what_a_leader_that_is_told_cells_earns_against_all_ways_of_telling(
    types: int, levels: int, nothing: bool
) -> None:
    game = SequentialPrice(agents=2, messages=2, types=types, prices=levels)
    expected = _informed(types, levels)
    assert (expected == 0) == nothing
    assert best_informed(game) == pytest.approx(float(expected), abs=1e-12)


def test_a_larger_market_with_messages_is_bounded_from_both_sides() -> None:
    game = SequentialPrice(agents=4, items=1, messages=2, prices=5)
    found, silent = solve(game), solve(game.with_settings(messages=1))
    assert found.value is None and found.bounds == (silent.value, found.upper_bounds["information"])
    assert silent.value < found.upper_bounds["information"] <= found.upper_bounds["first-best"] == 0
    told_all = SequentialPrice(agents=12, units=(4,), messages=3, prices=5)
    assert best_informed(told_all) == pytest.approx(0, abs=1e-12)  # three messages tell three types
    with pytest.raises(InputError, match="to list"):
        best_informed(SequentialPrice(agents=4, items=2, messages=3, prices=5))
