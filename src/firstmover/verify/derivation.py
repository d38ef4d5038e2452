"""What the families of games share when a game is derived again from a rule and its parameters."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from .amounts import fraction
from .finite import Finite

NEAR = Fraction(1, 10**6)  # by which probabilities may miss 1, and a price, in steps, the grid that it is meant for


def matches(condition: Mapping[str, Any], situation: Mapping[str, Any]) -> bool:
    """Whether an entry's `when` holds in a situation: what is left out, and null, match anything."""

    def fits(wanted: Any, there: Any) -> bool:
        if isinstance(wanted, list | tuple) and isinstance(there, list | tuple) and len(wanted) == len(there):
            return all(fits(w, t) for w, t in zip(wanted, there, strict=True))
        return wanted is None or wanted == there

    return all(key in situation and fits(wanted, situation[key]) for key, wanted in condition.items())


def decide(rule: Sequence[Mapping[str, Any]], situation: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the first entry that matches does.

    Raises:
        ValueError: none does.
    """
    for entry in rule:
        if matches(entry.get("when", {}), situation):
            do: Mapping[str, Any] = entry["do"]
            return do
    raise ValueError(f"the rule says nothing for {dict(situation)}")


def finite_game(
    types: Iterator[tuple[tuple[int, ...], Fraction]],
    n_types: Sequence[int],
    sizes: Sequence[int],
    pay: Callable[[tuple[int, ...], tuple[int, ...]], tuple[Fraction, list[Fraction], Fraction | None]],
) -> Finite:
    """A game from what it pays (leader, followers, revenue) at every type and action profile."""
    support = [(row, p) for row, p in types if p > 0]
    paid = [[pay(row, actions) for actions in itertools.product(*map(range, sizes))] for row, _ in support]
    revenue = [[p[2] for p in row if p[2] is not None] for row in paid]  # nothing where the game knows no money
    return Finite(
        [row for row, _ in support],
        [p for _, p in support],
        [[list(range(size))] * n for n, size in zip(n_types, sizes, strict=True)],
        list(sizes),
        [[p[0] for p in row] for row in paid],
        [[[p[1][i] for p in row] for row in paid] for i in range(len(sizes))],
        revenue if all(revenue) else None,
    )


def distribution(given: Sequence[Any], size: int, what: str) -> list[Fraction]:
    """Probabilities whose sum is within `NEAR` of 1, divided by their exact sum: as the game reads them.

    Raises:
        ValueError: they are not so many, one is negative, or the sum is farther from 1.
    """
    weights = [fraction(p) for p in given]
    total = sum(weights, Fraction(0))
    if len(weights) != size or min(weights, default=Fraction(-1)) < 0 or abs(total - 1) > NEAR:
        raise ValueError(f"{what} is not a distribution over {size}")
    return [p / total for p in weights]


def at(table: Any, actions: Sequence[int]) -> Fraction:
    """The number of a table at these indices."""
    for a in actions:
        table = table[a]
    return fraction(table)


def shape(table: Any) -> list[int]:
    """A table's sizes, by its first rows."""
    return [len(table), *shape(table[0])] if isinstance(table, list) else []
