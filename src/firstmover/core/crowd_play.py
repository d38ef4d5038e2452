"""The play of a crowd: what share of it does what, and what a member would do anywhere."""

from typing import cast

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

    def in_words(self, game: Game) -> str | None:
        return of_crowd(game).crowd_sentence(np.asarray(self.flow, np.float64))
