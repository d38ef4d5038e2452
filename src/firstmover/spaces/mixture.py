"""Probabilities of options with names."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.core.trees import AnyArray, SameArray
from firstmover.errors import InputError
from firstmover.exact_numbers import probabilities, shortened
from firstmover.json_types import Parsed
from firstmover.spaces.base import Limits, asked
from firstmover.spaces.discrete import Discrete
from firstmover.spaces.vectors import Vector, components


@dataclass(frozen=True, init=False)
class Mixture(Vector):
    """Probabilities of options with names; a decision holds weights in [0, 1], and stands for their shares.

    Example:
        >>> Mixture(["inspect", "wait"]).words([0.5, 1.5])
        'inspect with probability 0.2500, wait with probability 0.7500'
    """

    size: int
    names: tuple[str, ...]

    def __init__(self, options: int | Sequence[str]):
        """Probabilities of so many options, or of options with these names.

        Raises:
            InputError: as `Discrete`.
        """
        named = Discrete(options)
        object.__setattr__(self, "names", named.labels)
        object.__setattr__(self, "size", named.n)

    def idle(self) -> Array:
        return jnp.ones(self.size)

    def features(self, action: Float[Array, "size"]) -> Float[Array, "features"]:
        """The weights, numbers in [0, 1]."""
        return action

    def at(self, shares: Float[Array, "size"]) -> Float[Array, "size"]:
        """The decision with these features."""
        return shares

    def pure(self) -> dict[str, np.ndarray]:
        return dict(zip(self.names, np.eye(self.size), strict=True))

    def spread(self, points: int) -> np.ndarray:
        """The pure mixtures, and all whose shares are whole multiples of one, about so many."""
        parts = max(p for p in range(1, points + 2) if p == 1 or math.comb(p + self.size - 1, p) <= points)
        bars = itertools.combinations(range(parts + self.size - 1), self.size - 1)
        cuts = np.array([(-1, *bar, parts + self.size - 1) for bar in bars])
        shares = (np.diff(cuts, axis=1) - 1) / parts
        return np.concatenate([np.eye(self.size), shares])

    def played(self, action: SameArray) -> SameArray:
        """What a decision comes to: the probabilities."""
        return mixture(action)

    def limits(self) -> Limits:
        return {"bounds": [(0.0, 1.0)] * self.size, "A_eq": np.ones((1, self.size)), "b_eq": np.ones(1)}

    def in_fractions(self, action: AnyArray | Sequence[float | int]) -> list[Fraction]:
        weights = [max(Fraction(repr(value)), Fraction(0)) for value in np.asarray(action, np.float64).tolist()]
        total = sum(weights)
        return [weight / total if total else Fraction(1, self.size) for weight in weights]

    def entry(self, action: AnyArray | Sequence[float | int]) -> Parsed:
        """The probabilities as a rule file has them, by name, or in a list where there are no names.

        Such as `{"mixture": {"inspect": 0.25, "wait": 0.75}}`, or `{"mixture": [0.25, 0.75]}`.
        """
        shares = self.played(np.asarray(action, np.float64)).tolist()
        return {"mixture": dict(zip(self.names, shares, strict=True)) if self._named else shares}

    @property
    def _named(self) -> bool:
        return self.names != tuple(map(str, range(self.size)))

    def read(self, entry: Parsed) -> np.ndarray:
        """The probabilities of an entry of a rule file, float64 [size].

        Raises:
            InputError: an option is missing or unknown, or these are no probabilities.
        """
        (given,) = asked(entry, "mixture")
        if isinstance(given, Mapping):
            given = components(given, self.names)
        elif self._named:
            raise InputError(f"'mixture' needs a probability for each option, by name; got {shortened(given)}.")
        weights = probabilities(given, "the mixture").floats
        if weights.shape != (self.size,):
            raise InputError(f"the mixture must have {self.size} probabilities; got shape {weights.shape}.")
        return weights

    def words(self, action: AnyArray | Sequence[float | int]) -> str:
        """The probabilities in words, without what is as good as never done."""
        return mixed_words(self.played(np.asarray(action, np.float64)), self.names)


def mixed_words(shares: AnyArray | Iterable[float | int], names: Sequence[str]) -> str:
    """Probabilities of options with these names in words, without what is as good as never done."""
    return ", ".join(f"{name} with probability {p:.4f}" for name, p in zip(names, shares, strict=True) if p >= 5e-5)


def mixture(weights: SameArray) -> SameArray:
    """The probabilities that weights in [0, 1] stand for: their shares, or all equal where there is none.

    JAX or NumPy arrays [..., actions], of the same kind and precision as they come.
    """
    weights = weights.clip(0)
    total = weights.sum(axis=-1, keepdims=True)
    none = total == 0
    return (weights + none) / (total + none * weights.shape[-1])
