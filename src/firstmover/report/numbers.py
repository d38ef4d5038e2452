"""Numbers as a person writes them on a page: few digits, thousands apart, a real minus sign."""

import math
from collections.abc import Sequence

from firstmover.wording import written

MINUS = "\N{MINUS SIGN}"
_STEPS = 2_000  # numbers that can be told apart in a range
_MOST_DECIMALS = 6
_LARGE = 1e9


def number(value: float | int | None, low: float | int = 0.0, high: float | int = 0.0) -> str:
    """A payoff with the decimals that matter in its range; four significant digits where the range is none.

    Args:
        value: the number; None where it is not known.
        low: the least that it may be.
        high: the greatest.

    Example:
        >>> number(-0.143284, -1, 0), number(50 / 3, 0, 30), number(1234567.0, 0, 2e6)
        ('−0.1433', '16.67', '1,234,567')
        >>> number(-1.77e-12, 0, 3), number(4e-7, 0, 1), number(None)
        ('0', '4e−7', 'not known')
    """
    if value is None or not math.isfinite(value):
        return "not known"
    if written(value, low, high) == "0":
        return "0"
    span = high - low if math.isfinite(high - low) and high > low else 0.0
    unit = span / _STEPS if span else abs(value) / _STEPS
    decimals = max(0, math.ceil(-math.log10(unit)))
    if decimals > _MOST_DECIMALS or abs(value) >= _LARGE:
        text = f"{value:.4g}"
    else:
        text = f"{value:,.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        if float(text.replace(",", "")) == 0:  # it is not nothing, and so must not look like it
            text = f"{value:.1g}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", MINUS)


def interval(ends: Sequence[float | int], low: float | int = 0.0, high: float | int = 0.0) -> str:
    """Both ends, or what both are.

    Example:
        >>> interval((0.25, 0.5), 0, 1), interval((2.0, 2.0), 0, 3)
        ('0.25 to 0.5', '2')
    """
    first, last = (number(end, low, high) for end in ends)
    return first if first == last else f"{first} to {last}"


def signed(value: float | int, low: float | int = 0.0, high: float | int = 0.0) -> str:
    """A change: with its sign.

    Example:
        >>> signed(0.5, 0, 1), signed(-0.5, 0, 1), signed(0.0, 0, 1)
        ('+0.5', '−0.5', '0')
    """
    text = number(value, low, high)
    return f"+{text}" if value > 0 and text != "0" else text


def share(value: float | int) -> str:
    """A probability in percent.

    Example:
        >>> share(0.25), share(0.001), share(1.0)
        ('25 %', '0.1 %', '100 %')
    """
    return f"{100 * value:.3g} %"


def count(value: float | int) -> str:
    """A whole number.

    Example:
        >>> count(11_520_000)
        '11,520,000'
    """
    return f"{round(value):,}"
