"""What the rounds of `Dynamics` learn from: the listed game, or sampled sub-episodes."""

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.core.batching import batch_last, in_blocks
from firstmover.core.plays import Actions
from firstmover.core.rollout import Outcome, Query
from firstmover.core.traced import Numbers, numbers_of, with_numbers
from firstmover.evaluators.forms import all_profiles
from firstmover.evaluators.view import View
from firstmover.followers.base import Follower, Response
from firstmover.followers.expectations import listed_payoffs
from firstmover.followers.informed import informed_response
from firstmover.followers.learners import State
from firstmover.games.base import Game

if TYPE_CHECKING:
    from firstmover.followers.dynamics import Dynamics


@dataclass(frozen=True)
class Feedback(abc.ABC):
    """What the rounds of a learner learn from.

    Attributes:
        learner: who learns.
    """

    learner: "Dynamics"

    @property
    @abc.abstractmethod
    def asks(self) -> int:
        """As `Follower.asks`."""

    @property
    @abc.abstractmethod
    def rounds_per_ask(self) -> int:
        """As `Follower.rounds_per_ask`."""

    @abc.abstractmethod
    def check(self, game: Game) -> None:
        """Refuse a game that has no such feedback."""

    @abc.abstractmethod
    def rounds_used(self, state: State) -> Int[Array, ""] | int:
        """As `Follower.rounds_used`."""

    @abc.abstractmethod
    def noise_size(self, game: Game) -> int:
        """As `Follower.noise_size`."""

    @abc.abstractmethod
    def ask(self, game: Game, state: State, noise: Float[Array, "u"]) -> Query:
        """As `Follower.ask`."""

    @abc.abstractmethod
    def tell(self, game: Game, state: State, query: Query, outcome: Outcome) -> State:
        """As `Follower.tell`."""

    @abc.abstractmethod
    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        """As `Follower.respond`."""


class Expected(Feedback):
    """All rounds learn from the listed game."""

    asks = 1

    @property
    def rounds_per_ask(self) -> int:
        return self.learner.rounds

    def check(self, game: Game) -> None:
        jax.eval_shape(lambda: all_profiles(game))  # refuses

    def rounds_used(self, state: State) -> Int[Array, ""] | int:
        return state.rounds

    def noise_size(self, game: Game) -> int:
        return 0

    def ask(self, game: Game, state: State, noise: Float[Array, "u"]) -> Query:
        return all_profiles(game)

    def tell(self, game: Game, state: State, query: Query, outcome: Outcome) -> State:
        return self.reply(game, state, outcome)

    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        return informed_response(self.learner, self.reply, view)

    def reply(self, game: Game, state: State, listed: Outcome) -> State:
        """The state after all rounds."""
        payoffs = listed_payoffs(game, listed, self.learner.payoff_scales(game))

        def rounds(numbers: Numbers, state: State, payoffs: Array) -> State:
            return with_numbers(self.learner, numbers).all_rounds(game, state, payoffs)

        return batch_last(in_blocks(rounds))(numbers_of(self.learner), state, payoffs)


class SampledRounds(Feedback):
    """A round learns from every action of every follower against the others' drawn ones, in one query."""

    rounds_per_ask = 1

    @property
    def asks(self) -> int:
        return self.learner.rounds

    def check(self, game: Game) -> None:
        """Any game will do."""

    def rounds_used(self, state: State) -> Int[Array, ""] | int:
        return 1

    def noise_size(self, game: Game) -> int:
        return 2 * game.n_followers

    def ask(self, game: Game, state: State, noise: Float[Array, "u"]) -> Query:
        types, actions = self.learner.draw(game, state, noise)
        n = game.n_followers
        deviator = np.repeat(np.arange(n), game.n_actions)
        deviation = np.concatenate([np.arange(a) for a in game.n_actions]).astype(np.int32)
        queried = jnp.where(np.arange(n) == deviator[:, None], deviation[:, None], actions)
        return Query(
            jnp.broadcast_to(types, queried.shape), Actions(queried), None, jnp.zeros(len(deviator), jnp.int32)
        )

    def tell(self, game: Game, state: State, query: Query, outcome: Outcome) -> State:
        learner = self.learner
        first, tables, leader, scales = 0, list(state.tables), list(state.leader), learner.payoff_scales(game)
        for i, (n_types, n_actions) in enumerate(zip(game.n_types, game.n_actions, strict=True)):
            evaluated = slice(first, first + n_actions)
            drawn = jax.nn.one_hot(query.types[0, i], n_types)[:, None]
            paid = drawn * (outcome.followers[evaluated, i] / scales[i])
            tables[i] = learner.learn(tables[i], learner.mixed(state, i), paid)
            if leader:
                leader[i] += drawn * outcome.leader[evaluated]
            first += n_actions
        return State(tuple(tables), tuple(leader), learner.joint_after(game, state), state.rounds + 1)

    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        return Follower.respond(self.learner, view, noise)
