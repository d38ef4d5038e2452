"""Numbers and names as a person reads them: the digits that matter, and names that can be told apart."""

import inspect
import math
from collections.abc import Mapping, Sequence

from firstmover.errors import on_one_line

_DIGITS = 6
_MOST_DIGITS = 17  # what a float holds
_NOTHING = 4e-12  # of the range of payoffs: what rounding leaves where nothing is meant
_ORDINARY = 1e6  # a range beyond this is one odd payoff's, and says nothing of rounding
_LONGEST = 60  # characters of one value in the short form of an object
_ROUNDING = 2e-15  # of the largest payoff


def written(value: float | int, low: float | int = 0.0, high: float | int = 0.0) -> str:
    """A number with the digits that tell it apart from others in a range, and 0 where rounding left what is none.

    Args:
        value: the number.
        low: least number that it may be.
        high: greatest; six significant digits are written where it is not above `low`.

    Example:
        >>> written(10000002.4823, 1e7, 1e7 + 3)
        '10000002.4823'
        >>> written(-1.77e-12, 0, 3), written(2 / 3, 0, 1)
        ('0', '0.666667')
    """
    span, magnitude = high - low, max(abs(low), abs(high))
    if not math.isfinite(value) or not math.isfinite(span):
        return f"{value:.{_DIGITS}g}"
    if abs(value) <= max(_NOTHING * min(span, _ORDINARY), _ROUNDING * magnitude):
        return "0"
    more = math.ceil(math.log10(abs(value)) - math.log10(span)) if 0 < span < abs(value) else 0
    return f"{value:.{min(_DIGITS + more, _MOST_DIGITS)}g}"


def told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """The names on one line each; who has none is called by its number, from 1, and so are those who share one.

    Example:
        >>> told_apart(["", "Top", "Top"])
        ('1', 'Top (2)', 'Top (3)')
    """
    labels = [on_one_line(name).strip() or str(k) for k, name in enumerate(names, 1)]
    while len(set(labels)) < len(labels):
        shared = {label for label in labels if labels.count(label) > 1}
        labels = [f"{label} ({k})" if label in shared else label for k, label in enumerate(labels, 1)]
    return tuple(labels)


def defaults_of(cls: type) -> dict[str, object]:
    """The named parameters of a class's constructor with their defaults (`inspect.Parameter.empty` if required).

    Of `__init__`: what a class with a `__new__` of its own takes is told otherwise by Python 3.11.0 to 3.11.4.
    """
    _, *parameters = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]
    return {p.name: p.default for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}


def constructed(cls: type, parameters: Mapping[str, object]) -> str:
    """How an object is called for short: its class, and its parameters that are not at their defaults.

    Example:
        >>> class Road:
        ...     def __init__(self, cars: int = 1, tolls: tuple[int, ...] = (0, 1)): ...
        >>> constructed(Road, {"cars": 2, "tolls": [0, 1]})
        'Road(cars=2)'
    """
    defaults = defaults_of(cls)
    told = {name: value for name, value in parameters.items() if _plain(value) != _plain(defaults.get(name))}
    return f"{cls.__name__}({', '.join(f'{name}={_short(value)}' for name, value in told.items())})"


def _plain(value: object) -> str:
    """A value as text, in which lists and tuples are the same."""
    return str(value).translate(str.maketrans("()", "[]"))


def _short(value: object) -> str:
    text = on_one_line(repr(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
