"""The contract of a follower: how the participants adapt to a commitment.

A follower is an ask / tell machine. It never holds the commitment: it asks for sub-episodes to be played against it,
is told their outcome, and so arrives at the way in which it will play. One object models all followers of a game.

Followers either ask, exchange by exchange, or are informed: they reply to the listed game (`informed.Informed`).
"""

import abc
import inspect
from typing import ClassVar, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.plays import Play
from firstmover.core.rollout import Outcome, Position, Query
from firstmover.core.trees import FollowerState
from firstmover.evaluators.forms import check_acts
from firstmover.evaluators.view import View, decisions_in, unvisited
from firstmover.games.base import Game, Ties
from firstmover.games.host_calls import HostCalls
from firstmover.json_types import JsonObject
from firstmover.wording import constructed

_Exchanged: TypeAlias = tuple[FollowerState, Bool[Array, "observations"], Float[Array, ""]]


class Response(NamedTuple):
    """The followers' response to a commitment.

    Attributes:
        state: the followers' state at its end.
        visited: which observations the leader met in it.
        env_steps: leader decisions in the sub-episodes whose payoff the response consumed.
        simulated_steps: leader decisions that were really stepped.
    """

    state: FollowerState
    visited: Bool[Array, "observations"]
    env_steps: Float[Array, ""]
    simulated_steps: Float[Array, ""]


class Follower(abc.ABC):
    """How all followers of a game respond; subclasses are frozen dataclasses of their parameters.

    Attributes:
        name: the registered name.
        converges_to: the equilibrium set that its time average tends to, or what else it promises.
        acts: how often the followers of the games that it can play act in a sub-episode.
        needs_steps: whether `tell` looks at the steps of the sub-episodes, not only at their payments.
        one_round: where they play the game round after round with a memory: what the bounds of a certificate, which
            are for one round, do not say of them.
        traced: its parameters that a compiled program takes as arguments (see `core.traced`).
        continues: whether sub-episodes go on where others ended (`Query.start`, `Outcome.ends`), the reward phase too.

    Example:
        >>> from firstmover.followers import Follower, MultiplicativeWeights
        >>> isinstance(MultiplicativeWeights(rounds=50), Follower), MultiplicativeWeights.converges_to
        (True, 'anf_cce')
    """

    name: ClassVar[str]
    converges_to: ClassVar[str]
    acts: ClassVar[tuple[Literal["once", "every step", "crowd"], ...]] = ("once",)
    needs_steps: ClassVar[bool] = False
    traced: ClassVar[tuple[str, ...]] = ()
    continues: ClassVar[bool] = False
    one_round: ClassVar[str | None] = None

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.__repr__ = Follower.__repr__  # type: ignore[method-assign]  # a dataclass would list all of its fields

    def __repr__(self) -> str:
        return constructed(type(self), {name: getattr(self, name) for name in inspect.signature(type(self)).parameters})

    def unhurried(self) -> "Follower":
        """The same followers with time to settle, as they meet a finished rule; by default they take what they take."""
        return self

    @property
    def needs_training(self) -> bool:
        """Whether they must be trained before they can be met (`pretraining`)."""
        return False

    @property
    def calls(self) -> HostCalls | None:
        """How often plain Python of the user's is called, where they are written in it."""
        return None

    def fingerprint(self) -> str | None:
        """A digest of what they bring along beside their parameters, such as networks; None if it is nothing."""
        return None

    def check(self, game: Game) -> None:
        """Refuse a game that this follower cannot play.

        Raises:
            InputError: with the reason, and followers that fit.
        """
        # By hand, since the list of all followers is made above this module; a test compares the two.
        others = "'best-response', 'q-learning', 'policy-gradient', 'contextual' and 'meta' can act in every step."
        check_acts(game, self.acts, self.name, others)

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

    def learnt_play(self, game: Game, actions: np.ndarray, seed: int = 0) -> JsonObject | None:
        """What can be said of their play under a finished rule that is no statement about one round, as JSON values.

        Args:
            game: what is played.
            actions: the rule's decisions [n_observations, ...].
            seed: of random numbers.
        """
        del game, actions, seed
        return None

    @property
    def judging(self) -> "Follower":
        """The followers whose response judges a finished rule, where they take more care than in an episode."""
        return self

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

    def rounds_used(self, game: Game, state: FollowerState) -> Int[Array, ""] | int:
        """How often the payoffs of the last query were consumed in fact, where the response itself decides it."""
        return self.rounds_per_ask(game)

    def noise_size(self, game: Game) -> int:
        """Uniform numbers that one ask consumes."""
        return 0

    def noise(self, game: Game, key: Key[Array, ""]) -> Float[Array, "asks u"]:
        """The uniform numbers of a whole response, in one draw."""
        return jax.random.uniform(key, (self.asks(game), self.noise_size(game)))

    @abc.abstractmethod
    def init(self, game: Game) -> FollowerState:
        """State before anything is known of the commitment: an array pytree."""

    def questions(self, game: Game) -> Int[np.ndarray, "questions d"]:
        """Observations at which the leader is asked what it does, before anything is played; by default none.

        Its answers are decisions of the episode that are paid nothing (the query phase of Gerstgrasser and Parkes).
        """
        return np.zeros((0, len(game.leader_obs_sizes)), np.int32)

    def answered(self, game: Game, state: FollowerState, actions: Array) -> FollowerState:
        """The state after the leader has answered, actions [questions, ...] in the order of the questions."""
        del game, actions
        return state

    @abc.abstractmethod
    def ask(self, game: Game, state: FollowerState, noise: Float[Array, "u"]) -> Query:
        """The sub-episodes to play next."""

    @abc.abstractmethod
    def tell(self, game: Game, state: FollowerState, query: Query, outcome: Outcome) -> FollowerState:
        """The state after learning the outcome of the query."""

    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        """Respond to a commitment of which they have this view, with the noise of all exchanges.

        First the leader answers their questions, then exchange follows exchange.
        """
        game = view.game
        state, questions = self.init(game), self.questions(game)
        visited = unvisited(game)
        if len(questions):
            rows = jax.vmap(game.row)(jnp.asarray(questions))
            state = self.answered(game, state, view.answers(jnp.asarray(questions)))
            visited = visited.at[rows].set(True)

        def exchange(carry: _Exchanged, inputs: tuple[Array, Array]) -> tuple[_Exchanged, None]:
            state, visited, decisions = carry
            index, u = inputs
            query = self.ask(game, state, u)
            outcome = view.outcome(query, index, keep_steps=self.needs_steps)
            visited, count = decisions_in(outcome, visited)
            return (self.tell(game, state, query, outcome), visited, decisions + count), None

        start = state, visited, jnp.float32(0)
        inputs = jnp.arange(self.asks(game), dtype=jnp.int32), noise
        (state, visited, decisions), _ = jax.lax.scan(exchange, start, inputs)
        steps = decisions * self.rounds_per_ask(game) + len(questions)
        return Response(state, visited, steps, steps)

    @abc.abstractmethod
    def strategy(self, game: Game, state: FollowerState) -> Play:
        """How the followers play in the reward phase."""

    def position(self, game: Game, state: FollowerState) -> Position | None:
        """Where every reward sub-episode starts, for followers that continue; None for their beginning."""
        del game, state
        return None

    @abc.abstractmethod
    def features(self, game: Game, state: FollowerState) -> Float[Array, "F"]:
        """What a centralised critic sees of the followers, in [0, 1]."""
