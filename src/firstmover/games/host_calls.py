"""Payoffs in plain Python: tabulated once where all is finite, else called on the host in whole batches.

How often a user's function is called is counted, and bounded if a bound is set: a simulator may take seconds a call.
"""

import copy
import math
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Int

from firstmover.errors import InputError
from firstmover.games.units import Units
from firstmover.user_code import in_a_sentence

Returned = TypeVar("Returned")

_MOST_CELLS = 1_000_000  # of a table


class HostCalls:
    """How often a function of the user's has been called, how often it may be, and what went wrong in it.

    Attributes:
        name: of the function, in words.
        made: calls so far.
        limit: the most that are allowed; no limit if None.
        error: what went wrong in a call, if something did.
    """

    def __init__(self, function: Callable[..., object], name: str, file: str | None):
        """Calls of a function `name` that stands in this file.

        One that pays in a market gets types [n], actions [n] and a decision, and returns what the leader, the followers
        [n] and in transfers (0 without money) is paid.
        """
        self._function, self.name, self._file = function, name, file
        self.made = 0
        self.limit: int | None = None
        self.error: InputError | None = None

    def __call__(self, *given: object) -> Any:
        """What one call returns.

        Raises:
            InputError: it fails, or is one too many.
        """
        if self.limit is not None and self.made >= self.limit:
            self.error = InputError(f"{self.name} has been called {self.made} times, as often as --max-calls allows.")
            raise self.error
        self.made += 1
        return self.uncounted(self._function, *given)

    def uncounted(self, function: Callable[..., Returned], *given: object) -> Returned:
        """What a function of the user's returns that is not the one whose calls are counted.

        Raises:
            InputError: it fails.
        """
        try:
            with np.errstate(all="ignore"):  # what is not finite is refused, in words
                return function(*given)
        except InputError as error:
            self.error = error
            raise
        except (Exception, SystemExit) as error:
            self.error = InputError(f"{self.name} fails: {in_a_sentence(error, self._file)}")
            raise self.error from error


# Numbers come back from the host as bits: floats of 64 bit would be rounded on the way, wherever the host is asked from
# another thread than the one that has allowed them.


def as_bits(shape: tuple[int, ...], dtype: np.dtype) -> jax.ShapeDtypeStruct:
    """What a call returns that returns so many floats."""
    return jax.ShapeDtypeStruct((*shape, jnp.dtype(dtype).itemsize // 4), jnp.int32)


def to_bits(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Floats as bits, on the host, with one axis more."""
    return np.ascontiguousarray(values, dtype)[..., None].view(np.int32)


def from_bits(bits: Array, dtype: np.dtype) -> Array:
    """The floats."""
    whole = bits[..., 0] if bits.shape[-1] == 1 else bits
    return jax.lax.bitcast_convert_type(whole, dtype)


class CalledOnHost:
    """Payoffs by calls, one for every sub-episode of a batch."""

    def __init__(self, calls: HostCalls):
        """Payoffs by these calls."""
        self._calls, self._units = calls, Units((0.0, 0.0), (1.0, 1.0))

    def in_units(self, units: Units) -> "CalledOnHost":
        """The same payoffs in these units."""
        other = copy.copy(self)
        other._units = units
        return other

    def __call__(
        self, types: Int[Array, "n"], actions: Int[Array, "n"], decision: Array, counts: Bool[Array, ""]
    ) -> tuple[Array, Array, Array]:
        """Payments to the leader and the followers, and transfers; zeros where they do not count."""
        dtype = jnp.result_type(float)
        shapes = tuple(as_bits(shape, dtype) for shape in ((), types.shape, ()))

        def batch(
            types: ArrayLike, actions: ArrayLike, decision: ArrayLike, counts: ArrayLike
        ) -> tuple[np.ndarray, ...]:
            return self._batch(np.asarray(types), np.asarray(actions), np.asarray(decision), np.asarray(counts), dtype)

        paid = jax.pure_callback(batch, shapes, types, actions, decision, counts, vmap_method="broadcast_all")
        leader, followers, transfers = (from_bits(part, dtype) for part in paid)
        return leader, followers, transfers

    def _batch(
        self, types: np.ndarray, actions: np.ndarray, decision: np.ndarray, counts: np.ndarray, dtype: np.dtype
    ) -> tuple[np.ndarray, ...]:
        batch, n = counts.shape, types.shape[-1]
        rows = math.prod(batch)
        leader, followers, transfers = np.zeros(rows), np.zeros((rows, n)), np.zeros(rows)
        own = decision.reshape(rows, *decision.shape[len(batch) :])
        who, what = types.reshape(rows, n), actions.reshape(rows, n)
        for row in np.flatnonzero(counts):
            paid = self._calls(who[row], what[row], own[row])
            leader[row], followers[row], transfers[row] = self._units.counted(*paid)
        parts = leader.reshape(batch), followers.reshape(*batch, n), transfers.reshape(batch)
        return tuple(to_bits(part, dtype) for part in parts)


class Tabulated:
    """Payoffs from a table of all types, actions and options of the leader."""

    def __init__(self, calls: HostCalls, sizes: tuple[int, ...], n: int):
        """A table made by calls; `sizes` are the numbers of types and of actions of all followers, and of options."""
        self._leader, self._transfers = np.zeros(sizes), np.zeros(sizes)
        self._followers = np.zeros((*sizes, n))
        for cell in np.ndindex(*sizes):
            who, what = np.array(cell[:n], np.int32), np.array(cell[n:-1], np.int32)
            self._leader[cell], self._followers[cell], self._transfers[cell] = calls(who, what, np.asarray(cell[-1]))

    def in_units(self, units: Units) -> "Tabulated":
        """The same payoffs in these units."""
        other = copy.copy(self)
        paid = units.counted(self._leader, self._followers, self._transfers)
        other._leader, other._followers, other._transfers = paid
        return other

    def __call__(
        self, types: Int[Array, "n"], actions: Int[Array, "n"], decision: Array, counts: Bool[Array, ""]
    ) -> tuple[Array, Array, Array]:
        """Payments to the leader and the followers, and transfers."""
        del counts
        cell = (*types, *actions, decision)
        tables = self._leader, self._followers, self._transfers
        leader, followers, transfers = (jnp.asarray(table, float) for table in tables)
        return leader[cell], followers[cell], transfers[cell]


def on_host(calls: HostCalls, sizes: tuple[int | None, ...], n: int) -> CalledOnHost | Tabulated:
    """Payoffs by calls: tabulated once where types, actions and options are few, else called as they come up."""
    cells = math.prod(math.inf if size is None else size for size in sizes)
    if cells <= _MOST_CELLS:
        return Tabulated(calls, tuple(size for size in sizes if size is not None), n)
    return CalledOnHost(calls)


def calls_of(program: Any) -> int:
    """How often a program (a jaxpr) calls the host, an element of a batch as one call; loops of open length count once.

    Example:
        >>> def one(x):
        ...     return jax.pure_callback(np.sin, jax.ShapeDtypeStruct((), x.dtype), x, vmap_method="broadcast_all")
        >>> calls_of(jax.make_jaxpr(jax.vmap(one))(jnp.zeros(5)).jaxpr)
        5
    """
    total = 0
    for equation in program.eqns:
        if equation.primitive.name == "pure_callback":
            total += math.prod(equation.outvars[0].aval.shape)
            continue
        times = equation.params["length"] if equation.primitive.name == "scan" else 1
        for value in equation.params.values():
            for part in value if isinstance(value, list | tuple) else [value]:
                inner = getattr(part, "jaxpr", part)
                total += times * calls_of(inner) if hasattr(inner, "eqns") else 0
    return total
