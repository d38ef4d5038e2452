"""What no rule with messages can exceed: its leader sees types as coarsely as messages allow, without incentives.

The leader is told of every agent the cell of a partition of its types, into as many cells as there are messages, and
agents do not choose what is told. What a rule earns is linear in what each agent tells, so mixed messages are no better
than the best partition, and all equilibria of all rules are below the best partitions of all agents.

Given the cells, agents of a kind and cell are alike: the best prices and order follow by dynamic programming over
counts (`equilibria.sequential_prices`).
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from firstmover.equilibria.sequential_prices import Counts, best_without_messages
from firstmover.errors import InputError
from firstmover.games.sequential_price import SequentialPrice
from firstmover.solvers.messages.silent import Offers, kinds_of, mean_first_best, offers, price_parts
from firstmover.solvers.registry import Remembered

_MOST = 100_000  # situations of all partitions together
Partition = tuple[tuple[int, ...], ...]


@Remembered
def best_informed(game: SequentialPrice) -> float:
    """An upper bound on what any rule earns in any equilibrium, in 64 bits.

    Raises:
        InputError: values are correlated, or there are too many partitions to list.
    """
    if any(table.ndim > 1 for table in game.types.tables):
        raise InputError("the information relaxation is only known for independent values.")
    kinds = kinds_of(game)
    members = [kinds.index(kind) for kind in range(max(kinds) + 1)]
    sizes = [kinds.count(kind) for kind in range(len(members))]
    _check_work(game, members, sizes)
    partitions = [_partitions(game.n_types[member], game.messages) for member in members]
    ways = [itertools.combinations_with_replacement(own, size) for own, size in zip(partitions, sizes, strict=True)]
    rows = game.prices_of(price_parts(game))
    best = max(_informed(game, members, rows, told) for told in itertools.product(*ways))
    value = best - game.welfare_weight * mean_first_best(game)[0]
    return min(value, 0.0) if game.value_is_loss else value  # rounding may say more than the first best


def _check_work(game: SequentialPrice, members: list[int], sizes: list[int]) -> None:
    """Refuse what takes more than some seconds.

    Raises:
        InputError: it does.
    """
    work = math.prod(u + 1 for u in game.units)
    for member, size in zip(members, sizes, strict=True):
        cells = min(game.messages, game.n_types[member])
        ways = _count(game.n_types[member], cells)
        # The most situations come up where every agent tells something else.
        work *= math.comb(ways + size - 1, size) * (size + 1 if ways == 1 else 2) ** (
            cells * (1 if ways == 1 else size)
        )
    if work > _MOST:
        raise InputError(
            f"{work:.3g} situations of all partitions of types into {game.messages} messages are more than {_MOST} to "
            "list."
        )


def _count(types: int, cells: int) -> int:
    """How many partitions into so many cells there are: Stirling's number of the second kind."""
    total = sum((-1) ** k * math.comb(cells, k) * (cells - k) ** types for k in range(cells + 1))
    return total // math.factorial(cells)


def _partitions(types: int, cells: int) -> list[Partition]:
    """All partitions into so many cells, or into single types where these are fewer; finer ones tell more."""
    found = []
    for labels in itertools.product(range(min(cells, types)), repeat=types):
        first = list(dict.fromkeys(labels))
        if first == list(range(min(cells, types))):  # cells are numbered as they come up
            found.append(tuple(tuple(t for t in range(types) if labels[t] == cell) for cell in first))
    return found


def _informed(
    game: SequentialPrice, members: list[int], rows: np.ndarray, told: tuple[tuple[Partition, ...], ...]
) -> float:
    """The expected payoff where every agent of every kind tells the cell of one partition, before the first best."""
    groups = [(member, *group) for member, own in zip(members, told, strict=True) for group in Counter(own).items()]
    cells, sizes, draws = [], [], []
    for member, partition, size in groups:
        chances = [float(game.types.tables[member][list(cell)].sum()) for cell in partition]
        cells += [(member, list(cell), chance) for cell, chance in zip(partition, chances, strict=True)]
        sizes += [size] * len(partition)
        draws.append(list(_multinomial(size, chances)))

    def offer(kind: int, available: tuple[bool, ...]) -> Offers:
        member, cell, chance = cells[kind]
        probs = game.types.tables[member][cell] / (chance or 1.0)
        return offers(game, game.values[member][cell], probs, rows, available)

    found = best_without_messages(tuple(sizes), game.units, game.bundles, offer)
    return sum(
        math.prod(chance for _, chance in drawn) * found.worth[sum((c for c, _ in drawn), ()), game.units]
        for drawn in itertools.product(*draws)
    )


def _multinomial(size: int, chances: list[float]) -> Iterator[tuple[Counts, float]]:
    """How many of so many agents tell which cell, and with what probability."""
    if len(chances) == 1:
        yield (size,), chances[0] ** size
        return
    for count in range(size + 1):
        own = math.comb(size, count) * chances[0] ** count
        for others, chance in _multinomial(size - count, chances[1:]):
            yield (count, *others), own * chance
