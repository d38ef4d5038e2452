"""What is known of a game before it is played: the table of its states, and what followers may do where.

Followers that act in every step rest on it. It is a matter of the game alone, not of the leader's rule.
"""

import functools
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from firstmover.commitment import table_of
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.rollout import all_profiles, answer, type_masks
from firstmover.solvers.registry import state_table

if TYPE_CHECKING:
    from firstmover.equilibria.markov import MarkovGame


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
        table = state_table(game)
    except InputError:
        return masks
    reached = table.reachable()
    possible = table.possible[reached].reshape(-1, *game.n_actions)
    for i, mask in enumerate(masks):
        others = tuple(1 + j for j in range(game.n_followers) if j != i)
        np.logical_and.at(mask, table.follower_obs[i, reached], possible.any(axis=others))
    return masks


@functools.lru_cache(maxsize=8)
def table_of_play(game: Game) -> "MarkovGame":
    """The table of a game's states, also where followers act once and the leader has one observation; made once.

    Such a game has one step: its states are the type profiles, its payments those of whole sub-episodes.

    Raises:
        InputError: decisions are more than one of n actions, or the game has no such table.
    """
    if game.followers_act == "every step":
        return state_table(game)
    if game.leader_space.n_options is None:
        raise InputError(f"a decision in {game.name} is more than one of n actions.")
    if game.n_observations > 1:
        raise InputError(f"followers of {game.name} act once, and its leader has {game.n_observations} observations.")
    from firstmover.equilibria.markov import MarkovGame

    # In 64 bit, as every table.
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        query, (support, start) = all_profiles(game), game.types.profiles
        rules = jnp.arange(game.leader_space.n_options, dtype=jnp.int32)[:, None]
        listed = jax.jit(jax.vmap(lambda rule: answer(game, table_of(game, rule), query, jax.random.key(0))[:2]))
        leader, followers = map(np.asarray, listed(rules))
        types, actions = np.asarray(query.types), np.asarray(query.play.profiles)
        masks = [np.asarray(mask) for mask in possible_actions(game)]
    possible = np.all([mask[types[:, i], actions[:, i]] for i, mask in enumerate(masks)], axis=0)
    shape = len(rules), len(support), -1
    paid = np.swapaxes(leader.reshape(shape), 0, 1)
    return MarkovGame(
        start=np.asarray(start),
        leader_obs=np.zeros(len(support), np.int32),
        follower_obs=np.ascontiguousarray(support.T),
        next_states=np.zeros(paid.shape, np.int32),
        leader=paid,
        followers=np.stack([np.swapaxes(part.reshape(shape), 0, 1) for part in np.moveaxis(followers, -1, 0)]),
        possible=possible.reshape(len(support), -1),
        n_actions=game.n_actions,
        n_observations=1,
        n_obs=game.n_obs,
        horizon=1,
    )
