"""Heads: how a vector of outputs becomes a decision, with its likelihood, for every kind of decision.

A space of decisions says which head it needs (`Space.head`).
"""

import abc
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, Bool, Float, Int

from firstmover.noise import inverse_cdf

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


class Head(eqx.Module):
    """Draws of decisions from an output vector, and how likely they are.

    A draw is `raw`: an action before it is clipped to its range. Draws are what is learnt from; `action` is what is
    played.
    """

    @property
    @abc.abstractmethod
    def width(self) -> int:
        """Length of an output vector."""

    @property
    @abc.abstractmethod
    def noise_size(self) -> int:
        """Uniform numbers consumed by a draw."""

    @property
    @abc.abstractmethod
    def rates(self) -> Float[Array, "width"]:
        """How fast each output should move, as a multiple of the learning rate."""

    @abc.abstractmethod
    def draw(self, output: Float[Array, "width"], mask: Bool[Array, "options"], u: Float[Array, "noise"]) -> Array:
        """A draw from uniform numbers."""

    @abc.abstractmethod
    def mode(self, output: Float[Array, "width"], mask: Bool[Array, "options"]) -> Array:
        """The likeliest draw, the first of equals."""

    def action(self, raw: Array) -> Array:
        """What the game is given for a draw: the draw itself."""
        return raw

    @abc.abstractmethod
    def around(self, action: Array) -> Float[Array, "width"]:
        """An output to start from that prefers this action, and leaves the others likely enough to be tried."""

    @abc.abstractmethod
    def log_probability(
        self, output: Float[Array, "width"], mask: Bool[Array, "options"], raw: Array
    ) -> Float[Array, ""]:
        """Log-probability (or density) of a draw."""

    @abc.abstractmethod
    def statistics(self, raw: Array, advantages: Float[Array, "episodes"]) -> Any:
        """All that the surrogate needs of the draws [episodes, ...] at one observation and of their advantages."""

    @abc.abstractmethod
    def surrogate(
        self,
        output: Float[Array, "width"],
        old_output: Float[Array, "width"],
        mask: Bool[Array, "options"],
        statistics: Any,
        clip: float,
    ) -> Float[Array, ""]:
        """PPO's clipped objective of one observation, summed over episodes."""

    @abc.abstractmethod
    def entropy(self, output: Float[Array, "width"], mask: Bool[Array, "options"]) -> Float[Array, ""]:
        """Entropy in nats (differential for real components)."""


class CategoricalHead(Head):
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


@runtime_checkable
class Shares(Protocol):
    """A space of vectors, each of whose components has a least and a greatest value."""

    @property
    def size(self) -> int:
        """Number of components."""

    def at(self, shares: Float[Array, "size"]) -> Float[Array, "size"]:
        """The decision with these shares of the way from least to greatest."""

    def features(self, action: Float[Array, "size"]) -> Float[Array, "size"]:
        """The shares of a decision."""


class GaussianHead(Head):
    """A real vector in a box: a Gaussian of given width around the output, clipped to the box when it is played.

    Outputs and draws are in units of the box: 0 is its middle, +-0.5 its faces.
    """

    space: Shares = eqx.field(static=True)
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


class BranchingHead(Head):
    """An option, then components that are drawn independently given the option.

    An output is the options' logits, then for every option its components' outputs. Each part counts as a decision of
    its own in the surrogate: a component's outputs move only where its option was drawn.
    """

    options: int = eqx.field(static=True)
    size: int = eqx.field(static=True)
    component: Head
    shape: tuple[int, ...] = eqx.field(static=True)  # of a component's draw

    @property
    def width(self) -> int:
        """Length of an output vector."""
        return self.options * (1 + self.size * self.component.width)

    @property
    def noise_size(self) -> int:
        """Uniform numbers consumed by a draw."""
        return 1 + self.size

    @property
    def _option(self) -> CategoricalHead:
        return CategoricalHead(self.options)

    def _split(self, output: Float[Array, "width"]) -> tuple[Array, Array]:
        """The options' logits [options] and the components' outputs [options, size, width of a component]."""
        options = self.options
        return output[:options], output[options:].reshape(options, self.size, -1)

    def _vectors(self, raw: Array) -> Array:
        """The components of a raw action as the component's head has them, [size, *shape]."""
        return raw[1:].reshape(self.size, *self.shape)

    def draw(self, output: Float[Array, "width"], mask: Bool[Array, "options"], u: Float[Array, "noise"]) -> Array:
        """The option by inversion, then its components."""
        logits, rest = self._split(output)
        option = self._option.draw(logits, mask, u[:1])
        free = jnp.ones(rest.shape[-1], bool)
        parts = jax.vmap(lambda out, v: self.component.draw(out, free, v))(rest[option], u[1:, None])
        return jnp.concatenate([option[None].astype(parts.dtype), parts.reshape(-1)])

    def mode(self, output: Float[Array, "width"], mask: Bool[Array, "options"]) -> Array:
        """The likeliest option, and the mode of its components."""
        logits, rest = self._split(output)
        option = self._option.mode(logits, mask)
        free = jnp.ones(rest.shape[-1], bool)
        parts = jax.vmap(lambda out: self.component.mode(out, free))(rest[option])
        return jnp.concatenate([option[None].astype(parts.dtype), parts.reshape(-1)])

    def action(self, raw: Array) -> Array:
        """What the game is given for a draw: real components clipped to their range."""
        parts = jax.vmap(self.component.action)(self._vectors(raw))
        return jnp.concatenate([raw[:1], parts.reshape(-1)])

    def around(self, action: Array) -> Float[Array, "width"]:
        """An output that prefers this option, and has these components whatever the option."""
        parts = jax.vmap(self.component.around)(self._vectors(action)).reshape(-1)
        return jnp.concatenate([self._option.around(action[0].astype(jnp.int32)), jnp.tile(parts, self.options)])

    def log_probability(
        self, output: Float[Array, "width"], mask: Bool[Array, "options"], raw: Array
    ) -> Float[Array, ""]:
        """Log-probability (or density) of a draw."""
        logits, rest = self._split(output)
        option = raw[0].astype(jnp.int32)
        free = jnp.ones(rest.shape[-1], bool)
        parts = jax.vmap(lambda out, part: self.component.log_probability(out, free, part))
        return self._option.log_probability(logits, mask, option) + parts(rest[option], self._vectors(raw)).sum()

    def statistics(self, raw: Array, advantages: Float[Array, "episodes"]) -> tuple[Any, Any]:
        """All that the surrogate needs of the draws at one observation: of the option, and of every component of it."""
        option = raw[:, 0].astype(jnp.int32)
        chosen = jax.nn.one_hot(option, self.options).T * advantages
        vectors = jax.vmap(self._vectors)(raw)
        of_option = jax.vmap(self.component.statistics, (1, None))
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
        component = jax.vmap(jax.vmap(lambda out, old, found: self.component.surrogate(out, old, free, found, clip)))
        of_option, of_components = statistics
        total = self._option.surrogate(logits, old_logits, mask, of_option, clip)
        return total + component(rest, old_rest, of_components).sum()

    def entropy(self, output: Float[Array, "width"], mask: Bool[Array, "options"]) -> Float[Array, ""]:
        """Entropy of the option and, given the option, of its components, in nats (differential for real ones)."""
        logits, rest = self._split(output)
        free = jnp.ones(rest.shape[-1], bool)
        parts = jax.vmap(jax.vmap(lambda out: self.component.entropy(out, free)))(rest).sum(-1)
        weights = jax.nn.softmax(jnp.where(mask, logits, -jnp.inf))
        return self._option.entropy(logits, mask) + jnp.sum(weights * parts)

    @property
    def rates(self) -> Float[Array, "width"]:
        """How fast each output should move, as a multiple of the learning rate."""
        options, rest = self.options, self.width - self.options
        return jnp.concatenate([jnp.ones(options), jnp.broadcast_to(self.component.rates[0], rest)])
