"""Sellers of a marketplace, from numbers or from a table with a row for every possible cost."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from firstmover.errors import InputError
from firstmover.exact_numbers import number, probabilities, whole

_COLUMNS = ("seller", "cost", "quality", "weight")


class Seller(NamedTuple):
    """A seller: its name, its possible costs and their probabilities (as given), the quality of its good."""

    name: str
    costs: tuple[float, ...]
    weights: np.ndarray
    quality: float


def sellers_of(given: object, costs: tuple[float, ...], prior: object, quality: float) -> list[Seller]:
    """The sellers of a market.

    Args:
        given: how many are alike, or a dict of the columns seller, cost and maybe quality and weight.
        costs: their possible costs, where they are alike.
        prior: the probabilities of these; uniform if None.
        quality: of their goods, where they are alike or no column says otherwise.

    Raises:
        InputError: there are not 2 or 3, or their table does not hold together.
    """
    if isinstance(given, dict):
        return _from_columns(given, quality)
    count = whole(given, "sellers")
    if count not in (2, 3):
        raise InputError(f"sellers must be 2 or 3, or a table of them; got {count}.")
    if not costs or len(set(costs)) < len(costs) or not np.all(np.isfinite(costs)):
        raise InputError(f"costs must be different numbers, at least one; got {list(costs)}.")
    weights = probabilities([1.0 / len(costs)] * len(costs) if prior is None else prior, "the prior").floats
    if len(weights) != len(costs):
        raise InputError(f"the prior must have one probability per cost; got {len(weights)} for {len(costs)} costs.")
    return [Seller(str(i), tuple(costs), weights, quality) for i in range(count)]


def _from_columns(columns: dict[str, Collection[object]], quality: float) -> list[Seller]:
    if not {"seller", "cost"} <= set(columns) <= set(_COLUMNS):
        raise InputError(
            f"sellers need the columns seller and cost, and maybe quality and weight; got {list(columns)}."
        )
    lengths = {len(column) for column in columns.values()}
    if lengths == {0} or len(lengths) > 1:
        raise InputError("the columns of sellers must be lists of one length, with a row or more.")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    names = list(dict.fromkeys(str(row["seller"]) for row in rows))
    if len(names) not in (2, 3):
        raise InputError(f"there must be 2 or 3 sellers; got {', '.join(names)}.")
    sellers = []
    for name in names:
        own = [row for row in rows if str(row["seller"]) == name]
        costs = tuple(number(row["cost"], f"the cost of seller {name}") for row in own)
        if len(set(costs)) < len(costs):
            raise InputError(f"seller {name} has a cost twice; add up the weights of the two rows.")
        qualities = {number(row.get("quality", quality), f"the quality of seller {name}") for row in own}
        if len(qualities) > 1:
            raise InputError(f"seller {name} has several qualities; what a seller may have several of is costs.")
        weights = [number(row.get("weight", 1), f"the weight of seller {name}") for row in own]
        if min(weights) <= 0:
            raise InputError(f"the weights of seller {name} must be positive; got {weights}.")
        sellers.append(Seller(name, costs, np.asarray(weights) / sum(weights), qualities.pop()))
    return sellers
