"""Sequential price mechanisms against a plain reading of the rules, and against values worked out by hand."""

import itertools
import json
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from firstmover.core.commitment import table_of
from firstmover.core.rollout import answer
from firstmover.equilibria.polytopes import value_bounds
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.evaluators.forms import all_profiles
from firstmover.games import Agrawal, SequentialPrice
from firstmover.jobs import build
from firstmover.solvers.registry import baseline, optimum


def _first_best(values: np.ndarray, units: tuple[int, ...], valuation: str) -> float:
    if valuation == "additive":
        return sum(np.sort(values[:, j])[::-1][:u].sum() for j, u in enumerate(units))
    worth = np.repeat(values, units, axis=1)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return float(worth[rows, columns].sum())


@pytest.mark.parametrize("valuation", ["unit", "additive"])
@pytest.mark.parametrize("buy_at_tie", [False, True])
def test_agents_take_the_bundle_that_is_best_for_them(valuation: str, buy_at_tie: bool) -> None:
    """Against a search over bundles: the one with the largest surplus; at a tie the first item, or none."""
    goods = SequentialPrice(agents=2, items=3, valuation=valuation, buy_at_tie=buy_at_tie, prices=4).goods
    rng, bundles = np.random.default_rng(0), goods.bundles()
    values, prices = rng.integers(0, 4, (300, 3)) / 4, rng.integers(0, 4, (300, 3)) / 4
    left = rng.integers(0, 2, (300, 3))
    taken = goods.taken(values, prices, left, np)
    np.testing.assert_array_equal(goods.taken(*map(jnp.asarray, (values, prices, left)), jnp), taken)
    for j in range(3):
        np.testing.assert_array_equal(goods.has(taken, j), bundles[taken][:, j] == 1)
    for own, price, there, bundle in zip(values, prices, left, taken, strict=True):
        surplus = own - price
        wanted = (there > 0) & ((surplus >= 0) if buy_at_tie else (surplus > 0))
        possible = [k for k, units in enumerate(bundles) if np.all(wanted[units > 0])]
        best = max(surplus @ bundles[k] for k in possible)
        tied = [k for k in possible if surplus @ bundles[k] == best]
        most = max(bundles[k].sum() for k in tied)  # who buys at a tie buys
        assert bundle == min(k for k in tied if bundles[k].sum() == most)


@pytest.mark.parametrize("units", [(1, 1), (2, 1, 1), (3,)])
def test_the_best_allocation_in_a_loop_is_that_of_an_assignment(units: tuple[int, ...]) -> None:
    goods = SequentialPrice(agents=2, items=len(units), units=units).goods
    values = np.random.default_rng(0).uniform(size=(6, 5, len(units)))
    found = jax.jit(jax.vmap(goods.first_best_in_a_loop))(jnp.asarray(values))
    np.testing.assert_allclose(found, [_first_best(own, units, "unit") for own in values], rtol=1e-6)


def _bundle(values: np.ndarray, prices: np.ndarray, left: np.ndarray, valuation: str, at_tie: bool) -> np.ndarray:
    """What an agent takes, by listing all bundles; of equals the one that the rules name."""
    takes = [np.zeros(len(values), int)]
    wanted = [j for j in range(len(values)) if left[j] > 0]
    surplus = values - prices
    buys = [j for j in wanted if surplus[j] > 1e-9 or (at_tie and abs(surplus[j]) <= 1e-9)]
    if valuation == "additive":
        takes[0][buys] = 1
    elif buys:
        takes[0][max(buys, key=lambda j: (round(surplus[j], 9), -j))] = 1
    return takes[0]


def _play(game: SequentialPrice, table: np.ndarray, types, messages) -> tuple[float, list[float]]:
    """One sub-episode, by the words of the rules."""
    values = np.array([game.values[i][t] for i, t in enumerate(types)])
    n, left, paid, welfare, revenue = len(types), np.array(game.units), [0.0] * len(types), 0.0, 0.0
    status = [0] * n
    while 0 in status and left.any():
        seen = status if game.history == "sold" else [int(s > 0) for s in status] + left.tolist()
        action = table[np.ravel_multi_index((*messages, *seen), game.leader_obs_sizes)]
        agent = int(action[0])
        assert status[agent] == 0
        prices = np.array(action[1:], float)
        if game.prices != "continuous":
            prices = prices * game.highest / (game.prices - 1)
        taken = _bundle(values[agent], prices, left, game.goods.valuation, game.goods.buy_at_tie)
        status[agent] = 1 + next(b for b, units in enumerate(game.bundles) if (units == taken).all())
        left = left - taken
        paid[agent] = float(taken @ (values[agent] - prices))
        welfare, revenue = welfare + taken @ values[agent], revenue + taken @ prices
    loss = _first_best(values, game.units, game.goods.valuation) - welfare
    return -game.welfare_weight * loss + (1 - game.welfare_weight) * revenue, paid


def _random_table(game: SequentialPrice, rng: np.random.Generator) -> np.ndarray:
    table = []
    for obs in game.observations():
        agent = rng.choice(np.flatnonzero(np.asarray(game.leader_mask(jnp.asarray(obs)))))
        if game.prices == "continuous":
            prices = rng.uniform(0, game.highest, game.items)
        else:
            prices = rng.integers(0, game.prices, game.items)
        table.append([agent, *prices])
    return np.array(table, float if game.prices == "continuous" else np.int32)


GAMES = {
    "one item": SequentialPrice(types=4),
    "two items": SequentialPrice(items=2, types=2, units=(1, 2), history="left", prices=4),
    "additive revenue": SequentialPrice(items=2, types=2, valuation="additive", objective="revenue", prices=5),
    "three agents": SequentialPrice(agents=3, types=2, buy_at_tie=False, objective=0.5, history="left"),
    "continuous": SequentialPrice(items=2, types=2, prices="continuous"),
    "agrawal": Agrawal(),
}


@pytest.mark.parametrize("name", GAMES)
def test_sub_episodes_follow_the_rules(name: str) -> None:
    game = GAMES[name]
    query = all_profiles(game)
    play = jax.jit(lambda actions: answer(game, table_of(game, actions), query, jax.random.key(0))[:2])
    for seed in range(3):
        table = _random_table(game, np.random.default_rng(seed))
        with jax.enable_x64(True):
            leader, followers = map(np.asarray, play(jnp.asarray(table)))
        cases = zip(np.asarray(query.types), np.asarray(query.play.actions), leader, followers, strict=True)
        for types, messages, earned, paid in cases:
            expected, shares = _play(game, table, types, messages)
            assert earned == pytest.approx(expected, abs=1e-9)
            np.testing.assert_allclose(paid, shares, atol=1e-9)
        low, high = game.leader_payoff_range
        assert low - 1e-9 <= leader.min()
        assert leader.max() <= high + 1e-9
        # 32-bit numbers decide every tie in the same way.
        np.testing.assert_allclose(play(jnp.asarray(table))[0], leader, atol=1e-5)


@pytest.mark.parametrize(
    ("types", "loss"), [(2, 0), (3, Fraction(1, 18)), (4, Fraction(1, 24)), (5, Fraction(1, 20)), (6, Fraction(2, 45))]
)
def test_the_best_mechanism_without_messages_is_that_of_a_search(types: int, loss) -> None:
    """Every order and every pair of prices between the values, in rational arithmetic."""
    grid = [Fraction(k, types - 1) for k in range(types)]
    prices = sorted({*grid, *((a + b) / 2 for a, b in itertools.pairwise(grid))})
    least = min(
        sum(
            max(v, w) - (v if v >= p else w if w >= q else 0)
            for v, w in itertools.product(grid, repeat=2)  # the agents are alike: one order is enough
        )
        / types**2
        for p, q in itertools.product(prices, repeat=2)
    )
    assert least == loss
    for grid_size in (11, "continuous"):
        found = optimum(SequentialPrice(types=types, messages=1, prices=grid_size), "strong")
        assert -found.value == pytest.approx(float(least), abs=1e-12)


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_the_best_mechanism_without_messages_beats_random_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = {
        "values": rng.uniform(0, 1, (3, 2, 2)).tolist(),
        "probabilities": rng.dirichlet([1, 1], 3).tolist(),
    }
    game = SequentialPrice(agents=3, items=2, messages=1, values=values, prices=4, history="left")
    solution, (_, silent, table) = optimum(game, "strong"), baseline(game)
    finite = induced_game(silent, table)
    assert finite.probs @ finite.leader.ravel() == pytest.approx(solution.value, abs=1e-9)
    for _ in range(5):
        other = induced_game(silent, _random_table(silent, rng))
        assert other.probs @ other.leader.ravel() <= solution.value + 1e-9


def test_agrawal_truth_is_an_equilibrium_between_the_published_prices_only() -> None:
    """Agent 0 announces its high value iff the price P it then meets first lies in (0.3, 1.3)."""
    game = Agrawal(prices=51)  # a step of 0.05
    assert -optimum(Agrawal(messages=1), "strong").value == pytest.approx(0.15)
    low = 2  # 0.1

    def bounds(price: float) -> tuple[float, float]:
        table = np.zeros((game.n_observations, 2), np.int32)
        for row, (m0, _, s0, s1) in enumerate(game.observations().tolist()):
            first = 1 - m0  # message 0: agent 1 first; message 1: agent 0 first
            agent = first if (s0, s1)[first] == 0 else 1 - first
            level = round(price / 0.05) if m0 == 1 and agent == 0 else low
            table[row] = agent, level
        return value_bounds(induced_game(game, table), "anf_cce")

    np.testing.assert_allclose(bounds(1.0), [0, 0], atol=1e-9)
    np.testing.assert_allclose(bounds(0.5), [0, 0], atol=1e-9)
    assert bounds(1.5)[0] == pytest.approx(-0.15, abs=1e-9)  # the high type hides
    assert bounds(0.25)[0] == pytest.approx(-0.20, abs=1e-9)  # the low type pretends


def test_rules_list_what_can_be_reached_in_words() -> None:
    game = SequentialPrice(types=3)
    table = np.tile(np.array([0, 5], np.int32), (game.n_observations, 1))
    for row, obs in enumerate(game.observations().tolist()):
        if obs[2] > 0:
            table[row] = 1, 2
    entries = game.rule(table)
    assert len(entries) == 8  # agent 0 always first: with a sale all is over, without one agent 1 follows
    assert entries[0] == {
        "when": {"messages": [0, 0], "remaining": [0, 1], "items": [1], "sold": [None, None]},
        "do": {"agent": 0, "prices": [0.5]},
    }
    assert game.sentence(entries[0]) == "after messages 0, 0, visit agent 0 at price 0.5"
    assert (
        game.sentence(entries[1]) == "after messages 0, 0, with agent 0 gone without buying, visit agent 1 at price 0.2"
    )


def test_correlated_values_come_from_realisations() -> None:
    given = {"realisations": [[0.2, 0.9], [0.7, 0.1], [0.2, 0.1]], "probabilities": [0.5, 0.25, 0.25]}
    game = SequentialPrice(values=given, prices=10)
    support, probs = game.types.profiles
    drawn = {
        (float(game.values[0][a, 0]), float(game.values[1][b, 0])): p for (a, b), p in zip(support, probs, strict=True)
    }
    assert drawn == {(0.2, 0.9): 0.5, (0.7, 0.1): 0.25, (0.2, 0.1): 0.25}
    with pytest.raises(InputError, match="independent"):
        baseline(game)


def test_values_given_as_arrays_can_be_stored() -> None:
    given = {"values": np.array([[[0.2], [1.0]], [[0.0], [0.5]]]), "probabilities": np.full((2, 2), 0.5)}
    stored = json.loads(json.dumps(SequentialPrice(values=given).parameters()))
    again = build.build("game", "sequential-price", stored)
    np.testing.assert_array_equal(again.values[0], given["values"][0])
    assert json.loads(json.dumps(again.parameters())) == stored


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"agents": 0}, "agents must be at least 1"),
        ({"types": 1}, "types must be at least 2"),
        ({"prices": 1}, "prices must be at least 2"),
        ({"objective": 1.5}, "weight of welfare"),
        ({"units": (1, 1)}, "units must be 1 numbers"),
        ({"values": {"values": [[[1.0]], [[-1.0]]], "probabilities": [[1.0], [1.0]]}}, "must not be negative"),
        ({"values": {"values": [[[1.0]], [[float("nan")]]], "probabilities": [[1.0], [1.0]]}}, "finite"),
        ({"values": {"values": [[[1.0]], [[1.0]]], "probabilities": [[0.9], [1.0]]}}, "sum to 1"),
        ({"values": {"values": [[[1.0]]], "probabilities": [[1.0]]}}, "1 agents"),
        ({"values": {"probabilities": [[1.0]]}}, "keys"),
        ({"values": {"realisations": [[1.0, 2.0]], "probabilities": [0.5, 0.5]}}, "as many probabilities"),
        ({"values": {"realisations": [[1.0]], "probabilities": [1.0]}}, "2 columns"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(parameters, match: str) -> None:
    with pytest.raises(InputError, match=match):
        SequentialPrice(**parameters)
