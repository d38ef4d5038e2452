"""Where a learner's randomness comes from: seeds, copies and updates draw their own, and none moves another's."""

import jax
import numpy as np
import pytest
from tiny_games import Lottery

from firstmover import design
from firstmover.followers import MultiplicativeWeights
from firstmover.games import Maintain, SimpleAllocation
from firstmover.leaders import A2C, PPO, CommitmentGradient, Evolution, RandomSearch, Reinforce

FOLLOWERS = MultiplicativeWeights(rounds=2, update="sampled")
# Policies that move by nothing that 32 bits can hold, so that all updates meet the same one: what differs is luck.
LEADERS = [
    CommitmentGradient(updates=6, episodes=10, reward_episodes=3, learning_rate=1e-60, restarts=2),
    pytest.param(Evolution(updates=6, population=4, reward_episodes=3), marks=pytest.mark.slow),
    pytest.param(RandomSearch(updates=6, episodes=4, reward_episodes=3), marks=pytest.mark.slow),
    pytest.param(A2C(updates=6, steps=16, reward_episodes=3, learning_rate=1e-60), marks=pytest.mark.slow),
    pytest.param(PPO(updates=6, steps=16, reward_episodes=3, learning_rate=1e-60), marks=pytest.mark.slow),
    pytest.param(Reinforce(updates=6, steps=16, reward_episodes=3, learning_rate=1e-60), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("leader", LEADERS, ids=lambda leader: leader.name)
def test_seeds_and_updates_draw_their_own(leader) -> None:
    several = design(Lottery(), followers=FOLLOWERS, leader=leader, seeds=3, seed=5)
    drawn, evaluated = np.asarray(several.history.value), np.asarray(several.history.evaluated)
    # No update has the luck of another, nor has any seed.
    assert np.all(np.ptp(drawn, axis=0) > 0)
    assert np.all(np.ptp(drawn, axis=1).max() > 0)
    if not isinstance(leader, RandomSearch | Evolution):  # whose rules move, whatever their width
        # Every update is evaluated in the same episode, and the rule stands still.
        np.testing.assert_allclose(evaluated, np.broadcast_to(evaluated[0], evaluated.shape), atol=1e-5)
    # A seed is the same among others and alone.
    alone = design(Lottery(), followers=FOLLOWERS, leader=leader, seeds=1, seed=6)
    np.testing.assert_allclose(drawn[:, 1], alone.history.value[:, 0], atol=1e-5)
    np.testing.assert_array_equal(several.tables[1], alone.tables[0])


@pytest.mark.parametrize("game", [SimpleAllocation(8, 6), Maintain("mixed")], ids=lambda game: game.name)
def test_copies_go_ways_of_their_own(game) -> None:
    leader = CommitmentGradient(updates=3, episodes=10, restarts=4)
    problem = leader.problem(game, MultiplicativeWeights(rounds=5))

    @jax.jit
    def candidates(key):
        state, _ = jax.lax.scan(lambda s, _: (leader.update(problem, s)[0], None), leader.init(problem, key), None, 3)
        return leader.tables(problem, state)

    tables = np.asarray(candidates(jax.random.key(0)))
    assert len(np.unique(tables, axis=0)) == len(tables) >= 4


def test_what_is_recorded_of_the_copies_is_the_best_of_them() -> None:
    """One copy starts in the middle of the simplex, the others at random: they do not earn the same."""
    game, followers = Maintain("mixed"), MultiplicativeWeights(rounds=5)
    leader = CommitmentGradient(updates=4, episodes=10, restarts=6)
    made = design(game, followers=followers, leader=leader, seeds=4)
    history = made.history
    assert np.all(history.best >= history.value)
    problem = leader.problem(game, followers)

    @jax.jit
    def earned(key):
        def update(state, _):
            return leader.update(problem, state)[0], leader.evaluated(problem, state)

        return jax.lax.scan(update, leader.init(problem, key), None, 4)[1]

    best = np.stack([earned(jax.random.key(seed)) for seed in range(4)], axis=1)
    in_own_units = problem.game.payoff_units.of_leader(best)
    np.testing.assert_allclose(history.evaluated, in_own_units, atol=1e-3)
