"""Sub-episodes and profile lists against a plain Python reading of the game."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import EVERY, LISTABLE, Copying, Lottery, Visits, first_kinds, some_rule

from firstmover.core.commitment import draw_table, table_of
from firstmover.core.plays import Actions, JointPlay, Strategies
from firstmover.core.rollout import Query, answer, rollout
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.evaluators.forms import all_profiles, play_noise_size, play_query
from firstmover.games import NormalForm, SimpleAllocation


def test_simple_allocation_profile_by_profile() -> None:
    game, table = SimpleAllocation(4, 3), np.array([2, 0, 2])
    finite = induced_game(game, table)
    for row, (wanted,) in enumerate(finite.support):
        for message in range(3):
            paid = float(table[message] == wanted)
            assert finite.leader[row, message] == paid
            assert finite.followers[0, row, message] == paid


def test_normal_form_profile_by_profile() -> None:
    payoffs = np.random.default_rng(0).normal(size=(4, 3, 2, 3, 2))
    game = NormalForm(payoffs[0], payoffs[1:])
    finite = induced_game(game, np.array([1]))
    np.testing.assert_array_equal(finite.leader[0], payoffs[0, 1])
    np.testing.assert_array_equal(finite.followers[:, 0], payoffs[1:, 1])
    mixed = induced_game(NormalForm(payoffs[0], payoffs[1:], "mixed"), np.array([[0.2, 0.0, 0.6]]))
    np.testing.assert_allclose(mixed.leader[0], 0.25 * payoffs[0, 0] + 0.75 * payoffs[0, 2], atol=1e-14)
    assert mixed.leader.dtype == np.float64


def test_visits_profile_by_profile() -> None:
    game = Visits()
    rng = np.random.default_rng(1)
    table = rng.integers(0, 4, game.n_observations)
    for index, obs in enumerate(game.observations()):
        if obs[2]:
            table[index] = 2 * (obs[2] - 1) + rng.integers(2)  # the one who is left
    finite = induced_game(game, table)
    for row, types in enumerate(finite.support):
        for said in itertools.product(range(2), range(3)):
            leader, followers, left = 0.0, [0.0, 0.0], 0
            for factor in (2.0, 1.0):
                who, served = divmod(int(table[np.ravel_multi_index((*said, left), game.leader_obs_sizes)]), 2)
                if served:
                    followers[who] += 1.0 if said[who] == types[who] else 0.25
                    leader += factor * types[who]
                left = 2 - who
            assert finite.leader[(row, *said)] == leader
            np.testing.assert_array_equal(finite.followers[(slice(None), row, *said)], followers)


def test_payoffs_do_not_depend_on_the_order_of_followers() -> None:
    payoffs = np.random.default_rng(2).normal(size=(4, 3, 2, 3, 4))
    order = [2, 0, 1]
    moved = np.stack([payoffs[0], *(payoffs[1 + i] for i in order)]).transpose(0, 1, *(2 + i for i in order))
    one = induced_game(NormalForm(payoffs[0], payoffs[1:]), np.array([2]))
    other = induced_game(NormalForm(moved[0], moved[1:]), np.array([2]))
    np.testing.assert_array_equal(one.leader.transpose(0, *(1 + i for i in order)), other.leader)
    for k, i in enumerate(order):
        np.testing.assert_array_equal(one.followers[i].transpose(0, *(1 + j for j in order)), other.followers[k])


@pytest.mark.parametrize("name", EVERY)
def test_payments_stay_in_the_declared_ranges(name: str) -> None:
    game = EVERY[name]
    keys = jax.random.split(jax.random.key(0), 200)
    head, observations = game.leader_space.head(), jnp.asarray(game.observations())
    masks = jax.vmap(game.leader_mask)(observations)

    def play(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        k_types, k_table, k_play, k_chance = jax.random.split(key, 4)
        types = game.types.sample(jax.random.uniform(k_types, (game.n_followers,)))
        drawn = draw_table(head, jnp.zeros((game.n_observations, head.width)), masks, observations, k_table)
        table = jax.vmap(head.action)(drawn)
        uniform = tuple(jnp.ones((o, a)) / a for o, a in zip(game.n_obs, game.n_actions, strict=True))
        noise = jax.random.uniform(k_play, (game.horizon, game.n_followers))
        steps = rollout(game, table_of(game, table), Strategies(uniform), noise, types, k_chance)
        return steps.leader_reward.sum(), steps.follower_rewards.sum(0)

    leader, followers = jax.jit(jax.vmap(play))(keys)
    low, high = game.leader_payoff_range
    assert np.all((np.asarray(leader) >= low - 1e-5) & (np.asarray(leader) <= high + 1e-5))
    for i, (low, high) in enumerate(game.follower_payoff_ranges):
        assert np.all((np.asarray(followers[:, i]) >= low - 1e-5) & (np.asarray(followers[:, i]) <= high + 1e-5))


def test_counterfactuals_share_their_chance() -> None:
    game = Lottery()
    types = jnp.zeros((400, 1), jnp.int32)
    bets = Actions(jnp.tile(jnp.array([[0], [1]], jnp.int32), (200, 1)))
    chance = jnp.repeat(jnp.arange(200, dtype=jnp.int32), 2)
    outcome = answer(game, table_of(game, jnp.array([1])), Query(types, bets, None, chance), jax.random.key(0))
    pairs = np.asarray(outcome.leader).reshape(200, 2)
    np.testing.assert_array_equal(pairs.sum(1), 1.0)  # exactly one of the two bets wins
    assert 0 < pairs[:, 1].mean() < 1  # and which one is random


def test_followers_that_act_in_every_step_play_their_tables() -> None:
    game = Copying()
    # The leader copies the follower's last action; the follower alternates, starting with 1.
    leader = table_of(game, jnp.array([0, 0, 1, 0, 1]))
    alternate = jnp.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    noise = jnp.full((4, 1), 0.5)
    play = Strategies((alternate,))
    steps = rollout(game, leader, play, noise, jnp.zeros(1, jnp.int32), jax.random.key(0))
    assert np.asarray(steps.follower_actions)[:, 0].tolist() == [1, 0, 1, 0]
    assert np.asarray(steps.follower_rewards).sum() == 4.0
    query = play_query(game, play, jax.random.uniform(jax.random.key(1), (5, play_noise_size(game))))
    outcome = answer(game, leader, query, jax.random.key(2))
    np.testing.assert_array_equal(outcome.followers, np.full((5, 1), 4.0))


@pytest.mark.parametrize("name", first_kinds(n for n in LISTABLE if n not in ("normal-form 3x2x2x2 mixed", "agrawal")))
def test_sampled_play_has_the_exact_value(name: str) -> None:
    game = LISTABLE[name]
    rng = np.random.default_rng(3)
    tables = tuple(
        jnp.asarray(rng.dirichlet(np.ones(a), o), jnp.float32) for o, a in zip(game.n_obs, game.n_actions, strict=True)
    )
    table = table_of(game, jnp.asarray(some_rule(game)))
    query = play_query(game, Strategies(tables), jax.random.uniform(jax.random.key(1), (20_000, play_noise_size(game))))
    sampled = np.asarray(answer(game, table, query, jax.random.key(2)).leader)
    joint = Strategies(tables).joint(game)
    _, probs = game.types.profiles
    full = np.asarray(answer(game, table, all_profiles(game), jax.random.key(2)).leader).reshape(joint.shape)
    exact = float((probs[:, None] * np.asarray(joint) * full).sum())
    assert abs(sampled.mean() - exact) <= 5 * sampled.std() / np.sqrt(20_000) + 1e-6
    # The same play given as a joint distribution.
    query = play_query(game, JointPlay(joint), jax.random.uniform(jax.random.key(4), (20_000, play_noise_size(game))))
    sampled = np.asarray(answer(game, table, query, jax.random.key(2)).leader)
    assert abs(sampled.mean() - exact) <= 5 * sampled.std() / np.sqrt(20_000) + 1e-6


def test_what_cannot_be_listed_says_why() -> None:
    with pytest.raises(InputError, match="has chance"):
        all_profiles(Lottery())
    with pytest.raises(InputError, match="act in every step"):
        all_profiles(Copying())
    with pytest.raises(InputError, match="profiles"):
        all_profiles(SimpleAllocation(1001, 1000))
