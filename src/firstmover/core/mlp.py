"""Tanh networks."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key


class MLP(eqx.Module):
    """A tanh network, 64-64 by default: arrays only, so that a learner's state is a plain pytree of arrays."""

    layers: tuple[eqx.nn.Linear, ...]

    def __init__(self, inputs: int, outputs: int, key: Key[Array, ""], hidden: tuple[int, ...] = (64, 64)):
        """Orthogonal weights and zero biases, the initialisation usual for PPO."""
        sizes = (inputs, *hidden, outputs)
        keys = jax.random.split(key, len(sizes) - 1)
        layers = [eqx.nn.Linear(a, b, key=k) for a, b, k in zip(sizes[:-1], sizes[1:], keys, strict=True)]
        weights = [_orthogonal(k, layer.weight.shape) for k, layer in zip(keys, layers, strict=True)]
        layers = eqx.tree_at(lambda ls: [layer.weight for layer in ls], layers, weights)
        self.layers = tuple(eqx.tree_at(lambda ls: [layer.bias for layer in ls], layers, replace_fn=jnp.zeros_like))

    def __call__(self, x: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The output for one input."""
        for layer in self.layers[:-1]:
            x = jnp.tanh(layer(x))
        return self.layers[-1](x)


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
