"""The table of a game's states, made by the game's own code: every state is stepped once with all that can be done.

For games without chance and without private types whose leader picks one of n actions, each always possible, and whose
payments change with time by a discount only. `best_rule` is the optimum of such a game.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from firstmover.equilibria.markov import MarkovGame
from firstmover.equilibria.markov_commitments import Reply, markov_commitment
from firstmover.errors import InputError
from firstmover.games.base import Game, Ties
from firstmover.solvers.registry import state_table
from firstmover.solvers.solution import Solution
from firstmover.spaces import observation_index


def stepped_table(
    game: Game, states: PyTree, index: Callable[[PyTree], Array], discount: float = 1.0, symmetric: bool = False
) -> MarkovGame:
    """A game without chance as a table.

    Args:
        game: the game.
        states: all its states at time 0, a pytree of integer arrays with a leading axis.
        index: the row of a state in `states`, whatever its time.
        discount: what a payment one step later is worth.
        symmetric: whether the followers are interchangeable and draw their roles anew in every step.
    """
    key = jax.random.key(0)
    profiles = np.indices(game.n_actions).reshape(game.n_followers, -1).T.astype(np.int32)

    def at_state(state: PyTree) -> PyTree:
        turn = game.observe(state)
        possible = jnp.all(turn.follower_mask[jnp.arange(game.n_followers), jnp.asarray(profiles)], axis=-1)

        def stepped(action: Array, actions: Array) -> PyTree:
            following, rewards = game.step(state, action, actions, key)
            return index(following), rewards

        leader_actions = jnp.arange(game.leader_space.n_options, dtype=jnp.int32)
        paired = jax.vmap(jax.vmap(stepped, (None, 0)), (0, None))(leader_actions, jnp.asarray(profiles))
        return paired, observation_index(turn.leader_obs, game.leader_obs_sizes), turn.follower_obs, possible

    def table(states: PyTree) -> PyTree:
        return jax.vmap(at_state)(states), index(game.reset(jnp.zeros(game.n_followers, jnp.int32), key))

    # In 64 bit, as everything that is exact.
    with jax.enable_x64(True):
        (paired, leader_obs, follower_obs, possible), begin = jax.tree.map(np.asarray, jax.jit(table)(states))
    next_states, paid = paired
    return MarkovGame(
        start=np.eye(len(leader_obs))[begin],
        leader_obs=leader_obs,
        follower_obs=np.ascontiguousarray(follower_obs.T),
        next_states=next_states,
        leader=paid.leader,
        followers=np.ascontiguousarray(np.moveaxis(paid.followers, -1, 0)),
        possible=possible,
        n_actions=game.n_actions,
        n_observations=game.n_observations,
        n_obs=game.n_obs,
        horizon=game.horizon,
        discount=discount,
        symmetric=symmetric,
        transfers=paid.transfers,
    )


def best_rule(game: Game, ties: Ties, followers: str, reply: Reply = "exact") -> Solution:
    """The best deterministic rule of a game with a table of states, by enumeration.

    Args:
        game: the game.
        ties: as in `registry.optimum`.
        followers: who replies, in the words of the solution.
        reply: how, see `equilibria.markov_commitments.markov_commitment`.

    Raises:
        InputError: the leader mixes, there are too many rules, or some rule leaves the followers a stage without a pure
            equilibrium.
    """
    if game.leader_space.continuous:
        raise InputError("no exact method is known for rules that mix; solve with commitment=deterministic.")
    found = markov_commitment(state_table(game), ties, reply)
    how = {"exact": "backward induction", "memoryless": "every table of the follower"}[reply]
    return Solution(
        value=found.value,
        rule=game.rule(found.rule),
        attained=True,
        method=f"enumeration of {found.n_rules} rules ({found.n_optimal} optimal), {how} for each",
        followers=followers,
    )
