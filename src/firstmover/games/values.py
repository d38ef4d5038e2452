"""The values of agents as a user gives them, and the distribution of types that follows.

Independent values: for every agent the values of its types, and their probabilities. Correlated values: realisations
of the values of all agents, and one probability each.
"""

from fractions import Fraction

import numpy as np

from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.exact_numbers import Table, of_fractions, probabilities, table
from firstmover.wording import told_apart

NAMED = ("agents", "items")  # keys of the names that may stand beside values


def read_values(given: object, agents: int, items: int) -> tuple[tuple[Table, ...], TypeDistribution]:
    """Per agent the values of its types [types, items], and the distribution of the types.

    Args:
        given: {"values": per agent a table [types, items], "probabilities": per agent one a type}, or
            {"realisations": rows [agents * items], "probabilities": one a row}; and maybe names, see `read_names`.
        agents: number of agents.
        items: number of items.

    Raises:
        InputError: it is neither, the sizes do not fit, values are negative or not finite, or probabilities are none.
    """
    if not isinstance(given, dict) or set(given) - set(NAMED) not in (
        {"values", "probabilities"},
        {"realisations", "probabilities"},
    ):
        raise InputError("values need the keys 'probabilities' and one of 'values' and 'realisations'.")
    if "realisations" in given:
        return _from_realisations(given["realisations"], given["probabilities"], agents, items)
    tables = given["values"]
    if not all(isinstance(part, list | tuple | np.ndarray) for part in (tables, given["probabilities"])):
        raise InputError("values and probabilities must be lists, with an entry for every agent.")
    if len(tables) != agents or len(given["probabilities"]) != agents:
        raise InputError(f"values are given for {len(tables)} agents, but agents={agents}.")
    values = tuple(_table(own, items, f"the values of agent {i}") for i, own in enumerate(tables))
    marginals = [probabilities(p, f"the probabilities of agent {i}") for i, p in enumerate(given["probabilities"])]
    if any(len(p.floats) != len(own.floats) for p, own in zip(marginals, values, strict=True)):
        raise InputError("every agent needs as many probabilities as it has types.")
    return values, TypeDistribution.independent(marginals)


def read_names(given: object, agents: int, items: int) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """The names of agents and of items that stand beside values, where they do.

    Raises:
        InputError: they are not lists of so many names.
    """
    held = given if isinstance(given, dict) else {}
    named = []
    for key, count in zip(NAMED, (agents, items), strict=True):
        names = held.get(key)
        listed = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
        if names is not None and (not listed or len(names) != count):
            raise InputError(f"'{key}' of the values must be {count} name(s), or be left out.")
        named.append(None if names is None else told_apart(names))
    return named[0], named[1]


def _from_realisations(
    rows: object, chances: object, agents: int, items: int
) -> tuple[tuple[Table, ...], TypeDistribution]:
    """Correlated values: each row holds the values of all agents, agent by agent."""
    realised = _table(rows, agents * items, "realisations").fractions.reshape(-1, agents, items)
    drawn = probabilities(chances, "the probabilities of the realisations").fractions
    if len(drawn) != len(realised):
        raise InputError(f"{len(realised)} realisations need as many probabilities; got {len(drawn)}.")
    by_agent = [[tuple(row) for row in realised[:, i].tolist()] for i in range(agents)]
    own = [sorted(set(rows)) for rows in by_agent]
    joint = np.full([len(mine) for mine in own], Fraction(0), object)
    for at, p in zip(zip(*by_agent, strict=True), drawn.tolist(), strict=True):
        joint[tuple(mine.index(row) for mine, row in zip(own, at, strict=True))] += p
    return tuple(of_fractions(np.array(mine, object)) for mine in own), TypeDistribution.correlated(joint)


def _table(values: object, columns: int, what: str) -> Table:
    given = table(values, what)
    shape = given.floats.shape
    if len(shape) != 2 or shape[1] != columns or not shape[0]:
        raise InputError(f"{what} must be a table with {columns} columns; got shape {shape}.")
    if np.any(given.floats < 0):
        raise InputError(f"{what} must not be negative.")
    return given
