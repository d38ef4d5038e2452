"""Adam's steps, for the learners that every design starts with: optax imports for longer than they learn.

Source: Kingma and Ba 2015, algorithm 1; to the bit what `optax.scale_by_adam` computes, whose place it takes.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from firstmover.core.trees import Tree


class Moments(NamedTuple):
    """What Adam remembers.

    Attributes:
        gradients: how many so far.
        first: mean of the gradients, as the tree of parameters.
        second: mean of their squares.
    """

    gradients: Int[Array, ""]
    first: PyTree
    second: PyTree


@dataclass(frozen=True)
class Adam:
    """Gradients divided by what they are used to be.

    Attributes:
        b1, b2: how much is kept of the moments, each update.
        eps: added to what is divided by.

    Example:
        >>> import jax.numpy as jnp
        >>> adam = Adam()
        >>> step, _ = adam.update(jnp.array([4.0, -0.5]), adam.init(jnp.zeros(2)))
        >>> step.round(3).tolist()  # the first step goes by the signs
        [1.0, -1.0]
    """

    b1: float = 0.9
    b2: float = 0.999
    eps: float = 1e-8

    def init(self, parameters: PyTree) -> Moments:
        """The moments before the first gradient."""
        return Moments(jnp.zeros([], jnp.int32), *(jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)))

    def update(self, gradient: Tree, moments: Moments) -> tuple[Tree, Moments]:
        """The step before it is scaled by a learning rate (along the gradient), and the moments after it."""
        count = moments.gradients + 1
        first = jax.tree.map(lambda g, m: (1 - self.b1) * g + self.b1 * m, gradient, moments.first)
        second = jax.tree.map(lambda g, m: (1 - self.b2) * g**2 + self.b2 * m, gradient, moments.second)
        sure, certain = 1 - self.b1**count, 1 - self.b2**count

        def step(m: Array, v: Array) -> Array:
            return m / sure.astype(m.dtype) / (jnp.sqrt(v / certain.astype(v.dtype)) + self.eps)

        return jax.tree.map(step, first, second), Moments(count, first, second)
