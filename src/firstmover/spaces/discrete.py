"""One of some options with names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import SupportsInt

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.noise import inverse_cdf
from firstmover.errors import InputError, unknown_name
from firstmover.exact_numbers import shortened
from firstmover.heads import CategoricalHead, Head
from firstmover.json_types import Parsed
from firstmover.spaces.base import Parts, Space, asked, one_hot

MAX_OPTIONS = 1_000_000  # that are listed, with a label each


@dataclass(frozen=True, init=False)
class Discrete(Space):
    """One of `n` options, an int32 scalar in 0..n-1; a mask says which are possible.

    Attributes:
        n: number of options.
        values: what they are in a rule file: names, numbers, or lists of them.
        labels: the same as text.
        word: what an option is, such as "item" or "message": its key in a rule file.

    Example:
        >>> Discrete(["casual", "keen"], "buyer").entry(1)
        {'buyer': 'keen'}
        >>> Discrete([0.5, 2.0], "toll").words(1)
        'toll 2'
    """

    n: int
    values: tuple[object, ...]
    labels: tuple[str, ...]
    word: str

    def __init__(self, options: int | Sequence[object], word: str = "action"):
        """A space of so many options, or of options with these names or values.

        Raises:
            InputError: there is no option, or two are the same.
        """
        if not isinstance(options, int | np.integer) and (isinstance(options, str) or not len(options)):
            raise InputError(f"a Discrete space needs a number of options or a list of names; got {options!r}.")
        # Before anything is listed: labels of a hundred million options take more memory than there is.
        if isinstance(options, int | np.integer) and options > MAX_OPTIONS:
            raise InputError(f"there may be at most {MAX_OPTIONS} options of a kind; got {options} of '{word}'.")
        values = range(options) if isinstance(options, int | np.integer) else map(_fixed, options)
        object.__setattr__(self, "values", tuple(values))
        object.__setattr__(self, "labels", tuple(map(_label, self.values)))
        object.__setattr__(self, "n", len(self.labels))
        object.__setattr__(self, "word", word)
        if not self.n or len(set(self.values)) < self.n or "" in self.values:
            raise InputError(f"the options of a Discrete space need names, all different; got {list(self.labels)}.")

    continuous = False
    sample_size = 1

    @property
    def named(self) -> bool:
        """Whether the options have names or values of their own, not only their numbers."""
        return any(type(own) is not int or own != k for k, own in enumerate(self.values))

    @property
    def mask_size(self) -> int:
        return self.n

    @property
    def n_options(self) -> int:
        return self.n

    @property
    def parts(self) -> Parts:
        return Parts((self.n,), 0)

    def of_parts(self, whole: Int[Array, "1"], reals: Float[Array, "0"]) -> Int[Array, ""]:
        del reals
        return whole[0]

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

    def pure(self) -> dict[str, np.ndarray]:
        return {label: np.asarray(k, np.int32) for k, label in enumerate(self.labels)}

    def spread(self, points: int) -> np.ndarray:
        """Every option, int32 [n]."""
        del points
        return np.arange(self.n, dtype=np.int32)

    def in_fractions(self, action: SupportsInt) -> int:
        return int(action)

    def entry(self, action: SupportsInt) -> Parsed:
        """An option as a rule file has it: its name or value, or its number where it has none."""
        return {self.word: _listed(self.values[int(action)])}

    def read(self, entry: Parsed) -> np.ndarray:
        """The option that an entry of a rule file names.

        Raises:
            InputError: it names none.
        """
        (value,) = asked(entry, self.word)
        given = _fixed(value)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if given in self.values and (whole or self.named) and not isinstance(value, bool):
            return np.asarray(self.values.index(given), np.int32)
        if not self.named:
            raise InputError(f"{self.word} must be a whole number from 0 to {self.n - 1}; got {shortened(value)}.")
        if self.values == self.labels:
            raise unknown_name(self.word, str(value), self.labels)
        raise InputError(f"{self.word} must be one of {', '.join(self.labels)}; got {shortened(value)}.")

    def labelled(self, label: str) -> np.ndarray:
        return self.read({self.word: label})

    def decided(self, given: object) -> np.ndarray:
        """An option by its number, or by its value where no number from 0 can be meant.

        Raises:
            InputError: there is no such option, or two may be meant.
        """
        number = int(given) if isinstance(given, int | np.integer) and not isinstance(given, bool) else None
        number = number if number is not None and 0 <= number < self.n else None
        try:
            value: int | None = int(self.read({self.word: given}))
        except InputError:
            value = number
        if value is None or (number is not None and number != value):
            both = (
                "" if value is None else f" (it may be option {number} or the option {given}: give its label as text)"
            )
            raise InputError(
                f"{self.word} must be the number of an option, from 0 to {self.n - 1}, or its label; got "
                f"{shortened(given)}{both}."
            )
        return np.asarray(value, np.int32)

    def words(self, action: SupportsInt) -> str:
        """An option in words, such as "item 2"."""
        return f"{self.word} {self.labels[int(action)]}".strip()

    def mixed(self, probabilities: np.ndarray) -> str:
        """What is done with these probabilities, in words, without what is as good as never done."""
        options = self.labels if self.named else [self.words(option) for option in range(self.n)]
        return " or ".join(f"{options[a]} ({p:.0%})" for a, p in enumerate(probabilities) if p >= 0.005)


def _fixed(value: object) -> object:
    """A name, a number or a list of them, as something that can be compared and hashed."""
    if isinstance(value, list | tuple | np.ndarray):
        return tuple(map(_fixed, value))
    if isinstance(value, dict):
        return None  # is no option
    return value.strip() if isinstance(value, str) else value.item() if isinstance(value, np.generic) else value


def _listed(value: object) -> object:
    return [_listed(part) for part in value] if isinstance(value, tuple) else value


def _label(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_label, value))})"
    return f"{value:g}" if isinstance(value, float) else str(value)


def one_or_several(spaces: object, what: str) -> tuple[tuple[Discrete, ...], bool]:
    """The spaces as a tuple, and whether it was one alone.

    Raises:
        InputError: they are no `Discrete` spaces.
    """
    if isinstance(spaces, Discrete):
        return (spaces,), True
    several = tuple(spaces) if isinstance(spaces, list | tuple) else ()
    if not several or not all(isinstance(space, Discrete) for space in several):
        raise InputError(
            f"{what} must be a Discrete space, such as Discrete(['low', 'high'], 'word'), or a list of them; got "
            f"{shortened(spaces)}."
        )
    return several, False
