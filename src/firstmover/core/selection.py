"""The best of several numbers of which some may have gone wrong: what is not finite is never the best.

`argmax` and `max` prefer NaN to every number. Whatever picks among candidates, restarts, seeds or episodes picks here.
The functions take JAX arrays and NumPy ones, and hand back the same kind.
"""

from collections.abc import Callable
from typing import TypeVar, overload

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PyTree

Numbers = TypeVar("Numbers", bound=np.ndarray | Array)


def ranked(numbers: Numbers) -> Numbers:
    """The numbers, with minus infinity in place of what is not finite: safe to sort and to compare."""
    xp = np if isinstance(numbers, np.ndarray) else jnp
    return xp.where(xp.isfinite(numbers), numbers, -np.inf)


@overload
def best_of(numbers: np.ndarray) -> np.intp: ...
@overload
def best_of(numbers: Array) -> Array: ...
def best_of(numbers: np.ndarray | Array) -> np.intp | Array:
    """Position of the largest finite number of a vector, the first of equals; 0 where none is finite."""
    return ranked(numbers).argmax()


def largest(numbers: Numbers) -> Numbers:
    """The largest finite number of a vector; NaN where none is finite."""
    xp = np if isinstance(numbers, np.ndarray) else jnp
    top = ranked(numbers).max()
    return xp.where(top > -np.inf, top, np.nan)


@overload
def average(numbers: np.ndarray, axis: None = None) -> np.floating: ...
@overload
def average(numbers: np.ndarray, axis: int) -> np.ndarray: ...
@overload
def average(numbers: Array, axis: int | None = None) -> Array: ...
def average(numbers: np.ndarray | Array, axis: int | None = None) -> np.floating | np.ndarray | Array:
    """The mean of the finite numbers over an axis, or over all; NaN where none is finite."""
    xp = np if isinstance(numbers, np.ndarray) else jnp
    well = xp.isfinite(numbers)
    count = well.sum(axis)
    return xp.where(well, numbers, 0).sum(axis) / xp.where(count > 0, count, np.nan)


def best_share(rewards: Float[Array, "episodes"], share: float) -> Float[Array, "episodes"]:
    """Advantages: membership in this share of the best (more where the threshold ties), centred and of unit size.

    Where all earn the same, nothing is learnt. A reward that is not finite is among the best only if all are.
    """
    rewards = ranked(rewards)
    count = max(1, int(rewards.shape[0] * share))
    elite = (rewards >= jax.lax.top_k(rewards, count)[0][-1]).astype(rewards.dtype)
    centred = elite - elite.mean()
    return centred / (jnp.sqrt(jnp.mean(centred**2)) + 1e-8)


def sound(tree: PyTree, axes: int = 0) -> Bool[Array, "..."]:
    """Whether nothing in a pytree of arrays is NaN, for each position of the leading axes that all its leaves share.

    Infinities are no fault: a value that nothing has earned yet starts at minus infinity.
    """
    return _everywhere(lambda leaf: ~jnp.isnan(leaf), tree, axes)


def finite(tree: PyTree, axes: int = 0) -> Bool[Array, "..."]:
    """As `sound`, whether all of it is finite."""
    return _everywhere(jnp.isfinite, tree, axes)


def _everywhere(test: Callable[[Array], Array], tree: PyTree, axes: int) -> Bool[Array, "..."]:
    leaves = jax.tree.leaves(tree)
    holds = jnp.ones(leaves[0].shape[:axes], bool)
    for leaf in leaves:
        if jnp.issubdtype(leaf.dtype, jnp.floating):
            holds &= test(leaf).all(axis=tuple(range(axes, leaf.ndim)))
    return holds
