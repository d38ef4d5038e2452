"""Optimal coverage in security games: whom to guard how often when the attacker watches first.

A defender covers T targets with a number of resources, each good for one target; the coverage of a target is the
probability that it is covered. With resources that are all alike any coverage vector c, 0 <= c <= 1, whose sum is at
most the number of resources is the marginal of some mixture of assignments (for a fractional number: that many on
average). So the defender commits to a vector of this polytope, and what either side is paid for an attack on a target
is affine in the target's coverage: no assignment is ever listed. One linear program for each target that may be the
attacked one.

Sources: Kiekintveld, Jain, Tsai, Pita, Ordóñez and Tambe, "Computing optimal randomized resource allocations for
massive security games" (AAMAS 2009), for the compact form; `reply_regions` for commitments over polytopes.
"""

from fractions import Fraction

import numpy as np
from jaxtyping import Shaped

from firstmover.equilibria.commitments import OptimalCommitment
from firstmover.equilibria.exact_programs import Exact
from firstmover.equilibria.reply_regions import CommitmentGame, Ties, all_candidates, optimal
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions

MAX_TARGETS = 1000  # half a minute


def security_commitment(
    defender: Shaped[np.ndarray, "T 2"], attacker: Shaped[np.ndarray, "T 2"], resources: float | int, ties: Ties
) -> OptimalCommitment:
    """The best coverage against one attacker that sees it and then attacks one target.

    Nothing is assumed of the payoffs: coverage may help the attacker. With weak ties the value is a supremum over the
    targets that can be made the attacker's only best ones.

    Args:
        defender: what the defender is paid for an attack on each target, if it is covered and if it is not.
        attacker: the same for the attacker.
        resources: the sum that the coverage may have; > 0.
        ties: whether an indifferent attacker chooses for the defender ("strong") or against it ("weak").

    Raises:
        InputError: there are more than `MAX_TARGETS` targets.
    """
    n = len(defender)
    if n > MAX_TARGETS:
        raise InputError(f"exact coverage is limited to {MAX_TARGETS} targets; got {n}.")
    covering, one = np.array([Fraction(1)] * n + [Fraction(0)], object), np.array([Fraction(1)], object)
    payoffs, low = as_fractions(defender), as_fractions(defender).min()
    game = CommitmentGame(
        leader=_affine(payoffs - low)[None],
        follower=_affine(as_fractions(attacker))[None],
        prior=one,
        upper=np.vstack([np.eye(n, n + 1, dtype=int).astype(object), covering]),
        limits=np.r_[covering[:n], as_fractions([float(resources)])],
        equal=(1 - covering)[None],  # the last coordinate is fixed at 1
        sums=one,
    )
    found = optimal(game, all_candidates(game, ties), ties)
    return OptimalCommitment(
        float(low + found.value),
        found.x[:n].astype(np.float64),
        found.attained,
        "multiple linear programs over coverage (Kiekintveld et al. 2009; von Stengel and Zamir 2010)",
    )


def _affine(payoffs: Exact) -> Exact:
    """Payoffs of an attack on each target: per unit of coverage, then the constants, [n, T]."""
    covered, uncovered = payoffs.T
    per_unit = np.full((len(payoffs), len(payoffs)), Fraction(0), object)
    np.fill_diagonal(per_unit, covered - uncovered)
    return np.vstack([per_unit, uncovered])
