"""Games whose followers act once, and whose leader has one observation, as tables of states with one step."""

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.core.commitment import table_of
from firstmover.core.rollout import answer
from firstmover.equilibria.markov import MarkovGame
from firstmover.errors import InputError

if TYPE_CHECKING:
    from firstmover.evaluators.forms import OneShot


def one_step_table(form: "OneShot") -> MarkovGame:
    """The table of a game of this form: its states are the type profiles, its payments those of whole sub-episodes.

    Raises:
        InputError: decisions are more than one of n actions, the leader has several observations, or the profiles
            cannot be listed.
    """
    game = form.game
    if game.leader_space.n_options is None:
        raise InputError(f"a decision in {game.name} is more than one of n actions.")
    if game.n_observations > 1:
        raise InputError(f"followers of {game.name} act once, and its leader has {game.n_observations} observations.")
    # In 64 bit, as every table.
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        query, (support, start) = form.profiles(), game.types.profiles
        rules = jnp.arange(game.leader_space.n_options, dtype=jnp.int32)[:, None]
        listed = jax.jit(jax.vmap(lambda rule: answer(game, table_of(game, rule), query, jax.random.key(0))[:2]))
        leader, followers = map(np.asarray, listed(rules))
        types, actions = np.asarray(query.types), np.asarray(query.play.profiles)
        masks = [np.asarray(mask) for mask in form.possible()]
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
