"""One of some options, from logits."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.modules import static
from firstmover.core.noise import inverse_cdf
from firstmover.heads.base import Head, likelihood_ratio

_PREFERENCE = 2.0  # of a logit to start from


class CategoricalHead(Head):
    """A discrete decision from logits; impossible actions have probability zero."""

    n: int = static()

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

    def log_probabilities(
        self, output: Float[Array, "width"], mask: Bool[Array, "width"], raw: Int[Array, ""]
    ) -> Float[Array, "1"]:
        """Log-probability of a draw: it is one part."""
        return jax.nn.log_softmax(jnp.where(mask, output, -jnp.inf))[raw][None]

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
