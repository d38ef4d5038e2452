"""A supplier that learns demand while it sells: the market, the estimator, regret, and what can be typed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.games import Newsvendor
from firstmover.online.selling import sell
from firstmover.online.suppliers import CertaintyEquivalent, Chain, Estimate, Optimistic, Sale, Supplier
from firstmover.solvers.newsvendor import wholesale_optimum


@dataclass(frozen=True)
class Always(Supplier):
    """Asks the same price in every round."""

    price: float

    name: ClassVar[str] = "always"

    def init(self, chain: Chain, guess: Any) -> Any:
        return guess

    def ask(self, chain: Chain, state: Any, time: Any, u: Any) -> Any:
        return jnp.float32(self.price)

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


def test_estimates_are_least_squares_and_the_confidence_set_holds_the_truth() -> None:
    """Prices and noise of NumPy's; the estimate by a formula of its own; coverage over 200 runs of 60 rounds."""
    rng, truth, supplier = np.random.default_rng(0), np.array([10.0, 1.0]), Optimistic(width=1.0)
    chain = Chain(
        *map(jnp.float32, (2, 60, 1, 10, 25)), *(jnp.array(truth) * f for f in (0.1, 10)), *[jnp.zeros(1)] * 3
    )
    missed = 0
    for _ in range(200):
        prices, noise = rng.uniform(5, 8, 60), rng.uniform(-1, 1, 60)
        demand = truth[0] - truth[1] * prices + noise
        state = Estimate(0.01 * np.eye(2), 0.01 * truth, truth)
        seen = np.stack([np.ones(60), -prices], 1)
        state = state._replace(information=state.information + seen.T @ seen, evidence=state.evidence + seen.T @ demand)
        off = np.linalg.solve(state.information, state.evidence) - truth
        missed += off @ state.information @ off > float(supplier.radius(chain, state)) ** 2
    assert missed <= 10  # one in twenty may fail
    one = Estimate.of_guess(jnp.array([9.0, 1.2]), 0.5).after(chain, Sale(*map(jnp.float32, (5, 7, 3.2, 6))))
    by_hand = np.linalg.lstsq(
        np.array([[0.5**0.5, 0], [0, 0.5**0.5], [1, -7]]), np.array([9 * 0.5**0.5, 1.2 * 0.5**0.5, 3.2]), rcond=None
    )[0]
    np.testing.assert_allclose(one.last, by_hand, rtol=1e-4)
    # What cannot be is not used.
    wild = Estimate.of_guess(jnp.array([9.0, 1.2]), 1e-6).after(chain, Sale(*map(jnp.float32, (5, 7, 900, 6))))
    np.testing.assert_array_equal(wild.last, jnp.array([9.0, 1.2]))


def test_points_at_the_border_lie_on_the_ellipse() -> None:
    state = Estimate(jnp.array([[3.0, -1.0], [-1.0, 2.0]]), jnp.zeros(2), jnp.array([5.0, 1.0]))
    off = np.asarray(state.border(jnp.float32(0.7))) - np.array([5.0, 1.0])
    np.testing.assert_allclose(np.einsum("ai,ij,aj->a", off, np.asarray(state.information), off), 0.49, rtol=1e-4)


def test_an_optimist_learns_what_certainty_does_not() -> None:
    """The same seeds: some who take their estimate for the truth never vary their price and stay wrong."""
    game = Newsvendor()
    certain = sell(game, CertaintyEquivalent(weight=1.0), rounds=1000, seeds=25)
    optimist = sell(game, Optimistic(), rounds=1000, seeds=25)
    assert certain.slope > 0.8
    assert optimist.slope < 0.7
    assert optimist.leader_regret[-1].max() < certain.leader_regret[-1].max()
    again = sell(game, Optimistic(), rounds=1000, seeds=25)
    np.testing.assert_array_equal(again.leader_regret, optimist.leader_regret)


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
