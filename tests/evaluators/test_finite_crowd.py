"""Crowds of so many members come near the mean field like one over the root of their number."""

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.core.crowd_play import CrowdPlay
from firstmover.evaluators.finite_crowd import simulated
from firstmover.games import Tax
from firstmover.solvers.mean_field import fixed_points


def test_households_come_near_the_mean_field() -> None:
    game, tax = Tax(), np.array([0.1])
    with jax.enable_x64(True):
        found, _ = fixed_points(game)(jnp.asarray(tax))
        play = CrowdPlay(found.flow[0], found.policy[0])
        errors = []
        for members in (100, 1_000, 10_000):
            met, exact = simulated(game, play, tax, members=members, periods=60, seed=1)
            errors.append(float(np.sqrt(np.mean((met[:, 1] / exact[1] - 1) ** 2))))  # of labour: it forgets quickly
    scaled = np.array(errors) * np.sqrt([100, 1_000, 10_000])
    assert scaled.min() > 0.2 and scaled.max() < 2 * scaled.min()
