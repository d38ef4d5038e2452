"""Learners without swap regret against linear algebra."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from plain import PENNIES, SHAPLEY, assert_plays, counterfactual_rounds, respond
from tiny_games import Visits

from firstmover.followers import SwapRegret
from firstmover.followers.learners import State


def _start(allowed):
    return np.where(allowed[:, None] & allowed, 0.0, np.nan)


def _mixed(regrets):
    """The invariant distribution of the flows between what is possible."""
    possible = np.flatnonzero(~np.isnan(np.diag(regrets)))
    flow = np.maximum(regrets[np.ix_(possible, possible)], 0) + 1e-6
    np.fill_diagonal(flow, 0)
    balance = np.vstack([flow.T - np.diag(flow.sum(1)), np.ones(len(possible))])
    played = np.zeros(len(regrets))
    played[possible] = np.linalg.lstsq(balance, np.eye(len(possible) + 1)[-1], rcond=None)[0]
    return played


def _learn(regrets, played, payoffs):
    return regrets + played[:, None] * (payoffs[None, :] - payoffs[:, None])


@pytest.mark.parametrize("game", [Visits(), SHAPLEY, PENNIES], ids=["visits", "shapley", "pennies"])
@pytest.mark.parametrize("update", ["expected", "sampled"])
@pytest.mark.parametrize("play", ["last", "average"])
def test_play_balances_the_regrets(game, update: str, play: str) -> None:
    followers = SwapRegret(rounds=12, update=update, play=play)
    assert_plays(respond(game, followers), *counterfactual_rounds(game, followers, _start, _mixed, _learn))


@pytest.mark.parametrize("n_actions", [2, 5, 40])
def test_play_is_invariant_whatever_is_impossible(n_actions: int) -> None:
    rng = np.random.default_rng(n_actions)
    mask = rng.random((6, n_actions)) < 0.7
    mask[np.arange(6), rng.integers(n_actions, size=6)] = True
    mask[0] = True
    followers = SwapRegret()
    table = np.asarray(followers.start(jnp.asarray(mask))).copy()
    for t in range(6):
        possible = np.ix_(mask[t], mask[t])
        own = rng.normal(size=(mask[t].sum(),) * 2) * 10.0 ** rng.integers(-3, 4, (mask[t].sum(),) * 2)
        table[t][possible] = own * (1 - np.eye(len(own)))
    state = State((jnp.asarray(table, jnp.float32),), (), None, jnp.int32(0))
    played = np.asarray(jax.jit(lambda state: followers.mixed(state, 0))(state))
    assert np.all(played[~mask] == 0)
    np.testing.assert_allclose(played.sum(1), 1, atol=1e-5)
    for t in range(6):
        flow = np.maximum(table[t][np.ix_(mask[t], mask[t])], 0)
        np.fill_diagonal(flow, 0)
        p = played[t][mask[t]].astype(float)
        np.testing.assert_allclose(p @ flow, p * flow.sum(1), rtol=1e-4, atol=2e-5)
