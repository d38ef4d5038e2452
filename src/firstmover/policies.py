"""Policies: how a commitment is drawn. A policy gives one output vector per observation, a head turns it into actions.

The two parts are separate so that every learner can use tables and networks, discrete and continuous decisions.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.noise import inverse_cdf
from firstmover.spaces import Box, Discrete, Space, observation_index


class TablePolicy(eqx.Module):
    """One free output vector per enumerated observation: logits or means, shape [n_observations, width]."""

    outputs: Float[Array, "observations width"]
    sizes: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, obs: Int[Array, "d"]) -> Float[Array, "width"]:
        """The output for this observation."""
        return self.outputs[observation_index(obs, self.sizes)]


class MLP(eqx.Module):
    """A 64-64 tanh network: arrays only, so that a learner's state is a plain pytree of arrays."""

    layers: tuple[eqx.nn.Linear, ...]

    def __init__(self, inputs: int, outputs: int, key: Key[Array, ""]):
        """Orthogonal weights and zero biases, the initialisation usual for PPO."""
        sizes = (inputs, 64, 64, outputs)
        keys = jax.random.split(key, 3)
        layers = [eqx.nn.Linear(a, b, key=k) for a, b, k in zip(sizes[:-1], sizes[1:], keys, strict=True)]
        orthogonal = jax.nn.initializers.orthogonal(np.sqrt(2))
        weights = [orthogonal(k, layer.weight.shape) for k, layer in zip(keys, layers, strict=True)]
        layers = eqx.tree_at(lambda ls: [layer.weight for layer in ls], layers, weights)
        self.layers = tuple(eqx.tree_at(lambda ls: [layer.bias for layer in ls], layers, replace_fn=jnp.zeros_like))

    def __call__(self, x: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The output for one input."""
        for layer in self.layers[:-1]:
            x = jnp.tanh(layer(x))
        return self.layers[-1](x)


class NetworkPolicy(eqx.Module):
    """A multilayer perceptron on the one-hot components of the observation (64-64 tanh, as in the papers)."""

    network: MLP
    sizes: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, obs: Int[Array, "d"]) -> Float[Array, "width"]:
        """The output for this observation."""
        return self.network(one_hot(obs, self.sizes))


Policy = TablePolicy | NetworkPolicy


def table_policy(sizes: tuple[int, ...], head: "Head") -> TablePolicy:
    """A table of zeros: uniform choice, or the middle of the box."""
    return TablePolicy(jnp.zeros((int(np.prod(sizes)), head.width)), sizes)


def network_policy(sizes: tuple[int, ...], head: "Head", key: Key[Array, ""]) -> NetworkPolicy:
    """A 64-64 tanh network whose last layer starts a hundred times smaller, so that play starts near uniform."""
    network = MLP(sum(sizes), head.width, key)
    network = eqx.tree_at(lambda m: m.layers[-1].weight, network, replace_fn=lambda w: w * 0.01)
    return NetworkPolicy(network, sizes)


def one_hot(obs: Int[Array, "d"], sizes: tuple[int, ...]) -> Float[Array, "inputs"]:
    """The concatenated one-hot components of an observation."""
    return jnp.concatenate([jax.nn.one_hot(obs[k], size) for k, size in enumerate(sizes)])


class CategoricalHead(eqx.Module):
    """A discrete decision from logits; impossible actions have probability zero."""

    n: int = eqx.field(static=True)

    @property
    def width(self) -> int:
        """Length of an output vector."""
        return self.n

    @property
    def noise_size(self) -> int:
        """Uniform numbers consumed by a draw."""
        return 1

    def draw(self, output: Float[Array, "width"], mask: Bool[Array, "width"], u: Float[Array, "1"]) -> Int[Array, ""]:
        """A draw by inversion of the distribution function."""
        masked = jnp.where(mask, output, -jnp.inf)
        return inverse_cdf(jnp.exp(masked - masked.max()), u[0])

    def mode(self, output: Float[Array, "width"], mask: Bool[Array, "width"]) -> Int[Array, ""]:
        """The likeliest possible action, the first of equals."""
        return jnp.argmax(jnp.where(mask, output, -jnp.inf)).astype(jnp.int32)

    def action(self, raw: Int[Array, ""]) -> Int[Array, ""]:
        """What the game is given for a draw: the draw itself."""
        return raw

    def log_probability(
        self, output: Float[Array, "width"], mask: Bool[Array, "width"], raw: Int[Array, ""]
    ) -> Float[Array, ""]:
        """Log-probability of a draw."""
        return jax.nn.log_softmax(jnp.where(mask, output, -jnp.inf))[raw]

    def surrogate(
        self,
        output: Float[Array, "width"],
        old_output: Float[Array, "width"],
        mask: Bool[Array, "width"],
        raw: Int[Array, "episodes"],
        advantages: Float[Array, "episodes"],
        clip: float,
    ) -> Float[Array, ""]:
        """PPO's clipped objective of one observation, summed over episodes.

        The ratio depends on the action alone, so the advantages are summed by action first: an epoch then costs
        nothing in the number of episodes.
        """
        drawn = jax.nn.one_hot(raw, self.n)
        ups, downs = jnp.maximum(advantages, 0) @ drawn, jnp.minimum(advantages, 0) @ drawn
        log_p = jax.nn.log_softmax(jnp.where(mask, output, -jnp.inf))
        old_log_p = jax.nn.log_softmax(jnp.where(mask, old_output, -jnp.inf))
        ratio = jnp.exp(jnp.where(mask, log_p - old_log_p, 0))
        return jnp.sum(ups * jnp.minimum(ratio, 1 + clip) + downs * jnp.maximum(ratio, 1 - clip))

    def entropy(self, output: Float[Array, "width"], mask: Bool[Array, "width"]) -> Float[Array, ""]:
        """Entropy in nats."""
        log_p = jax.nn.log_softmax(jnp.where(mask, output, -jnp.inf))
        return -jnp.sum(jnp.where(mask, jnp.exp(log_p) * jnp.where(mask, log_p, 0), 0))


class GaussianHead(eqx.Module):
    """A real vector in a box: a Gaussian of given width around the output, clipped to the box when it is played.

    Outputs and draws are in units of the box: 0 is its middle, +-0.5 its faces.
    """

    space: Box = eqx.field(static=True)
    sigma: Float[Array, ""] | float

    @property
    def width(self) -> int:
        """Length of an output vector."""
        return self.space.size

    @property
    def noise_size(self) -> int:
        """Uniform numbers consumed by a draw."""
        return self.space.size

    def draw(
        self, output: Float[Array, "width"], mask: Bool[Array, "width"], u: Float[Array, "width"]
    ) -> Float[Array, "width"]:
        """An unclipped draw."""
        del mask
        return output + self.sigma * ndtri(u)

    def mode(self, output: Float[Array, "width"], mask: Bool[Array, "width"]) -> Float[Array, "width"]:
        """The mean."""
        del mask
        return output

    def action(self, raw: Float[Array, "width"]) -> Float[Array, "width"]:
        """The draw clipped to the box, in the box's own units."""
        low, high = self.space.low, self.space.high
        return low + (high - low) * jnp.clip(raw + 0.5, 0, 1)

    def log_probability(
        self, output: Float[Array, "width"], mask: Bool[Array, "width"], raw: Float[Array, "width"]
    ) -> Float[Array, ""]:
        """Log-density of the unclipped draw."""
        del mask
        z = (raw - output) / self.sigma
        return -0.5 * jnp.sum(z**2) - output.size * jnp.log(self.sigma * np.sqrt(2 * np.pi))

    def surrogate(
        self,
        output: Float[Array, "width"],
        old_output: Float[Array, "width"],
        mask: Bool[Array, "width"],
        raw: Float[Array, "episodes width"],
        advantages: Float[Array, "episodes"],
        clip: float,
    ) -> Float[Array, ""]:
        """PPO's clipped objective of one observation, summed over episodes."""
        log_p = jax.vmap(lambda r: self.log_probability(output, mask, r))(raw)
        old_log_p = jax.vmap(lambda r: self.log_probability(old_output, mask, r))(raw)
        ratio = jnp.exp(log_p - old_log_p)
        return jnp.sum(jnp.minimum(ratio * advantages, jnp.clip(ratio, 1 - clip, 1 + clip) * advantages))

    def entropy(self, output: Float[Array, "width"], mask: Bool[Array, "width"]) -> Float[Array, ""]:
        """Differential entropy of the unclipped draw, in nats."""
        del mask
        return output.size * (0.5 + jnp.log(self.sigma * np.sqrt(2 * np.pi)))


Head = CategoricalHead | GaussianHead


def head_for(space: Space, sigma: Float[Array, ""] | float = 0.3) -> Head:
    """The head of a decision space; `sigma` is the width of a continuous one, in units of the box."""
    return CategoricalHead(space.n) if isinstance(space, Discrete) else GaussianHead(space, sigma)


def outputs(policy: Policy, observations: Int[Array, "observations d"]) -> Float[Array, "observations width"]:
    """The outputs at all enumerated observations (a table's are at hand)."""
    if isinstance(policy, TablePolicy):
        return policy.outputs
    batched: Callable[[Array], Array] = jax.vmap(policy)
    return batched(observations)
