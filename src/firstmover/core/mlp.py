"""Tanh networks."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from firstmover.core.modules import Module


class Linear(Module):
    """A matrix product, and what is added to it."""

    weight: Float[Array, "outputs inputs"]
    bias: Float[Array, "outputs"]

    def __call__(self, x: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The output for one input."""
        return self.weight @ x + self.bias


class MLP(Module):
    """A tanh network: arrays only, so that a learner's state is a plain pytree of arrays."""

    layers: tuple[Linear, ...]

    def __call__(self, x: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The output for one input."""
        for layer in self.layers[:-1]:
            x = jnp.tanh(layer(x))
        return self.layers[-1](x)

    def quieter(self, share: float) -> "MLP":
        """With this share of the weights of its last layer."""
        *before, last = self.layers
        return MLP((*before, Linear(last.weight * share, last.bias)))


def tanh_network(inputs: int, outputs: int, key: Key[Array, ""], hidden: tuple[int, ...] = (64, 64)) -> MLP:
    """A network with orthogonal weights and zero biases, the initialisation usual for PPO."""
    sizes = (inputs, *hidden, outputs)
    keys = jax.random.split(key, len(sizes) - 1)
    weights = [_orthogonal(k, (b, a)) for a, b, k in zip(sizes[:-1], sizes[1:], keys, strict=True)]
    return MLP(tuple(Linear(weight, jnp.zeros(len(weight))) for weight in weights))


def _orthogonal(key: Key[Array, ""], shape: tuple[int, ...]) -> Float[Array, "outputs inputs"]:
    """A random matrix with orthogonal rows or columns of length sqrt(2), by Gram and Schmidt.

    Not by `jnp.linalg.qr`: with two cores, two batched LAPACK calls of one program can wait for each other for ever
    (jaxlib 0.10).
    """
    drawn = jax.random.normal(key, (max(shape), min(shape)))

    def add(k: Array, found: Array) -> Array:
        column = drawn[:, k]
        for _ in range(2):  # once loses orthogonality to rounding
            column = column - found @ (found.T @ column)
        return found.at[:, k].set(column / jnp.linalg.norm(column))

    found = jax.lax.fori_loop(0, min(shape), add, jnp.zeros_like(drawn))
    return np.sqrt(2) * (found if shape[0] >= shape[1] else found.T)
