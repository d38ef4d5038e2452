"""The checks of a user's own followers and leaders before anything is learnt with them."""

from collections.abc import Callable
from typing import Any

from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.interop.python_files import names_code
from firstmover.leaders.base import Leader
from firstmover.testing.checks import Check
from firstmover.testing.followers import check_follower
from firstmover.testing.leaders import check_leader


def refuse_mistakes_of_parts(followers: Follower, leader: Leader) -> None:
    """Refuse followers or a leader of a user's own that fail a check; those that ship are tested.

    A leader in Python may be one for a single game, which the checks cannot know; one from a file is for any.

    Raises:
        InputError: one does.
    """
    parts: list[tuple[Any, Callable[[Any], list[Check]]]] = [(followers, check_follower)]
    if names_code(leader.name):
        parts.append((leader, check_leader))
    for part, tried in parts:
        if type(part).__module__.startswith("firstmover."):
            continue
        for check in tried(part):
            if not check.passed:
                raise InputError(check.why)
