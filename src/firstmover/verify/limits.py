"""How long a check may take, and how much it may fill: what goes beyond is left unchecked, and never confirmed."""

import contextlib
import math
import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from fractions import Fraction

MAX_BYTES = 16_000_000  # of a certificate
MAX_VALUES = 2_000_000  # numbers, texts, lists and objects in it
MAX_SECONDS = 12.0  # of a check, once the file is read
MAX_SITUATIONS = 100_000  # that a rule is asked for
MAX_FOLLOWERS = 64
MAX_BITS = 200_000  # of the numerator and the denominator of a sum

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


class LimitError(Exception):
    """Checking this takes more time or memory than is given to a check; the message says what."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Ends what runs inside, wherever it looks at the time, once it has taken so long."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def look_at_the_time() -> None:
    """Goes on if there is time left.

    Raises:
        LimitError: there is none.
    """
    if time.monotonic() > _deadline.get():
        raise LimitError(f"it takes more than {MAX_SECONDS:g} s")


def at_most_so_many(count: int, most: int, what: str) -> None:
    """Goes on if something is not too many.

    Raises:
        LimitError: it is.
    """
    if count > most:
        raise LimitError(f"more than {most} {what}")


def total(terms: Iterable[Fraction]) -> Fraction:
    """A sum, ended where it takes too long or grows too many digits.

    Raises:
        LimitError: it does.
    """
    found = Fraction(0)
    for term in terms:
        found += term
        look_at_the_time()
        if found.denominator.bit_length() > MAX_BITS:
            raise LimitError(f"a sum takes more than {MAX_BITS} bits")
    return found


def common_denominator(numbers: Iterable[Fraction]) -> int:
    """The least common denominator.

    Raises:
        LimitError: it has too many digits, or takes too long.
    """
    found = 1
    for number in numbers:
        if found % number.denominator:
            found = math.lcm(found, number.denominator)
            look_at_the_time()
            if found.bit_length() > MAX_BITS:
                raise LimitError(f"a common denominator takes more than {MAX_BITS} bits")
    return found
