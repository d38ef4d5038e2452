"""Where given replies are best ones, as linear programs in fractions over the polytope of commitments.

Only where more than `_WRITTEN` coefficients matter at a solution, in large games, is it taken from floats.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from firstmover.equilibria.exact_programs import Exact, Optimum, least, near_by
from firstmover.exact_numbers import as_fractions

Replies = tuple[tuple[int, ...], ...]  # for each type, the action that is played, or several that pay it the same
_WRITTEN = 1_000  # coefficients of a program that matter at its solution, up to which it is solved in fractions
MARGIN = Fraction(1, 10**9)  # by which a point in floats keeps within limits


class CommitmentGame(NamedTuple):
    """A leader with a polytope of commitments against one follower with private types, in exact fractions.

    The polytope holds the vectors x >= 0 with upper @ x <= limits and equal @ x == sums. A constant in a payoff is the
    payoff of a coordinate that is fixed at 1. All arrays hold objects.

    Attributes:
        leader: the leader's payoff per unit of x, by the follower's type and action, [K, m, a]; no total is negative.
        follower: the same for the follower.
        prior: probabilities of the types, [K], all positive.
        upper: [rows, m].
        limits: [rows].
        equal: [sums, m].
        sums: [sums].
    """

    leader: Exact
    follower: Exact
    prior: Exact
    upper: Exact
    limits: Exact
    equal: Exact
    sums: Exact


class Inside(NamedTuple):
    """The margin (at most 1), where it is, and the types and actions of the constraints that hold it down."""

    margin: Fraction
    x: Exact
    binding: list[tuple[int, int]]


class Region:
    """Where replies are best, as constraints on (x, t): t is what the leader earns of each type, at most."""

    def __init__(self, game: CommitmentGame, replies: Replies, value: Fraction | None = None):
        """The region; with a value, those of its points whose replies, the first of each type, earn that much."""
        self.game, self.replies, self.value = game, replies, value
        self.K, self.m, self.n_actions = game.leader.shape

    def gains(self, k: int, a: int) -> Exact:
        """What a type gains by an action in place of its reply, per unit of x."""
        return self.game.follower[k, :, a] - self.game.follower[k, :, self.replies[k][0]]

    def greatest(self, counted: Replies) -> Optimum | None:
        """The most, with a minus, that the leader is paid if the worst of these actions of every type counts."""
        costs = np.r_[zeros(self.m), -self.game.prior]
        return self._least(costs, [*self._best(self.K), *self._paid(counted, self.K)], self.K)

    def most_interior(self, counted: Replies, value: Fraction | None = None) -> Inside | None:
        """Where all actions but these are worse by the largest margin; None if there is no such point.

        Args:
            counted: actions of each type that may tie.
            value: what the leader is paid at least, if the worst of the actions that may tie counts; any if None.
        """
        rivals = [(k, a) for k, own in enumerate(counted) for a in range(self.n_actions) if a not in own]
        extra = self.K + 1
        rows = [*self._best(extra), *self._paid(counted, extra)]
        if value is not None:
            rows.append((np.r_[zeros(self.m), -self.game.prior, [Fraction(0)]], -value))
        first = len(rows)
        for k, a in rivals:
            gains = self.gains(k, a)
            size = max(abs(gains)) or Fraction(1)
            rows.append((np.r_[gains / size, zeros(self.K), [Fraction(1)]], Fraction(0)))
        rows.append((np.r_[zeros(self.m + self.K), [Fraction(1)]], Fraction(1)))
        costs = np.r_[zeros(self.m + self.K), [Fraction(-1)]]
        program = self._program(costs, rows, extra)
        near = near_by(*program)
        if near is not None and value is None and self.value is None:
            # A point in floats will do, if it is inside exactly.
            x = self.scaled(as_fractions(near[: self.m]), 1 - MARGIN)
            margin = min((-(row[: self.m] @ x) for row, _ in rows[first:-1]), default=Fraction(1))
            if margin > 0 and self._holds(x):
                return Inside(margin, x, [])
        found = least(*program, near, limit=_WRITTEN)
        if found is None:
            return None
        held = found.multipliers[first : first + len(rivals)]
        binding = [rival for rival, multiplier in zip(rivals, held, strict=True) if multiplier > 0]
        return Inside(-found.value, found.point[: self.m], binding)

    def _best(self, extra: int) -> list[tuple[Exact, Fraction]]:
        """The replies are best ones, and earn the value if one was given."""
        rows = [
            (np.r_[self.gains(k, a), zeros(extra)], Fraction(0))
            for k, own in enumerate(self.replies)
            for a in range(self.n_actions)
            if a not in own
        ]
        if self.value is not None:
            earned = sum(p * self.game.leader[k, :, self.replies[k][0]] for k, p in enumerate(self.game.prior))
            rows.append((np.r_[-earned, zeros(extra)], -self.value))
        return rows

    def _paid(self, counted: Replies, extra: int) -> list[tuple[Exact, Fraction]]:
        """What the leader is paid of each type is at most what each of these actions pays it."""
        units = np.array([[Fraction(j == k) for j in range(extra)] for k in range(self.K)], object)
        return [
            (np.r_[-self.game.leader[k, :, a], units[k]], Fraction(0)) for k, own in enumerate(counted) for a in own
        ]

    def _least(self, costs: Exact, rows: Sequence[tuple[Exact, Fraction]], extra: int) -> Optimum | None:
        program = self._program(costs, rows, extra)
        return least(*program, near_by(*program), limit=_WRITTEN)

    def _program(
        self, costs: Exact, rows: Sequence[tuple[Exact, Fraction]], extra: int
    ) -> tuple[Exact, Exact, Exact, Exact, Exact]:
        """The program over the polytope and some more variables that is subject to these rows."""
        game = self.game
        upper = np.array([row for row, _ in rows], object).reshape(len(rows), self.m + extra)
        upper = np.vstack([upper, np.hstack([game.upper, zeros(len(game.upper), extra)])])
        limits = np.r_[np.array([limit for _, limit in rows], object), game.limits]
        return costs, upper, limits, np.hstack([game.equal, zeros(len(game.equal), extra)]), game.sums

    def scaled(self, x: Exact, free_by: Fraction | int = 1) -> Exact:
        """A point in floats with what rounding has left of its first sum divided out, and what is free made smaller."""
        total, free = self.game.equal[0] @ x, self.game.equal[0] == 0
        return np.where(free, x * free_by, x * (self.game.sums[0] / total) if total else x)

    def _holds(self, x: Exact) -> bool:
        """Whether the polytope holds a point, and the replies are best ones there."""
        game = self.game
        inside = all(game.equal @ x == game.sums) and all(game.upper @ x <= game.limits)
        return inside and all(row[: self.m] @ x <= limit for row, limit in self._best(0))


def zeros(*shape: int) -> Exact:
    """An array of zeros in fractions."""
    return np.full(shape, Fraction(0), object)
