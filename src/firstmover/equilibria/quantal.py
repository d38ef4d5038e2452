"""Coverage against an attacker that errs: it attacks a target with odds that grow with what that pays (logit).

The defender's value is a ratio, sum of w d over sum of w, where w = exp(rationality * attacker's payoff) and d is the
defender's payoff, both functions of the target's own coverage. So it is at least r for some coverage if and only if the
separable sum of w (d - r) can be made 0 or more (Dinkelbach). For a given r that sum is bounded from above by pricing
coverage (Lagrange), with the most that it can be on each step of a fine grid; the greatest r that survives bounds the
optimum. From below, the best sum on a coarse grid (a knapsack) is a coverage, which is then polished.

Against several types the value is a sum of such ratios. No coverage earns more than the types' bounds, each taken
alone, come to with their prior; the coverage is climbed to from those that are best against each alone. So is a mixture
of assignments, whose bound is that of any coverage of as many targets.

Source: Yang, Ordonez and Tambe, "Computing optimal strategy against quantal response in security games" (AAMAS 2012).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float

_FINE = 4001  # points of coverage for the bound
_UNITS = 60  # of coverage on the coarse grid, per target
_HALVINGS = 40
_STARTS = 4  # mixtures at random, that are climbed from besides the uniform one
_SAME = 1e-7  # share of the defender's range at which iterations stop


class QuantalCommitment(NamedTuple):
    """A commitment, and how far it is from the best.

    Attributes:
        value: what it earns the defender.
        bound: what no commitment can exceed.
        choice: the coverage of every target, or the probability of every assignment.
        attacked: how likely each target is to be attacked by each type.
    """

    value: float
    bound: float
    choice: Float[np.ndarray, "choices"]
    attacked: Float[np.ndarray, "K T"]


class Attackers(NamedTuple):
    """Logit attackers of several types.

    Attributes:
        defender: what the defender is paid for an attack on each target, if it is covered and if it is not.
        attacker: the same for the attacker.
        prior: probabilities of the types.
        rationality: per unit of the attacker's payoffs.
    """

    defender: Float[np.ndarray, "K T 2"]
    attacker: Float[np.ndarray, "K T 2"]
    prior: Float[np.ndarray, "K"]
    rationality: float

    def attacks(self, coverage: Float[np.ndarray, "T"]) -> Float[np.ndarray, "K T"]:
        """How likely each target is to be attacked by each type."""
        covered, uncovered = np.moveaxis(self.attacker, -1, 0)
        shares: np.ndarray = scipy.special.softmax(
            self.rationality * (uncovered + coverage * (covered - uncovered)), axis=1
        )
        return shares

    def earned(self, coverage: Float[np.ndarray, "T"]) -> tuple[float, Float[np.ndarray, "T"]]:
        """What the defender earns, and its derivative by the coverage of every target."""
        covered, uncovered = np.moveaxis(self.defender, -1, 0)
        paid, attacked = uncovered + coverage * (covered - uncovered), self.attacks(coverage)
        value = (attacked * paid).sum(axis=1, keepdims=True)
        pull = self.rationality * (self.attacker[..., 0] - self.attacker[..., 1])
        slope = attacked * (covered - uncovered + pull * (paid - value))
        return float(self.prior @ value[:, 0]), self.prior @ slope


def quantal_commitment(attackers: Attackers, resources: float) -> QuantalCommitment:
    """The best coverage against logit attackers, as far as it is found, and a bound on the optimum.

    Args:
        attackers: whom to cover against.
        resources: the sum that the coverage may have.
    """
    alone = [_alone(*tables, resources, attackers.rationality) for tables in zip(*attackers[:2], strict=True)]
    bound = float(attackers.prior @ [own.bound for own in alone])
    n = attackers.defender.shape[1]
    starts = [own.coverage for own in alone]
    if len(alone) > 1:
        limits = {"type": "ineq", "fun": lambda c: resources - c.sum(), "jac": lambda c: -np.ones(n)}
        starts += [attackers.prior @ np.array(starts), np.full(n, resources / n)]
        starts += [_climbed(attackers, np.eye(n), start, limits) for start in starts]
    starts = [c * min(1.0, resources / max(c.sum(), 1e-300)) for c in starts]
    coverage = max(starts, key=lambda c: attackers.earned(c)[0])
    value = attackers.earned(coverage)[0]
    return QuantalCommitment(value, max(bound, value), coverage, attackers.attacks(coverage))


def quantal_mixture(attackers: Attackers, covers: Float[np.ndarray, "m T"]) -> QuantalCommitment:
    """The best mixture of assignments against logit attackers, as far as it is found, and a bound on the optimum.

    Args:
        attackers: whom to cover against.
        covers: 1 where an assignment covers a target, else 0.
    """
    most = min(float(covers.sum(axis=1).max()), covers.shape[1])
    bound = quantal_commitment(attackers, most).bound if most else attackers.earned(covers[0])[0]
    m = len(covers)
    one = {"type": "eq", "fun": lambda x: x.sum() - 1, "jac": lambda x: np.ones(m)}
    drawn = np.random.default_rng(0).dirichlet(np.ones(m), _STARTS)
    found = [_climbed(attackers, covers, start, one) for start in (np.full(m, 1 / m), *drawn)]
    mixture = max((x / x.sum() for x in found), key=lambda x: attackers.earned(x @ covers)[0])
    value = attackers.earned(mixture @ covers)[0]
    return QuantalCommitment(value, max(bound, value), mixture, attackers.attacks(mixture @ covers))


def _climbed(
    attackers: Attackers, covers: Float[np.ndarray, "m T"], start: Float[np.ndarray, "m"], limits: dict[str, object]
) -> Float[np.ndarray, "m"]:
    """A choice no worse than the start, where the value has no slope any more, or little."""

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = attackers.earned(x @ covers)
        return -value, -(covers @ slope)

    options = {"ftol": 1e-13, "maxiter": 300}
    bounds = [(0, 1)] * len(start)
    ended = scipy.optimize.minimize(
        loss, start, jac=True, bounds=bounds, constraints=limits, method="SLSQP", options=options
    )
    climbed: np.ndarray = np.clip(ended.x, 0, 1)
    return climbed if climbed.sum() > 0 else start


class _Alone(NamedTuple):
    """A coverage against one type, and what none can exceed."""

    coverage: Float[np.ndarray, "T"]
    bound: float


def _alone(
    defender: Float[np.ndarray, "T 2"], attacker: Float[np.ndarray, "T 2"], resources: float, rationality: float
) -> _Alone:
    """The best coverage against one type, as far as it is found, and a bound."""
    top, (low, high) = attacker.max(), (float(defender.min()), float(defender.max()))

    def parts(c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights and the defender's payoffs at coverages [..., T]."""
        paid = attacker[:, 1] + c * (attacker[:, 0] - attacker[:, 1])
        return np.exp(rationality * (paid - top)), defender[:, 1] + c * (defender[:, 0] - defender[:, 1])

    def earned(c: np.ndarray) -> float:
        weights, payoffs = parts(c)
        return float(weights @ payoffs / weights.sum())

    fine = np.linspace(0, 1, _FINE)
    weights, payoffs = parts(np.repeat(fine[:, None], len(attacker), axis=1))
    # Both factors are monotone between two points of the grid: what a summand can be there lies between its ends.
    light, heavy = np.minimum(weights[:-1], weights[1:]), np.maximum(weights[:-1], weights[1:])
    greatest = np.maximum(payoffs[:-1], payoffs[1:])

    def reachable(r: float) -> float:
        """An upper bound on the sum of w (d - r)."""
        above = greatest - r
        summands = np.where(above > 0, heavy, light) * above
        dear = float(max((abs(np.diff(summands, axis=0)) * (_FINE - 1)).max(), 1e-300))

        def priced(price: float) -> float:
            return float((summands - price * fine[:-1, None]).max(axis=0).sum() + price * resources)

        best = scipy.optimize.minimize_scalar(
            priced, bounds=(0, dear), method="bounded", options={"xatol": 1e-9 * dear, "maxiter": 200}
        )
        return min(priced(0.0), float(best.fun))

    least, most = low, high
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        least, most = (middle, most) if reachable(middle) >= 0 else (least, middle)
    coverage = _by_iteration(parts, earned, len(attacker), resources, (high - low) or 1.0)
    return _Alone(coverage, max(most, earned(coverage)))


def _by_iteration(
    parts: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    earned: Callable[[np.ndarray], float],
    n: int,
    resources: float,
    span: float,
) -> Float[np.ndarray, "n"]:
    """A coverage by Dinkelbach's iteration over a knapsack on a coarse grid, polished."""
    grid = np.linspace(0, 1, _UNITS + 1)
    weights, payoffs = parts(np.repeat(grid[:, None], n, axis=1))
    budget = int(np.floor(resources * _UNITS + 1e-9))
    coverage = np.full(n, budget / _UNITS / n)
    for _ in range(50):
        r = earned(coverage)
        anew = grid[_knapsack(weights * (payoffs - r), budget)]
        if earned(anew) <= r + _SAME * span:
            break
        coverage = anew
    limits = {"type": "ineq", "fun": lambda c: resources - c.sum()}
    polished = scipy.optimize.minimize(
        lambda c: -earned(c), coverage, bounds=[(0, 1)] * n, constraints=limits, method="SLSQP", options={"ftol": 1e-13}
    )
    better = np.clip(polished.x, 0, 1)
    better = better * min(1.0, resources / max(better.sum(), 1e-300))
    return better if earned(better) > earned(coverage) else coverage


def _knapsack(worth: Float[np.ndarray, "units T"], budget: int) -> np.ndarray:
    """How many units each target gets, so that the sum of what they are worth there is largest within the budget."""
    units, n = worth.shape
    best, chosen = np.zeros(budget + 1), np.zeros((n, budget + 1), int)
    for k in range(n):
        table = np.full((units, budget + 1), -np.inf)
        for unit in range(min(units, budget + 1)):
            table[unit, unit:] = best[: budget + 1 - unit] + worth[unit, k]
        chosen[k], best = table.argmax(axis=0), table.max(axis=0)
    left, given = budget, np.zeros(n, int)
    for k in range(n - 1, -1, -1):
        given[k] = chosen[k, left]
        left -= given[k]
    return given
