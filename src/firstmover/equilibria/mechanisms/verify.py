"""Exact answers about a given rule: which pure strategies are equilibria, what they cost, what a dual point proves.

Nothing here is rounded. It is computed from the definition of the mechanism alone and knows nothing of the search.
"""

import itertools
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Bool, Int, Shaped

from firstmover.equilibria.mechanisms.market import Market, Payoffs, Rule, Strategies, payoffs
from firstmover.errors import InputError

MAX_PROFILES = 20_000_000
_ForBoth = tuple[Int[np.ndarray, "_maps _places"], Int[np.ndarray, "_maps _places"]]


def all_maps(types: int, messages: int) -> Int[np.ndarray, "maps types"]:
    """Every map from types to messages."""
    return np.array(list(itertools.product(range(messages), repeat=types)), np.int64).reshape(-1, types)


def one_hot(maps: Int[np.ndarray, "maps types"], messages: int) -> Int[np.ndarray, "maps pairs"]:
    """For every map, which of the (type, message) pairs it contains."""
    return np.eye(messages, dtype=np.int64)[maps].reshape(len(maps), -1)


def flat(table: Shaped[np.ndarray, "T0 M T1 M"]) -> Shaped[np.ndarray, "rows columns"]:
    """A table with one row for every (type, message) of agent 0 and one column for those of agent 1."""
    return table.reshape(table.shape[0] * table.shape[1], -1)


@dataclass(frozen=True, eq=False)
class PureEquilibria:
    """Every pure Bayes-Nash equilibrium of a rule.

    Attributes:
        maps: every strategy of each agent.
        stable: which pairs of strategies are equilibria.
        cost: minus the designer's payoff at every pair, an integer over `scale`.
        scale: the common denominator.
    """

    maps: tuple[Int[np.ndarray, "S0 T0"], Int[np.ndarray, "S1 T1"]]
    stable: Bool[np.ndarray, "S0 S1"]
    cost: Shaped[np.ndarray, "S0 S1"]
    scale: int

    def strategies(self, row: int, column: int) -> Strategies:
        """One pair of strategies."""
        return tuple(self.maps[0][row].tolist()), tuple(self.maps[1][column].tolist())

    def extreme(self, sign: int) -> tuple[Fraction, Strategies] | None:
        """The least (sign 1) or greatest (sign -1) cost of an equilibrium; nothing where there is none."""
        if not self.stable.any():
            return None
        rows, columns = np.nonzero(self.stable)
        costs = sign * self.cost[rows, columns]
        k = int(np.argmin(costs))
        return Fraction(sign * int(costs[k]), self.scale), self.strategies(int(rows[k]), int(columns[k]))


def pure_equilibria(market: Market, rule: Rule) -> PureEquilibria:
    """All pure Bayes-Nash equilibria of a rule and their exact costs.

    Raises:
        InputError: there are too many strategies to list.
    """
    check_size(market)
    tables, m = payoffs(market, rule), market.messages
    maps = all_maps(market.n_types[0], m), all_maps(market.n_types[1], m)
    hot = one_hot(maps[0], m), one_hot(maps[1], m)
    stable = _stable(tables, maps, hot, 0) & _stable(tables, maps, hot, 1).T
    return PureEquilibria(maps, stable, hot[0] @ flat(tables.cost) @ hot[1].T, tables.scale)


def _stable(tables: Payoffs, maps: _ForBoth, hot: _ForBoth, agent: int) -> Bool[np.ndarray, "own other"]:
    """Whether no type of an agent gains by another message, for all strategies of both."""
    table = flat(tables.utility[agent])
    earned = hot[1 - agent] @ (table.T if agent == 0 else table)  # [strategies of the other, (type, message)]
    earned = earned.reshape(len(earned), maps[agent].shape[1], -1)
    best = (earned == earned.max(axis=2, keepdims=True)).astype(bool)
    stable = np.ones((len(maps[agent]), len(earned)), bool)
    for t in range(best.shape[1]):
        stable &= best[:, t][:, maps[agent][:, t]].T
    return stable


def is_equilibrium(tables: Payoffs, strategies: Strategies) -> bool:
    """Whether a pair of strategies is a pure Bayes-Nash equilibrium."""
    send = [np.array(strategies[i]) for i in (0, 1)]
    for i in (0, 1):
        table = np.moveaxis(tables.utility[i], (2, 3), (0, 1)) if i == 1 else tables.utility[i]
        earned = table[:, :, np.arange(len(send[1 - i])), send[1 - i]].sum(axis=2)  # [own type, own message]
        if np.any(earned[np.arange(len(send[i])), send[i]] < earned.max(axis=1)):
            return False
    return True


def cost_of(tables: Payoffs, strategies: Strategies) -> Fraction:
    """Minus the designer's expected payoff at a pair of strategies."""
    t0, t1 = (np.arange(len(send)) for send in strategies)
    sent = np.array(strategies[0])[:, None], np.array(strategies[1])[None, :]
    return Fraction(int(tables.cost[t0[:, None], sent[0], t1[None, :], sent[1]].sum()), tables.scale)


def check_size(market: Market) -> None:
    """Whether all pairs of strategies can be listed.

    Raises:
        InputError: they cannot.
    """
    if (number := market.messages ** sum(market.n_types)) > MAX_PROFILES:
        raise InputError(f"{number:.3g} pairs of strategies are more than {MAX_PROFILES} to list.")
