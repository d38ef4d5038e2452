"""The solvers of the games that ship: importing them registers them."""

from firstmover.solvers import (
    bayesian_normal_form,
    iterated_matrix,
    matrix_design,
    normal_form,
    patrol,
    security,
    simple_allocation,
    toll,
)
from firstmover.solvers.messages import solver

__all__ = [
    "bayesian_normal_form",
    "iterated_matrix",
    "matrix_design",
    "normal_form",
    "patrol",
    "security",
    "simple_allocation",
    "solver",
    "toll",
]
