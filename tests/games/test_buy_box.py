"""Buy boxes: the exact figures of the market, what is shown, fixed rules by name, refusals."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize, root

from firstmover.core.commitment import table_of
from firstmover.errors import InputError
from firstmover.evaluators.view import View
from firstmover.games import BuyBox
from firstmover.games.display import every_rule, fixed_rule
from firstmover.games.entries import read_entries
from firstmover.games.logit_demand import LogitDemand

KNOWN = BuyBox(costs=(1.0,))


def rule_entries(game: BuyBox, rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Entries of a rule file from thresholds by profile of price numbers, such as `{"01": 1, "22": None}`."""
    labels = game.acts[0].values
    return [
        {"when": {"prices": [labels[int(p)] for p in key]}, "do": {"show up to": None if at is None else labels[at]}}
        for key, at in rule.items()
    ]


def by_hand(prices, costs):
    """Profits and surplus with everybody shown, from the formula."""
    weights = np.exp((2.0 - np.asarray(prices)) / 0.25)
    total = 1 + weights.sum()
    return weights / total * (np.asarray(prices) - costs), 0.25 * math.log(total)


@pytest.mark.parametrize(("costs", "nash"), [((1, 1), 1.472927), ((1, 1, 1), 1.370163), ((1, 1.3), 1.563760)])
def test_prices_solve_the_first_order_conditions(costs, nash) -> None:
    demand, costs = LogitDemand((2.0,) * len(costs)), np.array(costs, float)

    def slope(of, prices, i, step=1e-6):
        ahead = np.eye(len(prices))[i] * step
        return (of(prices + ahead) - of(prices - ahead)) / (2 * step)

    own = root(
        lambda p: [slope(lambda q, i=i: by_hand(q, costs)[0][i], p, i) for i in range(len(p))], costs + 0.5, tol=1e-10
    )
    np.testing.assert_allclose(demand.nash_prices(costs), own.x, atol=1e-6)
    assert demand.nash_prices(costs)[0] == pytest.approx(nash, abs=1e-6)
    joint = minimize(lambda p: -by_hand(p, costs)[0].sum(), costs + 0.8, tol=1e-12)
    np.testing.assert_allclose(demand.monopoly_prices(costs), joint.x, atol=1e-4)


# At 1.05, 1.2667, 1.4833 and 1.70, all sellers alike: profit of each, surplus, revenue of all; and with one shown.
ON_THE_GRID = {
    2: ((0.024723, 0.129877, 0.227279, 0.304190), (1.126068, 0.913186, 0.705299, 0.508357),
        (1.038385, 1.233835, 1.395023, 1.477494)),
    3: ((0.016543, 0.087340, 0.154587, 0.212044), (1.226510, 1.012382, 0.801654, 0.598571), None),
}  # fmt: skip
ONE_SHOWN = (0.955531, 0.746296, 0.546469, 0.365821)


@pytest.mark.parametrize("n", [2, 3])
def test_profits_surplus_and_revenue_on_the_grid(n) -> None:
    game = BuyBox(sellers=n, costs=(1.0,))
    profits, surplus, revenues = ON_THE_GRID[n]
    everybody = fixed_rule(game, "none")[game.shown.rows]
    for k, price in enumerate(game.prices):
        profit, gained = by_hand([price] * n, np.ones(n))
        at = k * sum(4**i for i in range(n))
        shares = game.shares[at, everybody[at]]
        np.testing.assert_allclose(shares * game.margins[0][0, k], profit, rtol=1e-12)
        np.testing.assert_allclose([profit[0], gained], [profits[k], surplus[k]], atol=6e-7)
        assert game.surplus[at, everybody[at]] == pytest.approx(gained, rel=1e-12)
        if revenues is not None:
            assert (shares * price).sum() == pytest.approx(revenues[k], abs=6e-7)
        # One is shown: the others charge more and are hidden by a cap; at the highest price, by a table of subsets.
        assert 0.25 * math.log(1 + np.exp((2 - price) / 0.25)) == pytest.approx(ONE_SHOWN[k], abs=6e-7)
        if k < 3:
            dearer = k * 4 ** (n - 1) + sum(3 * 4**i for i in range(n - 1))
            assert game.surplus[dearer, k] == pytest.approx(ONE_SHOWN[k], abs=6e-7)


@pytest.mark.parametrize(("n", "expected"), [(2, {(2, 2)}), (3, {(1, 1, 1), (2, 2, 2)})])
def test_pure_equilibria_of_one_round_on_the_grid(n, expected) -> None:
    prices = np.linspace(1.05, 1.70, 4)

    def stays(profile) -> bool:
        for i in range(n):
            tried = [by_hand([*prices[list(profile[:i])], p, *prices[list(profile[i + 1 :])]], np.ones(n))[0][i]
                     for p in prices]  # fmt: skip
            if max(tried) > tried[profile[i]]:
                return False
        return True

    assert {own for own in itertools.product(range(4), repeat=n) if stays(own)} == expected
    game = BuyBox(sellers=n, costs=(1.0,))
    everybody = fixed_rule(game, "none")[game.shown.rows]
    cube = (game.shares[np.arange(4**n), everybody] * game.margins[0][0][np.indices((4,) * n).reshape(n, -1).T]).T
    cube = cube.reshape(n, *(4,) * n)
    best = np.all([own >= own.max(axis=i, keepdims=True) for i, own in enumerate(cube)], axis=0)
    assert set(map(tuple, np.argwhere(best).tolist())) == expected


@pytest.mark.parametrize(
    ("costs", "nash", "monopoly"),
    [
        ((1, 1), ((0.222927,) * 2, 0.715098), ((0.337490,) * 2, 0.327078)),
        ((1, 1, 1), ((0.120163,) * 3, 0.911111), ((0.25,) * 3, 0.346574)),
        ((1, 1.3), ((0.313760, 0.132409), 0.582740), None),
    ],
)
def test_profits_and_surplus_off_the_grid(costs, nash, monopoly) -> None:
    demand, costs = LogitDemand((2.0,) * len(costs)), np.array(costs, float)
    for prices, told in ((demand.nash_prices(costs), nash), (demand.monopoly_prices(costs), monopoly)):
        if told is not None:
            profits, surplus = by_hand(prices, costs)
            np.testing.assert_allclose(profits, told[0], atol=1e-6)
            assert surplus == pytest.approx(told[1], abs=1e-6)


def test_every_display_pays_what_the_formula_says() -> None:
    game = BuyBox(prices=(1.05, 1.4, 1.7), fee=0.1, revenue_weight=0.25, costs=(0.8, 1.0))
    assert "income" in game.objective and "income" not in KNOWN.objective
    table = every_rule(game, 1000)[29]
    listed = View(game, table_of(game, jnp.asarray(table)), jax.random.key(0)).listed
    support, _ = game.types.profiles
    rows = itertools.product(support, itertools.product(range(3), repeat=2))
    for k, (types, actions) in enumerate(rows):
        prices = game.prices[list(actions)]
        shown = prices <= game.prices[table[game.shown.rows[actions[0] * 3 + actions[1]]]]
        weights = np.where(shown, np.exp((2 - prices) / 0.25), 0)
        shares = weights / (1 + weights.sum())
        surplus, income = 0.25 * math.log(1 + weights.sum()), 0.1 * (shares * prices).sum()
        np.testing.assert_allclose(listed.leader[k], 0.75 * surplus + 0.25 * income, rtol=1e-5)
        costs = np.array([0.8, 1.0])[types]
        np.testing.assert_allclose(listed.followers[k], shares * (0.9 * prices - costs), rtol=1e-4, atol=1e-6)


def test_all_symmetric_rules_and_those_with_names() -> None:
    rules = every_rule(KNOWN, 2000)
    # At the lowest price somebody is always shown; else nobody, the cheaper, or both: 2**3 * 2**3 * 3**3.
    assert len(rules) == len(np.unique(rules, axis=0)) == 1728
    shown = {name: KNOWN.shown.by_action[np.arange(16), fixed_rule(KNOWN, name)[KNOWN.shown.rows]] for name in
             ("none", "lowest", "pdp", "block-equal", 1.27)}  # fmt: skip
    prices = np.indices((4, 4)).reshape(2, -1).T
    assert shown["none"].all()
    np.testing.assert_array_equal(shown["lowest"], prices == 0)
    np.testing.assert_array_equal(shown[1.27], prices <= 1)
    np.testing.assert_array_equal(shown["pdp"], prices == prices.min(axis=1, keepdims=True))
    differ = prices[:, 0] != prices[:, 1]
    # At the lowest price thresholds cannot hide both.
    np.testing.assert_array_equal(shown["block-equal"].all(axis=1), differ | (prices.max(axis=1) == 0))


def test_a_rule_can_be_written_down_and_read() -> None:
    entries = rule_entries(KNOWN, {"00": 0, "01": 1, "02": 0, "03": 0, "11": 1, "12": 1, "13": 3, "22": 2, "23": None,
                                   "33": None})  # fmt: skip
    assert entries[1] == {"when": {"prices": [1.05, 1.27]}, "do": {"show up to": 1.27}}
    _, table = read_entries(KNOWN, entries)
    assert KNOWN.rule(table) == entries
    assert KNOWN.sentence(entries[-1]) == "at prices 1.7 and 1.7: show nobody"
    by_place = BuyBox(sellers=3, display="subset", prices=(1.1, 1.5))
    _, table = read_entries(by_place, [{"do": {"show": [1]}}])
    np.testing.assert_array_equal(by_place.shown.by_action[0, table[0]], [True] * 3)  # equal prices go together
    with pytest.raises(InputError, match="always shown"):
        read_entries(KNOWN, [{"do": {"show up to": None}}])


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"costs": (1.05,)}, "lies on the price grid"),
        ({"costs": (1.36,), "prices": (1.5, 1.7), "fee": 0.2}, "less the fee"),
        ({"sellers": 4}, "2 or 3"),
        ({"revenue_weight": 0.5}, "give a fee"),
        ({"status_quo": 0.9}, "below all prices"),
        ({"sellers": {"seller": ["a", "a"], "cost": [1, 1.3]}}, "2 or 3 sellers"),
        ({"sellers": 3, "grid": 39}, "20,000"),
        ({"prior": (0.5, 0.4)}, "sum to 1"),
    ],
)
def test_bad_input_is_a_sentence(given, match) -> None:
    with pytest.raises(InputError, match=match):
        BuyBox(**given)


def test_a_table_of_sellers(tmp_path) -> None:
    from firstmover.jobs import build

    (tmp_path / "sellers.csv").write_text("seller,cost,weight\nAda,1,3\nAda,1.3,1\nBo,0.9,1\n")
    (tmp_path / "demand.csv").write_text("outside,mu\n0.1,0.3\n")
    game = build.game_from(
        "buy-box", {"sellers": str(tmp_path / "sellers.csv"), "demand": str(tmp_path / "demand.csv")}
    )
    assert game.costs == ((1.0, 1.3), (0.9,))
    np.testing.assert_allclose(game.types.profiles[1], [0.75, 0.25])
    assert (game.demand.outside, game.demand.mu) == (0.1, 0.3)
    assert game.player_labels() == ["platform", "seller Ada", "seller Bo"]
    assert build.as_stored(build.again("game", build.as_stored(game))) == build.as_stored(game)
