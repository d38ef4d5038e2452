"""The best price mechanism that ignores messages, also of markets too large for a table: by counts of agents alike."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.first_best import expected_first_best
from firstmover.equilibria.sequential_prices import NoMessages, best_without_messages
from firstmover.errors import InputError
from firstmover.games.sequential_price import SequentialPrice
from firstmover.json_types import JsonObject
from firstmover.solvers.messages.fractions import agents_in_fractions
from firstmover.solvers.registry import Remembered

MAX_PRICE_VECTORS = 100_000
Offers = tuple[Float[np.ndarray, "Q"], Float[np.ndarray, "Q bundles"]]
_MOST_ENTRIES = 500  # of a rule that is told situation by situation, where agents are alike


@dataclass(frozen=True)
class Silent:
    """The best mechanism without messages.

    Attributes:
        value: what it is worth to the leader.
        fraction: the same exactly, where the leader is paid minus the welfare loss.
        kinds: of every agent, the number of its kind: agents with the same distribution of values are of one kind.
        found: the mechanism, by how many of every kind are left.
        vectors: price components by row, [Q, items].
    """

    value: float
    fraction: Fraction | None
    kinds: tuple[int, ...]
    found: NoMessages
    vectors: np.ndarray

    def visit(self, remaining: Sequence[int], left: Sequence[int]) -> list[int | float]:
        """The agent to visit (the first of its kind) and its prices; agent 0 at price 0 where nothing is to be done."""
        counts = tuple(
            sum(r for r, k in zip(remaining, self.kinds, strict=True) if k == kind)
            for kind in range(max(self.kinds) + 1)
        )
        if (counts, tuple(left)) not in self.found.choice:
            return [0] * (1 + self.vectors.shape[1])
        kind, row = self.found.choice[counts, tuple(left)]
        agent = next(i for i, (r, k) in enumerate(zip(remaining, self.kinds, strict=True)) if r and k == kind)
        return [agent, *self.vectors[row].tolist()]

    def entries(self, game: SequentialPrice) -> list[JsonObject]:
        """The rule: situation by situation, or, where agents are alike, one visit after the other."""
        if game.n_observations <= _MOST_ENTRIES or max(self.kinds) > 0:
            rows = [self.visit(*game.situation(obs)) for obs in game.observations().tolist()]
            return game.rule(np.array(rows, np.float64 if game.leader_space.continuous else np.int32))
        n, entries = game.n_followers, list[JsonObject]()
        for gone in range(n):
            remaining = [int(i >= gone) for i in range(n)]
            for left in itertools.product(*(range(unit, -1, -1) for unit in game.units)):
                if sum(left) > 0 and sum(game.units) - sum(left) <= gone * len(game.units):
                    action = np.array(self.visit(remaining, left))
                    when = {"remaining": list(range(gone, n)), "items": list(left)}
                    entries.append({"when": when, "do": game.leader_space.entry(action)})
        return entries


@Remembered
def silent_mechanism(game: SequentialPrice) -> Silent:
    """The best mechanism that ignores messages.

    Raises:
        InputError: values are correlated, or there are too many profiles or prices to list.
    """
    if any(table.ndim > 1 for table in game.types.tables):
        raise InputError("the best mechanism without messages is only known for independent values.")
    parts = price_parts(game)
    rows = game.prices_of(parts)
    kinds = kinds_of(game)
    members = [kinds.index(kind) for kind in range(max(kinds) + 1)]
    sizes = tuple(kinds.count(kind) for kind in range(len(members)))

    def offer(kind: int, available: tuple[bool, ...]) -> Offers:
        return offers(game, game.values[members[kind]], game.types.tables[members[kind]], rows, available)

    found = best_without_messages(sizes, game.units, game.bundles, offer)
    if game.welfare_weight == 0:
        return Silent(found.value, None, kinds, found, parts)
    first_best = mean_first_best(game)
    value = found.value - game.welfare_weight * float(first_best[0])
    if game.welfare_weight < 1 or first_best[1] is None:
        return Silent(value, None, kinds, found, parts)
    stated, chances = agents_in_fractions(game)

    def exactly(kind: int, available: tuple[bool, ...], row: int) -> tuple[Fraction, list[Fraction]]:
        values, probs = stated[members[kind]], chances[members[kind]]
        bundle = game.goods.taken(game.values[members[kind]], rows[row], np.array(available), np)
        taken = [Fraction(0)] * len(game.bundles)
        gain = Fraction(0)
        for own, p, b in zip(values, probs, bundle.tolist(), strict=True):
            taken[b] += p
            gain += p * sum((worth * int(unit) for worth, unit in zip(own, game.bundles[b], strict=True)), Fraction(0))
        return gain, taken

    fraction = found.in_fractions(sizes, game.units, game.bundles, exactly) - first_best[1]
    return Silent(value, fraction, kinds, found, parts)


def offers(
    game: SequentialPrice,
    values: Float[np.ndarray, "types items"],
    probs: Float[np.ndarray, "types"],
    rows: Float[np.ndarray, "Q items"],
    available: tuple[bool, ...],
) -> Offers:
    """Of every price vector, what an agent with these types is expected to earn the leader, and what it takes."""
    bundle = game.goods.taken(values[:, None], rows, np.array(available), np)  # [types, Q]
    units = game.bundles[bundle]
    welfare = np.einsum("tqi,ti->tq", units, values)
    revenue = np.einsum("tqi,qi->tq", units, rows)
    gain = probs @ (game.welfare_weight * welfare + (1 - game.welfare_weight) * revenue)
    return gain, np.einsum("t,tqb->qb", probs, np.eye(len(game.bundles))[bundle])


def kinds_of(game: SequentialPrice) -> tuple[int, ...]:
    """Of every agent the number of its kind, in the order in which kinds come up."""
    seen: dict[tuple[bytes, bytes, int], int] = {}
    return tuple(
        seen.setdefault((own.tobytes(), chances.tobytes(), len(own)), len(seen))
        for own, chances in zip(game.values, game.types.tables, strict=True)
    )


def mean_first_best(game: SequentialPrice) -> tuple[float, Fraction | None]:
    """The expected welfare of the best allocation, and the same exactly where its cases are few; in the game's units.

    A standardised copy has values in units of the largest; fractions are of the market that was asked about.
    """
    values, chances = agents_in_fractions(game)
    try:
        exactly = expected_first_best(values, chances, game.units, additive=game.goods.valuation == "additive")
    except InputError:
        support, probs = game.types.profiles
        realised = np.stack([own[support[:, i]] for i, own in enumerate(game.values)], axis=1)
        return float(probs @ game.goods.first_best(realised, np)), None
    highest = max(value for own in values for value in own.ravel()) or Fraction(1)
    return float(exactly / highest) * game.highest, exactly


def price_parts(game: SequentialPrice) -> np.ndarray:
    """Price components of actions that some best mechanism without messages is among, [Q, items]."""
    grid: np.ndarray
    if game.prices != "continuous":
        grid = np.arange(game.prices)
    elif game.items == 1 and (game.goods.buy_at_tie or game.welfare_weight == 1):
        # What an agent does changes at its values only.
        worth = np.unique(np.concatenate([table.ravel() for table in game.values]))
        grid = np.unique(np.concatenate([[0.0], worth, (worth[1:] + worth[:-1]) / 2]))
    else:
        raise InputError(
            "the best mechanism without messages is only known for a price grid, or for one item with welfare as "
            "the objective or agents that buy at ties."
        )
    if len(grid) ** game.items > MAX_PRICE_VECTORS:
        raise InputError(
            f"{len(grid)} prices for {game.items} items are more than {MAX_PRICE_VECTORS} price vectors to list."
        )
    return np.array(list(itertools.product(grid, repeat=game.items)))
