"""Learners that learn what the action which they played has paid, and nothing else: bandit feedback.

A round is one sub-episode: a type profile is drawn, every follower draws an action by its mixed strategy, and each
learns about the action of the type that it had. Nothing is listed, so that games with chance and large games fit.

Payoffs are in units of `scale`, above the follower's least payoff in the game, wherever a subclass sees them: by
default that is the range of its payoffs, and they lie in [0, 1].
"""

import abc
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from firstmover.core.noise import uniform_table
from firstmover.core.plays import Actions
from firstmover.core.rollout import Outcome, Query
from firstmover.evaluators.forms import lists_at_most
from firstmover.evaluators.view import View
from firstmover.followers.base import Response
from firstmover.followers.learners import Learners, State
from firstmover.followers.listed_rounds import listed_response
from firstmover.games.base import Game


@dataclass(frozen=True)
class Bandits(Learners):
    """Learners with bandit feedback."""

    @abc.abstractmethod
    def learn(
        self,
        table: Float[Array, "types actions *rest"],
        mixed: Float[Array, "types actions *rest"],
        taken: Float[Array, "types actions *rest"],
        payoff: Float[Array, "*rest"],
    ) -> Float[Array, "types actions *rest"]:
        """The table of one follower after a round in which it drew `taken` (a single 1) from `mixed` and was paid."""

    def payoff_scales(self, game: Game) -> tuple[float, ...]:
        # Nothing that can be paid may lie outside [0, 1], also where it is out of the ordinary.
        if self.scale or game.stakes is None:
            return super().payoff_scales(game)
        return tuple((high - low) or 1.0 for low, high in game.follower_payoff_ranges)

    def shares(self, game: Game, payoffs: Float[Array, "*rest n"]) -> Float[Array, "*rest n"]:
        """The followers' payoffs above the least of each, in units of its scale."""
        least = jnp.asarray([low for low, _ in game.follower_payoff_ranges], float)
        return (payoffs - least) / jnp.asarray(self.payoff_scales(game), float)

    def noise(self, game: Game, key: Key[Array, ""]) -> Float[Array, "asks u"]:
        return uniform_table(key, self.asks(game), self.noise_size(game))

    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        if lists_at_most(view.game, self.rounds):
            return listed_response(self, view, noise)
        return super().respond(view, noise)

    def ask(self, game: Game, state: State, noise: Float[Array, "u"]) -> Query:
        types, actions = self.draw(game, state, noise)
        return Query(types[None], Actions(actions[None]), None, jnp.zeros(1, jnp.int32))

    def tell(self, game: Game, state: State, query: Query, outcome: Outcome) -> State:
        tables, paid = [], self.shares(game, outcome.followers[0])
        for i, (n_types, n_actions) in enumerate(zip(game.n_types, game.n_actions, strict=True)):
            drawn = jax.nn.one_hot(query.types[0, i], n_types)[:, None]
            taken = drawn * jax.nn.one_hot(query.play.profiles[0, i], n_actions)
            tables.append(self.learn(state.tables[i], self.mixed(state, i), taken, paid[i]))
        return State(tuple(tables), state.leader, self.joint_after(game, state), state.rounds + 1)
