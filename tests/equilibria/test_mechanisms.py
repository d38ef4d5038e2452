"""Optimal mechanisms with messages against published values, exhaustive search and separately written checks."""

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

from firstmover.equilibria.mechanisms import optimal_mechanism
from firstmover.equilibria.mechanisms.coarse import coarse_bound
from firstmover.equilibria.mechanisms.direct import direct_floor
from firstmover.equilibria.mechanisms.market import Offer, read_market
from firstmover.equilibria.mechanisms.strategies import partitions, threshold_partitions
from firstmover.equilibria.mechanisms.verify import pure_equilibria
from firstmover.errors import InputError

F = Fraction
SELECTIONS = ("best", "worst", "anf_cce")
AGRAWAL = [[F(1, 2), F(5, 2)], [F(0), F(1)]], [[F(2, 5), F(2, 5)], [F(1, 10), F(1, 10)]]


def uniform(types):
    return [[F(t, types - 1) for t in range(types)]] * 2, [[F(1, types**2)] * types] * types


def rule_of(table):
    return {cell: Offer(first, F(a), F(b)) for cell, (first, a, b) in table.items()}


# A second implementation of the mechanism, slow and from the definition, that shares nothing with the package.


def outcome(worth, offer, tie):
    """The designer's two parts (loss, revenue) and the agents' payoffs for one pair of values."""
    for agent, price in ((offer[0], offer[1]), (1 - offer[0], offer[2])):
        if worth[agent] > price or (tie and worth[agent] == price):
            gains = [F(0), F(0)]
            gains[agent] = worth[agent] - price
            return max(worth) - worth[agent], price, gains
    return max(worth), F(0), [F(0), F(0)]


def profiles(values, messages):
    maps = [list(itertools.product(range(messages), repeat=len(row))) for row in values]
    return itertools.product(*maps)


def evaluate(values, prior, cells, sent, weight, tie):
    """The objective, and for every agent and type of positive probability what each message earns, times its chance."""
    objective, earned = F(0), [[{} for _ in row] for row in values]
    messages = {m for m, _ in cells}
    for t0, t1 in itertools.product(range(len(values[0])), range(len(values[1]))):
        p, worth = prior[t0][t1], (values[0][t0], values[1][t1])
        loss, revenue, _ = outcome(worth, cells[sent[0][t0], sent[1][t1]], tie)
        objective += p * ((1 - weight) * revenue - weight * loss)
        for m in messages:
            for agent, cell in ((0, (m, sent[1][t1])), (1, (sent[0][t0], m))):
                mine = earned[agent][(t0, t1)[agent]]
                mine[m] = mine.get(m, F(0)) + p * outcome(worth, cells[cell], tie)[2][agent]
    return objective, earned


def is_equilibrium(earned, sent):
    return all(row[m] == max(row.values()) for i in (0, 1) for row, m in zip(earned[i], sent[i], strict=True))


def equilibrium_objectives(values, prior, cells, messages, weight, tie):
    found = {}
    for sent in profiles(values, messages):
        objective, earned = evaluate(values, prior, cells, sent, weight, tie)
        if is_equilibrium(earned, sent):
            found[sent] = objective
    return found


def least_over_anf_cce(values, prior, cells, messages, weight, tie):
    """The least objective over the set, by one program over all profiles of maps."""
    objectives, gains = [], []
    for sent in profiles(values, messages):
        objective, earned = evaluate(values, prior, cells, sent, weight, tie)
        objectives.append(float(objective))
        gains.append(
            [
                float(row[m] - row[sent[i][t]])
                for i in (0, 1)
                for t, row in enumerate(earned[i])
                for m in range(messages)
            ]
        )
    rows = np.array(gains).T
    result = linprog(objectives, A_ub=rows, b_ub=np.zeros(len(rows)), A_eq=np.ones((1, len(gains))), b_eq=[1.0])
    assert result.status == 0
    return result.fun


def check(found, values, prior, messages, selection, weight=1, tie=True):
    """A mechanism does what is said about it."""
    assert found.lower <= found.upper
    assert found.exact == (found.lower == found.upper)
    assert found.value == (found.lower if found.exact else None)
    highest = max(map(max, values))
    assert set(found.cells) == set(itertools.product(range(messages), repeat=2))
    for first, *prices in found.cells.values():
        assert first in (0, 1)
        assert all(isinstance(price, F) and 0 <= price <= highest for price in prices)
    if selection == "anf_cce":
        least = least_over_anf_cce(values, prior, found.cells, messages, weight, tie)
        assert float(found.lower - (0 if found.attained else highest / 10**6)) - 1e-7 <= least
        assert least <= float(found.upper) + 1e-7
        return
    objectives = equilibrium_objectives(values, prior, found.cells, messages, weight, tie)
    objective = objectives[found.strategies]
    assert objective == found.lower if found.attained else found.lower - highest / 10**6 <= objective <= found.lower
    if selection == "worst":
        assert objective == min(objectives.values())


# Known values.


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize(("types", "loss"), [(2, 0), (3, F(1, 18)), (4, F(1, 24)), (5, F(1, 20)), (6, F(2, 45))])
def test_without_messages(types, loss, selection):
    found = optimal_mechanism(*uniform(types), 1, selection=selection)
    assert (found.value, found.exact, found.attained) == (-loss, True, True)


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("types", [2, 3, 4])
def test_two_messages_reach_the_first_best_of_a_small_grid(types, selection):
    values, prior = uniform(types)
    found = optimal_mechanism(values, prior, 2, selection=selection)
    assert found.value == 0
    check(found, values, prior, 2, selection)


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize(("messages", "loss"), [(1, F(3, 20)), (2, 0)])
def test_agrawal(messages, loss, selection):
    found = optimal_mechanism(*AGRAWAL, messages, selection=selection)
    assert found.value == -loss
    check(found, *AGRAWAL, messages, selection)


@pytest.mark.parametrize(
    ("types", "table", "sent"),
    [
        (
            3,
            {
                (0, 0): (0, "1/16", "1/16"),
                (0, 1): (1, "9/16", "1/16"),
                (1, 0): (0, "7/16", "1/16"),
                (1, 1): (1, "9/16", "15/16"),
            },
            ((0, 0, 0), (0, 0, 1)),
        ),
        (
            4,
            {
                (0, 0): (0, "1/40", "1/40"),
                (0, 1): (1, "3/10", "3/10"),
                (1, 0): (0, "3/40", "1/40"),
                (1, 1): (0, "13/20", "7/20"),
            },
            ((0, 0, 0, 1), (0, 0, 1, 1)),
        ),
    ],
)
def test_rules_written_by_hand(types, table, sent):
    market, _ = read_market(*uniform(types), 2, 1, True)
    rule = rule_of(table)
    equilibria = pure_equilibria(market, rule)
    found = {equilibria.strategies(*index) for index in np.argwhere(equilibria.stable).tolist()}
    assert sent in found
    assert found == set(equilibrium_objectives(*uniform(types), rule, 2, F(1), True))
    assert equilibria.extreme(1)[0] == equilibria.extreme(-1)[0] == 0
    assert coarse_bound(market, rule) == 0


# What is new.


@pytest.mark.parametrize(("selection", "loss"), [("best", 0), ("worst", 0), ("anf_cce", F(1, 100))])
def test_five_types(selection, loss):
    values, prior = uniform(5)
    found = optimal_mechanism(values, prior, 2, selection=selection)
    assert found.value == -loss
    check(found, values, prior, 2, selection)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("types", "selection", "loss"),
    [
        (6, "best", 0),
        (6, "worst", 0),
        (6, "anf_cce", F(1, 90)),
        (7, "worst", F(1, 294)),
        (7, "anf_cce", F(1, 98)),
    ],
)
def test_more_types(types, selection, loss):
    values, prior = uniform(types)
    found = optimal_mechanism(values, prior, 2, selection=selection)
    assert found.value == -loss
    if types == 6:
        check(found, values, prior, 2, selection)


def test_two_messages_fall_short_from_seven_types_on_and_three_do_not():
    assert optimal_mechanism(*uniform(6), 2).value == 0
    assert optimal_mechanism(*uniform(7), 2).value == -F(1, 294)
    assert optimal_mechanism(*uniform(7), 3).value == 0


@pytest.mark.parametrize(("types", "loss"), [(3, 0), (4, 0), (5, 0), (6, F(1, 180)), (7, F(1, 147))])
def test_threshold_messages(types, loss):
    found = optimal_mechanism(*uniform(types), 2, threshold=True)
    assert found.value == -loss
    assert all(list(sent) == sorted(sent) for sent in found.strategies)


def myerson(values, probabilities):
    """The revenue of the optimal auction for independent regular values: the expected greatest virtual value."""
    virtual = []
    for row, chance in zip(values, probabilities, strict=True):
        above = [sum(chance[t + 1 :]) for t in range(len(row))]
        steps = [b - a for a, b in itertools.pairwise(row)] + [0]
        virtual.append([v - s * q / p for v, s, q, p in zip(row, steps, above, chance, strict=True)])
    return sum(
        p * q * max(a, b, 0)
        for a, p in zip(virtual[0], probabilities[0], strict=True)
        for b, q in zip(virtual[1], probabilities[1], strict=True)
    )


@pytest.mark.parametrize(("types", "messages"), [(2, 1), (2, 2), (3, 2), (4, 2)])
def test_revenue_of_the_optimal_auction(types, messages):
    values, prior = uniform(types)
    found = optimal_mechanism(values, prior, messages, welfare_weight=0)
    assert found.value == myerson(values, [[F(1, types)] * types] * 2)
    check(found, values, prior, messages, "best", F(0))


def test_revenue_that_messages_add():
    assert optimal_mechanism(*uniform(4), 1, welfare_weight=0).value == F(1, 2)
    assert optimal_mechanism(*uniform(4), 2, welfare_weight=0).value == F(13, 24)
    assert optimal_mechanism(*AGRAWAL, 2, welfare_weight=0).value == F(9, 10)
    market, _ = read_market(*AGRAWAL, 2, 0, True)
    assert direct_floor(market) == -myerson(AGRAWAL[0], [[F(4, 5), F(1, 5)], [F(1, 2), F(1, 2)]])


def test_a_supremum_that_no_rule_attains():
    # Those who are worth the price exactly do not buy, so no price is as good as one a little lower.
    found = optimal_mechanism([[F(1)], [F(0)]], [[F(1)]], 1, welfare_weight=0, buy_at_tie=False)
    assert (found.value, found.attained) == (1, False)
    first, *prices = found.cells[0, 0]
    assert F(999_999, 10**6) <= prices[first] < 1  # agent 0's


# Against all rules on a grid of prices.


def exhaustive(values, prior, prices, weight, tie):
    """The greatest objectives over all rules with two messages: of the best and of the worst pure equilibrium."""
    offers = list(itertools.product((0, 1), prices, prices))
    types = len(values[0]), len(values[1])
    exact = np.empty((3, len(offers), *types), object)  # objective and payoffs, times the probability
    for k, offer in enumerate(offers):
        for t0, t1 in np.ndindex(*types):
            loss, revenue, gains = outcome((values[0][t0], values[1][t1]), offer, tie)
            for part, x in enumerate(((1 - weight) * revenue - weight * loss, *gains)):
                exact[part, k, t0, t1] = prior[t0][t1] * x
    scale = math.lcm(*(x.denominator for x in exact.ravel()))
    tables = (exact * scale).astype(np.int64)
    n = len(offers)

    def at(cell, part, t0, t1):  # a payoff as an array over the offers of the four cells
        shape = [1, 1, 1, 1]
        shape[2 * cell[0] + cell[1]] = n
        return tables[part, :, t0, t1].reshape(shape)

    nothing = np.iinfo(np.int64).max
    best, worst = -nothing, np.full((n,) * 4, nothing)
    for s0, s1 in profiles(values, 2):
        stable = np.ones((n,) * 4, bool)
        for t in range(types[0]):
            now = sum(at((s0[t], s1[o]), 1, t, o) for o in range(types[1]))
            stable &= now >= sum(at((1 - s0[t], s1[o]), 1, t, o) for o in range(types[1]))
        for t in range(types[1]):
            now = sum(at((s0[o], s1[t]), 2, o, t) for o in range(types[0]))
            stable &= now >= sum(at((s0[o], 1 - s1[t]), 2, o, t) for o in range(types[0]))
        if stable.any():
            earned = sum(at((s0[a], s1[b]), 0, a, b) for a, b in np.ndindex(*types))
            earned = np.broadcast_to(earned, stable.shape)[stable]
            best = max(best, int(earned.max()))
            worst[stable] = np.minimum(worst[stable], earned)
    return F(best, scale), F(int(worst[worst < nothing].max()), scale)


@pytest.mark.parametrize("weight", [F(1), F(0)])
@pytest.mark.parametrize(
    ("values", "prior", "tie"),
    [
        ([[F(1), F(3)], [F(2), F(4)]], [[F(1, 4)] * 2] * 2, True),
        ([[F(0), F(4)], [F(1), F(3)]], [[F(1, 10), F(4, 10)], [F(3, 10), F(2, 10)]], False),
        ([[F(1), F(4)], [F(2), F(3)]], [[F(8, 10), F(0)], [F(1, 10), F(1, 10)]], True),
    ],
)
def test_no_rule_on_a_grid_is_better(values, prior, tie, weight):
    best, worst = exhaustive(values, prior, [F(0), F(2), F(7, 2), F(4)], weight, tie)
    found = optimal_mechanism(values, prior, 2, welfare_weight=weight, buy_at_tie=tie)
    assert found.upper >= found.lower >= best
    check(found, values, prior, 2, "best", weight, tie)
    found = optimal_mechanism(
        values, prior, 2, selection="worst", welfare_weight=weight, buy_at_tie=tie, time_limit=2.0
    )
    assert found.upper >= worst
    assert found.lower >= worst - max(map(max, values)) * 3 / 1000  # equilibria are kept apart by a margin
    check(found, values, prior, 2, "worst", weight, tie)


# Properties.


def random_market(rng, sizes=((1, 2), (2, 2), (2, 3), (3, 2))):
    shape = rng.choice(sizes)
    values = [[F(x, 4) for x in rng.sample(range(9), n)] for n in shape]
    weights = [[rng.randint(0, 4) for _ in range(shape[1])] for _ in range(shape[0])]
    weights[0][0] += 1
    total = sum(map(sum, weights))
    return values, [[F(x, total) for x in row] for row in weights]


def positive(values, prior):
    """Whether all types have positive probability."""
    return all(map(any, prior)) and all(map(any, zip(*prior, strict=True)))


@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.slow), *range(1, 6)])  # the first takes long
def test_random_markets(seed):
    rng = random.Random(seed)
    values, prior = random_market(rng)
    if max(map(max, values)) == 0 or not positive(values, prior):
        values, prior = AGRAWAL
    tie, weight = rng.random() < 0.6, rng.choice([F(1), F(1), F(0), F(1, 2)])
    found = {
        s: optimal_mechanism(values, prior, 2, selection=s, welfare_weight=weight, buy_at_tie=tie, time_limit=15.0)
        for s in SELECTIONS
    }
    for selection, mechanism in found.items():
        check(mechanism, values, prior, 2, selection, weight, tie)
    assert found["worst"].lower <= found["best"].upper
    assert optimal_mechanism(values, prior, 1, welfare_weight=weight, buy_at_tie=tie).lower <= found["best"].upper
    # Who is called agent 0 does not matter.
    swapped = optimal_mechanism(
        values[::-1], [list(row) for row in zip(*prior, strict=True)], 2, welfare_weight=weight, buy_at_tie=tie
    )
    assert max(swapped.lower, found["best"].lower) <= min(swapped.upper, found["best"].upper)
    if weight == 1:
        assert swapped.value == found["best"].value is not None


def test_types_of_probability_zero_change_nothing():
    values, prior = AGRAWAL
    padded = [[*values[0], F(9)], [F(7), *values[1]]], [*([F(0), *row] for row in prior), [F(0)] * 3]
    for selection in SELECTIONS:
        found = optimal_mechanism(*padded, 2, selection=selection)
        assert found.value == optimal_mechanism(values, prior, 2, selection=selection).value
        assert found.strategies[0][2] == found.strategies[1][0] == 0


def test_no_rule_guarantees_less_over_the_whole_set():
    values, prior = uniform(5)
    market, _ = read_market(values, prior, 2, 1, True)
    rng = random.Random(1)
    for _ in range(40):
        prices = [F(rng.randint(0, 80), 80) for _ in range(8)]
        rule = rule_of({(a, b): (rng.randint(0, 1), prices.pop(), prices.pop()) for a in range(2) for b in range(2)})
        assert coarse_bound(market, rule) >= F(1, 100)


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_over_the_whole_set_is_that_of_the_program_over_all_profiles(seed):
    rng = random.Random(seed)
    values, prior = uniform(3)
    market, _ = read_market(values, prior, 2, 1, True)
    rule = rule_of(
        {
            (a, b): (rng.randint(0, 1), F(rng.randint(0, 8), 8), F(rng.randint(0, 8), 8))
            for a in range(2)
            for b in range(2)
        }
    )
    least = least_over_anf_cce(values, prior, rule, 2, F(1), True)
    assert -float(coarse_bound(market, rule)) == pytest.approx(least, abs=1e-6)
    assert -coarse_bound(market, rule) <= least + 1e-12


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("seconds", [0.0, 0.2])
def test_bounds_hold_when_time_is_over(seconds, selection):
    optimum = {"best": F(0), "worst": F(0), "anf_cce": -F(1, 90)}[selection]
    found = optimal_mechanism(*uniform(6), 2, selection=selection, time_limit=seconds)
    assert found.upper >= optimum
    assert found.lower is None or found.lower <= optimum


def test_progress_is_told():
    told = []
    optimal_mechanism(*uniform(3), 2, progress=told.append)
    assert told
    assert all("\n" not in line for line in told)


def test_partitions_are_counted_by_stirling_numbers():
    assert len(set(partitions(6, 2))) == len(list(partitions(6, 2))) == 31
    assert len(set(partitions(6, 3))) == 90
    assert set(threshold_partitions([F(3), F(1), F(2)], 2)) == {(0, 1, 1), (0, 1, 0)}
    assert set(threshold_partitions([F(1), F(1), F(2)], 2)) == {(0, 1, 1), (0, 0, 1), (0, 1, 0)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"values": [[F(1)]]}, "one for each agent"),
        ({"values": [[F(-1), F(1)], [F(0), F(1)]]}, "at least 0"),
        ({"values": [[F(0), F(0)], [F(0), F(0)]]}, "not all"),
        ({"values": [[F(0), "x"], [F(0), F(1)]]}, "finite numbers"),
        ({"prior": [[F(1)]]}, "2 rows of 2"),
        ({"prior": [[F(1, 2)] * 2] * 2}, "sums to 2"),
        ({"prior": [[F(1), F(0)], [F(0), F(0)]], "values": [[F(0), F(1)]] * 2}, "where the prior is positive"),
        ({"messages": 0}, "messages must be at least 1"),
        ({"welfare_weight": 2}, "welfare_weight"),
        ({"selection": "worst", "threshold": True}, "threshold"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change, words):
    given = {"values": AGRAWAL[0], "prior": AGRAWAL[1], "messages": 2, **change}
    with pytest.raises(InputError, match=words):
        optimal_mechanism(given.pop("values"), given.pop("prior"), given.pop("messages"), **given)


def test_too_many_strategies_are_refused():
    with pytest.raises(InputError, match="more than"):
        optimal_mechanism(*uniform(16), 2)
    with pytest.raises(InputError, match="more than"):
        optimal_mechanism(*uniform(13), 2, selection="worst")
