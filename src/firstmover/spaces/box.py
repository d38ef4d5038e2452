"""A box of real vectors, with a budget if there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.core.trees import AnyArray, SameArray
from firstmover.errors import InputError
from firstmover.exact_numbers import shortened, table
from firstmover.json_types import Parsed
from firstmover.spaces.base import Limits, asked
from firstmover.spaces.vectors import Vector, components


@dataclass(frozen=True, init=False)
class Box(Vector):
    """A real vector of `size` components, each in [low, high]; its mask is not looked at.

    Attributes:
        size: number of components.
        names: theirs; "0", "1", ... if only their number was given.
        low, high: the same for all, or one per component.
        total: the most that the components may sum to, if there is a budget; a vector beyond it is scaled down
            towards `low`.
        word: the key of the vector in a rule file, as a list; none if each component has its name as a key.
        digits: significant digits that a rule file has; all if None.

    Example:
        >>> Box(["basic price", "full price"], 0.0, 10.0).entry([4.0, 8.0])
        {'basic price': 4.0, 'full price': 8.0}
    """

    size: int
    names: tuple[str, ...]
    low: float | tuple[float, ...]
    high: float | tuple[float, ...]
    total: float | None
    word: str | None
    digits: int | None

    def __init__(
        self,
        components: int | Sequence[str],
        low: float | Sequence[float] = 0.0,
        high: float | Sequence[float] = 1.0,
        total: float | None = None,
        word: str | None = None,
        digits: int | None = 9,
    ):
        """A box with so many components, or with components of these names.

        Raises:
            InputError: names are equal, a bound is not finite, low is above high, or the lows use up the total.
        """
        names = range(components) if isinstance(components, int | np.integer) else components
        if isinstance(names, str):
            raise InputError(f"a Box needs a number of components or a list of names; got {components!r}.")
        object.__setattr__(self, "names", tuple(str(name).strip() for name in names))
        object.__setattr__(self, "size", len(self.names))
        object.__setattr__(self, "low", _bounds(low, self.size, "low"))
        object.__setattr__(self, "high", _bounds(high, self.size, "high"))
        object.__setattr__(self, "total", None if total is None else float(total))
        object.__setattr__(self, "word", word)
        object.__setattr__(self, "digits", digits)
        if not self.size or len(set(self.names)) < self.size:
            raise InputError(f"the components of a Box need names, all different; got {list(self.names)}.")
        if not np.all(np.asarray(self.low) <= np.asarray(self.high)):
            raise InputError(f"low must not be above high in a Box; got {low} and {high}.")
        if total is not None and not self._lowest < total < np.inf:
            raise InputError(
                f"the total of a Box must be a number above the sum of its lows, {self._lowest:g}; got {total}."
            )

    @property
    def _lowest(self) -> float:
        return float(np.broadcast_to(self.low, self.size).sum())

    def idle(self) -> Array:
        return jnp.zeros(self.size)

    def features(self, action: Float[Array, "size"]) -> Float[Array, "features"]:
        """The action as numbers in [0, 1], shares of the box."""
        low, high = np.asarray(self.low), np.asarray(self.high)
        return (action - low) / np.where(high > low, high - low, 1.0)

    def at(self, shares: Float[Array, "size"]) -> Float[Array, "size"]:
        """The decision with these features."""
        low, high = np.asarray(self.low), np.asarray(self.high)
        return low + (high - low) * shares

    def spread(self, points: int) -> np.ndarray:
        """The corners and a grid of about so many points, or, where there are more corners, so many random points."""
        steps = max(2, int(points ** (1 / self.size)))
        if 2**self.size > points:
            drawn = np.random.default_rng(0).random((points, self.size))
        else:
            drawn = np.stack(np.meshgrid(*[np.linspace(0, 1, steps)] * self.size, indexing="ij"), -1)
            drawn = drawn.reshape(-1, self.size)
        low, high = np.asarray(self.low), np.asarray(self.high)
        return low + (high - low) * drawn

    def played(self, action: SameArray) -> SameArray:
        """What a decision comes to: within the bounds, and within the budget.

        JAX or NumPy arrays [..., size], of the same kind and precision as they come.
        """
        low = np.asarray(self.low)
        clipped = action.clip(low, np.asarray(self.high))
        if self.total is None:
            return clipped
        spent = (clipped - low).sum(axis=-1, keepdims=True)
        room = self.total - self._lowest
        return (clipped - low) * (room / spent.clip(room)) + low

    def limits(self) -> Limits:
        ends = (np.broadcast_to(end, self.size).tolist() for end in (self.low, self.high))
        limits = Limits(bounds=list(zip(*ends, strict=True)))
        if self.total is not None:
            limits |= {"A_ub": np.ones((1, self.size)), "b_ub": np.array([self.total])}
        return limits

    def in_fractions(self, action: AnyArray | Sequence[float | int]) -> list[Fraction]:
        return [Fraction(repr(value)) for value in np.asarray(action, np.float64).tolist()]

    def entry(self, action: AnyArray | Sequence[float | int]) -> Parsed:
        """A vector as a rule file has it."""
        values = self.played(np.asarray(action, np.float64)).tolist()
        if self.digits is not None:
            values = [float(f"{value:.{self.digits}g}") for value in values]
        return dict(zip(self.names, values, strict=True)) if self.word is None else {self.word: values}

    def read(self, entry: Parsed) -> np.ndarray:
        """The vector of an entry of a rule file, float64 [size].

        Raises:
            InputError: a component is missing or unknown, or out of its range, or the budget is exceeded.
        """
        low, high = np.broadcast_to(self.low, self.size), np.broadcast_to(self.high, self.size)
        if self.word is None:
            vector = components(entry, self.names)
            for name, value, least, most in zip(self.names, vector, low, high, strict=True):
                if not least <= value <= most:
                    raise InputError(f"{name} must be a number from {least:g} to {most:g}; got {value:g}.")
        else:
            (given,) = asked(entry, self.word)
            vector = table(given, self.word, "a list of numbers").floats
            if vector.shape != (self.size,) or not np.all((vector >= low) & (vector <= high)):
                raise InputError(
                    f"{self.word} must be {self.size} number(s) from {low.min():g} to {high.max():g}; "
                    f"got {shortened(vector.tolist())}."
                )
        if self.total is not None and vector.sum() > self.total + 1e-9 * max(abs(self.total), 1.0):
            what = "the components" if self.word is None else self.word
            raise InputError(f"{what} must sum to at most {self.total:g}; the sum is {vector.sum():.9g}.")
        return vector

    def words(self, action: AnyArray | Sequence[float | int]) -> str:
        """A vector in words, such as "basic price 4, full price 8"."""
        values = self.played(np.asarray(action, np.float64))
        parts = [f"{name} {value:.6g}" for name, value in zip(self.names, values, strict=True)]
        return ", ".join(parts if self.word is None else [f"{self.word} {', '.join(f'{v:.6g}' for v in values)}"])


def _bounds(value: float | Sequence[float], size: int, what: str) -> float | tuple[float, ...]:
    """A bound of all components, or one for each."""
    bounds = np.asarray(value, np.float64)
    if bounds.shape not in ((), (size,)) or not np.all(np.isfinite(bounds)):
        raise InputError(f"{what} of a Box must be a finite number, or {size} of them; got {value}.")
    return float(bounds) if bounds.ndim == 0 else tuple(bounds.tolist())
