"""What the leader observes: how many observations there are, where one stands among them, its features.

A table has a row for every observation; a network takes features, of any observation; a draw from a policy is made at
an address, so that an observation that comes up again gets what it got before.
"""

import abc
import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from firstmover.spaces.base import one_hot

MAX_LISTED = 200_000  # observations that are told apart by a row of their own


class Observations(abc.ABC):
    """What the leader may see."""

    @property
    @abc.abstractmethod
    def n(self) -> int | float:
        """How many there are; infinity where they are no list."""

    @property
    def listed(self) -> bool:
        """Whether they are few enough for a table."""
        return self.n <= MAX_LISTED

    @property
    @abc.abstractmethod
    def n_features(self) -> int:
        """Length of `features`."""

    @property
    def image(self) -> tuple[int, int, int] | None:
        """Planes, rows and columns, where an observation is an image; its features are its pixels in this order."""
        return None

    @abc.abstractmethod
    def features(self, obs: Array) -> Float[Array, "features"]:
        """An observation as a network takes it."""


@dataclass(frozen=True)
class Components(Observations):
    """Components, each one of so many: an int vector.

    Attributes:
        sizes: how many values each has.

    Example:
        >>> Components((2, 3)).features(jnp.array([1, 0])).tolist()
        [0.0, 1.0, 1.0, 0.0, 0.0]
    """

    sizes: tuple[int, ...]

    @property
    def n(self) -> int | float:
        return math.prod(self.sizes)

    @property
    def n_features(self) -> int:
        return sum(self.sizes)

    def features(self, obs: Int[Array, "d"]) -> Float[Array, "features"]:
        """One-hot, component by component."""
        return jnp.concatenate([one_hot(obs[k], size) for k, size in enumerate(self.sizes)])


@dataclass(frozen=True)
class Reals(Observations):
    """A real array, such as a vector or an image.

    Attributes:
        low, high: least and greatest value of its entries, which are centred and scaled for a network.
        shape: of the array.

    Example:
        >>> Reals(0.0, 4.0, (2,)).features(jnp.array([0.0, 3.0])).tolist()
        [-1.0, 0.5]
    """

    low: float
    high: float
    shape: tuple[int, ...] = (1,)

    @property
    def n(self) -> int | float:
        return math.inf

    @property
    def n_features(self) -> int:
        return math.prod(self.shape)

    def features(self, obs: Float[Array, "*shape"]) -> Float[Array, "features"]:
        """The entries, from -1 to 1."""
        return (2 * (obs - self.low) / ((self.high - self.low) or 1.0) - 1).ravel()


@dataclass(frozen=True)
class Image(Reals):
    """An image: planes of pixels, [planes, rows, columns]. Networks look at it through a small convolution.

    Attributes:
        low, high: as of `Reals`, of the pixels.
        shape: planes, rows, columns.

    Example:
        >>> Image(0.0, 1.0, (1, 2, 2)).features(jnp.array([[[0.0, 1.0], [0.5, 0.0]]])).tolist()
        [-1.0, 1.0, 0.0, -1.0]
    """

    shape: tuple[int, int, int] = (1, 1, 1)

    @property
    def image(self) -> tuple[int, int, int]:
        return self.shape


def address_of(obs: Array) -> Int[Array, "words"]:
    """An observation as whole numbers, the address of what is drawn there: of real ones the bits, with 0 for -0."""
    if jnp.issubdtype(obs.dtype, jnp.floating):
        return jax.lax.bitcast_convert_type((obs + 0.0).astype(jnp.float32).ravel(), jnp.int32)
    return obs


def observation_index(obs: Int[Array, "d"], sizes: tuple[int, ...]) -> Int[Array, ""]:
    """Row of an observation among all that have `sizes` values per component (the last varies fastest)."""
    index = obs[0]
    for k, size in enumerate(sizes[1:], start=1):
        index = index * size + obs[k]
    return index
