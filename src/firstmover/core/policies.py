"""Policies: one output vector per observation of the leader, which a head (`heads`) turns into a decision.

The two parts are separate so that every learner can use tables and networks, discrete and continuous decisions.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.heads import Head
from firstmover.spaces import observation_index


class TablePolicy(eqx.Module):
    """One free output vector per enumerated observation: logits or means, shape [n_observations, width]."""

    outputs: Float[Array, "observations width"]
    sizes: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, obs: Int[Array, "d"]) -> Float[Array, "width"]:
        """The output for this observation."""
        return self.outputs[observation_index(obs, self.sizes)]

    def at_all(self, observations: Int[Array, "observations d"]) -> Float[Array, "observations width"]:
        """The outputs at all enumerated observations: they are at hand."""
        del observations
        return self.outputs


class MLP(eqx.Module):
    """A 64-64 tanh network: arrays only, so that a learner's state is a plain pytree of arrays."""

    layers: tuple[eqx.nn.Linear, ...]

    def __init__(self, inputs: int, outputs: int, key: Key[Array, ""]):
        """Orthogonal weights and zero biases, the initialisation usual for PPO."""
        sizes = (inputs, 64, 64, outputs)
        keys = jax.random.split(key, 3)
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


class NetworkPolicy(eqx.Module):
    """A multilayer perceptron on the one-hot components of the observation (64-64 tanh, as in the papers)."""

    network: MLP
    sizes: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, obs: Int[Array, "d"]) -> Float[Array, "width"]:
        """The output for this observation."""
        return self.network(one_hot(obs, self.sizes))

    def at_all(self, observations: Int[Array, "observations d"]) -> Float[Array, "observations width"]:
        """The outputs at all enumerated observations."""
        return jax.vmap(self.__call__)(observations)


Policy = TablePolicy | NetworkPolicy


def table_policy(sizes: tuple[int, ...], head: Head) -> TablePolicy:
    """A table of zeros: uniform choice, or the middle of the box."""
    return TablePolicy(jnp.zeros((int(np.prod(sizes)), head.width)), sizes)


def network_policy(sizes: tuple[int, ...], head: Head, key: Key[Array, ""]) -> NetworkPolicy:
    """A 64-64 tanh network whose last layer starts a hundred times smaller, so that play starts near uniform."""
    network = MLP(sum(sizes), head.width, key)
    network = eqx.tree_at(lambda m: m.layers[-1].weight, network, replace_fn=lambda w: w * 0.01)
    return NetworkPolicy(network, sizes)


def one_hot(obs: Int[Array, "d"], sizes: tuple[int, ...]) -> Float[Array, "inputs"]:
    """The concatenated one-hot components of an observation."""
    return jnp.concatenate([jax.nn.one_hot(obs[k], size) for k, size in enumerate(sizes)])


def epsilon_greedy(
    best: Int[Array, ""], mask: Bool[Array, "n"], epsilon: Float[Array, ""] | float
) -> Float[Array, "n"]:
    """Probabilities of the best action, and with probability epsilon of any possible one."""
    return (1 - epsilon) * jax.nn.one_hot(best, len(mask)) + epsilon * mask / mask.sum()
