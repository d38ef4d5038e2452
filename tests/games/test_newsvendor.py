"""Newsvendor pricing: the textbook's equilibria, exact replies, and bounds that do not rest on them."""

import itertools
import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.stats import norm

from firstmover import Box, Market
from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.games import Newsvendor
from firstmover.jobs.designs import design
from firstmover.jobs.solutions import solve

ROWS: list[tuple[dict[str, Any], tuple[float, ...]]] = [
    ({}, (5.4104065297, 7.4408499845, 2.1049057985, 7.1785844796, 3.7198290728, 14.6698118861)),
    (
        {"noise": "normal", "spread": 0.5},
        (5.5790625170, 7.5923461803, 2.0939145441, 7.4942510587, 3.6034663841, 14.9122656798),
    ),
    (
        {"t0": 100.0, "t1": 2.0, "cost": 5.0, "noise": "normal", "spread": 10.0},
        (23.4411462447, 35.0871916092, 25.4793657306, 469.8687096606, 219.9885120741, 940.0076839111),
    ),
]


def _by_integration(game: Newsvendor, wholesale: float, price: float, order: float) -> float:
    """What the retailer expects, by an integral over the noise."""
    demand, s = game.t0 - game.t1 * price, game.spread
    if game.noise == "uniform":
        ends, density = (-s, s), lambda e: 1 / (2 * s)
    else:
        ends, density = (-12 * s, 12 * s), lambda e: norm.pdf(e / s) / s
    parts = sorted({ends[0], min(max(order - demand, ends[0]), ends[1]), ends[1]})
    sold = sum(
        quad(lambda e: min(demand + e, order) * density(e), a, b, epsabs=1e-10)[0] for a, b in itertools.pairwise(parts)
    )
    return price * sold - wholesale * order


def _best_by_search(game: Newsvendor, wholesale: float) -> tuple[float, float, float]:
    """The retailer's best price, order and profit: orders by the quantile, prices by a grid and a search."""
    quantile = norm.ppf if game.noise == "normal" else lambda u: 2 * u - 1

    def order(price: float) -> float:
        return max(game.t0 - game.t1 * price + game.spread * float(quantile(1 - wholesale / price)), 0.0)

    def loss(price: float) -> float:
        return -_by_integration(game, wholesale, price, order(price))

    grid = np.linspace(wholesale * 1.001, game.t0 / game.t1 * 0.999, 12)
    k = int(np.argmin([loss(p) for p in grid]))
    found = minimize_scalar(loss, bounds=(grid[max(k - 1, 0)], grid[min(k + 1, 11)]), options={"xatol": 1e-7})
    return float(found.x), order(float(found.x)), -float(found.fun)


@pytest.mark.parametrize(("parameters", "exact"), ROWS, ids=["uniform", "normal", "large"])
def test_the_equilibrium_is_the_textbooks(parameters: dict[str, Any], exact: tuple[float, ...]) -> None:
    game = Newsvendor(**parameters)
    solution = solve(game)
    assert solution.rule is not None
    decision = game.decides.read(solution.rule[0]["do"])
    measured = game.measures(0, 0, decision)
    price, order = measured["retail price"], measured["order"]
    ours = (decision[0], price, order, solution.value, _by_integration(game, decision[0], price, order))
    assert ours == pytest.approx(exact[:5], rel=1e-8)
    assert game.chain_profit == pytest.approx(exact[5], rel=1e-9)
    assert measured["chain efficiency"] == pytest.approx((exact[3] + exact[4]) / exact[5], rel=1e-8)
    # Derived anew: the retailer's best reply by search, and no other wholesale price earns more against it.
    assert _best_by_search(game, exact[0]) == pytest.approx((price, order, exact[4]), rel=1e-6)
    for other in (0.99, 1.01):
        _, less, _ = _best_by_search(game, other * exact[0])
        assert (other * exact[0] - game.cost) * less < exact[3]


@pytest.mark.parametrize(("row", "share", "supplier"), [(0, 0.253570, 10.949983), (2, 0.234028, 720.019172)])
def test_revenue_sharing_leaves_the_retailer_its_reservation(row: int, share: float, supplier: float) -> None:
    parameters, exact = ROWS[row]
    game = Newsvendor(**parameters, contract="revenue-sharing", reservation=exact[4])
    solution = solve(game)
    assert solution.value == pytest.approx(exact[5] - exact[4], abs=1e-6) == pytest.approx(supplier, abs=1e-6)
    assert solution.rule is not None
    decision = game.decides.read(solution.rule[0]["do"])
    assert decision[1] == pytest.approx(share, abs=1e-6)
    assert game.measures(0, 0, decision)["chain efficiency"] == pytest.approx(1, abs=1e-9)


def test_a_two_part_tariff_earns_the_same_as_revenue_sharing() -> None:
    tariff = Newsvendor(contract="two-part", reservation=3.0)
    solution = solve(tariff)
    assert solution.value == pytest.approx(tariff.chain_profit - 3, rel=1e-12)
    assert solution.rule is not None
    supplier, retailer = _paid(tariff, tariff.decides.read(solution.rule[0]["do"]))
    assert (supplier, retailer) == pytest.approx((solution.value, 3.0), abs=1e-8)


def _paid(game: Newsvendor, decision: np.ndarray) -> tuple[float, float]:
    leader, followers = game.paid_at(np.zeros((1, 1), np.int32), np.zeros((1, 1), np.int32), decision[None])
    return float(leader[0, 0]), float(followers[0, 0, 0])


@pytest.mark.parametrize("contract", ["wholesale", "revenue-sharing", "buyback", "two-part"])
@pytest.mark.parametrize("noise", ["uniform", "normal"])
def test_no_reply_that_a_search_finds_is_better_and_the_bound_is_above_them(contract: Any, noise: Any) -> None:
    game = Newsvendor(contract=contract, noise=noise)
    second = {"wholesale": [], "revenue-sharing": [0.6], "buyback": [0.5], "two-part": [1.0]}[contract]
    decision = np.array([3.0 if contract == "revenue-sharing" else 5.0, *second])
    with jax.enable_x64(True):
        given = jnp.asarray(decision)
        own = np.asarray(game.reply(0, given))
        earns = jax.jit(lambda reply: game.payoff(0, reply, given)[1])
        found = minimize(lambda reply: -float(earns(jnp.asarray(reply))), own * 1.05, method="Nelder-Mead", tol=1e-10)
        assert -found.fun <= float(earns(jnp.asarray(own))) + 1e-9
        assert found.x == pytest.approx(own, abs=1e-3)
        earned = float(earns(jnp.asarray(own)))
    gap = game.reply_gap(0, decision)
    assert 0 <= gap < 1e-5 and earned + gap >= -found.fun


def test_the_bound_sees_a_reply_that_is_not_the_best(monkeypatch) -> None:
    game, decision = Newsvendor(), np.array([5.0])
    with jax.enable_x64(True):
        best = game.reply(0, jnp.asarray(decision))
        worse = best + jnp.array([0.3, 0.0])
        lost = float(game.payoff(0, best, jnp.asarray(decision))[1] - game.payoff(0, worse, jnp.asarray(decision))[1])
    monkeypatch.setattr(game, "reply", lambda type_, decision: worse)
    assert lost > 0.05 and lost <= game.reply_gap(0, decision) <= lost + 1e-5


def test_without_noise_to_speak_of_the_chain_earns_three_quarters() -> None:
    game = Newsvendor(spread=0.01)
    solution = solve(game)
    assert solution.rule is not None
    decision = game.decides.read(solution.rule[0]["do"])
    assert decision[0] == pytest.approx((10 + 2) / 2, abs=0.05)
    assert game.measures(0, 0, decision)["chain efficiency"] == pytest.approx(0.75, abs=0.01)


def test_a_retailer_below_its_reservation_does_not_trade() -> None:
    game = Newsvendor(reservation=3.0)
    assert _paid(game, np.array([6.0])) == (0.0, 3.0)
    assert _paid(game, np.array([5.0]))[0] > 0


def test_the_certificate_bounds_the_retailers_regret(tmp_path, capsys: pytest.CaptureFixture) -> None:
    rule = tmp_path / "rule.json"
    rule.write_text('{"game": "newsvendor", "parameters": {}, "rule": [{"when": {}, "do": {"wholesale price": 5}}]}')
    assert main(["certify", str(rule), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["epsilon"]["bound"] is True and 0 < found["epsilon"]["max"] < 1e-5
    assert found["value"] == pytest.approx(_paid(Newsvendor(), np.array([5.0]))[0], rel=1e-12)
    assert found["proof"] is None and found["leader_value_bounds_at_epsilon"] is None


def test_what_cannot_be_is_refused(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(InputError, match="cost must be at least 0 and below t0 / t1, 10; got 11"):
        Newsvendor(cost=11.0)
    with pytest.raises(InputError, match="spread"):
        Newsvendor(spread=float("nan"))
    assert main(["solve", "newsvendor", "-g", "contract=lease"]) == 2
    assert "must be one of wholesale, revenue-sharing, buyback, two-part" in capsys.readouterr().err


class Curved(Market):
    """A user's own demand (10 - p)^2 / 10 without noise: the buyer sets the price, continuously."""

    def __init__(self) -> None:
        """The market."""
        super().__init__(acts=Box(["retail price"], 0.0, 10.0), decides=Box(["wholesale price"], 0.0, 10.0))

    def reply(self, type_: Any, decision: Any) -> Any:
        return (10 + 2 * decision) / 3

    def payoff(self, type_: Any, reply: Any, decision: Any) -> Any:
        sold = (10 - reply[0]) ** 2 / 10
        return (decision[0] - 1) * sold, (reply[0] - decision[0]) * sold


def test_a_demand_of_ones_own_with_a_continuous_reply() -> None:
    # sold = (2/3)^2 (10 - w)^2 / 10, so the best w solves 10 - w = 2 (w - 1).
    best = brentq(lambda w: 10 - w - 2 * (w - 1), 1, 10)
    value = (best - 1) * (4 / 9) * (10 - best) ** 2 / 10
    found = solve(Curved())
    assert found.rule is not None and found.rule[0]["do"]["wholesale price"] == pytest.approx(best, abs=1e-3)
    assert found.details()["best_found"] == pytest.approx(value, rel=1e-6)


@pytest.mark.slow
def test_a_demand_of_ones_own_is_designed_for() -> None:
    made = design(Curved(), seeds=2, optimum=False)
    assert np.max(made.learned_values) == pytest.approx(3 * (4 / 9) * 36 / 10, rel=1e-3)  # at w = 4
    assert made.certificate["epsilon"]["max"] is None  # no bound is given, so none is claimed


def test_a_reply_that_is_missing_is_said() -> None:
    class Silent(Curved):
        def reply(self, type_: Any, decision: Any) -> Any:
            return Market.reply(self, type_, decision)

    with pytest.raises(InputError, match="needs reply"):
        Silent()


@pytest.mark.slow
@pytest.mark.parametrize("contract", ["wholesale", "revenue-sharing"])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_every_seed_learns_the_best_contract(row: int, contract: Any) -> None:
    parameters, (*_, supplier, retailer, chain) = ROWS[row]
    shared = contract == "revenue-sharing"
    game = Newsvendor(**parameters, contract=contract, reservation=retailer if shared else 0.0)
    made = design(game, seeds=25)
    assert (np.asarray(made.learned_values) >= 0.999 * (chain - retailer if shared else supplier)).all()


def test_a_grid_misleads() -> None:
    """The document's figures: 21, 41 and 61 values of the price, the retailer's price and its order."""

    def on_a_grid(n: int) -> float:
        wholesale, price, order = np.linspace(2, 10, n), np.linspace(2, 10, n)[:, None], np.linspace(0, 6, n)
        stock = order - 10 + price  # beyond expected demand; the noise is uniform on [-1, 1]
        left = np.where(stock <= -1, 0, np.where(stock >= 1, stock, (stock + 1) ** 2 / 4))
        earned = price * (order - left) - wholesale[:, None, None] * order
        best = np.isclose(earned, earned.max((1, 2), keepdims=True), atol=1e-9)  # ties for the supplier
        return float(((wholesale - 2) * np.where(best, order, 0).max((1, 2))).max())

    assert [round(on_a_grid(n), 3) for n in (21, 41, 61)] == [7.68, 7.2, 7.347]
