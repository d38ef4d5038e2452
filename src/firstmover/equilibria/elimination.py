"""Linear equations by elimination, as plain array operations.

`jnp.linalg.solve` calls LAPACK from within the compiled program; these are operations like all others.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_BLOCK = 16  # rows, of which the fastest of 8, 12, 16, 20 and 30 was taken, for 62 and for 300 equations


def solve(matrix: Float[Array, "n n"], right: Float[Array, "n"]) -> Float[Array, "n"]:
    """The solution of a linear system, by Gauss-Jordan elimination with partial pivoting.

    Derivatives are implicit: of another system with the same matrix.

    Example:
        >>> solve(jnp.array([[0.0, 2.0], [1.0, 1.0]]), jnp.array([2.0, 3.0])).tolist()
        [2.0, 1.0]
    """
    return _solved(matrix, right, _eliminated)


def solve_chain(matrix: Float[Array, "n n"], right: Float[Array, "n"]) -> Float[Array, "n"]:
    """As `solve`, of the equations of a Markov chain P: with I - discount P, or with I - P.T whose last row is ones.

    These are stable without pivoting, so that they are eliminated block by block, which is several times as fast.

    Example:
        >>> solve_chain(jnp.eye(2) - 0.5 * jnp.eye(2), jnp.array([1.0, 0.5])).tolist()
        [2.0, 1.0]
    """
    return _solved(matrix, right, _eliminated if len(right) <= _BLOCK else _eliminated_in_blocks)


def _solved(matrix: Float[Array, "n n"], right: Float[Array, "n"], eliminated: Callable[..., Array]) -> Array:
    def alone(matrix: Array, right: Array) -> Array:
        return eliminated(matrix, right[:, None])[:, 0]

    one = jax.custom_batching.custom_vmap(alone)

    @one.def_vmap
    def _(size: int, batched: list[bool], matrix: Array, right: Array) -> tuple[Array, bool]:
        if batched[0]:
            return jax.vmap(alone, (0, 0 if batched[1] else None))(matrix, right), True
        return eliminated(matrix, right.T).T, True  # derivatives in several directions: the matrix is eliminated once

    return jax.lax.custom_linear_solve(
        lambda x: matrix @ x,
        right,
        lambda _, b: one(jax.lax.stop_gradient(matrix), b),
        transpose_solve=lambda _, b: one(jax.lax.stop_gradient(matrix).T, b),
    )


def _eliminated_in_blocks(matrix: Float[Array, "n n"], right: Float[Array, "n k"]) -> Float[Array, "n k"]:
    """Gauss-Jordan elimination without pivoting; rows and columns of the unit matrix fill up the last block."""
    size = len(right)
    more = -size % _BLOCK
    whole = jnp.eye(size + more, dtype=matrix.dtype).at[:size, :size].set(matrix)
    system = jnp.concatenate([whole, jnp.pad(right, ((0, more), (0, 0)))], axis=1)

    def block(k: Array, system: Array) -> Array:
        rows = jax.lax.dynamic_slice_in_dim(system, k * _BLOCK, _BLOCK, 0)
        columns = jax.lax.dynamic_slice_in_dim(system, k * _BLOCK, _BLOCK, 1)
        reduced = _inverse(jax.lax.dynamic_slice_in_dim(rows, k * _BLOCK, _BLOCK, 1)) @ rows
        return jax.lax.dynamic_update_slice_in_dim(system - columns @ reduced, reduced, k * _BLOCK, 0)

    return jax.lax.fori_loop(0, len(whole) // _BLOCK, block, system)[:size, -right.shape[1] :]


def _inverse(matrix: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The inverse, without pivoting."""
    size = len(matrix)
    rows = jnp.arange(size)

    def column(k: Array, system: Array) -> Array:
        reduced = system[k] / system[k, k]
        factors = jnp.where(rows == k, 0, system[:, k])
        return system.at[k].set(reduced) - factors[:, None] * reduced

    both = jnp.concatenate([matrix, jnp.eye(size, dtype=matrix.dtype)], axis=1)
    return jax.lax.fori_loop(0, size, column, both)[:, size:]


def _eliminated(matrix: Float[Array, "n n"], right: Float[Array, "n k"]) -> Float[Array, "n k"]:
    size = len(right)
    rows = jnp.arange(size)

    def column(k: Array, system: Array) -> Array:
        pivot = jnp.where(rows >= k, jnp.abs(system[:, k]), -1).argmax()
        lower, upper = system[k], system[pivot]
        system = system.at[pivot].set(lower).at[k].set(upper / upper[k])
        factors = jnp.where(rows == k, 0, system[:, k])
        return system - factors[:, None] * system[k]

    return jax.lax.fori_loop(0, size, column, jnp.concatenate([matrix, right], axis=1))[:, size:]
