"""The ends of an objective over an equilibrium set in exact fractions, with a point and multipliers that prove them.

The program of `programs`, solved in whole numbers. It starts from columns that were found in floats, and columns join
for as long as one is worth it, so that near-ties, which floats do not see, are decided as they are.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, Shaped

from firstmover.equilibria.column_generation import cheapest_maps, mapped_last
from firstmover.equilibria.deviations import Deviation, deviations, positions
from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.programs import Sense, cells
from firstmover.equilibria.rational import RationalProgram, Whole, whole
from firstmover.equilibria.sets import EquilibriumSet, is_of_maps

_BATCH = 10  # profiles of maps that join at a time

Table = Shaped[np.ndarray, "P *actions"]  # of fractions or whole numbers, dtype object


class Payoffs(NamedTuple):
    """What a game pays, in fractions (dtype object); shapes as in `FiniteGame`."""

    probs: Shaped[np.ndarray, "P"]
    leader: Table
    followers: Shaped[np.ndarray, "n P *actions"]


class RationalEnd(NamedTuple):
    """An end, proved; the fields are those of `programs.Extreme` in fractions, and bound and value are one."""

    value: Fraction
    plays: Int[np.ndarray, "columns entries"]
    weights: list[Fraction]
    multipliers: dict[Deviation, Fraction]


def rational_end(
    game: FiniteGame,
    payoffs: Payoffs,
    which: EquilibriumSet,
    sense: Sense,
    epsilon: Fraction,
    start: Int[np.ndarray, "columns entries"] | None = None,
) -> RationalEnd:
    """The least or greatest expected payoff of the leader over a set, exactly.

    Args:
        game: the game, of which only who may do what is taken.
        payoffs: what it pays, and the probabilities of its type profiles.
        which: the set; see `equilibria.sets`.
        sense: "least" or "greatest".
        epsilon: regret allowed to every (follower, type), conditional on the type, in payoff units; >= 0.
        start: columns to start from, as in `programs.Extreme`; where they are the right ones, it is fast.

    Raises:
        InputError: there are too many profiles of maps to look through (`column_generation.MAX_PRICED`).
    """
    program = _EndProgram(game, payoffs, which, -1 if sense == "greatest" else 1, epsilon)
    if start is not None and len(start):
        program.add(start)
    while True:
        program.rows.solve()
        new = program.worthwhile()
        if not len(new):
            return program.end()
        program.add(new)


class _EndProgram:
    """The program over a set in whole numbers: a row for each block, then one for each deviation."""

    def __init__(self, game: FiniteGame, payoffs: Payoffs, which: EquilibriumSet, sign: int, epsilon: Fraction):
        self.game, self.which, self.sign = game, which, sign
        self.keys = deviations(game, which)
        self.positions = positions(game, self.keys)
        self.n_blocks = 1 if is_of_maps(which) else len(game.support)
        weighted = payoffs.probs.reshape(-1, *[1] * len(game.n_actions))
        costs, self.unit = _scaled(sign * payoffs.leader * weighted)
        self.costs = costs
        self.paid, self.units, limits = {}, {}, {}
        for i, t in self.positions:
            rows = game.support[:, i] == t
            limit = epsilon * payoffs.probs[rows].sum()
            own, unit = _scaled((payoffs.followers[i] * weighted)[rows], limit)
            # The follower's own action last, as deviations want it.
            self.paid[i, t], self.units[i, t], limits[i, t] = np.moveaxis(own, i + 1, -1), unit, int(limit * unit)
        self.rows = RationalProgram([1] * self.n_blocks + [limits[key[0], key[1]] for key in self.keys], self.n_blocks)
        self.plays = np.zeros((0, len(self.positions) if is_of_maps(which) else 1 + len(game.n_actions)), np.int64)

    def add(self, plays: Int[np.ndarray, "columns entries"]) -> None:
        """These columns join."""
        self.plays = np.vstack([self.plays, plays])
        at = cells(self.game, self.which, plays)
        entries = whole(np.zeros((self.n_blocks + len(self.keys), len(plays)), int))
        entries[0 if is_of_maps(self.which) else plays[:, 0], np.arange(len(plays))] = 1
        for (i, t), position in self.positions.items():
            row_of = np.cumsum(self.game.support[:, i] == t) - 1
            for k, (profiles, actions) in enumerate(zip(np.broadcast_to(at[0], at[1].shape), at[1], strict=True)):
                for profile, action in zip(profiles, actions, strict=True):
                    if self.game.support[profile, i] != t:
                        continue
                    played = np.array(np.unravel_index(action, self.game.n_actions))
                    pays = self.paid[i, t][(row_of[profile], *np.delete(played, i))]
                    row = position[played[i]]
                    possible = row >= 0
                    entries[self.n_blocks + row[possible], k] += (pays - pays[played[i]])[possible]
        flat = self.costs.reshape(len(self.costs), -1)
        self.rows.add(flat[at].sum(axis=1).tolist(), entries)

    def worthwhile(self) -> Int[np.ndarray, "columns entries"]:
        """Columns that are worth adding, none at the optimum; the best one of each block is among them."""
        of_cost, prices = self.rows.prices()
        total = of_cost * self.costs
        values = np.append(prices[self.n_blocks :], 0)  # the last one for positions of -1
        for (i, t), position in self.positions.items():
            mine = values[position]  # [told, instead]
            gained = self.paid[i, t] @ mine.T - self.paid[i, t] * mine.sum(axis=1)
            total[self.game.support[:, i] == t] += np.moveaxis(gained, -1, i + 1)
        if is_of_maps(self.which):
            least, plays = cheapest_maps(self.game, total, mapped_last(self.game, self.which))
            if least + prices[0] >= 0:
                return plays[:0]
            at = cells(self.game, self.which, plays)
            return plays[np.argsort(total.reshape(len(total), -1)[at].sum(axis=1))[:_BATCH]]
        flat, possible = total.reshape(len(total), -1), self.game.possible().reshape(len(total), -1)
        least = [min(np.flatnonzero(own), key=row.__getitem__) for row, own in zip(flat, possible, strict=True)]
        best = np.array(least)
        new = np.flatnonzero(flat[np.arange(len(flat)), best] + prices[: self.n_blocks] < 0)
        return np.column_stack([new, *np.unravel_index(best[new], self.game.n_actions)])

    def end(self) -> RationalEnd:
        """The end that was reached."""
        assert self.rows.excess == 0, "an equilibrium set is never empty"
        weights, (determinant, prices) = self.rows.weights(), self.rows.prices()
        multipliers = {
            key: Fraction(y * self.units[key[0], key[1]], determinant * self.unit)
            for key, y in zip(self.keys, prices[self.n_blocks :], strict=True)
            if y
        }
        value = self.sign * self.rows.value / self.unit
        return RationalEnd(value, self.plays[list(weights)], list(weights.values()), multipliers)


def _scaled(values: Shaped[np.ndarray, "..."], *others: Fraction) -> tuple[Whole, int]:
    """Fractions times a number that makes them, and the others, whole; and that number."""
    unit = math.lcm(*(Fraction(value).denominator for value in [*values.ravel(), *others]))
    return whole(values * unit), unit
