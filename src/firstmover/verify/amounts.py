"""Numbers of a certificate, and the error for a file that is none."""

import re
from fractions import Fraction
from typing import Any

# A bounded exponent: the fraction of a small file must not fill the memory.
_NUMBER = re.compile(r"-?\d+(/\d+|(\.\d+)?([eE][-+]?\d{1,3})?)")


class UnreadableError(ValueError):
    """The file is not a certificate that can be checked; the message is a sentence for the user."""


def fraction(value: Any) -> Fraction:
    """A number of the file: whole, a decimal, or a string `numerator/denominator`.

    Raises:
        UnreadableError: it is none of these.
    """
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise UnreadableError(f"{value[:40]!r} is not a number.")
    return Fraction(value)


def in_words(value: Any) -> str:
    """A number to twelve digits, as it is said in a claim."""
    return "none" if value is None else f"{float(value):.12g}"
