"""Statistics of sellers who learn, where what they come to is known; and what one-shot bounds say of them."""

import itertools

import numpy as np
import pytest

from firstmover.evaluation.seller_statistics import seller_statistics
from firstmover.evaluation.seller_tables import shown
from firstmover.followers import RepeatedQLearning
from firstmover.games import BuyBox
from firstmover.games.display import every_rule, fixed_rule
from firstmover.solvers.buy_box import _Played


def test_sellers_that_only_sell_at_the_lowest_price() -> None:
    game = BuyBox(costs=(1.0,))
    quick = RepeatedQLearning(rounds=6000, beta=(0.002,), reward_plays=5)
    told = seller_statistics(game, fixed_rule(game, "lowest"), quick, sessions=30)
    share = 1 / (2 + np.exp(-(2 - 1.05) / 0.25))
    low, _, high = sorted((told["price"].low, 1.05, told["price"].high))
    assert told["price"].mean == pytest.approx(1.05, abs=0.02) and low <= high
    assert told["profit"].mean == pytest.approx(0.05 * share, abs=0.002)
    assert told["poorest profit"].mean <= told["profit"].mean
    nash, monopoly = 0.22292666, 0.33749046  # first-order conditions, in tests/games/test_buy_box.py
    assert told["profit gain"].mean == pytest.approx((told["profit"].mean - nash) / (monopoly - nash), abs=1e-4)
    assert told["sold"].mean == pytest.approx(2 * share, abs=0.02)
    assert 0 <= told["gap"].mean < 0.02


def pure_equilibria(game: BuyBox, rule: np.ndarray) -> np.ndarray:
    """The platform's payoff at each pure Bayes-Nash equilibrium of one round, all maps of costs to prices tried."""
    profiles = np.arange(16)
    shares, aims = (own[profiles, rule[game.shown.rows]] for own in (game.shares, game.aims))
    maps = np.array(list(itertools.product(range(4), repeat=2)))  # [16, costs]
    profile = maps[:, None, :, None] * 4 + maps[None, :, None, :]  # [map 0, map 1, cost 0, cost 1]
    value = aims[profile].mean(axis=(2, 3))
    margins = game.margins[0]  # both sellers are alike
    own = maps[:, None, :, None]
    first = (shares[profile, 0] * margins[np.arange(2)[:, None], own]).mean(axis=3)  # [map 0, map 1, cost 0]
    # What each price would pay each cost of seller 0 against a map of seller 1.
    other = np.arange(4)[:, None, None] * 4 + maps[None]  # [price, map 1, cost 1]
    tried = shares[other, 0].mean(axis=2)[:, :, None] * margins.T[:, None, :]  # [price, map 1, cost 0]
    stays = (first >= tried.max(axis=0)[None] - 1e-9).all(axis=2)
    stable = stays & stays.T  # the rule is symmetric
    return value[stable]


def best_if_costs_are_known(game: BuyBox, rule: np.ndarray) -> float:
    """The platform's payoff at the best pure equilibrium of every pair of costs that both sellers know, on average."""
    profiles = np.arange(16)
    shares, aims = (own[profiles, rule[game.shown.rows]] for own in (game.shares, game.aims))
    first, second = (shares[:, i].reshape(4, 4) for i in range(2))
    found = []
    for own, other in itertools.product(game.margins[0], repeat=2):
        paid = first * own[:, None], second * other
        stable = (paid[0] >= paid[0].max(axis=0) - 1e-9) & (paid[1] >= paid[1].max(axis=1)[:, None] - 1e-9)
        found.append(aims.reshape(4, 4)[stable].max(initial=-np.inf))
    return float(np.mean(found))


def test_bounds_over_one_round_do_not_bound_sellers_with_memory() -> None:
    """The rule with the best guaranteed one-shot equilibrium earns far less from sellers who learn."""
    game = BuyBox()
    rules = every_rule(game, 2000)
    payoffs = [pure_equilibria(game, rule) for rule in rules]
    least = np.array([own.min(initial=np.inf) if own.size else -np.inf for own in payoffs])
    most = np.array([best_if_costs_are_known(game, rule) for rule in rules])
    assert most.max() == pytest.approx(0.9356, abs=1e-4) and (most > most.max() - 1e-9).sum() == 20
    guaranteed = least.max()
    assert guaranteed == pytest.approx(0.778, abs=0.001)
    best = np.flatnonzero(least > guaranteed - 1e-9)
    value, error, *_ = _Played(game, 1)(rules[best[:1]], 40, 3)
    assert value[0] + 4 * error[0] < guaranteed
    assert value[0] == pytest.approx(0.706, abs=0.01 + 4 * error[0])
    # The other way round, too: the best rule against learners guarantees little in one round.
    winner = np.array([0, 1, 0, 0, 1, 1, 3, 2, 0, 0])
    assert least[np.flatnonzero((rules == winner).all(axis=1))[0]] == pytest.approx(0.621, abs=0.001)


def test_what_is_never_bought_has_no_price() -> None:
    game = BuyBox(costs=(1.0,), prices=(1.05, 1.27, 1.7), display="subset")
    quick = RepeatedQLearning(rounds=300, beta=(0.005,), reward_plays=3)
    shows_nobody = np.zeros_like(fixed_rule(game, "lowest"))
    own = seller_statistics(game, shows_nobody, quick, sessions=4)
    assert "price index" not in own and own["sold"].mean == 0
    assert all(np.isfinite(value).all() for value in own.values())
    header, rows = shown(
        {"nobody": own, "lowest": seller_statistics(game, fixed_rule(game, "lowest"), quick, sessions=4)}
    )
    assert rows[0][header.index("price index")] == "not defined"
