"""Optimal coverage in security games against several types of attackers, each of which attacks a target of its own.

While each type attacks a certain target, payoffs are affine in the coverage: one linear program for each combination of
targets, one for each type (`reply_regions`). Where these are many, a mixed-integer program looks for the combination:
the coverage, one binary for each type and target, and what every type and the defender are paid for the target that is
attacked. What it proposes is then computed exactly, or refused, cut off, and the program solved again, as in
`bayesian_commitments`.

Source: Kiekintveld, Jain, Tsai, Pita, Ordóñez and Tambe, "Computing optimal randomized resource allocations for massive
security games" (AAMAS 2009), for the program (ERASER); types as in Paruchuri et al. (AAMAS 2008).
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped
from scipy.optimize import Bounds, LinearConstraint

from firstmover.equilibria.bayesian_commitments import LISTED_REPLIES, STRICT, TIME_LIMIT
from firstmover.equilibria.commitments import OptimalCommitment
from firstmover.equilibria.region_programs import CommitmentGame, Replies
from firstmover.equilibria.reply_regions import (
    Candidate,
    Ties,
    all_candidates,
    candidates_by,
    optimal,
    reply_classes,
)
from firstmover.equilibria.solver import mixed_integer
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions

_WEIGHT = 1e3  # of the objective: the solver stops at an absolute gap of 1e-6


def affine(payoffs: Shaped[np.ndarray, "K T 2"]) -> Shaped[np.ndarray, "K coordinates T"]:
    """What an attack on each target pays a type, covered and not, per unit of (the coverage of every target, 1)."""
    covered, uncovered = np.moveaxis(payoffs, -1, 0)
    per_unit = np.eye(payoffs.shape[1], dtype=int) * (covered - uncovered)[:, None, :]
    return np.concatenate([per_unit, uncovered[:, None, :]], axis=1)


def coverage_against_types(
    payoffs: Shaped[np.ndarray, "K T 4"], prior: Shaped[np.ndarray, "K"], resources: float | int, ties: Ties
) -> OptimalCommitment:
    """The best coverage against an attacker of a private type that sees it and then attacks one target.

    Args:
        payoffs: of an attack on each target: the defender's if it is covered and if it is not, then the attacker's.
        prior: probabilities of the types, all positive.
        resources: the sum that the coverage may have; > 0.
        ties: whether an indifferent attacker chooses for the defender ("strong") or against it ("weak").

    Raises:
        InputError: the program takes longer than `bayesian_commitments.TIME_LIMIT`.
    """
    payoffs, prior, (total,) = as_fractions(payoffs), as_fractions(prior), as_fractions([float(resources)])
    n, low = payoffs.shape[1], payoffs[..., :2].min()
    covering, one = np.array([Fraction(1)] * n + [Fraction(0)], object), np.array([Fraction(1)], object)
    game = CommitmentGame(
        leader=affine(payoffs[..., :2] - low),
        follower=affine(payoffs[..., 2:]),
        prior=prior,
        upper=np.vstack([np.eye(n, n + 1, dtype=int).astype(object), covering]),
        limits=np.r_[covering[:n], [total]],
        equal=(1 - covering)[None],  # the last coordinate is fixed at 1
        sums=one,
    )
    listed = n ** len(prior) <= LISTED_REPLIES
    candidates = all_candidates(game, ties) if listed else _candidates(game, payoffs, ties)
    method = "a linear program for every combination of targets" if listed else "a mixed-integer program (ERASER)"
    found = optimal(game, candidates, ties)
    return OptimalCommitment(
        float(low + found.value),
        found.x[:n].astype(np.float64),
        found.attained,
        f"{method} over coverage (Kiekintveld et al. 2009)",
    )


def _candidates(game: CommitmentGame, payoffs: Shaped[np.ndarray, "K T 4"], ties: Ties) -> Iterator[Candidate]:
    """The combinations of targets, the best first, each with its best coverage."""
    program = _Program.of(payoffs, game, reply_classes(game, ties))
    return candidates_by(lambda seen, strict: program.best(seen, strict=strict), game, ties)


class _Program(NamedTuple):
    """The mixed-integer program, in floats; an option is a type and targets that always pay it the same.

    Attributes:
        defender, attacker: payoffs in units of their range, [K, T, 2]: covered, uncovered.
        prior: [K].
        resources: the sum of the coverage.
        options: type and targets of each option.
    """

    defender: np.ndarray
    attacker: np.ndarray
    prior: np.ndarray
    resources: float
    options: Sequence[tuple[int, tuple[int, ...]]]

    @classmethod
    def of(cls, payoffs: np.ndarray, game: CommitmentGame, classes: list[list[tuple[int, ...]]]) -> "_Program":
        """The program of a game."""
        floats = payoffs.astype(np.float64)
        defender, attacker = floats[..., :2], floats[..., 2:]
        least = attacker.min(axis=(1, 2), keepdims=True)
        span = attacker.max(axis=(1, 2), keepdims=True) - least
        return cls(
            (defender - defender.min()) / (float(np.ptp(defender)) or 1.0),
            (attacker - least) / np.where(span > 0, span, 1.0),
            game.prior.astype(np.float64),
            float(game.limits[-1]),
            [(k, own) for k, per_type in enumerate(classes) for own in per_type],
        )

    def best(self, seen: Sequence[Replies], *, strict: bool) -> Replies | None:
        """The targets of all types for which the defender earns most, other than those seen; None if none are left.

        Raises:
            InputError: it takes too long.
        """
        (K, n), m = self.attacker.shape[:2], len(self.options)
        # The coverage c, a binary q for each option, what every type is paid at most (a), and what the defender is
        # paid for it at most (d); with `strict` a second coverage y at which the options are better by `STRICT` (v).
        sizes = {"c": n, "q": m, "a": K, "d": K} | ({"y": n, "v": K} if strict else {})
        starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
        width, rows, least, most = sum(sizes.values()), [], [], []

        def add(parts: dict[tuple[str, int], float], low: float, high: float) -> None:
            row = np.zeros(width)
            for (name, k), value in parts.items():
                row[starts[name] + k] += value
            rows.append(row)
            least.append(low)
            most.append(high)

        for k in range(K):
            add({("q", i): 1.0 for i, (kind, _) in enumerate(self.options) if kind == k}, 1.0, 1.0)
        for coverage in ("c", "y") if strict else ("c",):
            add({(coverage, t): 1.0 for t in range(n)}, -np.inf, self.resources)
        for i, (k, own) in enumerate(self.options):
            for coverage, paid, margin in (("c", "a", 0.0), ("y", "v", STRICT)) if strict else (("c", "a", 0.0),):
                covered, uncovered = self.attacker[k, own[0]]
                slope = {(coverage, own[0]): covered - uncovered}
                # u + slope c <= a - margin (1 - q), and a <= u + slope c + (1 - q)
                add(slope | {(paid, k): -1.0, ("q", i): -margin}, -np.inf, -uncovered - margin)
                add({(coverage, own[0]): uncovered - covered, (paid, k): 1.0, ("q", i): 1.0}, -np.inf, 1.0 + uncovered)
            for t in own:
                covered, uncovered = self.defender[k, t]
                add({("d", k): 1.0, ("c", t): uncovered - covered, ("q", i): 1.0}, -np.inf, 1.0 + uncovered)
        for replies in seen:
            add({("q", i): 1.0 for i, (k, own) in enumerate(self.options) if own == replies[k]}, -np.inf, K - 1.0)
        objective, whole = np.zeros(width), np.zeros(width)
        objective[starts["d"] : starts["d"] + K] = -_WEIGHT * self.prior
        whole[starts["q"] : starts["q"] + m] = 1
        result = mixed_integer(
            objective,
            {"mip_rel_gap": 0.0, "time_limit": TIME_LIMIT},
            constraints=LinearConstraint(np.array(rows), least, most),
            integrality=whole,
            bounds=Bounds(0, 1),
        )
        if result.status == 2:  # infeasible
            return None
        if result.status == 1:
            raise InputError(
                f"the optimal coverage against {K} types of attackers was not found in {TIME_LIMIT:g} seconds."
            )
        taken = result.x[starts["q"] : starts["q"] + m] > 0.5
        return tuple(own for (_, own), is_taken in zip(self.options, taken, strict=True) if is_taken)
