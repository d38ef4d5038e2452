"""The contract of a follower: how the participants adapt to a commitment.

A follower is an ask / tell machine. It never holds the commitment: it asks for sub-episodes to be played against it,
is told what came of them, and so arrives at the way in which it will play. One object models all followers of a game.
"""

import abc
from typing import Any, ClassVar

from jaxtyping import Array, Float, Int

from firstmover.errors import InputError
from firstmover.games.base import Game, Ties
from firstmover.rollout import JointPlay, Outcome, Query, Strategies, all_profiles


class Follower(abc.ABC):
    """How all followers of a game respond; subclasses are frozen dataclasses of their parameters.

    Attributes:
        name: the registered name.
        enumerates: whether the one query that it asks is the whole induced game (`all_profiles`).
        converges_to: the equilibrium set that its time average tends to, or what else it promises.
    """

    name: ClassVar[str]
    converges_to: ClassVar[str]

    @property
    @abc.abstractmethod
    def enumerates(self) -> bool:
        """Whether it asks for the whole induced game, once."""

    def check(self, game: Game) -> None:
        """Refuse a game that this follower cannot play.

        Raises:
            InputError: with the reason, and followers that fit.
        """
        if game.followers_act != "once":
            raise InputError(
                f"{self.name} needs followers that act once in a sub-episode; those of {game.name} act in every step."
            )
        if self.enumerates:
            all_profiles(game)

    @property
    def optimum_ties(self) -> Ties:
        """The tie rule of the optimum to compare with: how indifferent followers choose, for the leader if open."""
        return "strong"

    @abc.abstractmethod
    def asks(self, game: Game) -> int:
        """Number of ask / tell exchanges of a response."""

    @abc.abstractmethod
    def rounds_per_ask(self, game: Game) -> int:
        """How often the payoffs of one query are consumed; `env_steps` counts them so often."""

    def rounds_used(self, game: Game, state: Any) -> Int[Array, ""] | int:
        """How often the payoffs of the last query were consumed in fact, where the response itself decides it."""
        return self.rounds_per_ask(game)

    def noise_size(self, game: Game) -> int:
        """Uniform numbers that one ask consumes."""
        return 0

    @abc.abstractmethod
    def init(self, game: Game) -> Any:
        """State before anything is known of the commitment: an array pytree."""

    @abc.abstractmethod
    def ask(self, game: Game, state: Any, noise: Float[Array, "u"]) -> Query:
        """The sub-episodes to play next."""

    @abc.abstractmethod
    def tell(self, game: Game, state: Any, query: Query, outcome: Outcome) -> Any:
        """The state after learning what came of the query."""

    @abc.abstractmethod
    def strategy(self, game: Game, state: Any) -> Strategies | JointPlay:
        """How the followers play in the reward phase."""

    @abc.abstractmethod
    def features(self, game: Game, state: Any) -> Float[Array, "F"]:
        """What a centralised critic sees of the followers, in [0, 1]."""
