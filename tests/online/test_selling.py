"""A supplier that learns demand while it sells: the market, the estimator, regret, and what can be typed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.games import Newsvendor
from firstmover.online.selling import chain_of, sell
from firstmover.online.suppliers import (
    CertaintyEquivalent,
    Chain,
    Estimate,
    Optimistic,
    Sale,
    Supplier,
    nearest,
    what_a_reply_says,
)
from firstmover.solvers.newsvendor import wholesale_optimum


@dataclass(frozen=True)
class Always(Supplier):
    """Asks the same price in every round."""

    price: float

    name: ClassVar[str] = "always"

    def init(self, chain: Chain, guess: Any) -> Any:
        return guess

    def ask(self, chain: Chain, state: Any, time: Any, u: Any) -> Any:
        return jnp.asarray(self.price, float)

    def learn(self, chain: Chain, state: Any, time: Any, sale: Sale) -> Any:
        return state


@pytest.mark.parametrize(
    "game", [Newsvendor(), pytest.param(Newsvendor(100.0, 2.0, 5.0, "normal", 10.0), marks=pytest.mark.slow)]
)
def test_regret_is_what_the_best_price_earns_less_what_the_asked_one_does(game: Newsvendor) -> None:
    best, earned, _ = wholesale_optimum(game)
    assert np.abs(sell(game, Always(best), rounds=100, seeds=1).leader_regret[-1]).max() < 1e-4 * earned * 100
    other = 0.8 * best
    reply = np.asarray(game.reply(0, jnp.array([other])))
    lost = earned - (other - game.cost) * float(reply[1])
    np.testing.assert_allclose(sell(game, Always(other), rounds=100, seeds=2).leader_regret[-1], 100 * lost, rtol=2e-3)


@pytest.mark.parametrize("sees", ["demand", "replies"])
def test_the_confidence_set_holds_the_truth(sees: Any) -> None:
    """Coverage at every of 60 rounds, over 200 runs of prices and noise of NumPy's, replies off by the tolerance."""
    game, supplier, rng = Newsvendor(), Optimistic(sees=sees), np.random.default_rng(0)
    with jax.enable_x64(True):
        chain, truth = chain_of(game, 60), jnp.array([game.t0, game.t1])
        asked = rng.uniform(4, 7, (200, 60))
        price, order = np.moveaxis(np.asarray(jax.vmap(jax.vmap(lambda w: game.reply(0, w)))(asked[..., None])), -1, 0)
        order = order + 0.005 * rng.choice([-1, 1], order.shape)  # half of the tolerance, 0.01 spreads
        demand = game.t0 - game.t1 * price + rng.uniform(-1, 1, price.shape)
        sales = Sale(*(jnp.asarray(x) for x in (asked, order, price, demand, (asked - game.cost) * order)))
        guesses = jnp.asarray(truth * 2 ** rng.uniform(-1, 1, (200, 2)))

        def one_round(state: Estimate, sale: Sale) -> tuple[Estimate, Any]:
            state = supplier.learn(chain, state, jnp.int32(0), sale)
            off = state.last - truth
            return state, (off @ state.whole @ off <= supplier.radius(chain, state) ** 2, state.last)

        run = jax.vmap(lambda guess, own: jax.lax.scan(one_round, supplier.init(chain, guess), own)[1])
        inside, found = jax.tree.map(np.asarray, jax.jit(run)(guesses, sales))
    assert inside.all(axis=1).mean() >= 0.95  # one in twenty may fail
    # The same estimate by NumPy's least squares, where replies are not read and the box of the guess does not bind.
    if sees == "demand":
        rows = np.stack([np.ones(60), -price[0]], 1)
        guess = np.asarray(guesses[0])
        by_hand = np.linalg.lstsq(np.vstack([0.1 * np.eye(2), rows]), np.concatenate([0.1 * guess, demand[0]]), None)[0]
        np.testing.assert_allclose(found[0, -1], by_hand, rtol=1e-6)


@pytest.mark.parametrize(
    "game", [Newsvendor(), pytest.param(Newsvendor(100.0, 2.0, 5.0, "normal", 10.0), marks=pytest.mark.slow)]
)
def test_a_best_reply_says_demand_and_where_it_ends(game: Newsvendor) -> None:
    with jax.enable_x64(True):
        chain, truth = chain_of(game, 10), jnp.array([game.t0, game.t1])
        asked = jnp.array(0.5 * game.t0 / game.t1)
        price, order = game.reply(0, asked[None])
        found = jnp.linalg.solve(*what_a_reply_says(chain, Sale(asked, order, price, price, price), 0.01))
        np.testing.assert_allclose(found, truth, rtol=1e-3)
        prices = jnp.linspace(0.5 * game.t0 / game.t1, game.t0 / game.t1, 2000)
        orders = jax.vmap(lambda w: game.reply(0, w)[1])(prices[:, None])
        assert float(chain.dearest_taken(truth)) == pytest.approx(float(prices[orders > 0].max()), rel=0.01)


def test_the_nearest_demand_of_a_box_and_points_within_an_ellipse() -> None:
    matrix, free, low, high = map(jnp.array, ([[3.0, -2.0], [-2.0, 2.0]], [5.0, 1.0], [1.0, 2.0], [4.0, 6.0]))
    grid = np.stack(np.meshgrid(np.linspace(1, 4, 301), np.linspace(2, 6, 401)), -1).reshape(-1, 2)
    off = grid - np.asarray(free)
    best = grid[np.einsum("ai,ij,aj->a", off, np.asarray(matrix), off).argmin()]
    np.testing.assert_allclose(nearest(matrix, free, low, high), best, atol=0.011)
    state = Estimate.of_guess(jnp.array([5.0, 1.0]), 1.0)._replace(information=matrix)
    off = np.asarray(state.within(jnp.float32(0.7))) - np.array([5.0, 1.0])
    lengths = np.einsum("ai,ij,aj->a", off, np.asarray(matrix), off) ** 0.5
    np.testing.assert_allclose(
        lengths.reshape(4, -1), 0.7 * np.array([[0.25], [0.5], [0.75], [1]]) + 0 * lengths[:16], rtol=1e-4
    )


def test_an_optimist_learns_what_certainty_does_not() -> None:
    """The same seeds: some who take their estimate for the truth ask too much, sell nothing and see nothing."""
    game = Newsvendor()
    certain = sell(game, CertaintyEquivalent(), rounds=300, seeds=15)
    optimist = sell(game, Optimistic(), rounds=300, seeds=15)
    assert certain.slope > 0.8
    assert optimist.slope < 0.2 and optimist.leader_regret[-1].mean() < 15
    again = sell(game, Optimistic(), rounds=300, seeds=15)
    np.testing.assert_array_equal(again.leader_regret, optimist.leader_regret)


@pytest.mark.slow
def test_two_thousand_rounds() -> None:
    optimist = sell(Newsvendor(), Optimistic(), rounds=2000, seeds=25)
    assert optimist.leader_regret[-1].mean() <= 15 and optimist.slope < 0.2
    assert sell(Newsvendor(), CertaintyEquivalent(), rounds=2000, seeds=25).slope > 0.8
    # From demand alone it is of the order of the square root.
    assert sell(Newsvendor(), Optimistic(sees="demand"), rounds=2000, seeds=25).slope < 0.7


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "curves.svg"
    given = ["online", "newsvendor", "--leader", "ucb", "--rounds", "200", "--seeds", "2", "--out", str(picture)]
    assert main([*given, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["leader_regret"]) == 2
    assert told["optimum"]["value"] == pytest.approx(7.1785844796)
    assert b"<svg" in picture.read_bytes()
    assert main(["online", "newsvendor", "--leader", "optimistic", "--rounds", "50", "--seeds", "1"]) == 0
    assert "grows like rounds^" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["--follower", "ucb"], "knows demand and replies exactly"),
        (["--leader", "fbm"], "unknown online leader of newsvendor"),
        (["-g", "contract=two-part"], "under wholesale prices"),
        (["--rounds", "5"], "number of rounds must be"),
        (["-l", "width=0"], "width must be a positive number"),
    ],
)
def test_bad_input_is_one_sentence(given: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["online", "newsvendor", *given]) == 2
    error = capsys.readouterr().err.strip()
    assert why in error
    assert "\n" not in error
    with pytest.raises(InputError, match="seeds must be"):
        sell(Newsvendor(), Optimistic(), rounds=20, seeds=0)
