"""The values of agents as a user gives them, and the distribution of types that follows.

Independent values: for every agent the values of its types, and their probabilities. Correlated values: realisations
of the values of all agents, and one probability each.
"""

from typing import Any

import numpy as np

from firstmover.errors import InputError
from firstmover.types import TypeDistribution, checked_probabilities


def read_values(given: Any, agents: int, items: int) -> tuple[tuple[np.ndarray, ...], TypeDistribution]:
    """Per agent the values of its types [types, items], and the distribution of the types.

    Args:
        given: {"values": per agent a table [types, items], "probabilities": per agent one a type}, or
            {"realisations": rows [agents * items], "probabilities": one a row}.
        agents: number of agents.
        items: number of items.

    Raises:
        InputError: it is neither, the sizes do not fit, values are negative or not finite, or probabilities are none.
    """
    if not isinstance(given, dict) or set(given) not in (
        {"values", "probabilities"},
        {"realisations", "probabilities"},
    ):
        raise InputError("values need the keys 'probabilities' and one of 'values' and 'realisations'.")
    if "realisations" in given:
        return _from_realisations(given["realisations"], given["probabilities"], agents, items)
    tables = given["values"]
    if len(tables) != agents or len(given["probabilities"]) != agents:
        raise InputError(f"values are given for {len(tables)} agents, but agents={agents}.")
    values = tuple(_table(table, items, f"the values of agent {i}") for i, table in enumerate(tables))
    marginals = [
        checked_probabilities(p, f"the probabilities of agent {i}") for i, p in enumerate(given["probabilities"])
    ]
    if any(len(p) != len(table) for p, table in zip(marginals, values, strict=True)):
        raise InputError("every agent needs as many probabilities as it has types.")
    return values, TypeDistribution.independent(marginals)


def _from_realisations(
    rows: Any, probabilities: Any, agents: int, items: int
) -> tuple[tuple[np.ndarray, ...], TypeDistribution]:
    """Correlated values: each row holds the values of all agents, agent by agent."""
    realised = _table(rows, agents * items, "realisations").reshape(-1, agents, items)
    chances = checked_probabilities(probabilities, "the probabilities of the realisations")
    if len(chances) != len(realised):
        raise InputError(f"{len(realised)} realisations need as many probabilities; got {len(chances)}.")
    own = [np.unique(realised[:, i], axis=0, return_inverse=True) for i in range(agents)]
    joint = np.zeros([len(table) for table, _ in own])
    np.add.at(joint, tuple(index.ravel() for _, index in own), chances)
    return tuple(table for table, _ in own), TypeDistribution.correlated(joint)


def plain(given: Any) -> Any:
    """Arrays as lists, all the way down, for a file."""
    if isinstance(given, dict):
        return {key: plain(value) for key, value in given.items()}
    if isinstance(given, list | tuple | np.ndarray):
        return [plain(value) for value in given]
    return given.item() if isinstance(given, np.generic) else given


def _table(given: Any, columns: int, what: str) -> np.ndarray:
    try:
        table = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} must be a table of numbers.") from None
    if table.ndim != 2 or table.shape[1] != columns or not len(table):
        raise InputError(f"{what} must be a table with {columns} columns; got shape {table.shape}.")
    if not np.all(np.isfinite(table)) or np.any(table < 0):
        raise InputError(f"{what} must be finite and not negative.")
    return table
