"""How much a table of observations promises too much, and what designing for nearby priors leaves of it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.evaluators.aims import least_nearby

WORTH = np.arange(1, 9.0)
TAIL = 1 / WORTH  # a visitor pays at least v with probability 1 / v, so that every price earns 1
PRIOR = TAIL - np.append(TAIL[1:], 0)
EARNS = WORTH[:, None] * (WORTH[None] >= WORTH[:, None])  # [price, worth]


def optimism(rows: int, radius: float, tables: int = 2_000) -> float:
    """By how much the price that is best in sample, for the worst prior nearby, promises too much there."""
    estimates = np.random.default_rng(rows).multinomial(rows, PRIOR, tables) / rows
    with jax.enable_x64(True):
        over_prices = jax.vmap(lambda values, probs: least_nearby(values, probs, radius), (0, None))
        robust = np.asarray(jax.jit(jax.vmap(over_prices, (None, 0)))(jnp.asarray(EARNS), jnp.asarray(estimates)))
    chosen = robust.argmax(axis=1)
    promised = (estimates @ EARNS.T)[np.arange(tables), chosen]
    return float(np.mean(promised - (EARNS @ PRIOR)[chosen]))


def test_few_rows_promise_too_much_and_robust_prices_less_than_half_of_it() -> None:
    nominal = [optimism(rows, 0.0) for rows in (50, 200, 1_000)]
    assert nominal == pytest.approx([0.22, 0.11, 0.05], abs=0.015)
    assert optimism(50, 0.1) < nominal[0] / 2
