"""Numbers, parameters and sentences as they are laid out for a person."""

import math
from collections.abc import Sequence

from firstmover import catalogue
from firstmover.errors import on_one_line
from firstmover.json_types import Parsed
from firstmover.wording import written


def sentences(text: str) -> str:
    """A sentence a line."""
    return text.replace(". ", ".\n" + " " * 11)


def item(described: Parsed, kind: str = "") -> str:
    """A name and its parameters; with the kind of a registered item those that are not at their defaults."""
    known = catalogue.named(kind, described["name"]) if kind else None
    defaults = {} if known is None else {name: short(one.default) for name, one in known.parameters.items()}
    told = {name: short(value) for name, value in described["parameters"].items()}
    settings = ", ".join(f"{name}={value}" for name, value in told.items() if value != defaults.get(name))
    return f"{described['name']} ({settings})" if settings else str(described["name"])


def short(value: object) -> str:
    """A parameter's value, without tables."""
    if isinstance(value, float):
        return written(value)
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], list | tuple):
            return "..."
        return "[" + ", ".join(map(short, value)) + "]"
    return "..." if isinstance(value, dict) else on_one_line(str(value))


def interval(bounds: Sequence[float], payoffs: Sequence[float]) -> str:
    """An interval of the leader's payoff, whose range is `payoffs`."""
    return f"[{written(bounds[0], *payoffs)}, {written(bounds[1], *payoffs)}]"


def from_to(bounds: Sequence[float], payoffs: Sequence[float]) -> str:
    """The two ends of an interval, or what both are."""
    low, high = (written(end, *payoffs) for end in bounds)
    return low if low == high else f"{low} to {high}"


def difference(value: float | int, low: float | int, high: float | int) -> str:
    """A difference of two payoffs: it is nothing where rounding them leaves as much."""
    return "0" if written(value, low, high) == "0" else written(value)


def regret(epsilon: float | int, widest: float | int) -> str:
    """A bound on regrets: rounded up, and 0 only if it is."""
    if epsilon == 0:
        return "0"
    unit = 10.0 ** (math.floor(math.log10(epsilon)) - 2) if epsilon > 1e-300 else 1.0
    least = 1e-12 * (widest if math.isfinite(widest) and widest > 0 else 1.0)
    return f"{max(math.ceil(epsilon / unit - 1e-9) * unit, least):.3g}"


def sums(found: Parsed) -> tuple[float, float]:
    """A range for the sum of everybody's payoffs."""
    ranges = [found["payoff_range"]["leader"], *found["payoff_range"]["followers"]]
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)
