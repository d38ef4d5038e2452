"""Followers that only ask the leader what it would do, and play nothing before they respond."""

from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.core.plays import Actions
from firstmover.core.rollout import Outcome, Query
from firstmover.followers.base import Follower
from firstmover.games.base import Game


class Queried(Follower):
    """A follower whose state is the leader's decision at every observation (a query oracle).

    Source: Gerstgrasser and Parkes, "Oracles & Followers" (ICML 2023), section 3.
    """

    acts: ClassVar[tuple[Literal["once", "every step"], ...]] = ("every step", "once")

    def questions(self, game: Game) -> Int[np.ndarray, "questions d"]:
        return game.observations()

    def answered(self, game: Game, state: Array, actions: Array) -> Array:
        del game, state
        return actions

    def asks(self, game: Game) -> int:
        return 0

    def rounds_per_ask(self, game: Game) -> int:
        return 0

    def init(self, game: Game) -> Array:
        idle = game.leader_space.idle()
        return jnp.broadcast_to(idle, (len(self.questions(game)), *idle.shape))

    def ask(self, game: Game, state: Array, noise: Float[Array, "u"]) -> Query:
        """A sub-episode that is never played: there are no exchanges."""
        del state, noise
        nothing = jnp.zeros((1, game.n_followers), jnp.int32)
        return Query(nothing, Actions(nothing), None, jnp.zeros(1, jnp.int32))

    def tell(self, game: Game, state: Array, query: Query, outcome: Outcome) -> Array:
        del game, query, outcome
        return state

    def features(self, game: Game, state: Array) -> Float[Array, "F"]:
        """The answers so far, one-hot or as they are."""
        return described(game, state).ravel()


def described(game: Game, answers: Array) -> Float[Array, "questions width"]:
    """The leader's answers as numbers in [0, 1], a row for each question."""
    return jax.vmap(game.leader_space.features)(answers)
