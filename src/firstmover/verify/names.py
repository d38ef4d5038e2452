"""The names that a game gives to actions and players."""

from collections.abc import Sequence

from .amounts import Json, text


def actions_named(given: Json, sizes: Sequence[int]) -> list[list[str]]:
    """The names of every player's actions, letters where none are given.

    Raises:
        ValueError: they are no names, or not as many as there are actions.
    """
    if given is None:
        return [[chr(65 + a) if size <= 26 else str(a) for a in range(size)] for size in sizes]
    if not isinstance(given, list) or len(given) != len(sizes):
        raise ValueError("action_names must be a list of names for each player")
    for own, size in zip(given, sizes, strict=True):
        if not isinstance(own, list) or len(own) != size:
            raise ValueError("action_names must name every action of every player")
    return [[text(name, "the name of an action") for name in own] for own in given]


def players_named(given: Json, count: int) -> list[str]:
    """The names of so many players.

    Raises:
        ValueError: they are no names, or not as many.
    """
    if not isinstance(given, list) or len(given) != count:
        raise ValueError("player_names must name every player")
    return [text(name, "the name of a player") for name in given]
