"""One of some options with names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from firstmover.errors import InputError, unknown_name
from firstmover.heads import CategoricalHead, Head
from firstmover.noise import inverse_cdf
from firstmover.spaces.base import Space, one_hot


@dataclass(frozen=True, init=False)
class Discrete(Space):
    """One of `n` options, an int32 scalar in 0..n-1; a mask says which are possible.

    Attributes:
        n: number of options.
        labels: their names; "0", "1", ... if only their number was given.
        word: what an option is, such as "item" or "message": its key in a rule file.

    Example:
        >>> Discrete(["casual", "keen"], "buyer").entry(1)
        {'buyer': 'keen'}
    """

    n: int
    labels: tuple[str, ...]
    word: str

    def __init__(self, options: int | Sequence[str], word: str = "action"):
        """A space of so many options, or of options with these names.

        Raises:
            InputError: there is no option, or two have the same name.
        """
        if not isinstance(options, int | np.integer) and (isinstance(options, str) or not len(options)):
            raise InputError(f"a Discrete space needs a number of options or a list of names; got {options!r}.")
        labels = range(options) if isinstance(options, int | np.integer) else options
        object.__setattr__(self, "labels", tuple(str(label).strip() for label in labels))
        object.__setattr__(self, "n", len(self.labels))
        object.__setattr__(self, "word", word)
        if not self.n or len(set(self.labels)) < self.n or "" in self.labels:
            raise InputError(f"the options of a Discrete space need names, all different; got {list(self.labels)}.")

    continuous = False
    sample_size = 1

    @property
    def named(self) -> bool:
        """Whether the options have names of their own, not only numbers."""
        return self.labels != tuple(map(str, range(self.n)))

    @property
    def mask_size(self) -> int:
        return self.n

    @property
    def n_options(self) -> int:
        return self.n

    def idle(self) -> Array:
        return jnp.int32(0)

    @property
    def n_features(self) -> int:
        return self.n

    def features(self, action: Int[Array, ""]) -> Float[Array, "features"]:
        """The option, one-hot."""
        return one_hot(action, self.n)

    def head(self, sigma: Float[Array, ""] | float = 0.3) -> Head:
        del sigma
        return CategoricalHead(self.n)

    def sample(self, mask: Bool[Array, "n"], u: Float[Array, "1"]) -> Int[Array, ""]:
        return inverse_cdf(mask.astype(u.dtype), u[0])

    def spread(self, points: int) -> np.ndarray:
        """Every option, int32 [n]."""
        del points
        return np.arange(self.n, dtype=np.int32)

    def in_fractions(self, action: Any) -> int:
        return int(action)

    def entry(self, action: Any) -> dict[str, Any]:
        """An option as a rule file has it: its name, or its number where it has none."""
        return {self.word: self.labels[int(action)] if self.named else int(action)}

    def read(self, entry: Mapping[str, Any]) -> np.ndarray:
        """The option that an entry of a rule file names.

        Raises:
            InputError: it names none.
        """
        if set(entry) != {self.word}:
            raise InputError(f"'{self.word}' is needed and nothing else; got {sorted(map(str, entry))}.")
        value = entry[self.word]
        if isinstance(value, str) and value in self.labels:
            return np.asarray(self.labels.index(value), np.int32)
        if isinstance(value, int) and not isinstance(value, bool) and not self.named and 0 <= value < self.n:
            return np.asarray(value, np.int32)
        raise unknown_name(self.word, str(value), self.labels)

    def labelled(self, label: str) -> np.ndarray:
        return self.read({self.word: label})

    def words(self, action: Any) -> str:
        """An option in words, such as "item 2"."""
        return f"{self.word} {self.labels[int(action)]}".strip()


def one_or_several(spaces: Discrete | Sequence[Discrete]) -> tuple[tuple[Discrete, ...], bool]:
    """The spaces as a tuple, and whether it was one alone."""
    return ((spaces,), True) if isinstance(spaces, Discrete) else (tuple(spaces), False)
