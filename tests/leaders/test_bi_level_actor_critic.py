"""Bi-level actor-critic: what its critics and its actor learn, against the tables of the games; what it refuses."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import EVERY

from firstmover import design
from firstmover.errors import InputError
from firstmover.followers import BestResponse, MultiplicativeWeights
from firstmover.games import Escape, Maintain, NormalForm
from firstmover.games.base import Rewards
from firstmover.jobs.loop import Silent
from firstmover.jobs.training import train
from firstmover.leaders import BiLevelActorCritic


class Restricted(NormalForm):
    """What would be best for the leader (row 0) and for the follower (column 0) is not possible; payoffs are noisy."""

    has_chance = True

    def __init__(self) -> None:
        leader = [[9.0, 9.0, 9.0], [9.0, 1.0, 2.0], [9.0, 4.0, 0.0]]
        follower = [[9.0, 9.0, 9.0], [9.0, 0.0, 3.0], [9.0, 1.0, 2.0]]
        super().__init__(leader, follower)
        self.leader_payoff_range, self.follower_payoff_ranges = (-1.0, 10.0), ((-1.0, 10.0),)

    def leader_mask(self, obs):
        return jnp.arange(3) > 0

    def observe(self, state):
        turn = super().observe(state)
        return turn._replace(follower_mask=jnp.arange(3)[None] > 0)

    def step(self, state, action, follower_actions, key):
        after, paid = super().step(state, action, follower_actions, key)
        noise = state.playing * jax.random.uniform(key, minval=-1.0, maxval=1.0)
        return after, Rewards(paid.leader + noise, paid.followers - noise)


def learnt(game, leader, seeds: int = 4, followers=None):
    problem = leader.problem(game, followers or BestResponse())
    return train(problem, leader, seeds, 0, None, Silent())


def committed(game, done) -> np.ndarray:
    """The row that each seed commits to."""
    leader = BiLevelActorCritic(reward_episodes=1)
    problem = leader.problem(game, MultiplicativeWeights(update="sampled"))
    return np.asarray(jax.vmap(lambda state: leader.tables(problem, state)[0, 0])(done.state))


@pytest.mark.parametrize(("game", "row", "value"), [(Escape(), 2, 30.0), (Maintain(), 0, 20.0)], ids=["C", "A"])
def test_it_leads_in_the_games_of_its_paper(game, row: int, value: float) -> None:
    made = design(game, leader=BiLevelActorCritic(), seeds=8)
    assert np.sum(made.tables[:, 0] == row) >= 7
    assert np.sum(np.isclose(made.learned_values, value)) >= 7
    assert made.solution.value == value


def test_critics_learn_the_payoffs_and_the_actor_the_best_replies() -> None:
    payoffs = np.random.default_rng(1).normal(size=(2, 4, 3))
    game = NormalForm(payoffs[0], payoffs[1])
    done = learnt(game, BiLevelActorCritic(updates=100, steps=100, epsilon=1.0))
    low, high = payoffs.min(axis=(1, 2), keepdims=True), payoffs.max(axis=(1, 2), keepdims=True)
    critics, actor = map(np.asarray, done.state.learnt)
    np.testing.assert_allclose(critics, np.broadcast_to((payoffs - low) / (high - low), critics.shape), atol=1e-4)
    replies = payoffs[1].argmax(axis=1)
    np.testing.assert_array_equal(actor.argmax(axis=-1), np.tile(replies, (4, 1)))
    best = payoffs[0][np.arange(4), replies].argmax()
    assert best != payoffs[0].max(axis=1).argmax()  # the reply matters
    np.testing.assert_array_equal(committed(game, done), best)


def test_it_takes_only_what_is_possible_and_averages_over_chance() -> None:
    game = Restricted()
    leader = BiLevelActorCritic(updates=200, steps=50, epsilon=1.0, learning_rate=0.02, reward_episodes=5)
    done = learnt(game, leader, followers=MultiplicativeWeights(update="sampled"))
    critics = np.asarray(done.state.learnt.critics)
    assert not critics[:, :, 0].any()
    assert not critics[..., 0].any()
    expected = (np.stack([game.leader_payoffs, game.follower_payoffs[0]])[:, 1:, 1:] + 1) / 11
    # Sixty-odd values with a standard deviation of 0.58 / 11 * sqrt(0.01) each.
    np.testing.assert_allclose(critics[:, :, 1:, 1:], np.broadcast_to(expected, (4, 2, 2, 2)), atol=0.03)
    # Row 1 is answered by column 2 (worth 2), row 2 by column 2 (worth 0).
    np.testing.assert_array_equal(committed(game, done), 1)


def test_it_explores_less_and_less_and_counts_what_it_plays() -> None:
    history = learnt(Escape(), BiLevelActorCritic(updates=20, steps=7, exploration=0.5, epsilon=0.1)).history

    def entropy(epsilon: float) -> float:
        p = np.array([1 - epsilon * 2 / 3, epsilon / 3, epsilon / 3])
        return -np.sum(p * np.log(p))

    share = np.minimum(np.arange(20) / 10, 1)
    np.testing.assert_allclose(history.entropy[:, 0], [entropy(1 - s * 0.9) for s in share], atol=1e-5)
    np.testing.assert_array_equal(history.env_steps, 7)
    np.testing.assert_array_equal(history.simulated_steps, 7)


def test_the_same_seed_gives_the_same_result_and_others_differ() -> None:
    once, again = (learnt(Maintain(), BiLevelActorCritic(updates=5), 2) for _ in range(2))
    np.testing.assert_array_equal(once.state.learnt.critics, again.state.learnt.critics)
    assert not np.array_equal(once.state.learnt.critics[0], once.state.learnt.critics[1])


@pytest.mark.parametrize(
    "name", ["maintain mixed", "bayesian-normal-form", "normal-form 3x2x4", "iterated-matrix", "simple-allocation"]
)
def test_other_games_are_refused(name: str) -> None:
    game = EVERY[name]
    with pytest.raises(InputError, match=rf"^bi-level-actor-critic needs .*; {game.name} is no such game\. Use"):
        BiLevelActorCritic().problem(game, BestResponse())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"updates": 0}, "updates must be at least 1"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"actor_rate": float("nan")}, "actor_rate"),
        ({"epsilon": 1.5}, "epsilon"),
        ({"exploration": 0.0}, "exploration"),
        ({"reward_episodes": -1}, "reward_episodes"),
    ],
)
def test_ranges_are_checked(changes: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(BiLevelActorCritic(), **changes)
