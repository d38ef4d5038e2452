"""The families of games that are known here, by name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .bayesian import bayesian_normal_form
from .finite import Finite
from .matrix_design import matrix_design
from .normal_form import normal_form, published
from .security import security
from .sequential_price import agrawal, sequential_price
from .simple_allocation import simple_allocation

FAMILIES: dict[str, Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], Finite]] = {
    "normal-form": normal_form,
    "escape": published([[(15, 15), (10, 10), (0, 0)], [(10, 10), (10, 10), (0, 0)], [(0, 0), (0, 0), (30, 30)]]),
    "maintain": published([[(20, 15), (0, 0), (0, 0)], [(30, 0), (10, 5), (0, 0)], [(0, 0), (0, 0), (5, 10)]]),
    "bayesian-normal-form": bayesian_normal_form,
    "security": security,
    "simple-allocation": simple_allocation,
    "matrix-design": matrix_design,
    "sequential-price": sequential_price,
    "agrawal": agrawal,
}


def derive(content: Mapping[str, Any]) -> Finite | None:
    """The followers' game from a rule file's content, or None where the family of games is not known here.

    Raises:
        ValueError: the rule does not fit the game.
        KeyError, TypeError, IndexError: the content is malformed.
    """
    family = FAMILIES.get(content["game"])
    return None if family is None else family(content["parameters"], content["rule"])
