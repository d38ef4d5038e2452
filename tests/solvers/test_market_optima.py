"""The best rules of markets, against optima that are known otherwise."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from own_markets import Allocation, PlainShop, Shop, Works, best_of_the_shop

from firstmover import Box, Discrete, Market, Mixture, solve
from firstmover.errors import InputError
from firstmover.games import SimpleAllocation
from firstmover.solvers import market as solver
from firstmover.solvers.registry import optimum


class Table(Market):
    """Any payoffs of one follower with two types and a leader that sees which half its action lies in."""

    def __init__(self, leader, follower):
        self.leader, self.follower = np.array(leader), np.array(follower)
        super().__init__(
            types=Discrete(2, "type"),
            prior=[0.25, 0.75],
            acts=Discrete(3, "does"),
            sees=Discrete(["low", "high"], "does"),
            decides=Discrete(3, "answer"),
        )

    def seen(self, action):
        return (action == 2) * 1

    def payoff(self, type_, action, answer):
        return jnp.asarray(self.leader)[type_, action, answer], jnp.asarray(self.follower)[type_, action, answer]


@pytest.mark.parametrize("ties", ["strong", "weak"])
def test_random_markets_agree_with_going_through_them_by_hand(ties) -> None:
    rng = np.random.default_rng(3)
    for _ in range(5):
        leader, follower = rng.integers(0, 4, (2, 2, 3, 3)).astype(float)
        values = []
        for low, high in itertools.product(range(3), repeat=2):
            paid, own = (table[:, [0, 1, 2], [low, low, high]] for table in (leader, follower))
            best = own == own.max(axis=1, keepdims=True)
            pick = np.where(best, paid, -9).max(axis=1) if ties == "strong" else np.where(best, paid, 9).min(axis=1)
            values.append(float(np.array([0.25, 0.75]) @ pick))
        found = solve(Table(leader, follower), ties=ties)
        assert found.value == pytest.approx(max(values), abs=1e-12)
        assert found.bounds == (found.value, found.value)


def test_simple_allocation_is_solved_as_by_its_own_method() -> None:
    found = solve(Allocation())
    assert found.value == pytest.approx(optimum(SimpleAllocation(), "strong").value, abs=1e-12)
    assert found.reply is not None


def test_several_followers_are_bounded_over_equilibria() -> None:
    # Building whenever somebody votes for it pays 1/5 * 2 + 2/5 * 4 if the poor do not vote for it.
    assert solve(Works(), ties="strong").value == pytest.approx(0.4 * 4 + 0.2 * 1, abs=1e-6)


@pytest.mark.parametrize("keen", [0.2, 0.6, 0.75])
def test_the_best_prices_of_the_shop_are_found(keen) -> None:
    found = solve(Shop(keen))
    assert found.value is None  # nothing is proved of real prices
    assert found.details()["best_found"] == pytest.approx(best_of_the_shop(keen), abs=1e-7)
    assert found.method.startswith("the best found")
    (entry,) = found.rule
    assert entry["do"] == {"basic price": 4.0, "full price": 8.0}
    assert found.reply[0][1][2] == 1.0  # keen buyers take the full version
    assert found.rests_on_ties


def test_a_shop_in_plain_python_takes_few_calls() -> None:
    market = PlainShop(0.6)
    found = solve(market)
    assert found.details()["best_found"] == pytest.approx(best_of_the_shop(0.6), rel=1e-3)
    assert market.calls.made < 120_000


def test_a_mixture_is_polished_to_where_the_follower_gives_way() -> None:
    class Inspection(Market):
        """A careless driver is deterred by inspections one time in five."""

        def __init__(self):
            super().__init__(acts=Discrete(["slow", "fast"], "drives"), decides=Mixture(["inspect", "wait"]))

        def payoff(self, _, speed, shares):
            gain = 1 - 5 * shares[0]
            return -shares[0] - 2.0 * speed, speed * gain

    assert solve(Inspection()).details()["best_found"] == pytest.approx(-0.2, abs=1e-6)


def test_a_search_that_stops_says_what_is_known(monkeypatch) -> None:
    monkeypatch.setattr(solver, "MOST_RULES", 3)
    found = solve(Table(np.arange(18.0).reshape(2, 3, 3), np.zeros((2, 3, 3))))
    assert found.value is None
    assert "the first 3 rules of 9" in found.method
    low, high = found.bounds
    assert low <= 0.25 * 8 + 0.75 * 17 == high
    monkeypatch.setattr(solver, "MOST_RULES", 1_000)
    whole = solve(Table(np.arange(18.0).reshape(2, 3, 3), np.zeros((2, 3, 3))))
    assert low <= whole.value <= high
    stopped = solve(Table(np.arange(18.0).reshape(2, 3, 3), np.zeros((2, 3, 3))), time_limit=1e-9)
    assert stopped.value is None
    assert stopped.bounds[0] <= whole.value


class Tickets(Market):
    """Two friends, who see a concert for a price each; going alone is worth half."""

    def __init__(self, sees=None):
        decides = Box(["price"], 0.0, 10.0)
        super().__init__(acts=[Discrete(["stay", "go"], f"friend {i}") for i in (1, 2)], decides=decides, sees=sees)

    def seen(self, actions):
        return actions[0]

    def payoff(self, types, actions, price):
        worth = jnp.array([4.0, 6.0]) * jnp.where(actions.all(), 1.0, 0.5)
        return price[0] * actions.sum(), actions * (worth - price[0])


@pytest.mark.parametrize(("ties", "price"), [("strong", 4.0), pytest.param("weak", 3.0, marks=pytest.mark.slow)])
def test_real_decisions_are_searched_with_several_followers_too(ties, price, monkeypatch) -> None:
    """Below 3 both go whatever the other does; from 3 to 4 that is one equilibrium, and that both stay is another."""
    monkeypatch.setattr(solver, "MOST_PROGRAMS", 240)
    found = solve(Tickets(), ties=ties)
    assert found.value is None
    assert found.best == pytest.approx(2 * price if ties == "strong" else 6.0, abs=0.1)
    (entry,) = found.rule
    assert entry["do"]["price"] == pytest.approx(price, abs=0.05)


def test_what_has_no_method_is_said() -> None:
    with pytest.raises(InputError, match="after what it sees"):
        solve(Tickets(sees=Discrete(["stays", "goes"], "friend 1")))
