"""The values of the agents of a sequential price mechanism, and how likely they are, as its parameters state them."""

from fractions import Fraction

from .amounts import Json, distribution, matrix, shape, table
from .names import players_named

Profile = tuple[int, ...]
Values = list[list[list[Fraction]]]
Chances = list[list[Fraction]] | None
Joint = list[tuple[Profile, Fraction]] | None


def stated_values(given: Json, n: int, items: int) -> tuple[Values, Chances, Joint]:
    """The values of every agent's types, and the chances of types, or of type profiles that are possible."""
    if not isinstance(given, dict) or set(given) - {"agents", "items"} not in (
        {"values", "probabilities"},
        {"realisations", "probabilities"},
    ):
        raise ValueError("values must have the keys 'probabilities' and one of 'values' and 'realisations'")
    if "values" in given:
        stated, chances = given["values"], given["probabilities"]
        if not isinstance(stated, list) or not isinstance(chances, list) or not len(stated) == len(chances) == n:
            raise ValueError("values and probabilities must be given for every agent")
        values = [_rows(own, items, "the values of an agent") for own in stated]
        return (
            values,
            [distribution(p, len(v), "the probabilities of types") for p, v in zip(chances, values, strict=True)],
            None,
        )
    rows = _rows(given["realisations"], n * items, "the realisations")
    drawn = distribution(given["probabilities"], len(rows), "the probabilities of realisations")
    by_agent = [[tuple(row[items * i : items * (i + 1)]) for row in rows] for i in range(n)]
    types = [sorted(set(own)) for own in by_agent]
    place = [{row: t for t, row in enumerate(own)} for own in types]
    joint: dict[Profile, Fraction] = {}
    for at, p in zip(zip(*by_agent, strict=True), drawn, strict=True):
        profile = tuple(known[row] for known, row in zip(place, at, strict=True))
        joint[profile] = joint.get(profile, Fraction(0)) + p
    return [[list(row) for row in own] for own in types], None, sorted((r, p) for r, p in joint.items() if p)


def stated_names(given: Json, key: str, count: int) -> list[str] | None:
    """The names that stand beside values, if any do."""
    names = given.get(key) if isinstance(given, dict) else None
    return None if names is None else players_named(names, count)


def _rows(given: Json, columns: int, what: str) -> list[list[Fraction]]:
    stated = table(given, what)
    if len(shape(stated)) != 2 or shape(stated)[1] != columns:
        raise ValueError(f"{what} must be rows of {columns} numbers")
    rows = matrix(stated)
    if any(v < 0 for row in rows for v in row):
        raise ValueError(f"{what} must not be negative")
    return rows
