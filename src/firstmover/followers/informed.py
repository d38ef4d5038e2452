"""Informed followers: they reply to the whole game that a commitment induces, which they have listed once.

In exchanges that is one query of all profiles (`forms.all_profiles`), whose outcome is the listed game. How many rounds
were made of it is a question to the state (`rounds_used`), since a certified response decides it on the way.
"""

import abc
from collections.abc import Callable

from jaxtyping import Array, Float

from firstmover.core.rollout import Outcome, Query
from firstmover.core.trees import FollowerState
from firstmover.evaluators.forms import all_profiles
from firstmover.evaluators.view import View, decisions_in, unvisited
from firstmover.followers.base import Follower, Response
from firstmover.games.base import Game


class Informed(Follower):
    """Followers that reply to the listed game."""

    @abc.abstractmethod
    def reply(self, game: Game, state: FollowerState, listed: Outcome) -> FollowerState:
        """The state after the reply to the listed game, from the state before anything was known."""

    def check(self, game: Game) -> None:
        super().check(game)
        all_profiles(game)

    def asks(self, game: Game) -> int:
        return 1

    def rounds_per_ask(self, game: Game) -> int:
        return 1

    def noise_size(self, game: Game) -> int:
        return 0

    def ask(self, game: Game, state: FollowerState, noise: Float[Array, "u"]) -> Query:
        return all_profiles(game)

    def tell(self, game: Game, state: FollowerState, query: Query, outcome: Outcome) -> FollowerState:
        return self.reply(game, state, outcome)

    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        return informed_response(self, self.reply, view)


def informed_response(
    followers: Follower, reply: Callable[[Game, FollowerState, Outcome], FollowerState], view: View
) -> Response:
    """The response of followers that reply to the listed game."""
    game = view.game
    state = reply(game, followers.init(game), view.listed)
    visited, decisions = decisions_in(view.listed, unvisited(game))
    return Response(state, visited, decisions * followers.rounds_used(game, state), decisions)
