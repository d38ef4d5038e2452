"""The ends of an objective over an equilibrium set in exact fractions, with a point and multipliers that prove them.

The program of `programs`, solved by `exact_programs`. It starts from columns that were found in floats, and columns
join for as long as one is worth it, so that near-ties, which floats do not see, are decided as they are.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped

from firstmover.equilibria.column_generation import cheapest_maps, mapped_last
from firstmover.equilibria.deviations import Deviation, deviations, positions
from firstmover.equilibria.exact_programs import Exact, Optimum, TooLargeError, least, near_by
from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.programs import Extreme, Sense, cells
from firstmover.equilibria.sets import EquilibriumSet, is_of_maps

_BATCH = 30  # columns of a block that join at a time
_IN_ALL = 10  # coefficients of all rows and columns, for each one that may matter

Table = Shaped[np.ndarray, "P *actions"]  # of fractions or whole numbers, dtype object


class RationalEnd(NamedTuple):
    """An end, proved; the fields are those of `programs.Extreme` in fractions, and bound and value are one."""

    value: Fraction
    plays: Int[np.ndarray, "columns entries"]
    weights: list[Fraction]
    multipliers: dict[Deviation, Fraction]


def rational_end(
    game: FiniteGame,
    which: EquilibriumSet,
    sense: Sense,
    epsilon: Fraction,
    start: Extreme | None = None,
    *,
    objective: Table | None = None,
    limit: float | int = math.inf,
) -> RationalEnd:
    """The least or greatest expected value of an objective over a set, exactly.

    Args:
        game: the game, of which the fractions count.
        which: the set; see `equilibria.sets`.
        sense: "least" or "greatest".
        epsilon: regret allowed to every (follower, type), conditional on the type, in payoff units; >= 0.
        start: an end in floats, whose columns are the first; where they are the right ones, it is fast.
        objective: at every type and action profile, in fractions; the leader's payoff if None.
        limit: how many coefficients may matter at the solution.

    Raises:
        InputError: there are too many profiles of maps to look through (`column_generation.MAX_PRICED`).
        TooLargeError: more coefficients matter than may.
    """
    sign = -1 if sense == "greatest" else 1
    program = _EndProgram(game, which, sign * (game.fractions[1] if objective is None else objective), epsilon)
    if start is not None:
        program.add(start.plays)
    n_missing = program.add_missing()
    near = start.weights if start is not None and not n_missing else None
    while True:
        found, feasible = program.solve(near, limit)
        new = program.worthwhile(found, of_cost=int(feasible))
        if not len(new):
            assert feasible, "an equilibrium set is never empty"
            used = np.flatnonzero(found.point)
            proof = {key: m for key, m in zip(program.keys, found.multipliers, strict=True) if m}
            return RationalEnd(sign * found.value, program.plays[used], found.point[used].tolist(), proof)
        if (len(program.plays) + len(new)) * len(program.keys) > _IN_ALL * limit:
            raise TooLargeError(found.point.astype(np.float64))
        program.add(new)
        near = None


class _EndProgram:
    """The program over a set, of the columns that have joined; payoffs times probabilities are kept whole."""

    def __init__(self, game: FiniteGame, which: EquilibriumSet, objective: Table, epsilon: Fraction):
        self.game, self.which = game, which
        self.keys = deviations(game, which)
        self.positions = positions(game, self.keys)
        self.n_blocks = 1 if is_of_maps(which) else len(game.support)
        probs, _, followers = game.fractions
        weighted = probs.reshape(-1, *[1] * len(game.n_actions))
        self.costs, self.unit = _scaled(objective * weighted)
        self.paid, self.units, limits = {}, {}, {}
        for i, t in self.positions:
            rows = game.support[:, i] == t
            own, self.units[i, t] = _scaled((followers[i] * weighted)[rows])
            # The follower's own action last, as deviations want it.
            self.paid[i, t], limits[i, t] = np.moveaxis(own, i + 1, -1), epsilon * sum(probs[rows].tolist())
        self.limits = _objects([limits[key[0], key[1]] for key in self.keys])
        self.plays = np.zeros((0, len(self.positions) if is_of_maps(which) else 1 + len(game.n_actions)), np.int64)
        self.column_costs, self.gains = _objects([]), np.zeros((len(self.keys), 0), object)

    def add(self, plays: Int[np.ndarray, "columns entries"]) -> None:
        """These columns join."""
        at = cells(self.game, self.which, plays)
        gains = _objects([0] * (len(self.keys) * len(plays))).reshape(len(self.keys), len(plays))
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
                    gains[row[possible], k] += (pays - pays[played[i]])[possible]
        costs = self.costs.reshape(len(self.costs), -1)[at].sum(axis=1) * Fraction(1, self.unit)
        units = _objects([Fraction(1, self.units[key[0], key[1]]) for key in self.keys])
        gains = np.where(gains != 0, gains * units[:, None], 0)
        self.plays, self.gains = np.vstack([self.plays, plays]), np.hstack([self.gains, gains])
        self.column_costs = np.append(self.column_costs, costs)

    def add_missing(self) -> int:
        """The cheapest column joins of every block that has none; how many do."""
        if set(range(self.n_blocks)) <= set(self._blocks(self.plays).tolist()):
            return 0
        free = Optimum(Fraction(0), _objects([]), 0 * self.limits, np.full(self.n_blocks, math.inf, object))
        first = self.worthwhile(free, of_cost=1)
        first = first[~np.isin(self._blocks(first), self._blocks(self.plays))]
        self.add(first)
        return len(first)

    def solve(self, near: Float[np.ndarray, "columns"] | None, limit: float | int) -> tuple[Optimum, bool]:
        """The optimum over the columns; or, and False, of what limits are exceeded by, where no point keeps them.

        Args:
            near: weights in floats that may be the solution, or close to it; found here if None.
            limit: how many coefficients may matter at the solution.
        """
        equal = (self._blocks(self.plays) == np.arange(self.n_blocks)[:, None]).astype(int).astype(object)
        rest = self.limits, equal, np.full(self.n_blocks, Fraction(1), object)
        program = self.column_costs, self.gains, *rest
        near = near_by(*program) if near is None else near
        found = None if near is None else least(*program, near, limit=limit)
        if found is not None:
            return found, True
        elastic = (
            _objects([0] * len(self.plays) + [1]),
            np.hstack([self.gains, np.full((len(self.keys), 1), Fraction(-1), object)]),
            self.limits,
            np.hstack([equal, np.zeros((self.n_blocks, 1), int).astype(object)]),
            rest[-1],
        )
        exceeded = least(*elastic, near_by(*elastic), limit=limit)
        assert exceeded is not None, "limits can be exceeded by any amount"
        if exceeded.value > 0:
            return exceeded, False
        found = least(*program, exceeded.point[:-1].astype(np.float64), limit=limit)
        assert found is not None, "a point that keeps the limits is known"
        return found, True

    def worthwhile(self, found: Optimum, *, of_cost: int) -> Int[np.ndarray, "columns entries"]:
        """Columns that are worth adding, none at the optimum; the best one of each block is among them.

        Args:
            found: the multipliers and prices.
            of_cost: 1, or 0 where costs count for nothing.
        """
        by_key = [m / self.units[key[0], key[1]] for key, m in zip(self.keys, found.multipliers, strict=True)]
        whole, unit = _scaled(_objects([*by_key, Fraction(0)]), Fraction(1, self.unit))  # 0 for positions of -1
        total = of_cost * (unit // self.unit) * self.costs
        for (i, t), position in self.positions.items():
            mine, paid = whole[position], self.paid[i, t]  # [told, instead]
            gained = -paid * mine.sum(axis=1)
            for instead in np.flatnonzero((mine != 0).any(axis=0)):
                told = np.flatnonzero(mine[:, instead])
                gained[..., told] += paid[..., [instead]] * mine[told, instead]
            total[self.game.support[:, i] == t] += np.moveaxis(gained, -1, i + 1)
        prices = found.prices * unit
        if is_of_maps(self.which):
            plays = cheapest_maps(self.game, total, mapped_last(self.game, self.which))[1]
            reduced = total.reshape(len(total), -1)[cells(self.game, self.which, plays)].sum(axis=1) - prices[0]
            return plays[np.argsort(reduced)[: min(_BATCH, (reduced < 0).sum())]]
        new = []
        for block, (row, possible) in enumerate(zip(total, self.game.possible(), strict=True)):
            columns = np.argwhere(possible & (row < prices[block]))
            cheapest = np.argsort(row[tuple(columns.T)], kind="stable")[:_BATCH]
            new.append(np.insert(columns[cheapest], 0, block, axis=1))
        return np.vstack(new)

    def _blocks(self, plays: Int[np.ndarray, "columns entries"]) -> Int[np.ndarray, "columns"]:
        return np.zeros(len(plays), np.int64) if is_of_maps(self.which) else plays[:, 0]


def _scaled(values: Exact, *others: Fraction) -> tuple[Exact, int]:
    """Fractions times a whole number that makes them, and the others, whole; and that number."""
    unit = math.lcm(*{Fraction(value).denominator for value in [*values.ravel().tolist(), *others]})
    return _objects([int(value * unit) for value in values.ravel().tolist()]).reshape(values.shape), unit


def _objects(values: Sequence[Fraction | int]) -> Exact:
    """An array of Python's own numbers, which have any size."""
    array = np.empty(len(values), object)
    array[:] = values
    return array
