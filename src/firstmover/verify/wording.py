"""Rules and plays in words, as certificates tell them: as they do now, and as version 0.1.0 did."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from .limits import look_at_the_time

_DIGITS = 6
_MOST_DIGITS = 17  # what a float holds
_NOTHING = 4e-12  # of the range of payoffs: what rounding leaves where nothing is meant
_ORDINARY = 1e6  # a range beyond this is one odd payoff's, and says nothing of rounding
_ROUNDING = 2e-15  # of the largest payoff


class Wording(NamedTuple):
    """How numbers and names are told.

    Attributes:
        number: a number, in a range from a least to a greatest one, with the digits that version 0.1.0 gave it.
        names: the names of actions.
    """

    number: Callable[[Fraction, Fraction, Fraction, int], str]
    names: Callable[[Sequence[str]], list[str]]


def _written(value: Fraction, low: Fraction, high: Fraction, digits: int) -> str:
    """With the digits that tell it apart from others in its range, and 0 where rounding left what is none."""
    del digits
    number, span, magnitude = float(value), float(high) - float(low), max(abs(float(low)), abs(float(high)))
    if not math.isfinite(span):
        return f"{number:.{_DIGITS}g}"
    if abs(number) <= max(_NOTHING * min(span, _ORDINARY), _ROUNDING * magnitude):
        return "0"
    more = math.ceil(math.log10(abs(number)) - math.log10(span)) if 0 < span < abs(number) else 0
    return f"{number:.{min(_DIGITS + more, _MOST_DIGITS)}g}"


def _told_apart(names: Sequence[str]) -> list[str]:
    """On one line each; who has none is called by its number, from 1, and so are those who share one."""
    labels = [_on_one_line(name).strip() or str(k) for k, name in enumerate(names, 1)]
    while len(set(labels)) < len(labels):
        look_at_the_time()
        often = Counter(labels)
        labels = [f"{label} ({k})" if often[label] > 1 else label for k, label in enumerate(labels, 1)]
    return labels


def _on_one_line(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


NOW = Wording(_written, _told_apart)
FIRST = Wording(lambda value, low, high, digits: f"{float(value):.{digits}g}", list)
