"""Linear equations by elimination, as plain array operations.

`jnp.linalg.solve` calls LAPACK from within the compiled program; these are operations like all others.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def solve(matrix: Float[Array, "n n"], right: Float[Array, "n"]) -> Float[Array, "n"]:
    """The solution of a linear system, by Gauss-Jordan elimination with partial pivoting.

    Derivatives are implicit: of another system with the same matrix.

    Example:
        >>> solve(jnp.array([[0.0, 2.0], [1.0, 1.0]]), jnp.array([2.0, 3.0])).tolist()
        [2.0, 1.0]
    """
    return jax.lax.custom_linear_solve(
        lambda x: matrix @ x,
        right,
        lambda _, b: _eliminated(jax.lax.stop_gradient(matrix), b),
        transpose_solve=lambda _, b: _eliminated(jax.lax.stop_gradient(matrix).T, b),
    )


def _eliminated(matrix: Float[Array, "n n"], right: Float[Array, "n"]) -> Float[Array, "n"]:
    size = len(right)
    rows = jnp.arange(size)

    def column(k: Array, system: Array) -> Array:
        pivot = jnp.where(rows >= k, jnp.abs(system[:, k]), -1).argmax()
        lower, upper = system[k], system[pivot]
        system = system.at[pivot].set(lower).at[k].set(upper / upper[k])
        factors = jnp.where(rows == k, 0, system[:, k])
        return system - factors[:, None] * system[k]

    return jax.lax.fori_loop(0, size, column, jnp.concatenate([matrix, right[:, None]], axis=1))[:, -1]
