"""The compiled bound on the worst equilibrium against the linear program."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import answer
from firstmover.equilibria.polytopes import value_bounds
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.evaluators.forms import all_profiles
from firstmover.evaluators.worst_case import worst_value_bound
from firstmover.followers import MultiplicativeWeights
from firstmover.games import NormalForm, SequentialPrice, SimpleAllocation
from firstmover.leaders import CommitmentGradient


def _compare(game, tables: np.ndarray, steps: int) -> np.ndarray:
    """By how much the bound falls short of the linear program, in units of the leader's payoff range."""

    def bound(table):
        outcome = answer(game, table_of(game, table), all_profiles(game), jax.random.key(0))
        return worst_value_bound(game, outcome, steps=steps)

    bounds = np.asarray(jax.jit(jax.vmap(bound))(jnp.asarray(tables)))
    exact = np.array([value_bounds(induced_game(game, table), "anf_cce")[0] for table in tables])
    low, high = game.leader_payoff_range
    return (exact - bounds) / (high - low)


@pytest.mark.parametrize("types", [3, pytest.param(4, marks=pytest.mark.slow)])
def test_bound_lies_below_the_program_and_close_to_it(types: int) -> None:
    game, rng = SequentialPrice(types=types), np.random.default_rng(0)
    shape = (40, game.n_observations)
    tables = np.stack([rng.integers(0, 2, shape), rng.integers(0, 8, shape)], -1).astype(np.int32)
    gaps = _compare(game, tables, 60)
    assert gaps.min() > -1e-5
    assert np.median(gaps) < 0.002
    assert gaps.max() < 0.05
    # More steps, better bounds.
    assert _compare(game, tables, 400).max() < gaps.max()


def test_one_follower_with_and_without_types() -> None:
    """There are no others then, whose maps could be listed."""
    payoffs = np.random.default_rng(3).normal(size=(2, 6, 4))
    payoffs[1, :, 1] = payoffs[1, :, 0]  # ties, so that the worst reply is not the best one
    gaps = _compare(NormalForm(*payoffs), np.arange(6)[:, None].astype(np.int32), 400)
    assert gaps.min() > -1e-5
    assert gaps.max() < 0.02
    rules = np.array([[0, 0], [0, 1], [2, 1]], np.int32)
    gaps = _compare(SimpleAllocation(3, 2, (0.2, 0.3, 0.5)), rules, 400)
    assert gaps.min() > -1e-5
    assert gaps.max() < 0.02


def test_three_followers_without_types() -> None:
    payoffs = np.random.default_rng(2).normal(size=(4, 5, 2, 3, 2))
    game = NormalForm(payoffs[0], payoffs[1:])
    gaps = _compare(game, np.arange(5)[:, None].astype(np.int32), 400)
    assert gaps.min() > -1e-5
    assert gaps.max() < 0.02


def test_designing_for_the_worst_case_needs_exact_rewards_and_a_small_game() -> None:
    followers = MultiplicativeWeights(rounds=2)
    with pytest.raises(InputError, match="exact rewards"):
        StackelbergPOMDP(SequentialPrice(), followers, 3, "worst")
    with pytest.raises(InputError, match="maps"):
        StackelbergPOMDP(SequentialPrice(types=8), followers, 0, "worst")


@pytest.mark.slow
def test_a_learner_that_designs_for_the_worst_case_reports_it() -> None:
    from firstmover import design

    game = SequentialPrice(types=3)
    leader = CommitmentGradient(updates=40, restarts=2, target="worst")
    made = design(game, leader=leader, seeds=2)
    assert made.worst_values.max() > -1 / 18 + 1e-3  # better than the best rule without messages
    low = made.certificate["leader_value_bounds"]["anf_cce"][0]
    assert made.as_json()["best_worst_value"] == pytest.approx(low, abs=1e-9)
    assert np.all(made.worst_values <= made.learned_values + 1e-3)  # up to what the followers have left to learn
