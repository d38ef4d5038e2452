"""Statements of the papers about followers that learn without regret."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import LISTABLE

from firstmover.certificates import certify_play
from firstmover.commitment import table_of
from firstmover.followers import MultiplicativeWeights
from firstmover.pomdp import StackelbergPOMDP


def _average_play(game, actions, rounds: int, update: str):
    # The step of the textbook bound: of the order of sqrt(log(actions) / rounds).
    epsilon = float(np.expm1(np.sqrt(8 * np.log(max(game.n_actions)) / rounds)))
    followers = MultiplicativeWeights(rounds=rounds, epsilon=epsilon, update=update, play="average")
    problem = StackelbergPOMDP(game, followers, 0)
    return jax.jit(problem.episode)(table_of(game, jnp.asarray(actions)), jax.random.key(1)).strategy


def _rule(game, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if not hasattr(game.leader_space, "n"):
        return rng.uniform(0, 1, (game.n_observations, game.leader_space.size))
    masks = [np.flatnonzero(np.asarray(game.leader_mask(jnp.asarray(obs)))) for obs in game.observations()]
    return np.array([rng.choice(mask) for mask in masks])


@pytest.mark.parametrize("name", ["visits", "normal-form 3x2x4", "normal-form 3x2x2x2 mixed", "simple-allocation"])
@pytest.mark.parametrize("update", ["expected", "sampled"])
def test_time_averages_tend_to_the_equilibrium_set(name: str, update: str) -> None:
    """Proposition 3.1, also for correlated types (`visits`), in the tighter set that independent learners reach."""
    game = LISTABLE[name]
    actions = _rule(game, 3)
    regrets, inside = [], []
    for rounds in (30, 3000):
        found = certify_play(game, actions, _average_play(game, actions, rounds, update))
        regrets.append(found.epsilon["max"] / game.follower_payoff_scale)
        low, high = list(found.leader_value_bounds_at_epsilon.values())[-1]
        inside.append(low - 1e-6 <= found.value <= high + 1e-6)
    assert all(inside)
    assert regrets[1] < 0.08
    assert regrets[1] < 0.5 * regrets[0] or regrets[0] < 0.02
    if update == "expected":
        # The bound of the step used: sqrt(log(actions) / (2 rounds)) per round, for every follower and type.
        assert regrets[1] <= np.sqrt(np.log(max(game.n_actions)) / (2 * 3000)) + 1e-3


def test_the_best_reachable_value_tends_to_the_optimum_with_the_rounds() -> None:
    """Proposition 6.1 on Maintain: enumerate the leader's mixtures against more and more exact followers."""
    game = LISTABLE["maintain mixed"]
    grid = jnp.stack([jnp.array([a, 1 - a, 0.0]) for a in np.linspace(0.2, 0.4, 201)])[:, None]
    gaps = []
    for rounds in (10, 100, 1000):
        problem = StackelbergPOMDP(game, MultiplicativeWeights(rounds=rounds, epsilon=1.0), 0)
        episode = jax.jit(jax.vmap(lambda t, p=problem: p.episode(table_of(game, t), jax.random.key(0)).reward))
        gaps.append(27.5 - float(episode(grid).max()))
    assert gaps[0] > gaps[1] > gaps[2] >= -1e-4
    assert gaps[2] < 0.15
