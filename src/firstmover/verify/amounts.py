"""Values of a certificate, read strictly: a number is never a truth value, a text is never a number by accident."""

import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any

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


def text(value: Any, what: str) -> str:
    """A text.

    Raises:
        ValueError: it is something else.
    """
    if type(value) is not str:
        raise ValueError(f"{what} must be a text")
    return value


def whole(value: Any, what: str, least: int = 0, most: int = 10**15 - 1) -> int:
    """A whole number in a range.

    Raises:
        ValueError: it is something else.
    """
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{what} must be a whole number from {least} to {most}")
    return value


def number(value: Any, what: str) -> Fraction:
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


def fraction(value: Any) -> Fraction:
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


def listed(value: Any, what: str) -> list[Any]:
    """A list.

    Raises:
        UnreadableError: it is something else.
    """
    if not isinstance(value, list):
        raise UnreadableError(f"{what} is not a list.")
    return value


def indices(value: Any, what: str) -> list[int]:
    """A list of whole numbers of at least 0.

    Raises:
        UnreadableError: it is something else.
    """
    if any(type(k) is not int or k < 0 for k in listed(value, what)):
        raise UnreadableError(f"{what} is not a list of whole numbers.")
    return listed(value, what)


def keyed(value: Any, keys: Collection[str], what: str) -> dict[str, Any]:
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


def distribution(given: Any, size: int, what: str) -> list[Fraction]:
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


def table(given: Any, what: str) -> Any:
    """Nested lists of numbers, in fractions.

    Raises:
        ValueError: something else is in it, or its rows differ in length.
    """
    sizes, part = [], given
    while isinstance(part, list):
        sizes.append(len(part))
        if len(sizes) > 64:
            raise ValueError(f"{what} must be a table of at most 64 axes")
        part = part[0] if part else None
    return _numbers(given, sizes, what)


def _numbers(given: Any, sizes: list[int], what: str) -> Any:
    if not sizes:
        return number(given, f"every entry of {what}")
    if not isinstance(given, list) or len(given) != sizes[0]:
        raise ValueError(f"{what} must be a table with rows of one length")
    return [_numbers(part, sizes[1:], what) for part in given]


def shape(given: Any) -> list[int]:
    """Sizes of a table whose rows are of one length."""
    sizes = []
    while isinstance(given, list):
        sizes.append(len(given))
        given = given[0] if given else None
    return sizes


def entries(given: Any) -> list[Fraction]:
    """All numbers of a table, row by row."""
    return [x for part in given for x in entries(part)] if isinstance(given, list) else [given]


def parameters(given: Any, defaults: Mapping[str, Any], required: Collection[str] = ()) -> dict[str, Any]:
    """A game's parameters, with defaults for those that are left out.

    Raises:
        ValueError: one is unknown or missing, or they are no object.
    """
    if not isinstance(given, dict) or not set(required) <= set(given) <= {*required, *defaults}:
        raise ValueError(f"the parameters must be {', '.join([*required, *defaults])}")
    return {**defaults, **given}


def one_of(value: Any, words: Collection[str], what: str) -> str:
    """One of some words.

    Raises:
        ValueError: it is none of them.
    """
    if type(value) is not str or value not in words:
        raise ValueError(f"{what} must be one of {', '.join(words)}")
    return value


def in_words(value: Any) -> str:
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


def _cut(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= 10**40:
        return "a whole number of more than 40 digits"
    said = repr(value) if isinstance(value, str | int | bool | None) else f"something that is a {type(value).__name__}"
    return said if len(said) <= 60 else f"{said[:50]}..."
