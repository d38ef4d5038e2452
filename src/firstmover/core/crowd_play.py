"""The play of a crowd: what share of it does what, and what a member would do anywhere."""

from typing import cast

import jax
import numpy as np
from jaxtyping import Array, Float

from firstmover.core.plays import Play
from firstmover.games.base import Game
from firstmover.games.mean_field import of_crowd


def of_crowd_play(play: Play) -> "CrowdPlay":
    """The play, for parts that were chosen since the followers are a crowd."""
    return cast("CrowdPlay", play)


class CrowdPlay(Play):
    """What a crowd does, in every period; one period stands for all of a crowd that goes on for ever.

    Attributes:
        flow: share of all members that makes a move in a way in a state.
        policy: probabilities of the choices in every state, also where nobody is.
    """

    flow: Float[Array, "*seeds T S M W"]
    policy: Float[Array, "*seeds T S M W"]

    def by_step(self, game: Game) -> tuple[Float[np.ndarray, "steps _observations _actions"], ...]:
        policy = np.asarray(self.policy)
        return (policy.reshape(*policy.shape[:2], -1),)

    def statistics(self, game: Game, actions: np.ndarray) -> dict[str, float]:
        own = of_crowd(game)
        with jax.enable_x64(True):
            decision = own.crowd_decision(np.asarray(game.played(np.asarray(actions, np.float64))))
            return own.statistics(np.asarray(self.flow, np.float64), decision)

    def in_words(self, game: Game) -> str | None:
        return of_crowd(game).crowd_sentence(np.asarray(self.flow, np.float64))
