"""A game of many steps that is nothing but a table of its states."""

import jax.numpy as jnp
import numpy as np
from tiny_games import _Tiny

from firstmover.core.types import TypeDistribution
from firstmover.equilibria.markov import MarkovGame
from firstmover.games import Rewards, Turn
from firstmover.solvers.registry import state_table
from firstmover.spaces import Discrete


class Tabled(_Tiny):
    """Two followers with unequal actions on a table at random; payoffs are small integers, so that there are ties."""

    followers_act = "every step"

    def __init__(
        self, seed: int, follower_obs: np.ndarray | None = None, payoffs: np.ndarray | None = None, horizon: int = 3
    ) -> None:
        rng = np.random.default_rng(seed)
        states, self.horizon = 4, horizon
        self.types = TypeDistribution.independent([[1.0], [1.0]])
        self.n_obs, self.n_actions = (states, states), (2, 3)
        self.leader_space, self.leader_obs_sizes = Discrete(2), (2,)
        shape = (states, 2, 6)
        paid = rng.integers(0, 3, (3, *shape)).astype(float) if payoffs is None else payoffs
        obs = np.stack([np.arange(states), np.arange(states)[::-1]]) if follower_obs is None else follower_obs
        possible = np.ones((states, 2, 3), bool)
        possible[1, :, 2] = possible[2, 0] = False
        self.table = MarkovGame(
            start=np.eye(states)[0],
            leader_obs=np.arange(states) % 2,
            follower_obs=obs.astype(np.int32),
            next_states=rng.integers(0, states, shape).astype(np.int32),
            leader=paid[0],
            followers=paid[1:],
            possible=possible.reshape(states, 6),
            n_actions=self.n_actions,
            n_observations=2,
            n_obs=self.n_obs,
            horizon=self.horizon,
        )
        self.leader_payoff_range, self.follower_payoff_ranges = (0.0, 6.0), ((0.0, 6.0), (0.0, 6.0))

    def reset(self, types, key):
        return jnp.int32(0), jnp.int32(0)

    def observe(self, state) -> Turn:
        time, place = state
        playing = time < self.horizon
        possible = jnp.asarray(self.table.possible)[place].reshape(2, 3)
        return Turn(
            leader_obs=jnp.asarray(self.table.leader_obs, jnp.int32)[place][None],
            leader_acts=playing,
            follower_obs=jnp.asarray(self.table.follower_obs)[:, place],
            followers_act=jnp.broadcast_to(playing, (2,)),
            follower_mask=jnp.stack([jnp.append(possible.any(1), False), possible.any(0)]),
        )

    def step(self, state, action, follower_actions, key):
        time, place = state
        at = place, action, follower_actions[0] * 3 + follower_actions[1]
        paid = jnp.where(time < self.horizon, jnp.asarray(self.table.rewards, float)[:, *at], 0)
        return (time + 1, jnp.asarray(self.table.next_states)[at]), Rewards(paid[0], paid[1:])


@state_table.register(Tabled)
def _table(game: Tabled) -> MarkovGame:
    return game.table
