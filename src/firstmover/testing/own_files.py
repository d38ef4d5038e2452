"""The checks of everything in a user's own file."""

from collections.abc import Callable, Mapping
from typing import Any

from firstmover.errors import InputError
from firstmover.followers import Follower
from firstmover.games import Game
from firstmover.interop.python_files import classes_in, unfinished
from firstmover.jobs import build
from firstmover.leaders import Leader
from firstmover.testing.checks import Check, Item
from firstmover.testing.followers import check_follower
from firstmover.testing.games import check_game
from firstmover.testing.leaders import check_leader

_KINDS: dict[type, Callable[[Any], list[Check]]] = {
    Game: check_game,
    Follower: check_follower,
    Leader: check_leader,
}


def check_file(argument: str, parameters: Mapping[str, str]) -> list[Check]:
    """What is wrong with the games, followers and leaders in `FILE.py`, or with `FILE.py:CLASS`; the file is executed.

    Args:
        argument: the file, or a class in it.
        parameters: of a game, by name.

    Raises:
        InputError: there is no such file or class, or none that can be checked.
    """
    checks: list[Check] = []
    base: Any
    for base, check in _KINDS.items():
        for name, cls in classes_in(argument, base).items():
            checks += [c._replace(check=f"{name}: {c.check}") for c in _of_class(cls, base, check, parameters)]
    if not checks:
        raise InputError(f"{argument} holds no Market, Game, Follower or Leader to check.")
    return checks


def _of_class(
    cls: type[Item], base: type, check: Callable[[Item], list[Check]], parameters: Mapping[str, str]
) -> list[Check]:
    try:
        unfinished(cls, base)
        item = build.built_by_its_author(cls, cls.__name__, parameters if base is Game else {})
    except InputError as why:
        return [Check("construction", False, str(why))]
    return [Check("construction", True), *check(item)]
