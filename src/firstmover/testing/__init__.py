"""Does a game, a follower or a leader of your own keep its contract? Every check says in a sentence what is wrong.

Example:
    >>> from firstmover.games import Maintain
    >>> from firstmover.testing import check_game
    >>> [check for check in check_game(Maintain()) if not check.passed]
    []

`firstmover check FILE` does the same for the classes of a file.
"""

from typing import TYPE_CHECKING

from firstmover.source import lazily

if TYPE_CHECKING:
    from firstmover.testing.checks import Check
    from firstmover.testing.followers import check_follower
    from firstmover.testing.games import check_game
    from firstmover.testing.leaders import check_leader
    from firstmover.testing.refusing import refuse_mistakes, refuse_mistakes_of_parts

__all__ = ["Check", "check_follower", "check_game", "check_leader", "refuse_mistakes", "refuse_mistakes_of_parts"]

__getattr__, __dir__ = lazily(__name__)
