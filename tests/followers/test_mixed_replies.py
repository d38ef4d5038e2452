"""Replies to leaders that mix, and what play is worth to them, against exact solvers (`equilibria.markov_replies`)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.core.commitment import table_of
from firstmover.core.plays import Strategies
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.equilibria.markov import joint_strategy
from firstmover.equilibria.markov_replies import best_response, memoryless_response, play_values
from firstmover.errors import InputError
from firstmover.evaluators.backward import expected_payoffs
from firstmover.followers import BestResponse, PolicyGradient
from firstmover.games import IteratedMatrix, Toll
from firstmover.solvers.registry import state_table

DILEMMA = IteratedMatrix("prisoners_dilemma", steps=6, commitment="mixed", discount=0.9)


def mixtures(seed: int, game: IteratedMatrix) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(game.leader_space.mask_size), game.n_observations)


@jax.jit
def replied(rule: jax.Array) -> tuple[jax.Array, jax.Array]:
    """What the leader is paid for a rule, by replies that count steps and by those that do not."""
    key = jax.random.key(0)
    problems = [StackelbergPOMDP(DILEMMA, BestResponse(policies=policies)) for policies in ("timed", "memoryless")]
    timed, memoryless = (problem.episode(table_of(DILEMMA, rule), key).reward for problem in problems)
    return timed, memoryless


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_exact_replies_to_a_mixed_rule_are_those_of_the_solver(seed: int) -> None:
    rule = mixtures(seed, DILEMMA)
    timed, memoryless = replied(jnp.asarray(rule, float))
    table = state_table(DILEMMA)
    assert float(timed) == pytest.approx(best_response(table, rule, "strong").leader, abs=1e-4)
    assert float(memoryless) == pytest.approx(memoryless_response(table, rule, "strong").leader, abs=1e-4)


@pytest.mark.parametrize("game", [DILEMMA, Toll(drivers=2, levels=3, steps=4)], ids=["mixed", "several followers"])
def test_the_value_of_play_is_that_of_the_solver(game) -> None:
    rng, mixed = np.random.default_rng(1), game.leader_space.continuous
    value = jax.jit(lambda answers, tables: expected_payoffs(state_table(game), answers, Strategies(tables))[0])
    for seed in range(10):
        rule = mixtures(seed, game) if mixed else rng.integers(0, game.leader_space.mask_size, game.n_observations)
        play = [rng.dirichlet(np.ones(a), o) for o, a in zip(game.n_obs, game.n_actions, strict=True)]
        exact = play_values(state_table(game), rule, joint_strategy(state_table(game), play))[0]
        found = value(jnp.asarray(rule), tuple(jnp.asarray(table, float) for table in play))
        assert float(found) == pytest.approx(exact, abs=1e-4)


def test_a_pure_rule_told_as_a_mixture_is_worth_the_same() -> None:
    pure = IteratedMatrix("chicken", steps=5)
    mixed = IteratedMatrix("chicken", steps=5, commitment="mixed")
    problems = [StackelbergPOMDP(game, BestResponse()) for game in (pure, mixed)]
    rules = np.array(list(np.ndindex(*[2] * 5)))[::3]
    key = jax.random.key(0)
    of_pure = jax.vmap(lambda rule: problems[0].episode(table_of(pure, rule), key).reward)(jnp.asarray(rules))
    told = jnp.asarray(np.eye(2)[rules], float)
    of_mixed = jax.vmap(lambda rule: problems[1].episode(table_of(mixed, rule), key).reward)(told)
    np.testing.assert_allclose(of_pure, of_mixed, atol=1e-5)


def test_the_expectation_is_what_samples_tend_to() -> None:
    """The exact reward beside the mean of many sampled sub-episodes with the game's own draws."""
    rule = table_of(DILEMMA, jnp.asarray(mixtures(3, DILEMMA), float))
    exact = StackelbergPOMDP(DILEMMA, BestResponse(policies="memoryless"))
    sampled = StackelbergPOMDP(DILEMMA, BestResponse(policies="memoryless"), reward_episodes=4_000)
    low, high = DILEMMA.leader_payoff_range
    noise = (high - low) / 2 / np.sqrt(4_000)
    key = jax.random.key(2)
    difference = exact.episode(rule, key).reward - sampled.episode(rule, key).reward
    assert abs(float(difference)) < 4 * noise


def test_mixed_play_of_followers_is_rewarded_in_expectation_too() -> None:
    game, key = IteratedMatrix("chicken", steps=3), jax.random.key(0)
    problem = StackelbergPOMDP(game, PolicyGradient(rounds=3, batch=4, play="last"))
    rule = np.array([0, 1, 0, 1, 1])
    episode = problem.episode(table_of(game, jnp.asarray(rule)), key)
    play = joint_strategy(state_table(game), [np.asarray(episode.strategy.tables[0])])
    assert float(episode.reward) == pytest.approx(play_values(state_table(game), rule, play)[0], rel=1e-5)


def test_without_a_table_of_states_rewards_have_to_be_sampled() -> None:
    with pytest.raises(InputError, match="reward_episodes must be at least 1: a table of states is limited"):
        StackelbergPOMDP(Toll(drivers=18, levels=9), PolicyGradient(rounds=3, batch=4, play="last"))
