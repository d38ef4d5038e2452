"""Local search: rewards that are samples, and an optimum that one change at a time does not come to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import _Tiny

from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.followers import MultiplicativeWeights
from firstmover.games.base import Rewards, Turn
from firstmover.leaders import LocalSearch
from firstmover.leaders.local_search import _known
from firstmover.spaces import Discrete


class Pairs(_Tiny):
    """The leader sees which of six bells rings and answers yes or no; luck is as large as what there is to gain."""

    horizon, has_chance = 1, True

    def __init__(self):
        self.types = TypeDistribution.independent([np.full(6, 1 / 6)])
        self.n_obs, self.n_actions = (6,), (1,)
        self.leader_space, self.leader_obs_sizes = Discrete(2), (6,)
        self.leader_payoff_range, self.follower_payoff_ranges = (-1.0, 2.0), ((0.0, 1.0),)

    def reset(self, types, key):
        return types[0], jnp.bool_(True)

    def observe(self, state):
        bell, on = state
        return Turn(bell[None], on, bell[None], on[None], jnp.ones((1, 1), bool))

    def step(self, state, action, follower_actions, key):
        bell, on = state
        luck = jax.random.uniform(key, minval=-1.0, maxval=1.0)
        right = (action == bell % 2).astype(float)
        return (bell, jnp.bool_(False)), Rewards(jnp.where(on, right + luck, 0), jnp.zeros(1))


def test_it_finds_the_best_of_64_rules_through_noise() -> None:
    problem = StackelbergPOMDP(Pairs(), MultiplicativeWeights(rounds=1, update="sampled"), reward_episodes=60)
    leader = LocalSearch(updates=40, episodes=8, archive=16, reward_episodes=60)

    @jax.jit
    def learnt(key):
        state = leader.init(problem, key)
        state, _ = jax.lax.scan(lambda s, _: leader.update(problem, s), state, None, length=leader.updates)
        return state, leader.tables(problem, state)[0]

    states, tables = jax.vmap(learnt)(jax.vmap(jax.random.key)(jnp.arange(4)))
    np.testing.assert_array_equal(tables, np.tile([0, 1, 0, 1, 0, 1], (4, 1)))
    assert (np.asarray(states.played.max(axis=1)) > 5).all()  # a rule is not believed because it was lucky once
    mean, error = jax.vmap(_known)(states)
    played = np.asarray(states.played)
    np.testing.assert_allclose((mean * played)[played > 0], np.asarray(states.total)[played > 0], rtol=1e-5)
    assert (np.asarray(error)[played > 1] < np.asarray(error)[played == 1].max()).all()


def test_bad_parameters() -> None:
    with pytest.raises(InputError, match="archive must be at least episodes"):
        LocalSearch(episodes=50, archive=40)
    with pytest.raises(InputError, match="children"):
        LocalSearch(children=1.0)
