"""The best rules of sequential price mechanisms, exactly: the market as the solvers take it, and back.

Without messages the solver is `equilibria.sequential_prices`, with them `equilibria.mechanisms`.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from firstmover.equilibria.mechanisms import optimal_mechanism
from firstmover.equilibria.sequential_prices import best_without_messages
from firstmover.errors import InputError
from firstmover.games.base import Ties
from firstmover.games.sequential_price import SequentialPrice
from firstmover.solvers.messages.options import Selection
from firstmover.solvers.registry import Baseline, Remembered, baseline, baseline_actions, optimum, search
from firstmover.solvers.solution import Solution

MAX_PRICE_VECTORS = 100_000


@dataclass(frozen=True)
class PriceSolution(Solution):
    """The best mechanism with messages.

    Attributes:
        fraction: the optimal value as an exact fraction, where it is known.
        prices: the rule's prices as exact fractions, by the messages that are sent.
    """

    fraction: str | None = None
    prices: dict[str, list[str]] | None = None

    def details(self) -> dict[str, Any]:
        return {"optimum_fraction": self.fraction, "prices": self.prices}


@baseline.register(SequentialPrice)
def best_silent_rule(game: SequentialPrice) -> Baseline:
    """The best prices and order without messages."""
    silent = game if game.messages == 1 else game.with_settings(messages=1)
    return "no messages: the best prices and order", silent, without_messages(silent)[1]


@baseline_actions.register(SequentialPrice)
def in_the_same_market(game: SequentialPrice) -> np.ndarray | None:
    """The baseline's table, where there are no messages anyway."""
    try:
        return without_messages(game)[1] if game.messages == 1 else None
    except InputError:
        return None


@optimum.register(SequentialPrice)
def best_prices(game: SequentialPrice, ties: Ties) -> Solution:
    """Without messages, by dynamic programming; agents have nothing to choose, so `ties` change nothing.

    Raises:
        InputError: there are messages; that is a search.
    """
    del ties
    if game.messages > 1:
        raise InputError(f"there is no exact method for {game.name} yet; use 'firstmover design' to learn a rule.")
    value, table = without_messages(game)
    return Solution(
        value=value,
        rule=game.rule(table),
        attained=True,
        method="dynamic programming over who and what is left",
        followers="no messages, so nothing to choose",
    )


@Remembered
def without_messages(game: SequentialPrice) -> tuple[float, np.ndarray]:
    """The value and the table of the best mechanism that ignores messages.

    Where nothing is to be decided, the table visits agent 0 at price 0.

    Raises:
        InputError: values are correlated, or there are too many profiles or prices to list.
    """
    if any(table.ndim > 1 for table in game.types.tables):
        raise InputError("the best mechanism without messages is only known for independent values.")
    parts = _price_parts(game)
    rows = game.prices_of(parts)

    def offer(agent: int, available: tuple[bool, ...]) -> tuple[np.ndarray, np.ndarray]:
        values, probs = game.values[agent], game.types.tables[agent]
        bundle = game.goods.taken(values[:, None], rows, np.array(available), np)  # [types, Q]
        units = game.bundles[bundle]
        welfare = np.einsum("tqi,ti->tq", units, values)
        revenue = np.einsum("tqi,qi->tq", units, rows)
        gain = probs @ (game.welfare_weight * welfare + (1 - game.welfare_weight) * revenue)
        return gain, np.einsum("t,tqb->qb", probs, np.eye(len(game.bundles))[bundle])

    found = best_without_messages(game.n_followers, game.units, game.bundles, offer)
    value, table = found.value, []
    if game.welfare_weight > 0:
        support, probs = game.types.profiles
        realised = np.stack([own[support[:, i]] for i, own in enumerate(game.values)], axis=1)
        value -= game.welfare_weight * float(probs @ game.goods.first_best(realised, np))
    for obs in game.observations().tolist():
        agent, row = found.choice.get(game.situation(obs), (0, 0))
        table.append([agent, *parts[row]])
    return value, np.array(table, np.float64 if game.leader_space.continuous else np.int32)


def _price_parts(game: SequentialPrice) -> np.ndarray:
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


@search.register(SequentialPrice)
def with_messages(
    game: SequentialPrice,
    ties: Ties,
    *,
    selection: Selection = "best",
    threshold: bool = False,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Solution:
    """The best mechanism with messages, for two agents and one item, over all prices from 0 to the largest value.

    Args:
        game: the market; without messages, its `optimum`.
        ties: not looked at where agents have messages: `selection` says which equilibria count.
        selection: "best": the best value that some pure equilibrium of some rule supports; "worst": that every pure
            equilibrium of a rule guarantees; "anf_cce": that all of `anf_cce` guarantees.
        threshold: whether a message means an interval of values.
        time_limit: seconds; none if not given.
        progress: told now and then how far the search is.

    Raises:
        InputError: the market is another one, or there is no method for what is wanted.
    """
    if game.messages == 1:
        return optimum(game, ties)
    if game.n_followers != 2 or game.units != (1,):
        raise InputError("the best mechanism with messages is only known for two agents and one unit of one item.")
    values, prior = _in_fractions(game)
    found = optimal_mechanism(
        values,
        prior,
        game.messages,
        selection=selection,
        welfare_weight=Fraction(repr(game.welfare_weight)),
        buy_at_tie=game.goods.buy_at_tie,
        threshold=threshold,
        time_limit=time_limit,
        progress=progress,
    )
    priced = game.with_settings(prices="continuous")
    rule = None
    if found.cells:
        # Offers by who is left: the first one while both are, then whoever was not asked yet.
        offers = {
            (*messages, *seen): [agent, float(price)]
            for messages, (first, price_first, price_second) in found.cells.items()
            for seen, agent, price in (
                ((0, 0), first, price_first),
                (tuple(int(i == first) for i in (0, 1)), 1 - first, price_second),
            )
        }
        table = np.zeros((priced.n_observations, 2))
        for row, obs in enumerate(priced.observations().tolist()):
            table[row] = offers.get(tuple(obs[:4]), [0, 0.0])
        rule = priced.rule(table)
    play = None
    if found.strategies is not None:
        play = [np.eye(game.messages)[list(sent)].tolist() for sent in found.strategies]
    equilibria = {
        "best": "the best pure Bayes-Nash equilibrium",
        "worst": "the worst pure Bayes-Nash equilibrium, of rules that have one",
        "anf_cce": "the worst coarse correlated equilibrium of the agent normal form (anf_cce)",
    }
    return PriceSolution(
        value=None if found.value is None else float(found.value),
        rule=rule,
        attained=found.attained,
        method=found.method,
        followers=equilibria[selection] + (", messages of intervals of values" if threshold else ""),
        bounds=(game.leader_payoff_range[0] if found.lower is None else float(found.lower), float(found.upper)),
        fraction=None if found.value is None else str(found.value),
        prices={f"{m0},{m1}": [str(p) for p in offer[1:]] for (m0, m1), offer in found.cells.items()},
        play=play,
        game=priced,
    )


def _in_fractions(game: SequentialPrice) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """The values of both agents' types, and the probability of every pair of types, for one item."""
    if game.value_grid is not None:
        points = game.value_grid
        grid = [Fraction(k, points - 1) for k in range(points)]
        return [grid, grid], [[Fraction(1, points**2)] * points] * points
    values = [own.fractions[:, 0].tolist() for own in game.stated_values]
    prior = [[Fraction(0)] * len(values[1]) for _ in values[0]]
    for (t0, t1), p in zip(game.types.profiles[0].tolist(), game.types.profile_fractions.tolist(), strict=True):
        prior[t0][t1] = p
    return values, prior
