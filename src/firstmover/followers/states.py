"""What is known of a game before it is played: the table of its states, and what followers may do where.

Followers that act in every step rest on it. It is a matter of the game alone, not of the leader's rule.
"""

import functools
from typing import TYPE_CHECKING

import jax
import numpy as np
from jaxtyping import Array, Bool

from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.rollout import type_masks

if TYPE_CHECKING:
    from firstmover.equilibria.markov import MarkovGame


@functools.lru_cache(maxsize=8)
def table_of_states(game: Game) -> "MarkovGame":
    """`game.markov()`, made once, and as it stands while something else is being traced.

    Raises:
        InputError: the game has no table of states.
    """
    with jax.ensure_compile_time_eval():
        return game.markov()


def possible_actions(
    game: Game,
) -> tuple[Bool[np.ndarray, "_observations _actions"] | Bool[Array, "_types _actions"], ...]:
    """What each follower may do at each of its observations (the types, in a game whose followers act once).

    Where they act in every step, that is what is possible in every state in which play can come to the observation; all
    of it, in a game without a table of states.
    """
    if game.followers_act == "once":
        return type_masks(game)
    masks = tuple(np.ones(shape, bool) for shape in zip(game.n_obs, game.n_actions, strict=True))
    try:
        table = table_of_states(game)
    except InputError:
        return masks
    reached = table.reachable()
    possible = table.possible[reached].reshape(-1, *game.n_actions)
    for i, mask in enumerate(masks):
        others = tuple(1 + j for j in range(game.n_followers) if j != i)
        np.logical_and.at(mask, table.follower_obs[i, reached], possible.any(axis=others))
    return masks
