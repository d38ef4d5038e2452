"""A check of something that a user has written: a name, and a function that refuses what is wrong in a sentence."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import jax
from jaxtyping import PyTree

from firstmover.errors import InputError
from firstmover.jobs import build
from firstmover.user_code import told

Item = TypeVar("Item")


class Check(NamedTuple):
    """What came of a check.

    Attributes:
        check: its name.
        passed: whether nothing is wrong.
        why: what is wrong, in a sentence; empty if nothing is.

    Example:
        >>> from firstmover.games import Maintain
        >>> from firstmover.testing import check_game
        >>> all(check.passed for check in check_game(Maintain()))
        True
    """

    check: str
    passed: bool
    why: str = ""


def results(item: Item, checks: Sequence[tuple[str, Callable[[Item], None]]]) -> list[Check]:
    """What comes of these checks, up to the first that fails: what comes later would fail for the same reason."""
    done: list[Check] = []
    for name, check in checks:
        try:
            with told(type(item), f"{type(item).__name__} fails its check of {name}"):
                check(item)
        except InputError as why:
            return [*done, Check(name, False, str(why))]
        done.append(Check(name, True))
    return done


def check_parameters(item: build.Named) -> None:
    """A model of followers or a learner has to come back from what a run folder records of it.

    Raises:
        InputError: it does not.
    """
    name = type(item).__name__
    try:
        described = build.description(item)
    except (TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"{name} must be a dataclass with its parameters as fields, numbers or texts: {error}."
        ) from None
    again = build.constructed(type(item), item.name, described["parameters"])
    if build.description(again) != described:
        raise InputError(f"{name} built again from its parameters is another one.")


def refuse_other_state(name: str, first: str, state: PyTree, then: str, after: PyTree) -> None:
    """Refuse a state that a compiled loop could not carry: it must keep its structure, its shapes and its dtypes.

    Args:
        name: whose state it is.
        first: the method that makes the state.
        state: its arrays, or their shapes.
        then: the method that goes on with it.
        after: what that makes of it.

    Raises:
        InputError: the two differ.
    """
    if str(jax.tree.structure(state)) != str(jax.tree.structure(after)):
        raise InputError(f"{then} of {name} must return a state of the same kind as {first} does.")
    for one, other in zip(jax.tree.leaves(state), jax.tree.leaves(after), strict=True):
        if (one.shape, one.dtype) != (other.shape, other.dtype):
            raise InputError(
                f"the state of {name} has an array {one.dtype} {one.shape} after {first} that is {other.dtype} "
                f"{other.shape} after {then}; it must keep its shape and dtype."
            )
