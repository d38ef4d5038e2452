"""What the leader may do in a decision, and what it may see.

A decision picks one of n, or a real vector in a box, or a mixture of options, or one of several options and then a
vector for it. Spaces with labels read and write the entries of rule files and put them into words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.errors import InputError, unknown_name
from firstmover.exact_numbers import number, probabilities


@dataclass(frozen=True, init=False)
class Discrete:
    """One of `n` actions, an int32 scalar in 0..n-1; a mask says which are possible.

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

    @property
    def named(self) -> bool:
        """Whether the options have names of their own, not only numbers."""
        return self.labels != tuple(map(str, range(self.n)))

    @property
    def mask_size(self) -> int:
        """Length of a mask: one entry per action."""
        return self.n

    @property
    def continuous(self) -> bool:
        """Whether some part of an action is a real number."""
        return False

    def idle(self) -> Array:
        """An action for when nobody looks."""
        return jnp.int32(0)

    def played(self, action: Any) -> Any:
        """What a decision comes to: itself."""
        return action

    @property
    def n_features(self) -> int:
        """Length of `features`."""
        return self.n

    def features(self, action: Int[Array, ""]) -> Float[Array, "features"]:
        """The action as numbers in [0, 1], one-hot."""
        return _one_hot(action, self.n)

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

    def words(self, action: Any) -> str:
        """An option in words, such as "item 2"."""
        return f"{self.word} {self.labels[int(action)]}".strip()


@dataclass(frozen=True, init=False)
class Box:
    """A real vector of `size` components, each in [low, high]; its mask is not looked at.

    Attributes:
        size: number of components.
        names: theirs; "0", "1", ... if only their number was given.
        low, high: the same for all, or one per component.
        total: the most that the components may sum to above their lows, if there is a budget; a vector beyond it is
            scaled down towards `low`.

    Example:
        >>> Box(["basic price", "full price"], 0.0, 10.0).entry([4.0, 8.0])
        {'basic price': 4.0, 'full price': 8.0}
    """

    size: int
    names: tuple[str, ...]
    low: float | tuple[float, ...]
    high: float | tuple[float, ...]
    total: float | None

    def __init__(
        self,
        components: int | Sequence[str],
        low: float | Sequence[float] = 0.0,
        high: float | Sequence[float] = 1.0,
        total: float | None = None,
    ):
        """A box with so many components, or with components of these names.

        Raises:
            InputError: names are equal, a bound is not finite, or low is above high.
        """
        names = range(components) if isinstance(components, int | np.integer) else components
        if isinstance(names, str):
            raise InputError(f"a Box needs a number of components or a list of names; got {components!r}.")
        object.__setattr__(self, "names", tuple(str(name).strip() for name in names))
        object.__setattr__(self, "size", len(self.names))
        object.__setattr__(self, "low", _bounds(low, self.size, "low"))
        object.__setattr__(self, "high", _bounds(high, self.size, "high"))
        object.__setattr__(self, "total", None if total is None else float(total))
        if not self.size or len(set(self.names)) < self.size:
            raise InputError(f"the components of a Box need names, all different; got {list(self.names)}.")
        if not np.all(np.asarray(self.low) <= np.asarray(self.high)):
            raise InputError(f"low must not be above high in a Box; got {low} and {high}.")
        if total is not None and not 0 < total < np.inf:
            raise InputError(f"the total of a Box must be a positive number; got {total}.")

    @property
    def mask_size(self) -> int:
        """Length of a mask: one entry per component, all true."""
        return self.size

    @property
    def continuous(self) -> bool:
        """Whether some part of an action is a real number."""
        return True

    def idle(self) -> Array:
        """An action for when nobody looks."""
        return jnp.zeros(self.size)

    @property
    def n_features(self) -> int:
        """Length of `features`."""
        return self.size

    def features(self, action: Float[Array, "size"]) -> Float[Array, "features"]:
        """The action as numbers in [0, 1], shares of the box."""
        low, high = np.asarray(self.low), np.asarray(self.high)
        return (action - low) / np.where(high > low, high - low, 1.0)

    def at(self, shares: Float[Array, "size"]) -> Float[Array, "size"]:
        """The decision with these features."""
        low, high = np.asarray(self.low), np.asarray(self.high)
        return low + (high - low) * shares

    def played(self, action: Any) -> Any:
        """What a decision comes to: within the bounds, and within the budget.

        JAX or NumPy arrays [..., size], of the same kind and precision as they come.
        """
        low = np.asarray(self.low)
        clipped = action.clip(low, np.asarray(self.high))
        if self.total is None:
            return clipped
        spent = (clipped - low).sum(axis=-1, keepdims=True)
        return low + (clipped - low) * (self.total / spent.clip(self.total))

    def entry(self, action: Any) -> dict[str, Any]:
        """A vector as a rule file has it, to nine digits."""
        values = self.played(np.asarray(action, np.float64)).tolist()
        return {name: float(f"{value:.9g}") for name, value in zip(self.names, values, strict=True)}

    def read(self, entry: Mapping[str, Any]) -> np.ndarray:
        """The vector of an entry of a rule file, float64 [size].

        Raises:
            InputError: a component is missing or unknown, or out of its range, or the budget is exceeded.
        """
        vector = _components(entry, self.names)
        low, high = np.broadcast_to(self.low, self.size), np.broadcast_to(self.high, self.size)
        for name, value, least, most in zip(self.names, vector, low, high, strict=True):
            if not least <= value <= most:
                raise InputError(f"{name} must be a number from {least:g} to {most:g}; got {value:g}.")
        if self.total is not None and (vector - low).sum() > self.total * (1 + 1e-9):
            raise InputError(f"the components must sum to at most {self.total:g}; they sum to {vector.sum():.9g}.")
        return vector

    def words(self, action: Any) -> str:
        """A vector in words, such as "basic price 4, full price 8"."""
        return ", ".join(f"{name} {value:.6g}" for name, value in self.entry(action).items())


@dataclass(frozen=True, init=False)
class Mixture:
    """Probabilities of options with names; a decision holds weights in [0, 1], and stands for their shares.

    Example:
        >>> Mixture(["inspect", "wait"]).words([0.5, 1.5])
        'inspect with probability 0.3333, wait with probability 0.6667'
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

    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0

    @property
    def mask_size(self) -> int:
        """Length of a mask: one entry per option, all true."""
        return self.size

    @property
    def continuous(self) -> bool:
        """Whether some part of an action is a real number."""
        return True

    def idle(self) -> Array:
        """An action for when nobody looks."""
        return jnp.ones(self.size)

    @property
    def n_features(self) -> int:
        """Length of `features`."""
        return self.size

    def features(self, action: Float[Array, "size"]) -> Float[Array, "features"]:
        """The weights, numbers in [0, 1]."""
        return action

    def at(self, shares: Float[Array, "size"]) -> Float[Array, "size"]:
        """The decision with these features."""
        return shares

    def played(self, action: Any) -> Any:
        """What a decision comes to: the probabilities."""
        return mixture(action)

    def entry(self, action: Any) -> dict[str, Any]:
        """The probabilities as a rule file has them: `{"mixture": {"inspect": 0.25, "wait": 0.75}}`."""
        shares = self.played(np.asarray(action, np.float64)).tolist()
        return {"mixture": dict(zip(self.names, shares, strict=True))}

    def read(self, entry: Mapping[str, Any]) -> np.ndarray:
        """The probabilities of an entry of a rule file, float64 [size].

        Raises:
            InputError: an option is missing or unknown, or these are no probabilities.
        """
        if set(entry) != {"mixture"} or not isinstance(entry["mixture"], Mapping):
            raise InputError(f"'mixture' is needed, with a probability for each option; got {sorted(map(str, entry))}.")
        return probabilities(_components(entry["mixture"], self.names), "the mixture").floats

    def words(self, action: Any) -> str:
        """The probabilities in words, without what is as good as never done."""
        shares = self.entry(action)["mixture"]
        return ", ".join(f"{name} with probability {p:.4f}" for name, p in shares.items() if p >= 5e-5)


def _bounds(value: float | Sequence[float], size: int, what: str) -> float | tuple[float, ...]:
    """A bound of all components, or one for each."""
    bounds = np.asarray(value, np.float64)
    if bounds.shape not in ((), (size,)) or not np.all(np.isfinite(bounds)):
        raise InputError(f"{what} of a Box must be a finite number, or {size} of them; got {value}.")
    return float(bounds) if bounds.ndim == 0 else tuple(bounds.tolist())


def _components(entry: Mapping[str, Any], names: tuple[str, ...]) -> np.ndarray:
    """The numbers that an entry gives for these names, float64."""
    for key in entry:
        if key not in names:
            raise unknown_name("component", str(key), names)
    missing = [name for name in names if name not in entry]
    if missing:
        raise InputError(f"a number is missing for {' and '.join(missing)}.")
    return np.array([number(entry[name], name) for name in names])


@dataclass(frozen=True)
class Branching:
    """One of `options`, then `size` components for that option: an array [option, component, ...].

    A component is one of `levels` (an index 0..levels-1, the array is int32), or without levels a real number in
    [low, high] (the array is real, the option in it a whole number). A mask says which options are possible.
    """

    options: int
    size: int
    levels: int | None
    low: float = 0.0
    high: float = 1.0

    @property
    def mask_size(self) -> int:
        """Length of a mask: one entry per option."""
        return self.options

    @property
    def continuous(self) -> bool:
        """Whether some part of an action is a real number."""
        return self.levels is None

    def idle(self) -> Array:
        """An action for when nobody looks."""
        return jnp.zeros(1 + self.size, float if self.continuous else jnp.int32)

    @property
    def n_features(self) -> int:
        """Length of `features`."""
        return self.options + self.size * (self.levels or 1)

    def features(self, action: Array) -> Float[Array, "features"]:
        """The action as numbers in [0, 1]: the option one-hot, then each level one-hot, or its share of the range."""
        option = _one_hot(action[0], self.options)
        if self.levels is None:
            return jnp.append(option, (action[1:] - self.low) / ((self.high - self.low) or 1.0))
        return jnp.append(option, _one_hot(action[1:, None], self.levels))


Labelled = Discrete | Box | Mixture
Space = Labelled | Branching


def _one_hot(index: Array, n: int) -> Float[Array, "*batch n"]:
    return (index == jnp.arange(n)).astype(float)


def mixture(weights: Any) -> Any:
    """The probabilities that weights in [0, 1] stand for: their shares, or all equal where there is none.

    JAX or NumPy arrays [..., actions], of the same kind and precision as they come.
    """
    weights = weights.clip(0)
    total = weights.sum(axis=-1, keepdims=True)
    none = total == 0
    return (weights + none) / (total + none * weights.shape[-1])


def observation_index(obs: Int[Array, "d"], sizes: tuple[int, ...]) -> Int[Array, ""]:
    """Row of an observation among all that have `sizes` values per component (the last varies fastest)."""
    index = obs[0]
    for k, size in enumerate(sizes[1:], start=1):
        index = index * size + obs[k]
    return index
