"""An option, then components for it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.noise import inverse_cdf
from firstmover.core.trees import AnyArray, SameArray
from firstmover.errors import InputError
from firstmover.exact_numbers import shortened, table
from firstmover.heads import BranchingHead, Head
from firstmover.json_types import Parsed
from firstmover.spaces.base import Parts, Space, asked, one_hot
from firstmover.spaces.box import Box
from firstmover.spaces.discrete import Discrete

_TOLD = 1e-8  # components are written to nine digits, of which the last may be rounded up beyond the highest value


@dataclass(frozen=True, init=False)
class Branching(Space):
    """One of some options, then `size` components for that option: an array [option, component, ...].

    A component is one of `levels` values, evenly spaced in [low, high] (an index 0..levels-1, the array is int32), or
    without levels a real number in [low, high] (the array is real, the option in it a whole number). A mask says which
    options are possible.

    Attributes:
        option: the options.
        size: number of components.
        levels: number of values of a component, or None.
        low, high: least and greatest value of a component.
        word: what the components are: their key in a rule file.

    Example:
        >>> Branching(Discrete(3, "agent"), 1, 5, 0.0, 2.0, "prices").entry([1, 3])
        {'agent': 1, 'prices': [1.5]}
    """

    option: Discrete
    size: int
    levels: int | None
    low: float
    high: float
    word: str

    def __init__(
        self,
        options: int | Discrete,
        size: int,
        levels: int | None,
        low: float = 0.0,
        high: float = 1.0,
        word: str = "components",
    ):
        """A space of these options, or of so many, with components in this range."""
        object.__setattr__(self, "option", _options(options))
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "levels", levels)
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        object.__setattr__(self, "word", word)

    @property
    def options(self) -> int:
        """Number of options."""
        return self.option.n

    @property
    def component(self) -> Discrete | Box:
        """The space of one component."""
        return Box(1, self.low, self.high) if self.levels is None else Discrete(self.levels)

    @property
    def mask_size(self) -> int:
        return self.options

    @property
    def continuous(self) -> bool:
        return self.levels is None

    @property
    def parts(self) -> Parts:
        if self.levels is None:
            return Parts((self.options,), self.size)
        return Parts((self.options, *(self.levels,) * self.size), 0)

    def of_parts(self, whole: Int[Array, "k"], reals: Float[Array, "m"]) -> Array:
        if self.levels is None:
            return jnp.append(whole.astype(reals.dtype), self.low + (self.high - self.low) * reals)
        return whole

    def idle(self) -> Array:
        return jnp.zeros(1 + self.size, float if self.continuous else jnp.int32)

    @property
    def n_features(self) -> int:
        return self.options + self.size * (self.levels or 1)

    def features(self, action: Array) -> Float[Array, "features"]:
        """The option one-hot, then each level one-hot, or its share of the range."""
        option = one_hot(action[0], self.options)
        if self.levels is None:
            return jnp.append(option, (action[1:] - self.low) / ((self.high - self.low) or 1.0))
        return jnp.append(option, one_hot(action[1:, None], self.levels))

    def head(self, sigma: Float[Array, ""] | float = 0.3) -> Head:
        component = self.component
        return BranchingHead(self.options, self.size, component.head(sigma), component.idle().shape)

    @property
    def sample_size(self) -> int:
        return 1 + self.size

    def sample(self, mask: Bool[Array, "options"], u: Float[Array, "numbers"]) -> Array:
        option = inverse_cdf(mask.astype(u.dtype), u[0])
        if self.levels is None:
            return jnp.append(option.astype(u.dtype), self.low + (self.high - self.low) * u[1:])
        levels = jnp.minimum((u[1:] * self.levels).astype(jnp.int32), self.levels - 1)
        return jnp.append(option, levels)

    def spread(self, points: int) -> np.ndarray:
        """Every option with a grid of components."""
        steps = max(2, int((points / self.options) ** (1 / self.size)))
        if self.levels is None:
            levels = np.linspace(self.low, self.high, steps)
        else:
            levels = np.unique(np.linspace(0, self.levels - 1, min(steps, self.levels)).astype(np.int32))
        vectors = list(itertools.product(levels, repeat=self.size))
        return np.array([[option, *parts] for option in range(self.options) for parts in vectors])

    def values(self, components: SameArray) -> SameArray:
        """What components come to: the values of their levels, or themselves."""
        return components if self.levels is None else components * self.step + self.low

    @property
    def step(self) -> float:
        """Distance between two levels."""
        return (self.high - self.low) / max((self.levels or 2) - 1, 1)

    def entry(self, action: AnyArray | Sequence[float | int]) -> Parsed:
        """The option and its components' values, to nine digits."""
        values = np.asarray(self.values(np.asarray(action[1:], np.float64)))
        return self.option.entry(action[0]) | {self.word: [float(f"{value:.9g}") for value in values]}

    def read(self, entry: Parsed) -> np.ndarray:
        """The option and components of an entry of a rule file, the nearest levels of the values where there are any.

        Raises:
            InputError: something is missing or too much, or out of its range.
        """
        _, given = asked(entry, self.option.word, self.word)
        option = self.option.read({self.option.word: entry[self.option.word]})
        values = table(given, self.word, "a list of numbers").floats
        most = self.high + _TOLD * abs(self.high)
        if values.shape != (self.size,) or not np.all((values >= self.low) & (values <= most)):
            raise InputError(
                f"{self.word} must be {self.size} number(s) from {self.low:g} to {self.high:g}; "
                f"got {shortened(values.tolist())}."
            )
        values = np.minimum(values, self.high)
        return np.array([option, *(values if self.levels is None else np.rint((values - self.low) / self.step))])

    def words(self, action: AnyArray | Sequence[float | int]) -> str:
        """The option and its components in words, such as "agent 1, prices 1.5"."""
        values = ", ".join(f"{value:.6g}" for value in self.entry(action)[self.word])
        return f"{self.option.words(action[0])}, {self.word} {values}"


def _options(options: int | Discrete) -> Discrete:
    return Discrete(options, "option") if isinstance(options, int) else options
