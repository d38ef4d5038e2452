"""Values of a certificate, read strictly: a number is never a truth value, a text is never a number by accident."""

import re
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Json: TypeAlias = bool | int | float | str | Fraction | Sequence["Json"] | Mapping[str, "Json"] | None
    Table: TypeAlias = Fraction | Sequence["Table"]
else:  # what checks types while tests run knows no type that holds itself
    Json = bool | int | float | str | Fraction | Sequence | Mapping | None
    Table = Fraction | Sequence

_NUMBER = re.compile(r"[-+]?(\d+/0*[1-9]\d*|(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,4})?)", re.ASCII)
_LONGEST = 2_000  # characters of a number of a game or a rule
_LONGEST_PROOF = 4_300  # digits of a whole number that Python reads; of a numerator, and of a denominator
_GREATEST, _LEAST = Fraction(10) ** 306, Fraction(1, 10**306)
NEAR = Fraction(1, 10**6)  # by which the sum of stated probabilities may miss 1


class UnreadableError(ValueError):
    """The file is not a certificate that can be checked; the message is a sentence for the user."""


class Decimal(str):
    """A decimal of the file as it stands there, told apart from text."""

    __slots__ = ()


def text(value: Json, what: str) -> str:
    """A text.

    Raises:
        ValueError: it is something else.
    """
    if type(value) is not str:
        raise ValueError(f"{what} must be a text")
    return value


def whole(value: Json, what: str, least: int = 0, most: int = 10**15 - 1) -> int:
    """A whole number in a range.

    Raises:
        ValueError: it is something else.
    """
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{what} must be a whole number from {least} to {most}")
    return value


def number(value: Json, what: str) -> Fraction:
    """A number of a game or a rule: 0, or of a size from 1e-306 to 1e306, written as a number or as a text.

    Raises:
        ValueError: it is something else.
    """
    if type(value) is int:
        found = Fraction(value) if abs(value) <= _GREATEST else None
    elif isinstance(value, Fraction):
        found = value
    else:
        found = None
        if isinstance(value, str) and len(value) <= _LONGEST and _NUMBER.fullmatch(value.strip()):
            found = Fraction(value.strip())
    if found is None or (found and not _LEAST <= abs(found) <= _GREATEST):
        raise ValueError(f"{what} must be a number: 0, or of a size from 1e-306 to 1e306")
    return found


def fraction(value: Json) -> Fraction:
    """A number of a proof: whole, a decimal, or a text `numerator/denominator`.

    Raises:
        UnreadableError: it is none of these, or has more digits than are read.
    """
    if type(value) is int or isinstance(value, Fraction):
        return Fraction(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value) and len(value) <= 2 * _LONGEST_PROOF:
        try:
            return Fraction(value)
        except ValueError:  # a numerator or a denominator of too many digits
            pass
    raise UnreadableError(f"{_cut(value)} is not a number that is read here.")


def listed(value: Json, what: str) -> list[Json]:
    """A list.

    Raises:
        UnreadableError: it is something else.
    """
    if not isinstance(value, list):
        raise UnreadableError(f"{what} is not a list.")
    return value


def indices(value: Json, what: str) -> list[int]:
    """A list of whole numbers of at least 0.

    Raises:
        UnreadableError: it is something else.
    """
    found = [k for k in listed(value, what) if type(k) is int and k >= 0]
    if len(found) < len(listed(value, what)):
        raise UnreadableError(f"{what} is not a list of whole numbers.")
    return found


def keyed(value: Json, keys: Collection[str], what: str) -> dict[str, Json]:
    """An object that has these keys.

    Raises:
        UnreadableError: it is something else, or a key is missing.
    """
    if not isinstance(value, dict):
        raise UnreadableError(f"{what} is not an object.")
    missing = [key for key in keys if key not in value]
    if missing:
        others = f" and {len(missing) - 3} more of its parts" if len(missing) > 3 else ""
        raise UnreadableError(f"{what} has no {', '.join(missing[:3])}{others}.")
    return value


def distribution(given: Json, size: int, what: str) -> list[Fraction]:
    """Probabilities whose sum is within 1e-6 of 1, divided by their exact sum: as the game reads them.

    Raises:
        ValueError: they are not so many, one is negative, or the sum is farther from 1.
    """
    if not isinstance(given, list) or len(given) != size:
        raise ValueError(f"{what} must be {size} probabilities")
    weights = [number(p, what) for p in given]
    total = sum(weights, Fraction(0))
    if min(weights) < 0 or abs(total - 1) > NEAR:
        raise ValueError(f"{what} must be probabilities, none negative, that sum to 1")
    return [p / total for p in weights]


def table(given: Json, what: str) -> Table:
    """Nested lists of numbers, in fractions.

    Raises:
        ValueError: something else is in it, or its rows differ in length.
    """
    sizes: list[int] = []
    part = given
    while isinstance(part, list):
        sizes.append(len(part))
        if len(sizes) > 64:
            raise ValueError(f"{what} must be a table of at most 64 axes")
        part = part[0] if part else None
    return _numbers(given, sizes, what)


def _numbers(given: Json, sizes: list[int], what: str) -> Table:
    if not sizes:
        return number(given, f"every entry of {what}")
    if not isinstance(given, list) or len(given) != sizes[0]:
        raise ValueError(f"{what} must be a table with rows of one length")
    return [_numbers(part, sizes[1:], what) for part in given]


def shape(given: Table) -> list[int]:
    """Sizes of a table whose rows are of one length."""
    if isinstance(given, Fraction):
        return []
    return [len(given), *(shape(given[0]) if given else [])]


def parts(given: Table) -> Sequence[Table]:
    """The tables along the first axis of a table.

    Raises:
        ValueError: it is a number.
    """
    if isinstance(given, Fraction):
        raise ValueError("a number stands where a table is needed")
    return given


def matrix(given: Table) -> list[list[Fraction]]:
    """A table with two axes.

    Raises:
        ValueError: it has fewer.
    """
    return [entries(row) for row in parts(given)]


def entry(given: Table, at: Sequence[int]) -> Fraction:
    """The number at a place, an index for every axis.

    Raises:
        ValueError: there are more or fewer axes.
    """
    for index in at:
        given = parts(given)[index]
    if not isinstance(given, Fraction):
        raise ValueError("a table stands where a number is needed")
    return given


def entries(given: Table) -> list[Fraction]:
    """All numbers of a table, row by row."""
    return [given] if isinstance(given, Fraction) else [x for part in given for x in entries(part)]


def parameters(given: Json, defaults: Mapping[str, Json], required: Collection[str] = ()) -> dict[str, Json]:
    """A game's parameters, with defaults for those that are left out.

    Raises:
        ValueError: one is unknown or missing, or they are no object.
    """
    if not isinstance(given, dict) or not set(required) <= set(given) <= {*required, *defaults}:
        raise ValueError(f"the parameters must be {', '.join([*required, *defaults])}")
    return {**defaults, **given}


def one_of(value: Json, words: Collection[str], what: str) -> str:
    """One of some words.

    Raises:
        ValueError: it is none of them.
    """
    if type(value) is not str or value not in words:
        raise ValueError(f"{what} must be one of {', '.join(words)}")
    return value


def in_words(value: Fraction | int | None) -> str:
    """A number to twelve digits, as it is said in a claim."""
    if value is None:
        return "none"
    try:
        return f"{float(Fraction(value)):.12g}"
    except OverflowError:
        return "a number beyond 1e308"


def exactly(value: Fraction) -> str:
    """A fraction as it is, where it is short, and otherwise to twelve digits."""
    short = max(abs(value.numerator), value.denominator) < 10**20
    return str(value) if short else in_words(value)


def _cut(value: Json) -> str:
    if isinstance(value, int) and abs(value) >= 10**40:
        return "a whole number of more than 40 digits"
    said = repr(value) if isinstance(value, str | int | bool | None) else f"something that is a {type(value).__name__}"
    return said if len(said) <= 60 else f"{said[:50]}..."
