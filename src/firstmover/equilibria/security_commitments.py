"""Optimal coverage in security games: whom to guard how often when the attacker watches first.

A defender covers T targets with a number of resources, each good for one target; the coverage of a target is the
probability that it is covered. With resources that are all alike any coverage vector c, 0 <= c <= 1, whose sum is at
most the number of resources is the marginal of some mixture of assignments (for a fractional number: that many on
average). So the defender commits to a vector of this polytope, and what either side is paid for an attack on a target
is affine in the target's coverage: no assignment is ever listed.

While a target is a best one to attack, the defender's payoff depends on the coverage of that target alone, and what it
can be is an interval (`attack_levels`); the best is at one of its ends. In small games one linear program for each
target finds that too, and chooses well among commitments of equal value (`reply_regions`).

Sources: Kiekintveld, Jain, Tsai, Pita, Ordóñez and Tambe, "Computing optimal randomized resource allocations for
massive security games" (AAMAS 2009), for the compact form and the levels; von Stengel and Zamir, "Leadership games with
convex strategy sets" (Games and Economic Behavior 2010), for weak ties.
"""

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped

from firstmover.equilibria.attack_levels import AttackLevels, exact_total, in_floats
from firstmover.equilibria.commitments import OptimalCommitment
from firstmover.equilibria.exact_programs import Exact
from firstmover.equilibria.region_programs import CommitmentGame
from firstmover.equilibria.reply_regions import (
    LISTED,
    MOST_EQUAL,
    STEP,
    Choice,
    Ties,
    all_candidates,
    best_first,
    optimal,
)
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions

MAX_TARGETS = 1000  # about a second


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
    defender, attacker = as_fractions(defender), as_fractions(attacker)
    (total,) = as_fractions([float(resources)])
    if n * (n + 1) <= LISTED:
        low, found = by_programs(defender, attacker, total, ties)
        method = "multiple linear programs over coverage (Kiekintveld et al. 2009; von Stengel and Zamir 2010)"
    else:
        low, found = Fraction(0), by_levels(defender, attacker, total, ties)
        method = "the levels of the attacker's payoff (Kiekintveld et al. 2009; von Stengel and Zamir 2010)"
    return OptimalCommitment(float(low + found.value), found.x[:n].astype(np.float64), found.attained, method)


def by_programs(defender: Exact, attacker: Exact, resources: Fraction, ties: Ties) -> tuple[Fraction, Choice]:
    """The least payoff of the defender, and the optimum above it: one linear program for each target."""
    n, low = len(defender), defender.min()
    covering, one = np.array([Fraction(1)] * n + [Fraction(0)], object), np.array([Fraction(1)], object)
    game = CommitmentGame(
        leader=_affine(defender - low)[None],
        follower=_affine(attacker)[None],
        prior=one,
        upper=np.vstack([np.eye(n, n + 1, dtype=int).astype(object), covering]),
        limits=np.r_[covering[:n], [resources]],
        equal=(1 - covering)[None],  # the last coordinate is fixed at 1
        sums=one,
    )
    return low, optimal(game, all_candidates(game, ties), ties)


def _affine(payoffs: Exact) -> Exact:
    """Payoffs of an attack on each target: per unit of coverage, then the constants, [n, T]."""
    covered, uncovered = payoffs.T
    per_unit = np.full((len(payoffs), len(payoffs)), Fraction(0), object)
    np.fill_diagonal(per_unit, covered - uncovered)
    return np.vstack([per_unit, uncovered])


def by_levels(defender: Exact, attacker: Exact, resources: Fraction, ties: Ties) -> Choice:
    """The optimum from the interval of every target: what it is worth, and a coverage.

    With strong ties, of coverages of equal value one is shown that earns it however ties are broken, if there is one
    (of `MOST_EQUAL` targets that are compared).

    Raises:
        InputError: with weak ties, no target is strictly best anywhere.
    """
    covered, uncovered = attacker.T.tolist()
    levels = AttackLevels(covered, uncovered, resources, exact_total)
    best: Choice | None = None
    for target in itertools.islice(_equal(defender, levels, ties), MOST_EQUAL):
        x = _attaining(defender, levels, target)
        if x is not None:
            return Choice(target.value, x, True)
        if best is None:
            x = _least_coverage(levels, target.own)
            if ties == "weak":
                inside = _inside(levels, target)
                assert inside is not None  # `_equal` has looked
                x = (1 - STEP) * x + STEP * inside
            best = Choice(target.value, x, ties == "strong")
    if best is None:
        raise InputError("no reply of the follower is strictly best anywhere.")
    return best


class _Target(NamedTuple):
    """A target while it is a best one to attack.

    Attributes:
        value: what the defender earns at most.
        own: the target and how much of it is covered then; with weak ties, so for all targets that always pay the
            attacker as much as it does, of which the worst for the defender counts.
        span: the coverages that the (first) target can have.
    """

    value: Fraction
    own: dict[int, Fraction]
    span: tuple[Fraction, Fraction]


def _equal(defender: Exact, levels: AttackLevels, ties: Ties) -> Iterator[_Target]:
    """The targets of the greatest value, one of each kind; with weak ties, of those that can be the only best ones."""
    rough, unit = in_floats(levels), float(np.abs(defender).max()) or 1.0
    guesses: list[tuple[float, list[int]]] = []
    for members in _kinds(defender, levels, ties):
        spans = [(t, span) for t in members if (span := rough.span(t)) is not None]
        if len(spans) == len(members):
            earned = [max(float(_earns(defender[t], Fraction(c)) / unit) for c in span) for t, span in spans]
            guesses.append((min(earned), members))
    value = None
    for target in best_first(guesses, lambda members: _target(defender, levels, members), unit):
        if value is not None and target.value < value:
            return
        if ties == "strong" or _inside(levels, target) is not None:
            value = target.value
            yield target


def _kinds(defender: Exact, levels: AttackLevels, ties: Ties) -> list[list[int]]:
    """Targets that are alike: one with each payoffs, and with weak ties all that always pay the attacker the same."""
    kinds: dict[tuple[Fraction, ...], list[int]] = {}
    for t, (covered, uncovered) in enumerate(zip(levels.covered, levels.uncovered, strict=True)):
        if ties == "weak" and covered == uncovered:
            kinds.setdefault((covered,), []).append(t)
        else:
            kinds[(covered, uncovered, *defender[t])] = [t]
    return list(kinds.values())


def _earns(payoffs: Exact, coverage: Fraction) -> Fraction:
    covered, uncovered = payoffs
    return uncovered + coverage * (covered - uncovered)


def _target(defender: Exact, levels: AttackLevels, members: list[int]) -> _Target | None:
    """What targets that are alike are worth while they are best ones to attack; None if they never are."""
    t = members[0]
    found = levels.span(t)
    if found is None:
        return None
    span = Fraction(found[0]), Fraction(found[1])
    if len(members) == 1:
        coverage = span[1] if defender[t][0] > defender[t][1] else span[0]
        return _Target(_earns(defender[t], coverage), {t: coverage}, span)
    # What is left is for these, such that the worst of them is as good as can be: levels of the defender's losses.
    covered, uncovered = (-defender[members]).T.tolist()
    left = levels.resources - levels.needed(levels.uncovered[t])
    own = AttackLevels(covered, uncovered, left, exact_total)
    loss = max(own.floor(k) for k in range(len(members)))
    loss = loss if own.lowest is None else max(loss, own.lowest)
    return _Target(-loss, {j: _share(own, k, loss) for k, j in enumerate(members)}, span)


def _inside(levels: AttackLevels, target: _Target) -> Exact | None:
    """A coverage at which all other targets are strictly worse; None if there is none."""
    low, high = target.span
    if low == high:
        return None
    middle = (low + high) / 2
    near = Fraction(float(middle))  # a number with few digits
    coverages = [near if low < near < high else middle] + [Fraction(0)] * (len(target.own) - 1)
    own = dict(zip(target.own, coverages, strict=True))
    return _untied(levels, own, _least_coverage(levels, own))


def _least_coverage(levels: AttackLevels, own: dict[int, Fraction]) -> Exact:
    """The least coverage that makes targets best ones, so much of them covered."""
    level = _level(levels, own)
    x = np.array([_share(levels, j, level) for j in range(len(levels.covered))], object)
    x[list(own)] = list(own.values())
    return x


def _level(levels: AttackLevels, own: dict[int, Fraction]) -> Fraction:
    """What an attack pays at best."""
    t, coverage = next(iter(own.items()))
    return levels.uncovered[t] + coverage * (levels.covered[t] - levels.uncovered[t])


def _share(levels: AttackLevels, j: int, level: Fraction) -> Fraction:
    """The least coverage at which a target pays at most a level that it can be brought down to."""
    above = levels.uncovered[j] - level
    return above / (levels.uncovered[j] - levels.covered[j]) if above > 0 else Fraction(0)


def _untied(
    levels: AttackLevels, own: dict[int, Fraction], x: Exact, kept: dict[int, Fraction] | None = None
) -> Exact | None:
    """Coverage with a little more of what pays as much as the best; None where it cannot be made worse.

    Args:
        levels: of the attacker's payoff.
        own: the targets that are meant to be best ones.
        x: the least coverage for that.
        kept: others that may tie, with what they get beyond the least.
    """
    kept = kept or {}
    level = _level(levels, own)
    tied = [j for j, u in enumerate(levels.uncovered) if u >= level and j not in own and j not in kept]
    if any(levels.covered[j] >= level for j in tied):
        return None
    # Targets that coverage makes worse are among those that need it, whether meant or not.
    beyond = [c for t, c in own.items() if levels.covered[t] >= levels.uncovered[t]]
    left = levels.resources - levels.needed(level) - sum(beyond) - sum(kept.values())
    if left < 0 or (tied and left == 0):
        return None
    # By a share of what they could have more, with few digits: the sum stays within the resources.
    share = min(Fraction(1), Fraction(float(left) / (len(tied) + 1)))
    x = x.copy()
    for j in tied:
        x[j] += share * (1 - x[j])
    return x


def _attaining(defender: Exact, levels: AttackLevels, target: _Target) -> Exact | None:
    """A coverage that earns the value of a target however ties are broken; None if there is none."""
    own, value = target.own, target.value
    if len(own) == 1 and all(covered == uncovered for covered, uncovered in defender[list(own)]):
        x = _inside(levels, target)  # it earns the same at any coverage
        if x is not None:
            return x
    level, x = _level(levels, own), _least_coverage(levels, own)
    kept: dict[int, Fraction] = {}
    for j, (covered, uncovered) in enumerate(zip(levels.covered, levels.uncovered, strict=True)):
        if j in own or uncovered < level:
            continue
        best, least = defender[j]
        if covered == uncovered and least < value <= best:  # it ties at any coverage, and is made worth as much
            x[j] = kept[j] = (value - least) / (best - least)
        elif _at_least(_earns(defender[j], x[j]), value):
            kept[j] = Fraction(0)
    return _untied(levels, own, x, kept)


def _at_least(one: Fraction, other: Fraction) -> bool:
    """Whether one number is not below another; where floats tell, without products of thousands of digits."""
    a, b = float(one), float(other)
    return a > b if abs(a - b) > 1e-9 * max(abs(a), abs(b)) else one >= other
