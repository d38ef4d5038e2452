"""An option, then components that belong to it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from firstmover.heads.base import Head, Statistics
from firstmover.heads.categorical import CategoricalHead


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

    def statistics(self, raw: Array, advantages: Float[Array, "episodes"]) -> tuple[Statistics, Statistics]:
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
        statistics: tuple[Statistics, Statistics],
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
