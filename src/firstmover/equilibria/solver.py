"""Linear and mixed-integer programs in floats, by HiGHS through SciPy: the one place where a solver is called.

A method may go round in circles or give up where payoffs or probabilities are of many magnitudes, so that others are
tried in turn. What comes back is a good guess; who needs certainty checks it, or decides in fractions
(`exact_programs`).
"""

from typing import TYPE_CHECKING

import numpy as np
import scipy
from jaxtyping import Float

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


class NoAnswerError(RuntimeError):
    """No method of the solver came to an answer."""


def attempt(objective: Float[np.ndarray, "columns"], **constraints: object) -> "OptimizeResult":
    """What `scipy.optimize.linprog` gives for a least objective: an optimal vertex, or that there is none (status 2).

    Raises:
        NoAnswerError: no method came to either.
    """
    return _first((_OPTIMAL, _INFEASIBLE), objective, constraints)


def minimum(objective: Float[np.ndarray, "columns"], **constraints: object) -> "OptimizeResult":
    """A vertex at which an objective is least, as `scipy.optimize.linprog` gives it, of a program that has one.

    A method that finds none is wrong, and the next one is asked.

    Raises:
        NoAnswerError: no method finds it.
    """
    return _first((_OPTIMAL,), objective, constraints)


def _first(
    answers: tuple[int, ...], objective: Float[np.ndarray, "columns"], constraints: dict[str, object]
) -> "OptimizeResult":
    """The first method's result that is one of these answers.

    Raises:
        NoAnswerError: none is.
    """
    most = 10_000 + 50 * len(objective)
    for method, options in _ATTEMPTS:
        result = scipy.optimize.linprog(objective, method=method, options={**options, "maxiter": most}, **constraints)
        if result.status in answers:
            return result
    raise NoAnswerError(f"a linear program was not solved by any method ({result.message})")


def mixed_integer(
    objective: Float[np.ndarray, "columns"], options: dict[str, float | bool], **program: object
) -> "OptimizeResult":
    """What `scipy.optimize.milp` gives: an optimum, that there is none (status 2), or what was found in time (1).

    Raises:
        NoAnswerError: neither with nor without presolve does the solver come to one of these.
    """
    for presolve in dict.fromkeys([options.get("presolve", True), False, True]):
        result = scipy.optimize.milp(objective, options={**options, "presolve": presolve}, **program)
        if result.status in (_OPTIMAL, _LIMIT, _INFEASIBLE):
            return result
    raise NoAnswerError(f"a mixed-integer program was not solved ({result.message})")
