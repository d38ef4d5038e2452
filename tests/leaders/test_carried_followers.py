"""Followers that are carried over from one episode of the leader to the next."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.followers import BestResponse, QLearning
from firstmover.games import IteratedMatrix
from firstmover.leaders import DQN, PPO, Reinforce

GAME = IteratedMatrix("chicken", steps=1, memory=0)
FOLLOWERS = QLearning(rounds=4, learning_rate=0.5, ties="uniform")


@pytest.mark.slow
@pytest.mark.parametrize(
    "leader",
    [
        Reinforce(updates=3, steps=30, carry_followers=True),
        pytest.param(DQN(updates=3, steps=30, carry_followers=True), marks=pytest.mark.slow),
        pytest.param(
            PPO(updates=3, steps=30, reward_episodes=1, epochs=1, carry_followers=True), marks=pytest.mark.slow
        ),
    ],
    ids=lambda leader: leader.name,
)
def test_every_episode_goes_on_from_the_followers_of_the_one_before(leader) -> None:
    problem = leader.problem(GAME, FOLLOWERS)
    update = jax.jit(lambda state: leader.update(problem, state)[0])
    state = jax.jit(lambda: leader.init(problem, jax.random.key(0)))()
    rounds = []
    for _ in range(3):
        state = update(state)
        rounds.append(np.asarray(state.followers.rounds))
    assert [row.tolist() for row in rounds] == [[4 * k] * leader.n_episodes(problem) for k in (1, 2, 3)]


def test_what_was_learnt_before_is_where_an_episode_starts() -> None:
    """The last exchange of an episode leaves the table that the first one of the next reads."""
    leader = Reinforce(updates=3, steps=30, carry_followers=True)
    problem = leader.problem(GAME, FOLLOWERS)
    env, key = leader.env(problem), jax.random.key(1)
    state = leader.init(problem, key)
    collect = jax.jit(lambda followers: leader.collect(env, state.parameters, key, followers))
    old = FOLLOWERS.init(GAME)._replace(tables=(jnp.array([[-5.0, 0.75]]),), rounds=jnp.int32(1000))
    _, carried, _ = collect(old)
    _, anew, _ = collect(FOLLOWERS.init(GAME))
    # After so many rounds hardly anything is explored: what looks worse than any payoff is not tried again.
    assert float(carried.tables[0][0, 0]) == -5
    assert float(anew.tables[0].min()) > -1
    assert int(carried.rounds) == 1004


def test_others_start_anew() -> None:
    leader = Reinforce(updates=2, steps=30)
    problem = leader.problem(GAME, FOLLOWERS)
    state, _ = jax.jit(lambda s: leader.update(problem, s))(leader.init(problem, jax.random.key(0)))
    assert state.followers is None


def test_only_learners_can_be_carried_over() -> None:
    with pytest.raises(InputError, match="learn over rounds; best-response ones do not"):
        Reinforce(carry_followers=True).problem(GAME, BestResponse())
