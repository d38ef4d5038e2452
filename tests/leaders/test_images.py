"""Leaders that see an image: a small convolution looks at it, and nothing is listed."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from firstmover.core.convolutions import image_network
from firstmover.core.policies import network_on, network_policy
from firstmover.core.types import TypeDistribution
from firstmover.followers import SampledWeights
from firstmover.games import Game, Rewards, Turn
from firstmover.jobs.designs import design
from firstmover.leaders import MAPPO, CommitmentGradient
from firstmover.spaces import Discrete, Image
from firstmover.spaces.observations import Reals, address_of

SIDE = 6


class _State(NamedTuple):
    time: Array
    image: Array
    upright: Array


class Bars(Game):
    """The leader sees a bar of three pixels somewhere in an image and says whether it stands or lies."""

    name = "bars"
    horizon = 1
    has_chance = True
    leader_space = Discrete(["lies", "stands"], "bar")
    leader_payoff_range = (0.0, 1.0)
    follower_payoff_ranges = ((0.0, 1.0),)
    acts = (Discrete(1, "wait"),)
    n_obs = (1,)
    leader_obs_sizes = ()

    def __init__(self, image: bool = True):
        self.types = TypeDistribution.independent([[1.0]])
        self.leader_sees = (Image if image else Reals)(0.0, 1.0, (1, SIDE, SIDE))

    def reset(self, types: Array, key: Array) -> _State:
        where, how = jax.random.split(key)
        row, column = jax.random.randint(where, (2,), 0, SIDE - 2)
        upright = jax.random.bernoulli(how)
        rows, columns = jnp.indices((SIDE, SIDE))
        along = jnp.where(upright, rows - row, columns - column)
        across = jnp.where(upright, columns - column, rows - row)
        bar = (along >= 0) & (along < 3) & (across == 0)
        return _State(jnp.int32(0), bar.astype(float)[None], upright)

    def observe(self, state: _State) -> Turn:
        first = (state.time == 0)[None]
        return Turn(state.image, state.time == 0, jnp.zeros(1, jnp.int32), first, jnp.ones((1, 1), bool))

    def step(self, state: _State, action: Array, follower_actions: Array, key: Array) -> tuple[_State, Rewards]:
        right = (action == state.upright) & (state.time == 0)
        return state._replace(time=state.time + 1), Rewards(right.astype(float), jnp.zeros(1))


def test_filters_see_the_same_wherever_it_stands() -> None:
    game = Bars()
    assert not game.observed.listed
    policy = network_policy(game.observed, game.leader_space.head(), jax.random.key(0))
    network: Any = policy.network
    assert network.shape == (1, SIDE, SIDE)
    bar = np.zeros((1, SIDE, SIDE))
    bar[0, 2, 1:4] = 1
    seen = np.asarray(network.filtered(jnp.asarray(bar)))
    moved = np.asarray(network.filtered(jnp.asarray(np.roll(bar, (1, 1), (1, 2)))))
    np.testing.assert_allclose(moved[:, 2:5, 1:6], seen[:, 1:4, 0:5], atol=1e-6)
    assert np.ptp(seen) > 0.1
    lying, standing = jnp.asarray(bar), jnp.asarray(bar.swapaxes(1, 2))
    assert not np.array_equal(policy(lying), policy(standing))
    assert not np.array_equal(address_of(lying), address_of(standing))
    assert image_network((1, SIDE, SIDE), 2, jax.random.key(0)).network.layers[-1].weight.shape[0] == 2


def test_what_is_beside_an_image_goes_past_the_filters() -> None:
    network = network_on(Bars().observed, 2, jax.random.key(0), beside=3)
    image = jnp.zeros(SIDE * SIDE)
    one, other = (network(jnp.concatenate([image, jnp.array([0.0, 0.0, x])])) for x in (0.0, 1.0))
    assert one.shape == (2,) and not np.array_equal(one, other)


@pytest.mark.slow
def test_step_level_learners_look_at_images() -> None:
    leader = MAPPO(updates=150, steps=512, reward_episodes=1, learning_rate=3e-3)
    found = design(Bars(), followers=SampledWeights(rounds=1), leader=leader, seeds=1, optimum=False)
    assert found.value > 0.9  # half by guessing


@pytest.mark.slow
def test_what_is_on_an_image_is_learnt_wherever_it_stands() -> None:
    leader = CommitmentGradient(updates=150, episodes=32, policy="network", reward_episodes=64, entropy=0.0)
    found = design(Bars(), followers=SampledWeights(rounds=1), leader=leader, seeds=1, optimum=False)
    flat = design(Bars(image=False), followers=SampledWeights(rounds=1), leader=leader, seeds=1, optimum=False)
    print(found.value, flat.value)
    assert found.value > 0.9  # half by guessing
