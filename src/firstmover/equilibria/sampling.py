"""From probabilities to days: assignments whose frequencies are the coverage, exactly.

Put the coverages of all targets end to end on a line, and lay a comb over it, with a tooth at every whole number,
shifted by u. A target is covered if a tooth stands on its piece. With u uniform on [0, 1) every target is covered with
exactly its probability, and as many at once as the coverages sum to, rounded down or up. Between two ends of pieces
(modulo 1) the assignment does not change: these intervals are a decomposition of the coverage into at most one
assignment more than there are targets.

For a schedule of N days the comb is shifted by (k + v) / N, k = 0..N-1 in random order, v uniform: every single day is
a draw from the coverage, and over the days every target is covered N times its coverage, rounded down or up.

Source: Madow, "On the theory of systematic sampling, II" (Annals of Mathematical Statistics 1949); Tsai, Yin, Kwak,
Kempe, Kiekintveld and Tambe, "Urban security: game-theoretic resource allocation in networked physical domains" (AAAI
2010) for comb sampling of coverage.
"""

import itertools
import math
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

_PRECISION = 2**53  # of the shift that a schedule draws

Assignment = tuple[int, ...]  # the targets that are covered, in order


class Share(NamedTuple):
    """A part of a decomposition.

    Attributes:
        weight: how often, of 1.
        covered: the targets that are covered at once then.
    """

    weight: Fraction
    covered: Assignment


def decomposition(coverage: Sequence[Fraction]) -> list[Share]:
    """Assignments and how often each is used, so that every target is covered with exactly its probability.

    Args:
        coverage: of every target, from 0 to 1.

    Returns:
        At most one more than there are targets; weights are positive and sum to 1.

    Example:
        >>> decomposition([Fraction(1, 2), Fraction(1, 2)])
        [Share(weight=Fraction(1, 2), covered=(0,)), Share(weight=Fraction(1, 2), covered=(1,))]
    """
    ends = list(itertools.accumulate(coverage))
    cuts = sorted({Fraction(0), Fraction(1), *(end % 1 for end in ends)})
    weights: dict[Assignment, Fraction] = {}
    for low, high in itertools.pairwise(cuts):
        covered = assignment(ends, (low + high) / 2)
        weights[covered] = weights.get(covered, Fraction(0)) + high - low
    return [Share(weight, covered) for covered, weight in weights.items()]


def assignment(ends: Sequence[Fraction], shift: Fraction) -> Assignment:
    """The targets on whose pieces a tooth of the comb stands, by the ends of the pieces and the shift in [0, 1)."""
    teeth = [math.ceil(end - shift) for end in (Fraction(0), *ends)]  # how many stand below each end
    return tuple(k for k in range(len(ends)) if teeth[k + 1] > teeth[k])


def schedule(coverage: Sequence[Fraction], days: int, seed: int = 0) -> list[Assignment]:
    """The assignment of every day.

    Args:
        coverage: of every target, from 0 to 1.
        days: how many, at least 1.
        seed: of the draw.
    """
    rng = random.Random(seed)
    shift, order = Fraction(rng.randrange(_PRECISION), _PRECISION), list(range(days))
    rng.shuffle(order)
    ends = list(itertools.accumulate(coverage))
    return [assignment(ends, (k + shift) / days) for k in order]
