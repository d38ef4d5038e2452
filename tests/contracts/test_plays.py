"""Plays that remember and learn within a sub-episode, in both views; sub-episodes that go on from where they stand."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.commitment import table_of
from firstmover.core.modules import static
from firstmover.core.plays import Play
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import continued, opening, rollout
from firstmover.core.step_level import StepLevel
from firstmover.followers.queried import Queried
from firstmover.games import IteratedMatrix

GAME = IteratedMatrix("chicken", steps=6)
RULE = np.array([1, 0, 1, 1, 0])
NOBODY, KEY = jnp.zeros(1, jnp.int32), jax.random.key(0)


class Alternating(Play):
    """Recurrent: every second time that it sees the same twice in a row it yields."""

    def begin(self, types):
        return jnp.int32(-1), jnp.int32(0)

    def act(self, memory, turn, time, noise):
        last, repeats = memory
        repeats = repeats + (turn.follower_obs[0] == last)
        return (repeats % 2)[None], (turn.follower_obs[0], repeats)


class Tally(Play):
    """Learning: it keeps to the action that has earned most in this sub-episode, above what it hopes for."""

    hope: float = static()
    learns: ClassVar[bool] = True

    def begin(self, types):
        return jnp.zeros(GAME.n_actions[0])

    def act(self, memory, turn, time, noise):
        return jnp.argmax(memory)[None].astype(jnp.int32), memory

    def learn(self, memory, turn, time, actions, rewards, after):
        return memory.at[actions[0]].add(rewards.followers[0] - self.hope - 0.01 * after.follower_obs[0])


class Playing(Queried):
    """Followers that play as given, whatever the leader does."""

    name, converges_to = "playing", "nothing"

    def __init__(self, play):
        self.play = play

    def strategy(self, game, state):
        return self.play


def by_hand(play: Play) -> list[tuple[int, float]]:
    """The follower's actions and the leader's payments, step by step."""
    state, memory, lines = GAME.reset(NOBODY, KEY), play.begin(NOBODY), []
    for time in range(GAME.horizon):
        turn = GAME.observe(state)
        actions, memory = play.act(memory, turn, time, jnp.zeros(1))
        state, rewards = GAME.step(state, jnp.int32(RULE[turn.leader_obs[0]]), actions, KEY)
        if play.learns:
            memory = play.learn(memory, turn, time, actions, rewards, GAME.observe(state))
        lines.append((int(actions[0]), float(rewards.leader)))
    return lines


@pytest.mark.parametrize("play", [Alternating(), Tally(2.5)], ids=["recurrent", "learning"])
def test_plays_with_a_memory_are_the_same_in_both_views(play: Play) -> None:
    lines, table = by_hand(play), table_of(GAME, jnp.asarray(RULE))
    actions = [action for action, _ in lines]
    assert len(set(actions)) > 1  # the memory matters: each observation alone would say the same in every step
    problem = StackelbergPOMDP(GAME, Playing(play), reward_episodes=2)
    env = StepLevel(problem)

    def decide(carry, _):
        state, obs = carry
        state, obs, reward, _ = env.step(state, table(obs.leader, obs.mask, KEY))
        return (state, obs), reward

    @jax.jit
    def both():
        steps = rollout(GAME, table, play, None, NOBODY, KEY)
        rewards = jax.lax.scan(decide, env.reset(KEY), None, length=env.max_decisions)[1]
        return steps, problem.episode(table, KEY).reward, rewards

    steps, reward, rewards = both()
    np.testing.assert_array_equal(steps.follower_actions[:, 0], actions)
    total = sum(paid for _, paid in lines)
    assert float(reward) == pytest.approx(total)
    assert float(rewards.sum()) == pytest.approx(total)


def test_a_sub_episode_goes_on_from_where_it_stands() -> None:
    play, table = Tally(2.5), table_of(GAME, jnp.asarray(RULE))
    whole = rollout(GAME, table, play, None, NOBODY, KEY)
    start = opening(GAME, play, NOBODY, KEY)

    def on(position, length, clock):
        return continued(GAME, table, play, None, position, KEY, length=length, watch=lambda step: step, clock=clock)

    position, paid, first = on(start, 2, 0)
    _, later, second = on(position, 4, 2)
    *_, forgetful = on(position._replace(memory=start.memory), 4, 2)
    assert float(paid.leader + later.leader) == pytest.approx(float(whole.leader_reward.sum()))
    for all_, *parts in zip(*map(jax.tree.leaves, (whole, first, second)), strict=True):
        np.testing.assert_array_equal(all_, np.concatenate(parts))
    assert not np.array_equal(forgetful.follower_actions, whole.follower_actions[2:])  # the memory goes on too
