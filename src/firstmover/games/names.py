"""The names that users give to actions and players."""

from collections.abc import Sequence
from typing import Annotated, Any

from firstmover.errors import InputError
from firstmover.exact_numbers import Labels
from firstmover.wording import told_apart

ActionNames = Annotated[Any, "lists of names"]  # a list per player; on the command line Top,Bottom;Left,Right
PlayerNames = Annotated[Any, "names"]  # a list; on the command line seller,buyer


def lettered(size: int) -> tuple[str, ...]:
    """What so many actions are called that have no names: A, B, C, ...; 0, 1, 2, ... if there are more than letters."""
    return tuple(chr(65 + a) if size <= 26 else str(a) for a in range(size))


def named_actions(names: Any, shape: Sequence[int], labels: Sequence[Labels]) -> tuple[tuple[str, ...], ...]:
    """The names of all actions: those that are given, or else those in the tables, or else letters.

    Raises:
        InputError: they are not lists of names, or not as many as there are actions.
    """
    if names is None:
        letters = [list(lettered(size)) for size in shape]
        names = [own or part for own, part in zip(labels or letters, letters, strict=True)]
    lists = isinstance(names, list | tuple) and all(isinstance(part, list | tuple) for part in names)
    if not lists or not all(isinstance(name, str) for part in names for name in part):
        raise InputError(
            "action_names are lists of names, one list per player (Top,Bottom;Left,Right on the command line)."
        )
    if tuple(len(part) for part in names) != tuple(shape):
        raise InputError(f"action_names must name {tuple(shape)} actions; got {tuple(len(part) for part in names)}.")
    return tuple(told_apart(part) for part in names)


def named_players(names: object, count: int) -> tuple[str, ...] | None:
    """The names of all players, None where none are given.

    Raises:
        InputError: they are not a list of so many names.
    """
    if names is None:
        return None
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names) or len(names) != count:
        raise InputError(f"player_names must be a list of {count} names.")
    return told_apart(names)
