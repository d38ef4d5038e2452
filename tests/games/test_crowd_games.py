"""Tolls for a crowd, and taxes of an economy, against what independent programs say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from firstmover.errors import InputError
from firstmover.games import CrowdToll, Tax
from firstmover.games.tax import CAPITAL_SHARE, WEAR, rouwenhorst
from firstmover.jobs import build
from firstmover.jobs.solutions import as_json, solve
from firstmover.solvers.mean_field import fixed_points


def reached(game: CrowdToll | Tax, decision: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flows [starts, T, S, M, W], policies and what the leader earns, from all starts of a game."""
    with jax.enable_x64(True):
        reply, earned = fixed_points(game)(jnp.asarray(decision, float))
        return np.asarray(reply.flow), np.asarray(reply.policy), np.asarray(earned)


def assignment(game: CrowdToll, tolls: np.ndarray) -> np.ndarray:
    """Travellers on each road in equilibrium, by the convex program of Beckmann et al. 1956."""
    values, shares, roads = game.time_values, game.shares, len(game.free)

    def potential(x: np.ndarray) -> float:
        flows = x.reshape(len(shares), roads)
        total = flows.sum(0)
        return float(game.free @ total + game.slope @ total**2 / 2 + (flows / values[:, None]).sum(0) @ tolls)

    everybody = {"type": "eq", "fun": lambda x: x.reshape(len(shares), roads).sum(1) - shares}
    start = np.repeat(shares / roads, roads)
    options = {"ftol": 1e-15, "maxiter": 1000}
    bounds = [(0, 1)] * len(start)
    found = minimize(potential, start, method="SLSQP", bounds=bounds, constraints=everybody, options=options)
    return np.asarray(found.x.reshape(len(shares), roads).sum(0))


def test_pigou() -> None:
    """A unit crowd takes the road of cost x whole; a toll of 1/2 halves it: (1/2)^2 + 1/2 = 3/4 is the least cost."""
    for toll, share, value in ((0.0, 1.0, -1.0), (0.5, 0.5, -0.75)):
        flows, _, earned = reached(CrowdToll(), [toll, 0.0])
        assert len(earned) == 5
        np.testing.assert_allclose(flows[:, 0, 0, 0, 0], share, atol=1e-5)
        np.testing.assert_allclose(earned, value, atol=1e-5)


@pytest.mark.parametrize("tolls", [[0.0] * 5, [0.5, 0.2, 0.3, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0, 0.0]])
def test_two_classes_on_five_roads_are_where_the_assignment_program_puts_them(tolls: list[float]) -> None:
    game = CrowdToll("parallel")
    flows, _, earned = reached(game, tolls)
    roads = assignment(game, np.array(tolls))
    np.testing.assert_allclose(flows[:, 0].sum((1, 3)), np.tile(roads, (5, 1)), atol=2e-5)
    assert np.ptp(earned) < 1e-5


def test_tolls_that_are_best_known() -> None:
    """Where all value time alike, what assigning all travellers earns is a bound, and tolls reach it."""
    alike = solve(CrowdToll("parallel", values=(1.0,), shares=(1.0,)))
    told = as_json(CrowdToll("parallel"), alike, "strong")
    assert told["optimum"] is None and not told["exact"]
    assert told["best_known"] == pytest.approx(told["upper_bounds"]["assigning"], abs=1e-5)
    # Two classes: better than a random search over tolls.
    game = CrowdToll("parallel")
    drawn = np.random.default_rng(1).uniform(0, 1, (60, 5))
    with jax.enable_x64(True):
        best = max(float(fixed_points(game)(jnp.asarray(tolls))[1][0]) for tolls in drawn)
    found = as_json(game, solve(game), "strong")
    assert found["best_known"] > best and found["upper_bounds"] == {}


ECONOMIES = {
    0.0: (3.898860, 0.787650, 1.342357, 0.034765, -0.407590),
    0.1: (3.542209, 0.753717, 1.262497, 0.038805, -0.399801),
    0.2: (3.223784, 0.720430, 1.187180, 0.042752, -0.401655),
    0.3: (2.939397, 0.685442, 1.113610, 0.046286, -0.413726),
}


def economy_of(tax: float, temperature: float = 0.05) -> tuple[float, float, float, float, float]:
    """Capital, labour, output, interest and welfare by plain iteration: values, masses, and bisection on K / L."""
    wealth, hours, z = 12 * (np.arange(31) / 30) ** 1.5, np.array([0, 0.33, 0.66, 1]), np.array([0.4, 1.6])
    chain, values, masses = np.array([[0.9, 0.1], [0.1, 0.9]]), np.zeros((31, 2)), np.full((31, 2), 1 / 62)
    labour = 0.75
    low, high = 3.5, 6.5  # of K / L
    while high - low > 1e-10:
        ratio = (low + high) / 2
        interest, wage = CAPITAL_SHARE * ratio ** (CAPITAL_SHARE - 1) - WEAR, (1 - CAPITAL_SHARE) * ratio**CAPITAL_SHARE
        for _ in range(200):
            have = (1 + interest) * wealth[:, None, None] + (1 - tax) * wage * z[:, None] * hours + tax * wage * labour
            consumed = have[..., None] - wealth  # a, z, h, a'
            paid = np.where(consumed > 0, np.log(np.maximum(consumed, 1e-300)), -1e9) - 2 * hours[:, None] ** 3 / 3
            while True:
                scaled = (paid + 0.95 * (chain @ values.T)[None, :, None, :]) / temperature
                top = scaled.max((2, 3))
                better = temperature * (top + np.log(np.exp(scaled - top[..., None, None]).sum((2, 3))))
                change, values = np.abs(better - values).max(), better
                if change < 1e-11:
                    break
            policy = np.exp(scaled - top[..., None, None])
            policy /= policy.sum((2, 3), keepdims=True)
            kept = policy.sum(2)
            moves = np.einsum("azb,zy->azby", kept, chain).reshape(62, 62)
            masses = np.linalg.matrix_power(moves, 4096)[0].reshape(31, 2)
            flow = masses[..., None, None] * policy
            worked = float((flow.sum(3) * z[:, None] * hours).sum())
            if abs(worked - labour) < 1e-11:
                break
            labour = worked
        capital = float(masses.sum(1) @ wealth)
        low, high = (ratio, high) if capital / labour > ratio else (low, ratio)
    output = capital**CAPITAL_SHARE * labour ** (1 - CAPITAL_SHARE)
    return capital, labour, output, interest, float(np.where(flow > 0, flow * paid, 0).sum())


@pytest.mark.parametrize("tax", ECONOMIES)
def test_the_economy_is_where_five_searches_put_it(tax: float) -> None:
    game = Tax()
    flows, _, earned = reached(game, [tax])
    assert len(earned) == 5
    for flow, value in zip(flows, earned, strict=True):
        with jax.enable_x64(True):
            told = game.statistics(flow, np.array([tax]))
        found = [told[name] for name in ("capital", "labour", "output", "interest")]
        np.testing.assert_allclose([*found, value], ECONOMIES[tax], atol=1e-5)
        with jax.enable_x64(True):
            felt = game.aggregates(jnp.asarray(flow[0]), jnp.asarray([tax]))
            consumed = float((flow[0] * np.asarray(game.consumed(felt, jnp.asarray([tax])))).sum())
        assert consumed == pytest.approx(told["output"] - WEAR * told["capital"], abs=1e-9)  # nothing is lost


@pytest.mark.slow
@pytest.mark.parametrize("tax", [0.0, 0.3])
def test_the_economy_is_that_of_plain_iteration(tax: float) -> None:
    np.testing.assert_allclose(economy_of(tax), ECONOMIES[tax], atol=2e-6)


def test_rouwenhorst_has_the_moments_that_it_was_asked_for() -> None:
    levels, chain = rouwenhorst(3, 0.9, 0.5)
    masses = np.linalg.matrix_power(chain, 2000)[0]
    np.testing.assert_allclose(masses, [0.25, 0.5, 0.25], atol=1e-9)
    assert masses @ levels == pytest.approx(0) and masses @ levels**2 == pytest.approx(0.25)
    assert (masses * levels) @ chain @ levels == pytest.approx(0.9 * 0.25)
    assert len(Tax("large").wealth) == 100 and Tax("large").productivity @ [0.25, 0.5, 0.25] == pytest.approx(1)


def test_schedules_without_progression_are_flat() -> None:
    relative = jnp.linspace(0, 5, 11)
    flat = Tax().kept(relative, jnp.array([0.2]))
    np.testing.assert_allclose(Tax(schedule="hsv").kept(relative, jnp.array([0.2, 0.0])), flat, rtol=1e-6)
    kept = np.asarray(Tax(schedule="brackets").kept(jnp.array([0.1, 0.4, 10.0]), jnp.array([1.0])))
    owed = 0.2 * 0.1 + 0.5 * 0.12 + 0.7 * 0.22 + 1.4 * 0.24 + 0.7 * 0.32 + 5.3 * 0.35 + 0.37
    np.testing.assert_allclose(kept, [0.1, 0.4 - 0.02, 10 - owed], rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: CrowdToll(free=(1.0,)), "at least two roads"),
        (lambda: CrowdToll(free=(1.0, 2.0, 3.0)), "one number for every road"),
        (lambda: CrowdToll(shares=(0.5,)), "shares must sum to 1"),
        (lambda: build.build("game", "crowd-toll", {"network": "ring"}), "network must be one of"),
        (lambda: Tax(temperature=0.0), "temperature must be from"),
        (lambda: build.build("game", "tax", {"economy": "huge"}), "economy must be one of"),
    ],
)
def test_bad_parameters_are_refused(make: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        make()  # type: ignore[operator]
