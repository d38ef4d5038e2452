"""Networks on images: a small convolution, whose filters see the same thing wherever it stands, then a tanh network."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from firstmover.core.mlp import MLP, tanh_network
from firstmover.core.modules import Module, static

_FILTERS = 8
_WINDOW = 3  # pixels a side


class ImageNetwork(Module):
    """Eight filters of 3 x 3 pixels, tanh, then a tanh network; the image comes as a vector, planes first.

    Numbers that follow the pixels go past the filters.
    """

    weight: Float[Array, "filters patch"]
    bias: Float[Array, "filters"]
    network: MLP
    shape: tuple[int, int, int] = static()

    def filtered(self, image: Float[Array, "planes rows columns"]) -> Float[Array, "filters rows columns"]:
        """What the filters see around every pixel."""
        _, rows, columns = self.shape
        framed = jnp.pad(image, ((0, 0), (1, 1), (1, 1)))
        moves = np.ndindex(_WINDOW, _WINDOW)
        patches = jnp.concatenate([framed[:, i : i + rows, j : j + columns] for i, j in moves])
        return jnp.einsum("fp,prc->frc", self.weight, patches) + self.bias[:, None, None]

    def __call__(self, x: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The output for one image, and what is beside it."""
        pixels, beside = jnp.split(x, [math.prod(self.shape)])
        filtered = jnp.tanh(self.filtered(pixels.reshape(self.shape)))
        return self.network(jnp.concatenate([filtered.ravel(), beside]))

    def quieter(self, share: float) -> "ImageNetwork":
        """With this share of the weights of its last layer."""
        return ImageNetwork(self.weight, self.bias, self.network.quieter(share), self.shape)


def image_network(shape: tuple[int, int, int], outputs: int, key: Key[Array, ""], beside: int = 0) -> ImageNetwork:
    """A network for images [planes, rows, columns] and `beside` numbers; edges are padded with zeros."""
    key_filters, key_network = jax.random.split(key)
    planes, rows, columns = shape
    patch = planes * _WINDOW**2
    weight = jax.random.normal(key_filters, (_FILTERS, patch)) / np.sqrt(patch)
    network = tanh_network(_FILTERS * rows * columns + beside, outputs, key_network)
    return ImageNetwork(weight, jnp.zeros(_FILTERS), network, shape)
