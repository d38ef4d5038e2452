"""A vector of real numbers, from its means."""

from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, Bool, Float

from firstmover.core.modules import static
from firstmover.heads.base import Head, clipped_gain, likelihood_ratio

# In units of the box: what lies closer together is the same in 32-bit numbers.
_LEAST_WIDTH = 1e-6


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

    space: Shares = static()
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

    def log_probabilities(
        self, output: Float[Array, "width"], mask: Bool[Array, "width"], raw: Float[Array, "width"]
    ) -> Float[Array, "1"]:
        """Log-density of the unclipped draw: a vector is one part."""
        del mask
        z = (raw - output) / self._width
        return (-0.5 * jnp.sum(z**2) - output.size * jnp.log(self._width * np.sqrt(2 * np.pi)))[None]

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
        return jnp.sum(clipped_gain(ratio, advantages, clip))

    def entropy(self, output: Float[Array, "width"], mask: Bool[Array, "width"]) -> Float[Array, ""]:
        """Differential entropy of the unclipped draw, in nats."""
        del mask
        return output.size * (0.5 + jnp.log(self._width * np.sqrt(2 * np.pi)))

    @property
    def rates(self) -> Float[Array, "width"]:
        """How fast each output should move: in proportion to the width of the Gaussian."""
        return jnp.broadcast_to(self._width, (self.width,))
