"""Numbers of a learner that its compiled program takes as arguments: learning rates, weights, step sizes.

A part (a leader, followers, settings) names them in `traced`: parameters, and what follows from parameters and is
computed once, in 64 bit, as a cached property. While a program is traced, a copy of the part stands in for it, which
holds the program's arguments in their place. So one program serves all parts that differ in these numbers only. Their
ranges are checked before, where the part is made: a copy is not checked.
"""

import copy
from typing import TypeVar

from jaxtyping import PyTree

Part = TypeVar("Part")
Numbers = dict[str, PyTree]  # by name: Python floats, or what stands for them while a program is traced


def traced_names(part: object) -> tuple[str, ...]:
    """The names of a part's traced numbers; its class says them itself, since a subclass may compute otherwise."""
    return tuple(vars(type(part)).get("traced", ()))


def numbers_of(part: object) -> Numbers:
    """The numbers of a part that a compiled program takes as arguments.

    Example:
        >>> from firstmover.leaders import CommitmentGradient
        >>> numbers_of(CommitmentGradient(learning_rate=0.2))
        {'learning_rate': 0.2, 'entropy': 0.05}
    """
    return {name: getattr(part, name) for name in traced_names(part)}


def with_numbers(part: Part, numbers: Numbers) -> Part:
    """A copy of a part that holds these numbers, which may be traced, in place of its own."""
    other = copy.copy(part)
    vars(other).update(numbers)  # past the checks, and past what makes a dataclass frozen
    return other
