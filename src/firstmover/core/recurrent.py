"""A network that remembers: what it has seen so far is a vector, which every step changes."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from firstmover.core.modules import Module


class GatedUnit(Module):
    """A gated recurrent unit, whose rows are those of three gates in turn: reset, update, and what is new.

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014), section 2.3, where the reset
    gate acts after the product with the memory.
    """

    seen: Float[Array, "gates inputs"]
    kept: Float[Array, "gates width"]
    bias: Float[Array, "gates"]
    new_bias: Float[Array, "width"]

    def __call__(self, x: Float[Array, "inputs"], memory: Float[Array, "width"]) -> Float[Array, "width"]:
        """The memory after a step in which this is seen."""
        reset, update, new = jnp.split(self.seen @ x + self.bias, 3)
        reset_kept, update_kept, new_kept = jnp.split(self.kept @ memory, 3)
        candidate = jnp.tanh(new + jax.nn.sigmoid(reset + reset_kept) * (new_kept + self.new_bias))
        return candidate + jax.nn.sigmoid(update + update_kept) * (memory - candidate)


def gated_unit(inputs: int, width: int, key: Key[Array, ""]) -> GatedUnit:
    """A unit whose weights are uniform, smaller the wider it is."""
    most = width**-0.5
    shapes = (3 * width, inputs), (3 * width, width), (3 * width,), (width,)
    keys = jax.random.split(key, len(shapes))
    drawn = [jax.random.uniform(k, shape, minval=-most, maxval=most) for k, shape in zip(keys, shapes, strict=True)]
    return GatedUnit(*drawn)
