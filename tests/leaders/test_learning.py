"""Every learner solves a trivial task in seconds, and its parts are what they claim to be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover import design
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.selection import best_share
from firstmover.errors import InputError
from firstmover.followers import BestResponse, MultiplicativeWeights
from firstmover.games import Escape, Maintain, NormalForm, SimpleAllocation
from firstmover.leaders import A2C, MAPPO, PPO, CommitmentGradient, Evolution, RandomSearch

PAPER = MultiplicativeWeights(rounds=33, epsilon=0.1, update="sampled", play="argmax")


@pytest.mark.parametrize(
    ("game", "followers", "value"),
    [
        (Escape(), MultiplicativeWeights(), 30.0),
        pytest.param(Maintain(), MultiplicativeWeights(), 20.0, marks=pytest.mark.slow),
        (Maintain(), BestResponse("weak"), 20.0),
        pytest.param(SimpleAllocation(3, 3), PAPER, 1.0, marks=pytest.mark.slow),
        (SimpleAllocation(4, 2, (0.1, 0.2, 0.3, 0.4)), MultiplicativeWeights(), 0.7),
    ],
)
def test_commitment_gradient_finds_the_optimum_with_every_seed(game, followers, value) -> None:
    made = design(game, followers=followers, leader=CommitmentGradient(updates=50), seeds=8)
    assert made.solution.value == pytest.approx(value)
    assert made.at_optimum == 8


def test_networks_and_sampled_rewards_learn_too() -> None:
    leader = CommitmentGradient(updates=80, policy="network", reward_episodes=30)
    assert design(SimpleAllocation(3, 2), followers=PAPER, leader=leader, seeds=5).at_optimum == 5


@pytest.mark.parametrize("followers", [BestResponse("strong"), MultiplicativeWeights(play="argmax")])
def test_mixed_commitment_to_maintain(followers) -> None:
    made = design(Maintain("mixed"), followers=followers, leader=CommitmentGradient(updates=60), seeds=5)
    assert np.all(made.learned_values >= 27.4)
    assert np.all(made.learned_values <= 27.5 + 1e-4)


def test_default_followers_leave_no_knife_edge() -> None:
    # The learner stays where the reply is strict: every equilibrium gives the value that it counts on.
    made = design(Maintain("mixed"), leader=CommitmentGradient(updates=60), seeds=5)
    low, high = made.certificate["leader_value_bounds"]["cce"]
    assert low == pytest.approx(high)
    assert 27.2 <= made.value <= low + 1e-6


def test_the_last_updates_keep_the_best_draw_where_nothing_is_noise() -> None:
    leader = CommitmentGradient(updates=10, episodes=10, restarts=1)
    made = design(Maintain("mixed"), followers=BestResponse(), leader=leader, seeds=2, optimum=False)
    np.testing.assert_allclose(made.learned_values, made.history.best[-2:].max(axis=0), rtol=1e-5)


def test_mixed_commitment_to_a_random_game_of_eight_actions() -> None:
    leader, follower = np.random.default_rng(0).normal(size=(2, 8, 8))
    game = NormalForm(leader, follower, "mixed")
    made = design(game, followers=BestResponse(), leader=CommitmentGradient(), seeds=4)
    assert np.all(made.learned_values >= made.solution.value - 0.02 * np.ptp(leader))


@pytest.mark.slow
@pytest.mark.parametrize("leader", [MAPPO, pytest.param(PPO, marks=pytest.mark.slow)])
def test_step_level_learners_solve_a_trivial_game(leader) -> None:
    game = NormalForm([[0.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]])
    followers = MultiplicativeWeights(rounds=8, epsilon=0.5, update="sampled", play="argmax")
    made = design(game, followers=followers, leader=leader(updates=30, steps=256, reward_episodes=4), seeds=3)
    np.testing.assert_allclose(made.learned_values, 1.0)


@pytest.mark.slow
def test_a2c_names_as_many_items_as_there_are_messages() -> None:
    followers = MultiplicativeWeights(rounds=12, epsilon=0.3, update="sampled", play="argmax")
    leader = A2C(updates=400, steps=128, reward_episodes=20)
    made = design(SimpleAllocation(3, 2), followers=followers, leader=leader, seeds=3)
    assert made.at_optimum == 3


@pytest.mark.slow
def test_mappo_and_ppo_on_simple_allocation_with_three_messages() -> None:
    mappo = design(SimpleAllocation(3, 3), followers=PAPER, leader=MAPPO())
    ppo = design(SimpleAllocation(3, 3), followers=PAPER, leader=PPO())
    assert mappo.at_optimum == 25
    assert ppo.at_optimum < 25


def test_the_best_tenth_goes_up() -> None:
    advantages = np.asarray(best_share(jnp.arange(50.0), 0.1))
    assert np.all(advantages[45:] > 0)
    assert np.all(advantages[:45] < 0)
    assert advantages.sum() == pytest.approx(0, abs=1e-4)
    np.testing.assert_array_equal(best_share(jnp.ones(50), 0.1), 0.0)


@pytest.mark.parametrize(
    "leader",
    [
        CommitmentGradient(updates=3, episodes=20),
        MAPPO(updates=2, steps=64),
        pytest.param(A2C(updates=2, steps=64), marks=pytest.mark.slow),
        Evolution(updates=2, policy="network"),
        pytest.param(RandomSearch(updates=2), marks=pytest.mark.slow),
    ],
    ids=lambda leader: leader.name,
)
def test_the_same_seed_gives_the_same_result_and_others_differ(leader) -> None:
    problem = StackelbergPOMDP(SimpleAllocation(3, 2), PAPER, 5)

    update = jax.jit(lambda state: leader.update(problem, state)[0])

    def learn(seed):
        return jax.tree.leaves(update(leader.init(problem, jax.random.key(seed))))[:-1]

    one, again, other = learn(0), learn(0), learn(1)
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CommitmentGradient(updates=0), "updates must be at least 1"),
        (lambda: CommitmentGradient(episodes=9), "episodes must be at least 10"),
        (lambda: CommitmentGradient(learning_rate=0.0), "learning_rate"),
        (lambda: CommitmentGradient(entropy=-1.0), "entropy"),
        (lambda: MAPPO(reward_episodes=0), "reward_episodes must be at least 1"),
        (lambda: MAPPO(gae=1.5), "gae"),
        (lambda: PPO(clip=0.0), "clip"),
        (lambda: PPO(learning_rate=float("nan")), "learning_rate"),
        (lambda: MAPPO(minibatch=0), "minibatch must be at least 1"),
        (lambda: A2C(response_steps=1.5), "response_steps"),
        (lambda: A2C(steps=0), "steps must be at least 1"),
        (lambda: Evolution(population=3), "population must be at least 4"),
        (lambda: Evolution(width=0.0), "width"),
        (lambda: RandomSearch(episodes=0), "episodes must be at least 1"),
    ],
)
def test_ranges_are_checked(make, message) -> None:
    with pytest.raises(InputError, match=message):
        make()
