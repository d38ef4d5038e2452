"""Policies: how a commitment is drawn. A policy gives one output vector per observation, a head turns it into actions.

The two parts are separate so that every learner can use tables and networks, discrete and continuous decisions.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.noise import inverse_cdf
from firstmover.spaces import Box, Branching, Discrete, Mixture, Space, observation_index


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


def epsilon_greedy(
    best: Int[Array, ""], mask: Bool[Array, "n"], epsilon: Float[Array, ""] | float
) -> Float[Array, "n"]:
    """Probabilities of the best action, and with probability epsilon of any possible one."""
    return (1 - epsilon) * jax.nn.one_hot(best, len(mask)) + epsilon * mask / mask.sum()


# Far above any clip, and far below where a float32 overflows.
_MOST_LOG_RATIO = 20.0
_PREFERENCE = 2.0  # of a logit to start from
# In units of the box: what lies closer together is the same in 32-bit numbers.
_LEAST_WIDTH = 1e-6


def likelihood_ratio(log_p: Float[Array, "*shape"], old_log_p: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """How much likelier a draw has become; always finite, so that a ratio that does not count (times 0) counts 0.

    A draw that belongs to another option, or to another observation, may have become likelier by any factor: the ratio
    of two densities far out in the tail of a narrow Gaussian overflows. Above the bound it has no gradient.
    """
    return jnp.exp(jnp.minimum(log_p - old_log_p, _MOST_LOG_RATIO))


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

    def around(self, action: Int[Array, ""]) -> Float[Array, "width"]:
        """An output to start from that prefers this action, and leaves the others likely enough to be tried."""
        return _PREFERENCE * jax.nn.one_hot(action, self.n)

    def log_probability(
        self, output: Float[Array, "width"], mask: Bool[Array, "width"], raw: Int[Array, ""]
    ) -> Float[Array, ""]:
        """Log-probability of a draw."""
        return jax.nn.log_softmax(jnp.where(mask, output, -jnp.inf))[raw]

    def statistics(
        self, raw: Int[Array, "episodes"], advantages: Float[Array, "episodes"]
    ) -> tuple[Float[Array, "width"], Float[Array, "width"]]:
        """All that the surrogate needs of the draws at one observation: positive and negative advantages, by action.

        The ratio depends on the action alone: an epoch then costs nothing in the number of episodes.
        """
        drawn = jax.nn.one_hot(raw, self.n)
        return jnp.maximum(advantages, 0) @ drawn, jnp.minimum(advantages, 0) @ drawn

    def surrogate(
        self,
        output: Float[Array, "width"],
        old_output: Float[Array, "width"],
        mask: Bool[Array, "width"],
        statistics: tuple[Float[Array, "width"], Float[Array, "width"]],
        clip: float,
    ) -> Float[Array, ""]:
        """PPO's clipped objective of one observation, summed over episodes."""
        ups, downs = statistics
        log_p = jax.nn.log_softmax(jnp.where(mask, output, -jnp.inf))
        old_log_p = jax.nn.log_softmax(jnp.where(mask, old_output, -jnp.inf))
        ratio = likelihood_ratio(jnp.where(mask, log_p, 0), jnp.where(mask, old_log_p, 0))
        return jnp.sum(ups * jnp.minimum(ratio, 1 + clip) + downs * jnp.maximum(ratio, 1 - clip))

    def entropy(self, output: Float[Array, "width"], mask: Bool[Array, "width"]) -> Float[Array, ""]:
        """Entropy in nats."""
        log_p = jax.nn.log_softmax(jnp.where(mask, output, -jnp.inf))
        return -jnp.sum(jnp.where(mask, jnp.exp(log_p) * jnp.where(mask, log_p, 0), 0))

    @property
    def rates(self) -> Float[Array, "width"]:
        """How fast each output should move, as a multiple of the learning rate."""
        return jnp.ones(self.width)


class GaussianHead(eqx.Module):
    """A real vector in a box: a Gaussian of given width around the output, clipped to the box when it is played.

    Outputs and draws are in units of the box: 0 is its middle, +-0.5 its faces.
    """

    space: Box | Mixture = eqx.field(static=True)
    sigma: Float[Array, ""] | float

    @property
    def _width(self) -> Float[Array, ""]:
        return jnp.maximum(self.sigma, _LEAST_WIDTH)

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
        return output + self._width * ndtri(u)

    def mode(self, output: Float[Array, "width"], mask: Bool[Array, "width"]) -> Float[Array, "width"]:
        """The mean."""
        del mask
        return output

    def action(self, raw: Float[Array, "width"]) -> Float[Array, "width"]:
        """The draw clipped to the box, in the box's own units."""
        return self.space.at(jnp.clip(raw + 0.5, 0, 1))

    def around(self, action: Float[Array, "width"]) -> Float[Array, "width"]:
        """The output whose mean is this action."""
        return self.space.features(action) - 0.5

    def log_probability(
        self, output: Float[Array, "width"], mask: Bool[Array, "width"], raw: Float[Array, "width"]
    ) -> Float[Array, ""]:
        """Log-density of the unclipped draw."""
        del mask
        z = (raw - output) / self._width
        return -0.5 * jnp.sum(z**2) - output.size * jnp.log(self._width * np.sqrt(2 * np.pi))

    def statistics(
        self, raw: Float[Array, "episodes width"], advantages: Float[Array, "episodes"]
    ) -> tuple[Float[Array, "episodes width"], Float[Array, "episodes"]]:
        """All that the surrogate needs of the draws at one observation: the draws and their advantages."""
        return raw, advantages

    def surrogate(
        self,
        output: Float[Array, "width"],
        old_output: Float[Array, "width"],
        mask: Bool[Array, "width"],
        statistics: tuple[Float[Array, "episodes width"], Float[Array, "episodes"]],
        clip: float,
    ) -> Float[Array, ""]:
        """PPO's clipped objective of one observation, summed over episodes."""
        raw, advantages = statistics
        log_p = jax.vmap(lambda r: self.log_probability(output, mask, r))(raw)
        old_log_p = jax.vmap(lambda r: self.log_probability(old_output, mask, r))(raw)
        ratio = likelihood_ratio(log_p, old_log_p)
        return jnp.sum(jnp.minimum(ratio * advantages, jnp.clip(ratio, 1 - clip, 1 + clip) * advantages))

    def entropy(self, output: Float[Array, "width"], mask: Bool[Array, "width"]) -> Float[Array, ""]:
        """Differential entropy of the unclipped draw, in nats."""
        del mask
        return output.size * (0.5 + jnp.log(self._width * np.sqrt(2 * np.pi)))

    @property
    def rates(self) -> Float[Array, "width"]:
        """How fast each output should move: in proportion to the width of the Gaussian."""
        return jnp.broadcast_to(self._width, (self.width,))


class BranchingHead(eqx.Module):
    """An option, then components that are drawn independently given the option.

    An output is the options' logits, then for every option its components' outputs. Each part counts as a decision of
    its own in the surrogate: a component's outputs move only where its option was drawn.
    """

    space: Branching = eqx.field(static=True)
    sigma: Float[Array, ""] | float

    @property
    def width(self) -> int:
        """Length of an output vector."""
        return self.space.options * (1 + self.space.size * (self.space.levels or 1))

    @property
    def noise_size(self) -> int:
        """Uniform numbers consumed by a draw."""
        return 1 + self.space.size

    @property
    def _option(self) -> CategoricalHead:
        return CategoricalHead(self.space.options)

    @property
    def _component(self) -> "CategoricalHead | GaussianHead":
        space = self.space
        if space.levels is None:
            return GaussianHead(Box(1, space.low, space.high), self.sigma)
        return CategoricalHead(space.levels)

    def _split(self, output: Float[Array, "width"]) -> tuple[Array, Array]:
        """The options' logits [options] and the components' outputs [options, size, width of a component]."""
        options = self.space.options
        return output[:options], output[options:].reshape(options, self.space.size, -1)

    def _vectors(self, raw: Array) -> Array:
        """The components of a raw action as the component's head has them: [size], or [size, 1] for real ones."""
        return raw[1:, None] if self.space.continuous else raw[1:]

    def draw(self, output: Float[Array, "width"], mask: Bool[Array, "options"], u: Float[Array, "noise"]) -> Array:
        """The option by inversion, then its components."""
        logits, rest = self._split(output)
        option = self._option.draw(logits, mask, u[:1])
        free = jnp.ones(rest.shape[-1], bool)
        parts = jax.vmap(lambda out, v: self._component.draw(out, free, v))(rest[option], u[1:, None])
        return jnp.concatenate([option[None].astype(parts.dtype), parts.reshape(-1)])

    def mode(self, output: Float[Array, "width"], mask: Bool[Array, "options"]) -> Array:
        """The likeliest option, and the mode of its components."""
        logits, rest = self._split(output)
        option = self._option.mode(logits, mask)
        free = jnp.ones(rest.shape[-1], bool)
        parts = jax.vmap(lambda out: self._component.mode(out, free))(rest[option])
        return jnp.concatenate([option[None].astype(parts.dtype), parts.reshape(-1)])

    def action(self, raw: Array) -> Array:
        """What the game is given for a draw: real components clipped to their range."""
        if not self.space.continuous:
            return raw
        parts = jax.vmap(self._component.action)(self._vectors(raw))
        return jnp.concatenate([raw[:1], parts.reshape(-1)])

    def around(self, action: Array) -> Float[Array, "width"]:
        """An output that prefers this option, and has these components whatever the option."""
        parts = jax.vmap(self._component.around)(self._vectors(action)).reshape(-1)
        return jnp.concatenate([self._option.around(action[0].astype(jnp.int32)), jnp.tile(parts, self.space.options)])

    def log_probability(
        self, output: Float[Array, "width"], mask: Bool[Array, "options"], raw: Array
    ) -> Float[Array, ""]:
        """Log-probability (or density) of a draw."""
        logits, rest = self._split(output)
        option = raw[0].astype(jnp.int32)
        free = jnp.ones(rest.shape[-1], bool)
        parts = jax.vmap(lambda out, part: self._component.log_probability(out, free, part))
        return self._option.log_probability(logits, mask, option) + parts(rest[option], self._vectors(raw)).sum()

    def statistics(self, raw: Array, advantages: Float[Array, "episodes"]) -> tuple[Any, Any]:
        """All that the surrogate needs of the draws at one observation: of the option, and of every component of it."""
        option = raw[:, 0].astype(jnp.int32)
        chosen = jax.nn.one_hot(option, self.space.options).T * advantages
        vectors = jax.vmap(self._vectors)(raw)
        of_option = jax.vmap(self._component.statistics, (1, None))
        return self._option.statistics(option, advantages), jax.vmap(lambda gains: of_option(vectors, gains))(chosen)

    def surrogate(
        self,
        output: Float[Array, "width"],
        old_output: Float[Array, "width"],
        mask: Bool[Array, "options"],
        statistics: tuple[Any, Any],
        clip: float,
    ) -> Float[Array, ""]:
        """PPO's clipped objective of one observation, part by part, summed over parts and episodes."""
        (logits, rest), (old_logits, old_rest) = self._split(output), self._split(old_output)
        free = jnp.ones(rest.shape[-1], bool)
        component = jax.vmap(jax.vmap(lambda out, old, found: self._component.surrogate(out, old, free, found, clip)))
        of_option, of_components = statistics
        total = self._option.surrogate(logits, old_logits, mask, of_option, clip)
        return total + component(rest, old_rest, of_components).sum()

    def entropy(self, output: Float[Array, "width"], mask: Bool[Array, "options"]) -> Float[Array, ""]:
        """Entropy of the option and, given the option, of its components, in nats (differential for real ones)."""
        logits, rest = self._split(output)
        free = jnp.ones(rest.shape[-1], bool)
        parts = jax.vmap(jax.vmap(lambda out: self._component.entropy(out, free)))(rest).sum(-1)
        weights = jax.nn.softmax(jnp.where(mask, logits, -jnp.inf))
        return self._option.entropy(logits, mask) + jnp.sum(weights * parts)

    @property
    def rates(self) -> Float[Array, "width"]:
        """How fast each output should move, as a multiple of the learning rate."""
        options, rest = self.space.options, self.width - self.space.options
        return jnp.concatenate([jnp.ones(options), jnp.broadcast_to(self._component.rates[0], rest)])


Head = CategoricalHead | GaussianHead | BranchingHead


def head_for(space: Space, sigma: Float[Array, ""] | float = 0.3) -> Head:
    """The head of a decision space; `sigma` is the width of a continuous one, in units of the box."""
    if isinstance(space, Discrete):
        return CategoricalHead(space.n)
    return BranchingHead(space, sigma) if isinstance(space, Branching) else GaussianHead(space, sigma)


def outputs(policy: Policy, observations: Int[Array, "observations d"]) -> Float[Array, "observations width"]:
    """The outputs at all enumerated observations (a table's are at hand)."""
    if isinstance(policy, TablePolicy):
        return policy.outputs
    batched: Callable[[Array], Array] = jax.vmap(policy)
    return batched(observations)
