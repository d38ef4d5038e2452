"""The end of an objective over an equilibrium set in exact fractions, from what a solver in floats has found.

Only columns that are played and deviations that bind are written out in fractions. The vertex that they determine, and
its multipliers, are then held against all deviations and all columns: what is broken joins, and the program is solved
again, until nothing is.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from firstmover.equilibria.deviations import positions
from firstmover.equilibria.exact_programs import Exact, UnboundedError, least
from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.programs import Program, cells
from firstmover.equilibria.sets import EquilibriumSet

MAX_ENTRIES = 1_500  # of the constraints that are written out
_SURE = 1e-12  # rounding of a sum of floats, as a share of the sum of their sizes: ample


class ExactEnd(NamedTuple):
    """The least value of an objective.

    Attributes:
        value: the least value.
        weights: of the columns that are played, by their position.
        multipliers: of the deviations that bind, by their position.
    """

    value: Fraction
    weights: dict[int, Fraction]
    multipliers: dict[int, Fraction]


def exact_end(
    game: FiniteGame,
    which: EquilibriumSet,
    rows: Program,
    objective: Exact,
    epsilon: Fraction,
    costs: Float[np.ndarray, "columns"],
    weights: Float[np.ndarray, "columns"],
    multipliers: Float[np.ndarray, "deviations"],
    binding: Bool[np.ndarray, "deviations"],
) -> ExactEnd | None:
    """The least value of an objective over all columns of a program; None where too much had to be written out.

    Args:
        game: the game.
        which: the set.
        rows: the program.
        objective: at every type and action profile, in fractions.
        epsilon: regret allowed to every (follower, type), conditional on the type.
        costs: of the columns, in floats, and so are the next two.
        weights: of the columns, as a solver has found them.
        multipliers: of the deviations.
        binding: deviations that may hold with equality.
    """
    listed = _Listed(game, which, rows, objective, epsilon)
    chosen, held = weights > 0, binding.copy()
    absolute = abs(rows.gains)
    while chosen.sum() * (held.sum() + 1) <= MAX_ENTRIES:
        at, tight = np.flatnonzero(chosen), np.flatnonzero(held)
        columns = [listed.column(int(j)) for j in at]
        upper = np.array([[gains.get(int(d), Fraction(0)) for _, gains in columns] for d in tight], object)
        blocks = np.unique(rows.blocks)
        equal = (rows.blocks[at] == blocks[:, None]).astype(int).astype(object)
        try:
            found = least(
                np.array([cost for cost, _ in columns], object),
                upper.reshape(len(tight), len(at)),
                listed.limits[tight],
                equal,
                np.full(len(blocks), Fraction(1), object),
                weights[at],
                multipliers[tight],
            )
        except UnboundedError:  # pragma: no cover  # weights sum to 1
            return None
        if found is None:
            if chosen.all():
                return None
            chosen[:] = True
            continue
        shares = {int(j): w for j, w in zip(at, found.point, strict=True) if w}
        proof = {int(d): m for d, m in zip(tight, found.multipliers, strict=True) if m}
        total: dict[int, Fraction] = {}
        for j, w in shares.items():
            for d, gain in listed.column(j)[1].items():
                total[d] = total.get(d, Fraction(0)) + w * gain
        broken = [d for d in range(len(held)) if total.get(d, Fraction(0)) > listed.limits[d]]
        by_row = np.zeros(len(held))
        by_row[list(proof)] = [float(m) for m in proof.values()]
        prices = dict(zip(blocks.tolist(), found.prices, strict=True))
        each = np.array([float(prices[b]) for b in rows.blocks.tolist()])
        reduced = costs + rows.gains.T @ by_row - each
        unsure = reduced <= _SURE * (np.abs(costs) + absolute.T @ by_row + np.abs(each))
        cheaper = [
            int(j)
            for j in np.flatnonzero(unsure & ~chosen)
            if listed.reduced(int(j), proof) < prices[int(rows.blocks[j])]
        ]
        if not broken and not cheaper:
            return ExactEnd(found.value, shares, proof)
        held[broken] = True
        chosen[cheaper] = True
    return None


class _Listed:
    """Columns of a program in fractions, written out as they are asked for."""

    def __init__(self, game: FiniteGame, which: EquilibriumSet, rows: Program, objective: Exact, epsilon: Fraction):
        self.game, self.rows = game, rows
        self.probs, _, followers = game.fractions
        self.followers = followers.reshape(len(followers), len(game.support), -1)
        self.objective = objective.reshape(len(game.support), -1)
        self.at = cells(game, which, rows.plays)
        self.position = positions(game, rows.keys)
        weight = {
            (i, t): sum(p for p, types in zip(self.probs, game.support, strict=True) if types[i] == t)
            for i, t in game.follower_types()
        }
        self.limits = np.array([epsilon * weight[key[0], key[1]] for key in rows.keys], object)
        self.strides = [int(np.prod(game.n_actions[i + 1 :])) for i in range(len(game.n_actions))]
        self.known: dict[int, tuple[Fraction, dict[int, Fraction]]] = {}

    def column(self, j: int) -> tuple[Fraction, dict[int, Fraction]]:
        """The cost of a column, and what deviations gain in it where that is not 0."""
        if j not in self.known:
            cost, gains = Fraction(0), dict[int, Fraction]()
            for profile, action in zip(*(part[j].tolist() for part in self.at), strict=True):
                p, types = self.probs[profile], self.game.support[profile].tolist()
                cost += p * self.objective[profile, action]
                for i, (t, stride) in enumerate(zip(types, self.strides, strict=True)):
                    own = self.followers[i, profile]
                    told = action // stride % self.game.n_actions[i]
                    for instead, row in enumerate(self.position[i, t][told].tolist()):
                        if row >= 0 and instead != told:
                            gain = p * (own[action + (instead - told) * stride] - own[action])
                            gains[row] = gains.get(row, Fraction(0)) + gain
            self.known[j] = cost, gains
        return self.known[j]

    def reduced(self, j: int, multipliers: dict[int, Fraction]) -> Fraction:
        """The cost of a column plus what deviations gain in it times their multipliers."""
        cost, gains = self.column(j)
        return cost + sum((m * gains[d] for d, m in multipliers.items() if d in gains), Fraction(0))
