"""A game that goes on: its followers' rounds, and the reward phase, start where sub-episodes ended; in both views."""

from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import _Tiny

from firstmover.core.commitment import table_of
from firstmover.core.plays import Play
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import Query, opening
from firstmover.core.step_level import StepLevel
from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.evaluators.forms import play_noise_size
from firstmover.followers.base import Follower
from firstmover.games.base import Rewards, Turn
from firstmover.spaces import Discrete

KEY, RULE = jax.random.key(0), np.array([1, 0, 1, 0, 1])
ROUNDS, LENGTH, EPISODES = 3, 5, 2  # rounds that are longer than the horizon


class Pasture(_Tiny):
    """Grass grows by one a step, less two if the leader opens the gate and the herder goes; it never ends."""

    name, objective = "pasture", "grass"
    followers_act, has_chance = "every step", False

    def __init__(self):
        self.types = TypeDistribution.independent([[1.0]])
        self.n_obs, self.n_actions, self.horizon = (5,), (2,), 3
        self.leader_space, self.leader_obs_sizes = Discrete(2), (5,)
        self.leader_payoff_range, self.follower_payoff_ranges = (0.0, 30.0), ((-6.0, 12.0),)

    def reset(self, types, key):
        return jnp.int32(2)

    def observe(self, state):
        yes = jnp.bool_(True)
        return Turn(state[None], yes, state[None], yes[None], jnp.ones((1, 2), bool))

    def step(self, state, action, follower_actions, key):
        grazed = action * follower_actions[0]
        after = jnp.clip(state + 1 - 2 * grazed, 0, 4)
        fed = jnp.where(grazed > 0, state.astype(float), -0.5 * follower_actions[0])
        return after, Rewards(after.astype(float), fed[None])


class Trying(Play):
    """It tries both actions in turn, then takes the one that has paid more on average at this amount of grass."""

    learns: ClassVar[bool] = True

    def begin(self, types):
        return jnp.zeros((2, 5, 2))  # paid, taken

    def act(self, memory, turn, time, noise):
        paid, taken = memory[:, turn.follower_obs[0]]
        best = jnp.argmax(paid / jnp.maximum(taken, 1))
        return jnp.where(time < 6, time % 2, best).astype(jnp.int32)[None], memory

    def learn(self, memory, turn, time, actions, rewards, after):
        here = turn.follower_obs[0], actions[0]
        return memory.at[(0, *here)].add(rewards.followers[0]).at[(1, *here)].add(1.0)


class State(NamedTuple):
    position: object
    rounds: jnp.ndarray


class GoingOn(Follower):
    """One long play, in rounds that start where the last one ended."""

    name, converges_to, acts, continues = "going-on", "nothing", ("every step",), True

    def asks(self, game):
        return ROUNDS

    def rounds_per_ask(self, game):
        return 1

    def init(self, game):
        return State(opening(game, Trying(), jnp.zeros(1, jnp.int32), KEY), jnp.int32(0))

    def ask(self, game, state, noise):
        here = jax.tree.map(lambda leaf: leaf[None], state.position)
        nobody, still = jnp.zeros((1, 1), jnp.int32), jnp.zeros((1, LENGTH, 1))
        return Query(nobody, Trying(), still, jnp.zeros(1, jnp.int32), here, state.rounds * LENGTH)

    def tell(self, game, state, query, outcome):
        return State(jax.tree.map(lambda leaf: leaf[0], outcome.ends), state.rounds + 1)

    def strategy(self, game, state):
        return Late()

    def position(self, game, state):
        return state.position

    def features(self, game, state):
        return state.rounds[None] / ROUNDS


class Late(Trying):
    """What it has learnt, without trying."""

    def act(self, memory, turn, time, noise):
        return super().act(memory, turn, time + 6, noise)


def by_hand(game) -> tuple[float, list[float]]:
    """The leader's mean payoff in the reward sub-episodes, and what was paid in the response, step by step."""
    position, response = opening(game, Trying(), jnp.zeros(1, jnp.int32), KEY), []

    def on(position, play, steps, clock):
        state, memory = position
        paid = []
        for time in range(clock, clock + steps):
            turn = game.observe(state)
            actions, memory = play.act(memory, turn, time, None)
            state, rewards = game.step(state, jnp.int32(RULE[int(state)]), actions, KEY)
            memory = play.learn(memory, turn, time, actions, rewards, game.observe(state))
            paid.append(float(rewards.leader))
        return (state, memory), paid

    for number in range(ROUNDS):
        position, paid = on(position, Trying(), LENGTH, number * LENGTH)
        response += paid
    _, paid = on(position, Late(), game.horizon, 0)
    _, from_the_beginning = on(opening(game, Trying(), jnp.zeros(1, jnp.int32), KEY), Late(), game.horizon, 0)
    assert paid != from_the_beginning  # where it starts matters
    return sum(paid), response


def test_a_continuing_game_is_the_same_in_both_views() -> None:
    game = Pasture()
    expected, response = by_hand(game)
    problem = StackelbergPOMDP(game, GoingOn(), reward_episodes=EPISODES)
    table, env = table_of(game, jnp.asarray(RULE)), StepLevel(problem, reward_while_learning=True)

    def decide(carry, _):
        state, obs = carry
        state, obs, reward, done = env.step(state, table(obs.leader, obs.mask, KEY))
        return (state, obs), (reward, done, state.followers.rounds)

    @jax.jit
    def both():
        return problem.episode(table, KEY), jax.lax.scan(decide, env.reset(KEY), None, length=env.max_decisions)[1]

    episode, (rewards, done, rounds) = both()
    assert float(episode.reward) == pytest.approx(expected)
    # Every sub-episode counts the same there: those of the response, then those of the reward phase.
    count = ROUNDS + EPISODES
    np.testing.assert_allclose(rewards[: ROUNDS * LENGTH] * count, response, atol=1e-5)
    assert float(rewards[ROUNDS * LENGTH :].sum()) * count == pytest.approx(expected * EPISODES)
    assert int(episode.simulated_steps) == 1 + int(np.argmax(done)) == ROUNDS * LENGTH + EPISODES * game.horizon
    assert int(rounds[-1]) == ROUNDS


def test_followers_that_go_on_have_their_reward_sampled() -> None:
    with pytest.raises(InputError, match="go on where their response ended"):
        StackelbergPOMDP(Pasture(), GoingOn(), reward_episodes=0)
    assert play_noise_size(Pasture()) == 1 + Pasture().horizon
