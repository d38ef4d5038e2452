"""The checks of a user's own game, followers and leader before anything is learnt; those that ship are tested.

The checks are imported where there is something to check: most designs are of what ships.
"""

from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.python_files import names_code
from firstmover.leaders.base import Leader
from firstmover.testing.checks import Check


def refuse_mistakes(game: Game) -> None:
    """Refuse a game of a user's own that fails a check.

    Raises:
        InputError: it fails one.
    """
    if not _ships(game):
        from firstmover.testing.games import check_game

        _refuse(check_game(game))


def refuse_mistakes_of_parts(followers: Follower, leader: Leader) -> None:
    """Refuse followers or a leader of a user's own that fail a check.

    A leader in Python may be one for a single game, which the checks cannot know; one from a file is for any.

    Raises:
        InputError: one does.
    """
    if not _ships(followers):
        from firstmover.testing.followers import check_follower

        _refuse(check_follower(followers))
    if names_code(leader.name) and not _ships(leader):
        from firstmover.testing.leaders import check_leader

        _refuse(check_leader(leader))


def _ships(part: object) -> bool:
    return type(part).__module__.startswith("firstmover.")


def _refuse(checks: list[Check]) -> None:
    for check in checks:
        if not check.passed:
            raise InputError(check.why)
