"""Expected payoffs of mixed play, exact and differentiable: the distribution over a game's states is carried forward.

The table is `Game.markov` where followers act in every step, also for a leader that mixes its actions. Where they act
once, and the leader has one observation, it has one step: its states are the type profiles, its payments those of whole
sub-episodes.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.commitment import table_of
from firstmover.equilibria.markov import MarkovGame
from firstmover.errors import InputError
from firstmover.followers.states import possible_actions, table_of_states
from firstmover.games.base import Game
from firstmover.rollout import Actions, all_profiles, answer
from firstmover.spaces import Discrete


@functools.lru_cache(maxsize=8)
def table_of_play(game: Game) -> MarkovGame:
    """The table that expected payoffs are computed from, made once, as it stands while something else is traced.

    Raises:
        InputError: decisions are more than one of n actions, or the game has no such table.
    """
    if game.followers_act == "every step":
        return table_of_states(game)
    if not isinstance(game.leader_space, Discrete):
        raise InputError(f"a decision in {game.name} is more than one of n actions.")
    if game.n_observations > 1:
        raise InputError(f"followers of {game.name} act once, and its leader has {game.n_observations} observations.")
    # In 64 bit, as every table.
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        query, (support, start) = all_profiles(game), game.types.profiles
        assert isinstance(query.play, Actions)
        rules = jnp.arange(game.leader_space.n, dtype=jnp.int32)[:, None]
        listed = jax.jit(jax.vmap(lambda rule: answer(game, table_of(game, rule), query, jax.random.key(0))[:2]))
        leader, followers = map(np.asarray, listed(rules))
        types, actions = np.asarray(query.types), np.asarray(query.play.actions)
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


def expected_payoffs(
    table: MarkovGame,
    leader: Float[Array, "observations actions"],
    followers: tuple[Float[Array, "_observations _actions"], ...],
) -> Float[Array, "players"]:
    """Expected total payoffs, the leader's first, in the game's units.

    Args:
        table: the game.
        leader: probabilities of the leader's actions at its observations.
        followers: the same for every follower; all draw independently in every step.
    """
    joint = jnp.ones((len(table.start), 1))
    for strategy, obs in zip(followers, table.follower_obs, strict=True):
        joint = (joint[:, :, None] * strategy[obs][:, None, :]).reshape(len(joint), -1)
    weights = leader[table.leader_obs][:, :, None] * joint[:, None, :]
    paid = jnp.einsum("sab,psab->ps", weights, jnp.asarray(table.rewards, float))

    def step(states: Float[Array, "S"], time: Array) -> tuple[Float[Array, "S"], Float[Array, "players"]]:
        flows = states[:, None, None] * weights
        following = jnp.zeros_like(states).at[table.next_states].add(flows)
        return following, table.discount**time * (paid @ states)

    _, totals = jax.lax.scan(step, jnp.asarray(table.start, float), jnp.arange(table.horizon))
    return totals.sum(axis=0)
