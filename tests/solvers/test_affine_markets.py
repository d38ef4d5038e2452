"""Upper bounds on markets with real decisions: where payoffs are seen to be affine, and never else."""

import jax.numpy as jnp
import numpy as np
import pytest

from firstmover import Box, Discrete, Market, Mixture, solve
from firstmover.solvers.affine_markets import upper_bound


class Shop(Market):
    """Two versions of a product, a casual and a keen buyer."""

    def __init__(self, keen: float = 0.4, total: float | None = None):
        super().__init__(
            types=Discrete(["casual", "keen"], "buyer"),
            prior=[1 - keen, keen],
            acts=Discrete(["nothing", "basic", "full"], "buys"),
            decides=Box(["basic", "full"], 0.0, 10.0, total=total),
        )

    def payoff(self, buyer, buys, prices):
        worth = jnp.array([[0.0, 4.0, 5.0], [0.0, 5.0, 9.0]])[buyer, buys]
        paid = jnp.concatenate([jnp.zeros(1), prices])[buys]
        return paid - jnp.array([0.0, 0.0, 1.0])[buys], worth - paid


@pytest.mark.parametrize("keen", [0.1, 0.4, 0.8])
def test_the_bound_is_the_optimum_of_the_shop(keen):
    """In closed form: both are served at (4, 8), or keen ones only at 9."""
    bound = upper_bound(Shop(keen))
    assert bound.value == pytest.approx(max(4 * (1 - keen) + 7 * keen, 8 * keen), abs=1e-9)


def test_solve_says_the_bound_beside_what_it_found():
    solution = solve(Shop(0.4))
    assert solution.value is None and solution.best <= solution.upper_bounds["real"] + 1e-9
    assert solution.upper_bounds["real"] == pytest.approx(5.2)


def test_a_budget_counts():
    """Of prices that sum to at most 6, tried on a grid, none earns more than the bound, and some nearly as much."""
    market = Shop(0.4, total=6.0)
    bound = upper_bound(market).value
    ticks = np.linspace(0, 6, 61)
    earned = []
    for basic in ticks:
        for full in ticks[ticks <= 6.0 - basic + 1e-9]:
            value = 0.0
            for p, worths in ((0.6, (0, 4, 5)), (0.4, (0, 5, 9))):
                gains = np.round([worths[0], worths[1] - basic, worths[2] - full], 9)
                value += p * max(np.array([0, basic, full - 1])[gains == gains.max()])
            earned.append(value)
    assert max(earned) <= bound + 1e-9 and bound < max(earned) + 0.05


class Inspect(Market):
    """A mixture of places to inspect, a smuggler who picks one."""

    def __init__(self, form: str = "linear"):
        self.form = form
        super().__init__(acts=Discrete(["north", "south"]), decides=Mixture(["north", "south"]))

    def payoff(self, smuggler, goes, shares):
        caught = shares[goes]
        if self.form == "squared":
            caught = caught**2
        if self.form == "floor":
            caught = jnp.floor(caught)
        if self.form == "steps":
            caught = (caught > 0.5).astype(float)
        if self.form == "chosen":
            caught = jnp.where(shares[0] > 0.5, caught, 0.0)
        return caught, jnp.array([2.0, 1.0])[goes] * (1 - caught)


def test_mixtures_are_bounded_too():
    """He goes south unless 2 (1 - n) >= 1 - s = n; at n = 2/3 he is indifferent, and is caught in the north."""
    assert upper_bound(Inspect()).value == pytest.approx(2 / 3)


@pytest.mark.parametrize("form", ["squared", "floor", "steps", "chosen"])
def test_what_is_not_affine_has_no_bound(form):
    assert upper_bound(Inspect(form)) is None
