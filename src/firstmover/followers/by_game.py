"""Followers of one name that are a class of their own in each kind of game."""

import abc

import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.core.plays import Play
from firstmover.core.rollout import Outcome, Position, Query
from firstmover.core.trees import FollowerState
from firstmover.evaluators.view import View
from firstmover.followers.base import Follower, Response
from firstmover.games.base import Game


class ByGame(Follower):
    """Followers that leave everything to the class that fits the game."""

    @abc.abstractmethod
    def kind(self, game: Game) -> Follower:
        """The followers that they are in this game."""

    def check(self, game: Game) -> None:
        self.kind(game).check(game)

    def asks(self, game: Game) -> int:
        return self.kind(game).asks(game)

    def rounds_per_ask(self, game: Game) -> int:
        return self.kind(game).rounds_per_ask(game)

    def rounds_used(self, game: Game, state: FollowerState) -> Int[Array, ""] | int:
        return self.kind(game).rounds_used(game, state)

    def noise_size(self, game: Game) -> int:
        return self.kind(game).noise_size(game)

    def init(self, game: Game) -> FollowerState:
        return self.kind(game).init(game)

    def questions(self, game: Game) -> Int[np.ndarray, "questions d"]:
        return self.kind(game).questions(game)

    def answered(self, game: Game, state: FollowerState, actions: Array) -> FollowerState:
        return self.kind(game).answered(game, state, actions)

    def ask(self, game: Game, state: FollowerState, noise: Float[Array, "u"]) -> Query:
        return self.kind(game).ask(game, state, noise)

    def tell(self, game: Game, state: FollowerState, query: Query, outcome: Outcome) -> FollowerState:
        return self.kind(game).tell(game, state, query, outcome)

    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        return self.kind(view.game).respond(view, noise)

    def strategy(self, game: Game, state: FollowerState) -> Play:
        return self.kind(game).strategy(game, state)

    def position(self, game: Game, state: FollowerState) -> Position | None:
        return self.kind(game).position(game, state)

    def features(self, game: Game, state: FollowerState) -> Float[Array, "F"]:
        return self.kind(game).features(game, state)
