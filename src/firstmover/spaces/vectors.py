"""Vectors of numbers with names, each between a least and a greatest value."""

import abc
from collections.abc import Mapping

import numpy as np
from jaxtyping import Array, Bool, Float, Int

from firstmover.errors import InputError, unknown_name
from firstmover.exact_numbers import number
from firstmover.heads import GaussianHead, Head
from firstmover.spaces.base import Limits, Parts, Space


class Vector(Space):
    """A real vector with named components, each in a range; its mask is not looked at.

    Attributes:
        size: number of components.
        names: theirs.
    """

    size: int
    names: tuple[str, ...]
    continuous = True

    @property
    def mask_size(self) -> int:
        return self.size

    @property
    def parts(self) -> Parts:
        return Parts((), self.size)

    def of_parts(self, whole: Int[Array, "0"], reals: Float[Array, "size"]) -> Float[Array, "size"]:
        """The vector with these shares of the ranges."""
        del whole
        return self.at(reals)

    @property
    def n_features(self) -> int:
        return self.size

    @abc.abstractmethod
    def at(self, shares: Float[Array, "size"]) -> Float[Array, "size"]:
        """The decision with these features."""

    @abc.abstractmethod
    def limits(self) -> Limits:
        """All that decisions come to, as `scipy.optimize.linprog` is given constraints."""

    def head(self, sigma: Float[Array, ""] | float = 0.3) -> Head:
        return GaussianHead(self, sigma)

    @property
    def sample_size(self) -> int:
        return 1 + self.size

    def sample(self, mask: Bool[Array, "size"], u: Float[Array, "numbers"]) -> Float[Array, "size"]:
        """A uniform vector of the box; the first number is for an option, and there is none."""
        del mask
        return self.at(u[1:])


def components(entry: Mapping[str, object], names: tuple[str, ...]) -> np.ndarray:
    """The numbers that an entry gives for these names, float64."""
    for key in entry:
        if key not in names:
            raise unknown_name("component", str(key), names)
    missing = [name for name in names if name not in entry]
    if missing:
        raise InputError(f"a number is missing for {' and '.join(missing)}.")
    return np.array([number(entry[name], name) for name in names])
