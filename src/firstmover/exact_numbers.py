"""The numbers that users give: read in one place, kept as the fractions that they are.

A number is whole, a decimal (`-2.5`, `1e-3`) or a fraction (`1/3`), as text or as a number of Python or NumPy; a float
stands for the shortest decimal that is read as it. It is 0, or of a size from 1e-306 to 1e306: what lies beyond has no
place in 64-bit arithmetic. Nothing is computed with a number before its length and its exponent are known to be small.
"""

import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import EllipsisType
from typing import SupportsIndex

import numpy as np

from firstmover.errors import InputError
from firstmover.json_types import Json

_NUMBER = re.compile(r"[-+]?(\d+/0*[1-9]\d*|(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,4})?)", re.ASCII)
_LONGEST = 2000  # characters of a number
_GREATEST, _LEAST = Fraction(10) ** 306, Fraction(1, 10**306)
_SUM = Fraction(1, 10**6)  # how far from 1 the sum of given probabilities may be


def exact(value: object, what: str) -> Fraction:
    """A number as the fraction that it is.

    Args:
        value: text or a number.
        what: it is, for the message.

    Raises:
        InputError: it is not a number, not finite, or too large or too small.
    """
    if isinstance(value, np.generic):
        value = value.item()
    text = value.strip() if isinstance(value, str) else repr(value) if isinstance(value, float) else None
    if text is not None and len(text) <= _LONGEST and _NUMBER.fullmatch(text):
        number = Fraction(text)
    elif isinstance(value, int | Fraction) and not isinstance(value, bool):
        number = Fraction(value)
    else:
        raise InputError(f"{what} must be a finite number; got {shortened(value)}.")
    if number and not _LEAST <= abs(number) <= _GREATEST:
        raise InputError(f"{what} must be 0 or of a size from 1e-306 to 1e306; got {shortened(value)}.")
    return number


def number(value: object, what: str) -> float:
    """A finite number, from a string (a decimal or a fraction) or as it is, in 64 bits.

    Raises:
        InputError: it is not one.
    """
    return float(exact(value, what))


def whole(value: object, what: str) -> int:
    """A whole number, from text or as it is.

    Raises:
        InputError: it is not one, or has more than 15 digits.
    """
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?\d+\s*", value, re.ASCII):
        if len(value) <= 15:
            return int(value)
        raise InputError(f"{what} must have at most 15 digits; got {shortened(value)}.")
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and abs(int(value)) < 10**15:
        return int(value)
    raise InputError(f"{what} must be a whole number; got {shortened(value)}.")


def shortened(value: object) -> str:
    """A value as a message shows it: what is long is cut off."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**40:
        return "a whole number of more than 40 digits"
    if isinstance(value, Fraction):
        return "a fraction" if max(abs(value.numerator), value.denominator) >= 10**40 else str(value)
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"


Axis = SupportsIndex | slice | EllipsisType | np.ndarray | None
Index = Axis | tuple[Axis, ...]
Labels = tuple[str, ...] | None  # the names along an axis of a table, if it has any


@dataclass(frozen=True, eq=False)
class Table:
    """An array of numbers, in 64 bits and as the fractions that were given.

    Attributes:
        floats: the nearest floats.
        given: the fractions, in an array of objects; None where every float stands for the number that was given.
        labels: the names along every axis, None for an axis without; empty where there are none at all.
    """

    floats: np.ndarray
    given: np.ndarray | None = None
    labels: tuple[Labels, ...] = ()

    @functools.cached_property
    def fractions(self) -> np.ndarray:
        """The fractions, in an array of objects."""
        return as_fractions(self.floats) if self.given is None else self.given

    def __getitem__(self, index: Index) -> "Table":
        labels = self.labels[1:] if isinstance(index, int) else ()
        return Table(self.floats[index], None if self.given is None else self.given[index], labels)

    def written(self) -> Json:
        """Nested lists for a JSON file that are read as these numbers again."""
        if self.given is None:
            return self.floats.tolist()
        return np.vectorize(written, otypes=[object])(self.given).tolist()


def table(values: object, what: str, shape: str = "a table of numbers with rows of one length") -> Table:
    """Nested lists or arrays of numbers, text included.

    Args:
        values: the numbers.
        what: they are, for messages.
        shape: what is valid, for messages.

    Raises:
        InputError: an entry is not a number (see `exact`), or rows differ in length.
    """
    if isinstance(values, Table):
        return values
    if _holds_truth(values):
        raise InputError(f"{what} must be {shape}.")
    try:
        entries = np.asarray(values)
    except ValueError:
        raise InputError(f"{what} must be {shape}.") from None
    if entries.dtype.kind == "f":
        _check_floats(entries, what)
        return Table(entries.astype(np.float64))
    try:
        entries = np.array(values, object)
    except ValueError:
        raise InputError(f"{what} must be {shape}.") from None
    if any(isinstance(entry, list | tuple | dict | set | bool) or entry is None for entry in entries.ravel()):
        raise InputError(f"{what} must be {shape}.")
    given = np.empty(entries.shape, object)
    for at, entry in np.ndenumerate(entries):
        given[at] = exact(entry, f"every entry of {what}")
    return of_fractions(given)


def _holds_truth(values: object) -> bool:
    """Whether true or false stands among numbers, where NumPy would take it for 1 or 0."""
    if isinstance(values, list | tuple):
        return any(_holds_truth(value) for value in values)
    return isinstance(values, bool | np.bool_)


def of_fractions(given: np.ndarray, labels: tuple[Labels, ...] = ()) -> Table:
    """The table with these fractions, and maybe names along its axes."""
    floats = given.astype(np.float64)
    return Table(floats, None if np.array_equal(as_fractions(floats), given) else given, labels)


def agreed(tables: Sequence[Table], what: str) -> tuple[Labels, ...]:
    """The names along the axes of tables of one shape; a table without names agrees with any. Empty if none has any.

    Args:
        tables: the tables.
        what: they are, for the message.

    Raises:
        InputError: two of them name an axis differently.
    """
    found: list[Labels] = []
    for along in zip(*[table.labels for table in tables if table.labels], strict=True):
        named = list(dict.fromkeys(names for names in along if names is not None))
        if len(named) > 1:
            one, other = (", ".join(names) for names in named[:2])
            raise InputError(f"{what} must name the same actions in the same order; got {one} and {other}.")
        found.append(named[0] if named else None)
    return tuple(found)


def as_fractions(floats: object) -> np.ndarray:
    """What floats stand for; an array that holds fractions already is returned as it is."""
    array = np.asarray(floats)
    if array.dtype == object:
        return array
    exactly = np.empty(array.shape, object)
    exactly.ravel()[:] = [Fraction(repr(x)) for x in array.astype(np.float64).ravel().tolist()]
    return exactly


def probabilities(values: object, what: str, *, joint: bool = False) -> Table:
    """A distribution: probabilities whose sum is within 1e-6 of 1, divided by their exact sum.

    Every exact answer, every learner, every certificate and the check of a certificate use the numbers that result.
    Only a joint distribution may have several axes.

    Raises:
        InputError: an entry is not a number or is negative, or the sum is farther from 1.
    """
    given = table(values, what, "a list of numbers")
    if given.floats.ndim == 0 or (given.floats.ndim > 1 and not joint):
        raise InputError(f"{what} must be a list of numbers.")
    if given.floats.size == 0 or np.any(given.floats < 0):
        raise InputError(f"{what} must hold finite probabilities, none negative; got {shortened(given.written())}.")
    total = sum(given.fractions.ravel().tolist(), Fraction(0))
    if abs(total - 1) > _SUM:
        raise InputError(f"{what} must sum to 1; it sums to {float(total):.9g}.")
    return given if total == 1 else of_fractions(given.fractions / total)


def read_json(text: str) -> object:
    """JSON with numbers as `exact` reads them: floats, and fractions where no float stands for the number.

    Raises:
        ValueError: it is not JSON, or a number is none that `exact` reads (InputError).
    """

    def refuse(word: str) -> None:
        raise ValueError(word)

    return json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=refuse)


def written(number: Fraction) -> float | str:
    """A number for a JSON file: the float that stands for it, or the fraction as text."""
    near = float(number)
    return near if Fraction(repr(near)) == number else str(number)


def _decimal(text: str) -> float | Fraction:
    number = exact(text, "a number")
    near = float(number)
    return near if Fraction(repr(near)) == number else number


def _integer(text: str) -> int:
    return int(exact(text, "a number"))


def _check_floats(entries: np.ndarray, what: str) -> None:
    sizes = np.abs(entries)
    if not np.all(np.isfinite(entries)):
        raise InputError(f"{what} must hold finite numbers; it holds NaN or infinity.")
    if np.any(sizes > 1e306) or np.any((sizes < 1e-306) & (sizes > 0)):
        raise InputError(f"every entry of {what} must be 0 or of a size from 1e-306 to 1e306.")
