"""Linear equations of chains, against LAPACK."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.equilibria.elimination import _BLOCK, solve_chain


@pytest.mark.parametrize("size", [5, 4 * _BLOCK + 7])
def test_equations_of_a_chain(size: int) -> None:
    """Of values, and of the stationary distribution, whose last equation is the sum's; few states lead to many."""
    draw = np.random.default_rng(size)
    chain = draw.dirichlet(np.full(size, 0.05), size) * 0.99 + 0.01 / size
    values = np.eye(size) - 0.95 * chain
    masses = np.eye(size) - chain.T
    masses[-1] = 1
    with jax.enable_x64(True):
        solved = jax.jit(jax.vmap(solve_chain))
        right = np.stack([draw.normal(size=size), np.eye(size)[-1]])
        found = np.asarray(solved(jnp.asarray(np.stack([values, masses])), jnp.asarray(right)))
    np.testing.assert_allclose(found[0], np.linalg.solve(values, right[0]), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found[1], np.linalg.solve(masses, right[1]), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("size", [5, _BLOCK + 7])
def test_derivatives_in_many_directions(size: int) -> None:
    """Of A(t)^-1 b they are -A^-1 A_k A^-1 b, whether directions or matrices come in batches."""
    draw = np.random.default_rng(size)
    chain = 0.95 * draw.dirichlet(np.ones(size), size)
    ways, right = draw.normal(size=(3, size, size)) / size, draw.normal(size=size)
    with jax.enable_x64(True):

        def solved(t: jax.Array, more: jax.Array) -> jax.Array:
            return solve_chain(
                jnp.eye(size) - chain + more * jnp.eye(size) + jnp.tensordot(t, ways, 1), jnp.asarray(right)
            )

        slopes = np.asarray(jax.jit(jax.vmap(jax.jacfwd(solved), (None, 0)))(jnp.zeros(3), jnp.array([0.0, 0.5])))
    for slope, more in zip(slopes, (0.0, 0.5), strict=True):
        inverse = np.linalg.inv((1 + more) * np.eye(size) - chain)
        expected = -np.stack([inverse @ way @ inverse @ right for way in ways], axis=1)
        np.testing.assert_allclose(slope, expected, rtol=1e-9, atol=1e-11)
