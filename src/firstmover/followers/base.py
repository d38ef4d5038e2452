"""The contract of a follower: how the participants adapt to a commitment.

A follower is an ask / tell machine. It never holds the commitment: it asks for sub-episodes to be played against it,
is told what came of them, and so arrives at the way in which it will play. One object models all followers of a game.
"""

import abc
import inspect
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.errors import InputError
from firstmover.games.base import Game, Ties
from firstmover.plays import Play
from firstmover.rollout import Outcome, Query, all_profiles
from firstmover.wording import constructed


class Follower(abc.ABC):
    """How all followers of a game respond; subclasses are frozen dataclasses of their parameters.

    Attributes:
        name: the registered name.
        converges_to: the equilibrium set that its time average tends to, or what else it promises.
        acts: how often the followers of the games that it can play act in a sub-episode.
        needs_steps: whether `tell` looks at the steps of the sub-episodes, not only at their payments.
    """

    name: ClassVar[str]
    converges_to: ClassVar[str]
    acts: ClassVar[tuple[Literal["once", "every step"], ...]] = ("once",)
    needs_steps: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__repr__ = Follower.__repr__  # type: ignore[method-assign]  # a dataclass would list all of its fields

    def __repr__(self) -> str:
        return constructed(type(self), {name: getattr(self, name) for name in inspect.signature(type(self)).parameters})

    @abc.abstractmethod
    def enumerates(self, game: Game) -> bool:
        """Whether the one query that it asks is the whole induced game (`all_profiles`)."""

    @property
    def needs_training(self) -> bool:
        """Whether they must be trained before they can be met (`pretraining`)."""
        return False

    def fingerprint(self) -> str | None:
        """A digest of what they bring along beside their parameters, such as networks; None if it is nothing."""
        return None

    def check(self, game: Game) -> None:
        """Refuse a game that this follower cannot play.

        Raises:
            InputError: with the reason, and followers that fit.
        """
        if game.followers_act not in self.acts:
            words = {"once": "once in a sub-episode", "every step": "in every step"}
            # By hand, since the list of all followers is made above this module; a test compares the two.
            others = "'best-response', 'q-learning', 'policy-gradient', 'contextual' and 'meta' can act in every step."
            raise InputError(
                f"{self.name} needs followers that act {words[self.acts[0]]}; those of {game.name} act "
                f"{words[game.followers_act]}. {others}"
            )
        if self.enumerates(game):
            all_profiles(game)

    def of_seed(self, position: Int[Array, ""] | int) -> "Follower":
        """The followers that the seed at this position meets, where each seed has trained followers of its own."""
        del position
        return self

    def payoff_scales(self, game: Game) -> tuple[float, ...]:
        """What each follower's payoffs are divided by, in the units of `game`: what they have at stake in it.

        A follower with a parameter `scale` that is not 0 divides by that, which is in units of the user's game.
        """
        scale = getattr(self, "scale", 0.0)
        if not scale:
            return (game.follower_payoff_scale,) * game.n_followers
        units = (1.0,) * game.n_followers if game.payoff_units is None else game.payoff_units.scales[1:]
        return tuple(scale / unit for unit in units)

    @property
    def plays_pure(self) -> bool:
        """Whether its strategy has no chance in it, so that one sub-episode tells what it earns."""
        return False

    @property
    def counts_steps(self) -> bool:
        """Whether its play in a game of many steps depends on the step as well as on what it observes."""
        return False

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

    def questions(self, game: Game) -> Int[np.ndarray, "questions d"]:
        """Observations at which the leader is asked what it does, before anything is played; by default none.

        Its answers are decisions of the episode that are paid nothing (the query phase of Gerstgrasser and Parkes).
        """
        return np.zeros((0, len(game.leader_obs_sizes)), np.int32)

    def answered(self, game: Game, state: Any, actions: Array) -> Any:
        """The state after the leader has answered, actions [questions, ...] in the order of the questions."""
        del game, actions
        return state

    @abc.abstractmethod
    def ask(self, game: Game, state: Any, noise: Float[Array, "u"]) -> Query:
        """The sub-episodes to play next."""

    @abc.abstractmethod
    def tell(self, game: Game, state: Any, query: Query, outcome: Outcome) -> Any:
        """The state after learning what came of the query."""

    @abc.abstractmethod
    def strategy(self, game: Game, state: Any) -> Play:
        """How the followers play in the reward phase."""

    @abc.abstractmethod
    def features(self, game: Game, state: Any) -> Float[Array, "F"]:
        """What a centralised critic sees of the followers, in [0, 1]."""
