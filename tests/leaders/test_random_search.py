"""Random search draws what is allowed, uniformly, and keeps the best."""

import jax
import jax.numpy as jnp
import numpy as np
from tiny_games import Visits

from firstmover import design
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.followers import MultiplicativeWeights
from firstmover.games import Escape, Maintain
from firstmover.leaders import RandomSearch
from firstmover.leaders.random_search import random_table
from firstmover.spaces import Box, Branching


def test_it_finds_the_optimum_of_escape_and_without_search_it_does_not() -> None:
    found = design(Escape(), leader=RandomSearch(updates=3), seeds=6)
    assert found.at_optimum == 6
    blind = design(Escape(), leader=RandomSearch(updates=3, evaluation="stochastic"), seeds=6)
    assert 0 < blind.at_optimum < 6


def test_what_was_found_is_never_given_up() -> None:
    made = design(Maintain("mixed"), leader=RandomSearch(updates=30, episodes=4), seeds=4)
    assert np.all(np.diff(made.history.evaluated, axis=0) >= 0)
    np.testing.assert_allclose(made.history.evaluated[-1], made.history.best.max(axis=0))
    assert np.any(made.history.best[-1] < made.history.evaluated[-1])


def test_every_allowed_action_is_drawn_equally_often() -> None:
    problem = StackelbergPOMDP(Visits(), MultiplicativeWeights(rounds=2, update="sampled"), 2)
    tables = jax.vmap(lambda key: random_table(problem, key))(jax.random.split(jax.random.key(0), 2000))
    for obs, drawn in zip(problem.game.observations(), np.asarray(tables).T, strict=True):
        allowed = np.asarray(problem.game.leader_mask(jnp.asarray(obs)))
        share = np.bincount(drawn, minlength=4) / 2000
        np.testing.assert_allclose(share, allowed / allowed.sum(), atol=0.04)
        assert not share[~allowed].any()


def test_vectors_fill_their_range() -> None:
    u = jax.random.uniform(jax.random.key(0), (4000, 3))
    box = np.asarray(jax.vmap(lambda v: Box(2, -1.0, 3.0).sample(jnp.ones(2, bool), v))(u))
    np.testing.assert_allclose(np.quantile(box, [0, 0.25, 0.5, 1], axis=0)[:, 0], [-1, 0, 1, 3], atol=0.1)
    mask = jnp.asarray([True, False, True])
    levels = np.asarray(jax.vmap(lambda v: Branching(3, 2, 4).sample(mask, v))(u))
    assert np.issubdtype(levels.dtype, np.integer)
    np.testing.assert_allclose(np.bincount(levels[:, 0]) / 4000, [0.5, 0, 0.5], atol=0.04)
    np.testing.assert_allclose(np.bincount(levels[:, 2]) / 4000, 0.25, atol=0.04)
    prices = np.asarray(jax.vmap(lambda v: Branching(3, 2, None, 0.0, 2.0).sample(mask, v))(u))
    assert set(prices[:, 0].tolist()) == {0.0, 2.0}
    np.testing.assert_allclose(prices[:, 1:].mean(0), 1.0, atol=0.05)
