"""What every space answers: a decision of the leader, an action, a type, or what is seen of them."""

import abc
from fractions import Fraction
from typing import Any, NamedTuple, TypedDict

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.trees import AnyArray
from firstmover.errors import InputError
from firstmover.heads import Head
from firstmover.json_types import Parsed


class Limits(TypedDict, total=False):
    """A polytope of decisions, as `scipy.optimize.linprog` is given constraints."""

    bounds: list[tuple[float, float]]
    A_ub: np.ndarray
    b_ub: np.ndarray
    A_eq: np.ndarray
    b_eq: np.ndarray


class Parts(NamedTuple):
    """The plain numbers that a value is made of, for a learner that knows only those.

    Attributes:
        counts: of each whole number, how many values it has, from 0 on; a mask is about the first one.
        reals: how many real numbers in [0, 1] there are beside.
    """

    counts: tuple[int, ...]
    reals: int


class Space(abc.ABC):
    """A set of values with names: what can be drawn from it, learnt in it, written and read.

    A kind of its own is a subclass in a file of its own; nothing asks which kind a space is.
    """

    @property
    @abc.abstractmethod
    def mask_size(self) -> int:
        """Length of a mask: one entry per option, or, all true, per component where there are no options."""

    @property
    def n_options(self) -> int | None:
        """Of how many options a value is one, an int32 scalar; None where it is more than that."""
        return None

    def pure(self) -> dict[str, np.ndarray]:
        """The values by name of which all others are mixtures, where there are such; empty where there are none."""
        return {str(k): np.asarray(k, np.int32) for k in range(self.n_options or 0)}

    @property
    @abc.abstractmethod
    def continuous(self) -> bool:
        """Whether some part of a value is a real number."""

    @abc.abstractmethod
    def idle(self) -> Array:
        """A value for when nobody looks."""

    def played(self, action: Any) -> Any:
        """What a decision comes to: itself, where every decision stands for itself."""
        return action

    @property
    def parts(self) -> Parts | None:
        """The plain numbers that a value is made of, where it is."""
        return None

    def of_parts(self, whole: Int[Array, "k"], reals: Float[Array, "m"]) -> Array:
        """The value that is made of these numbers, as many as `parts` says.

        Raises:
            NotImplementedError: there are no `parts`.
        """
        raise NotImplementedError

    @property
    @abc.abstractmethod
    def n_features(self) -> int:
        """Length of `features`."""

    @abc.abstractmethod
    def features(self, action: Array) -> Float[Array, "features"]:
        """The value as numbers in [0, 1]."""

    @abc.abstractmethod
    def head(self, sigma: Float[Array, ""] | float = 0.3) -> Head:
        """How values are drawn from a policy's outputs; `sigma` is the width of real components, in shares of them."""

    @property
    @abc.abstractmethod
    def sample_size(self) -> int:
        """Uniform numbers consumed by `sample`."""

    @abc.abstractmethod
    def sample(self, mask: Bool[Array, "mask"], u: Float[Array, "numbers"]) -> Array:
        """A value that the mask allows, each as likely as any other, from uniform numbers."""

    @abc.abstractmethod
    def spread(self, points: int) -> np.ndarray:
        """Values that stand for all, [values, ...]: every option, and of real components about so many points."""

    @abc.abstractmethod
    def entry(self, action: AnyArray) -> Parsed:
        """A value as a rule file has it."""

    @abc.abstractmethod
    def read(self, entry: Parsed) -> np.ndarray:
        """The value of an entry of a rule file.

        Raises:
            InputError: it is not in the space, or something is missing or too much.
        """

    def labelled(self, label: str) -> np.ndarray:
        """The value with this name.

        Raises:
            InputError: there is none.
        """
        raise InputError(f"a decision has no option {label!r}; give it as numbers.")

    def limits(self) -> Limits:
        """All that decisions come to, as `scipy.optimize.linprog` is given constraints, where they are a polytope.

        Raises:
            NotImplementedError: they are none.
        """
        raise NotImplementedError

    def decided(self, given: object) -> np.ndarray:
        """A decision that is written in Python: numbers, as they are.

        Raises:
            InputError: it is none.
        """
        return np.asarray(given)

    def in_fractions(self, action: AnyArray) -> int | list[Fraction]:
        """A value in exact numbers: an option's number, or a list of fractions, each as its decimals are written.

        Raises:
            NotImplementedError: such values have no exact numbers.
        """
        raise NotImplementedError

    @abc.abstractmethod
    def words(self, action: AnyArray) -> str:
        """A value in words."""


def asked(entry: Parsed, *keys: str) -> tuple[object, ...]:
    """The values of the `do` of an entry, which must have exactly these keys.

    Raises:
        InputError: it has others.
    """
    if set(entry) != set(keys):
        raise InputError(f"'do' must have {' and '.join(map(repr, keys))}; got {sorted(map(str, entry))}.")
    return tuple(entry[key] for key in keys)


def one_hot(index: Array, n: int) -> Float[Array, "*batch n"]:
    """One where the index is, of `n`."""
    return (index == jnp.arange(n)).astype(float)
