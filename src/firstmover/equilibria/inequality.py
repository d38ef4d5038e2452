"""How unequally something is held in a population: Lorenz curve and Gini index."""

import numpy as np
from jaxtyping import Float


def lorenz(
    amounts: Float[np.ndarray, "..."], shares: Float[np.ndarray, "..."]
) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """The poorest shares of a population, from 0 to 1, and what part of the total each of them holds.

    Args:
        amounts: what members hold, in any order, none below 0; where nobody is, any number.
        shares: the share of the population that holds it.

    Example:
        >>> people, held = lorenz(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
        >>> held.tolist()
        [0.0, 0.0, 1.0]
    """
    where = shares > 0
    amounts, shares = amounts[where], shares[where]
    order = np.argsort(amounts, kind="stable")
    people, held = np.cumsum(shares[order]), np.cumsum((amounts * shares)[order])
    return np.append(0, people / people[-1]), np.append(0, held / (held[-1] or 1.0))


def gini(amounts: Float[np.ndarray, "..."], shares: Float[np.ndarray, "..."]) -> float:
    """The Gini index: 0 where all hold the same, near 1 where one holds everything.

    Example:
        >>> gini(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
        0.5
    """
    people, held = lorenz(amounts, shares)
    return float(1 - ((held[1:] + held[:-1]) * np.diff(people)).sum())
