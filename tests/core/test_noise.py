"""Randomness by address."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.scipy.special import ndtri
from scipy import stats

from firstmover.core.noise import address_uniform, inverse_cdf, open_unit, seed_of


def _draws(n_seeds: int, addresses: np.ndarray, n: int) -> np.ndarray:
    keys = jax.random.split(jax.random.key(1), n_seeds)
    draw = jax.vmap(jax.vmap(lambda key, a: address_uniform(seed_of(key), a, n), (None, 0)), (0, None))
    return np.asarray(draw(keys, jnp.asarray(addresses, jnp.int32)))


def test_address_uniform_is_uniform_and_inside_the_open_interval() -> None:
    drawn = _draws(500, np.indices((4, 5)).reshape(2, -1).T, 3)
    assert drawn.min() > 0
    assert drawn.max() < 1
    for part in (drawn[:, 0, 0], drawn[0].ravel(), drawn[:, 7, 2], drawn.ravel()[:5000]):
        assert stats.kstest(part, "uniform").pvalue > 1e-4


def test_neighbouring_addresses_components_and_seeds_are_uncorrelated() -> None:
    drawn = _draws(4000, np.indices((3, 3)).reshape(2, -1).T, 2)
    columns = drawn.reshape(4000, -1).T
    correlation = np.corrcoef(columns)[np.triu_indices(len(columns), 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(4000)
    # Pairs fill the unit square: a chi-square test on a 6 x 6 grid.
    counts = np.histogram2d(drawn[:, 0, 0], drawn[:, 1, 0], bins=6, range=[[0, 1], [0, 1]])[0]
    assert stats.chisquare(counts.ravel()).pvalue > 1e-4


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.25, 1.0, 3.0]), min_size=1, max_size=6), st.floats(0, 1, width=32))
def test_inverse_cdf_never_draws_what_is_impossible(weights: list[float], u: float) -> None:
    if sum(weights) == 0:
        weights[0] = 1.0
    drawn = int(inverse_cdf(jnp.asarray(weights, jnp.float32), jnp.float32(min(u, 1 - 1e-7))))
    assert weights[drawn] > 0


def test_inverse_cdf_has_the_right_frequencies() -> None:
    weights = jnp.array([0.5, 0.0, 0.2, 0.3])
    u = (jnp.arange(10_000) + 0.5) / 10_000
    drawn = np.asarray(jax.vmap(lambda v: inverse_cdf(weights, v))(u))
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / 10_000, weights, atol=2e-4)


@pytest.mark.parametrize("in_64_bit", [False, True])
def test_no_word_is_a_uniform_number_of_0_or_1(in_64_bit: bool) -> None:
    """All 2^24 of them, in either mode: every quantile of a draw is finite, and every logarithm."""
    with jax.enable_x64(in_64_bit):
        drawn = np.asarray(open_unit(jnp.arange(2**24, dtype=jnp.uint32) << 8 | 0xFF))
        assert drawn.dtype == np.float32
        assert drawn[0] == 2.0**-25
        assert drawn[-1] == 1 - 2.0**-24
        assert np.all(np.diff(drawn) >= 0)
        ends = jnp.asarray([drawn.min(), drawn.max()])
        assert np.isfinite(ndtri(ends)).all()
        assert np.isfinite(jnp.log(1 - ends)).all()
