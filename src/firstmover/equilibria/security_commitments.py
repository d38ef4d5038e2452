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

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.commitments import OptimalCommitment
from firstmover.equilibria.reply_regions import CommitmentGame, Ties, optimal, single_type_candidates
from firstmover.errors import InputError

MAX_TARGETS = 1000  # half a minute


def security_commitment(
    defender: Float[np.ndarray, "T 2"], attacker: Float[np.ndarray, "T 2"], resources: float | int, ties: Ties
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
    is_target = np.r_[np.ones(n), 0.0]  # the last coordinate is fixed at 1
    game = CommitmentGame(
        leader=_affine(defender)[None],
        follower=_affine(attacker)[None],
        prior=np.ones(1),
        lower=1 - is_target,
        upper=np.ones(n + 1),
        counted=is_target,
        least=0.0,
        greatest=float(resources),
    )
    found, attained = optimal(game, single_type_candidates(game, ties), ties)
    return OptimalCommitment(
        float(defender.min() + found.value * np.ptp(defender)),
        found.x[:n],
        attained,
        "multiple linear programs over coverage (Kiekintveld et al. 2009; von Stengel and Zamir 2010)",
    )


def _affine(payoffs: Float[np.ndarray, "T 2"]) -> Float[np.ndarray, "n T"]:
    """Payoffs of an attack on each target, in units of their range: per unit of coverage, then the constants."""
    covered, uncovered = (payoffs - payoffs.min()).T / (np.ptp(payoffs) or 1.0)
    return np.vstack([np.diag(covered - uncovered), uncovered])
