"""Linear and mixed-integer programs in floats, by HiGHS through SciPy: the one place where a solver is called.

Where payoffs or probabilities are of many magnitudes a method may go round in circles, give up, or say that a program
has no solution when it has one. Others are tried in turn, and that there is none is believed of two that say so, but
for programs whose numbers are all of one magnitude and which are asked for something better until there is none. What
comes back is a good guess; who needs certainty checks it, or decides in fractions (`exact_programs`).
"""

from typing import TYPE_CHECKING

import numpy as np
import scipy
from jaxtyping import Float

from firstmover.errors import FailedError

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult  # it takes a fifth of a second, and not every run needs a program

TOLERANCE = 1e-10  # on rows and columns of the order of 1; the solver's default of 1e-7 is too coarse for proofs
_TIGHT = {"primal_feasibility_tolerance": TOLERANCE, "dual_feasibility_tolerance": TOLERANCE}
_ATTEMPTS: tuple[tuple[str, dict[str, float]], ...] = (
    ("highs-ds", _TIGHT),
    ("highs-ds", {**_TIGHT, "presolve": False}),
    ("highs-ipm", _TIGHT),
    ("highs-ds", {}),
    ("highs-ds", {"presolve": False}),
    ("highs-ipm", {"presolve": False}),
)
_OPTIMAL, _LIMIT, _INFEASIBLE = 0, 1, 2


class NoAnswerError(FailedError):
    """No method of the solver came to an answer."""


def attempt(objective: Float[np.ndarray, "columns"], **constraints: object) -> "OptimizeResult":
    """What `scipy.optimize.linprog` gives for a least objective: an optimal vertex, or that there is none (status 2).

    Raises:
        NoAnswerError: no method found one, and not two say that there is none.
    """
    return _first(2, objective, constraints)


def minimum(objective: Float[np.ndarray, "columns"], **constraints: object) -> "OptimizeResult":
    """A vertex at which an objective is least, as `scipy.optimize.linprog` gives it, of a program that has one.

    A method that finds none is wrong, and the next one is asked.

    Raises:
        NoAnswerError: no method finds it.
    """
    return _first(None, objective, constraints)


def _first(
    denials: int | None, objective: Float[np.ndarray, "columns"], constraints: dict[str, object]
) -> "OptimizeResult":
    """The first vertex that a method finds, or what so many methods agree on, if any may: that there is none.

    Raises:
        NoAnswerError: neither comes to be.
    """
    most, denied = 10_000 + 50 * len(objective), 0
    for method, options in _ATTEMPTS:
        result = scipy.optimize.linprog(objective, method=method, options={**options, "maxiter": most}, **constraints)
        denied += result.status == _INFEASIBLE
        if result.status == _OPTIMAL or denied == denials:
            return result
    raise NoAnswerError(f"a linear program was not solved by any method ({result.message})")


def mixed_integer(
    objective: Float[np.ndarray, "columns"], options: dict[str, float | bool], *, denials: int = 2, **program: object
) -> "OptimizeResult":
    """What `scipy.optimize.milp` gives: an optimum, that there is none (status 2), or what was found in time (1).

    Args:
        objective: to be minimised.
        options: of the solver.
        denials: how often it has to say that there is none, with and without presolve: 1 or 2.
        program: constraints, bounds, and what is a whole number.

    Raises:
        NoAnswerError: neither with nor without presolve is one found, nor denied that often.
    """
    denied = 0
    for presolve in dict.fromkeys([options.get("presolve", True), False, True]):
        result = scipy.optimize.milp(objective, options={**options, "presolve": presolve}, **program)
        denied += result.status == _INFEASIBLE
        if result.status in (_OPTIMAL, _LIMIT) or denied == denials:
            return result
    raise NoAnswerError(f"a mixed-integer program was not solved ({result.message})")
