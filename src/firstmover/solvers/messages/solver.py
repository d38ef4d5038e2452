"""The best rules of sequential price mechanisms, exactly: the market as the solvers take it, and back.

Without messages the solver is `equilibria.sequential_prices`, with them `equilibria.mechanisms`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from firstmover.equilibria.mechanisms import optimal_mechanism
from firstmover.errors import NO_NUMBER, InputError
from firstmover.games.base import Ties
from firstmover.games.sequential_price import SequentialPrice
from firstmover.json_types import JsonObject
from firstmover.solvers.messages.fractions import values_and_prior
from firstmover.solvers.messages.informed import best_informed
from firstmover.solvers.messages.options import Selection
from firstmover.solvers.messages.silent import silent_mechanism
from firstmover.solvers.registry import (
    Baseline,
    Remembered,
    baseline,
    baseline_actions,
    baseline_value,
    optimum,
    search,
    upper_bounds,
)
from firstmover.solvers.solution import Solution

_SILENT = "no messages: the best prices and order"
MAX_TABLE = 200_000  # observations of a table


@dataclass(frozen=True)
class PriceSolution(Solution):
    """The best mechanism with messages.

    Attributes:
        fraction: the optimal value as an exact fraction, where it is known.
        prices: the rule's prices as exact fractions, by the messages that are sent.
    """

    fraction: str | None = None
    prices: dict[str, list[str]] | None = None

    def details(self) -> JsonObject:
        return {"optimum_fraction": self.fraction, "prices": self.prices}


@baseline.register(SequentialPrice)
def best_silent_rule(game: SequentialPrice) -> Baseline:
    """The best prices and order without messages."""
    silent = game if game.messages == 1 else game.with_settings(messages=1)
    return _SILENT, silent, without_messages(silent)[1]


@baseline_value.register(SequentialPrice)
def value_of_best_silent_rule(game: SequentialPrice) -> tuple[str, float]:
    """What the best prices and order without messages are worth."""
    silent = game if game.messages == 1 else game.with_settings(messages=1)
    return _SILENT, silent_mechanism(silent).value


@upper_bounds.register(SequentialPrice)
def bounds_of_prices(game: SequentialPrice) -> dict[str, float]:
    """The first best, and the information relaxation where partitions of types can be listed."""
    bounds = {"first-best": 0.0} if game.value_is_loss else {}
    try:
        return bounds | {"information": best_informed(game)}
    except NO_NUMBER:
        return bounds


@baseline_actions.register(SequentialPrice)
def in_the_same_market(game: SequentialPrice) -> np.ndarray | None:
    """The baseline's table, where there are no messages anyway."""
    try:
        return without_messages(game)[1] if game.messages == 1 else None
    except NO_NUMBER:
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
    silent = silent_mechanism(game)
    exactly = silent.fraction
    return PriceSolution(
        value=silent.value if exactly is None else float(exactly),
        rule=silent.entries(game),
        attained=True,
        method="dynamic programming over who and what is left",
        followers="no messages, so nothing to choose",
        fraction=None if exactly is None else str(exactly),
        play=[[[1.0]] * types for types in game.n_types],
        rests_on_ties=False,
    )


@Remembered
def without_messages(game: SequentialPrice) -> tuple[float, np.ndarray]:
    """The value and the table of the best mechanism that ignores messages.

    Where nothing is to be decided, the table visits agent 0 at price 0.

    Raises:
        InputError: as `silent_mechanism`, or the leader has too many observations for a table.
    """
    silent = silent_mechanism(game)
    if game.n_observations > MAX_TABLE:
        raise InputError(f"{game.n_observations} observations are more than {MAX_TABLE}, which a table may have.")
    table = [silent.visit(*game.situation(obs)) for obs in game.observations().tolist()]
    return silent.value, np.array(table, np.float64 if game.leader_space.continuous else np.int32)


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

    For larger markets bounds: the best rule without messages, and what no rule exceeds (`upper_bounds`).

    Args:
        game: the market; without messages, its `optimum`.
        ties: not looked at where agents have messages: `selection` says which equilibria count.
        selection: "best": the best value that some pure equilibrium of some rule supports; "worst": that every pure
            equilibrium of a rule guarantees; "anf_cce": that all of `anf_cce` guarantees.
        threshold: whether a message means an interval of values.
        time_limit: seconds; none if not given.
        progress: told now and then how far the search is.

    Raises:
        InputError: there is no method for what is wanted.
    """
    if game.messages == 1:
        return optimum(game, ties)
    if game.n_followers != 2 or game.units != (1,):
        return _bounded(game)
    values, prior = values_and_prior(game)
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


def _bounded(game: SequentialPrice) -> Solution:
    """Bounds on the best mechanism with messages, whichever equilibria count: the best without messages is one.

    Raises:
        InputError: not even that is known.
    """
    known = "the best mechanism with messages is only known for two agents and one unit of one item"
    try:
        silent = optimum(game.with_settings(messages=1), "strong")
    except NO_NUMBER as why:
        raise InputError(f"{known}; of this market there are no bounds either: {why}") from None
    assert silent.value is not None
    above = upper_bounds(game)
    return PriceSolution(
        value=None,
        rule=silent.rule,
        attained=True,
        play=silent.play,
        rests_on_ties=False,
        method=f"{silent.method}, for a rule that ignores messages",
        followers="any equilibrium",
        upper_bounds=above,
        bounds=(silent.value, min(above.values(), default=game.leader_payoff_range[1])),
        game=game.with_settings(messages=1),
    )
