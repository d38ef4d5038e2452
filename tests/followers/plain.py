"""Learners in plain NumPy loops, one type and one action at a time: what the compiled ones are compared with."""

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.evaluators import induced_game
from firstmover.games import NormalForm

KEY = jax.random.key(7)
# Matching pennies with unequal stakes, and a game of Shapley's: among these followers no pure play is stable.
_PENNIES = np.array([[1.6, -1.0], [-1.0, 1.0]])
PENNIES = NormalForm(np.array([[[1.0, 0.0], [0.0, 1.0]]]), np.stack([_PENNIES[None], -_PENNIES[None]]))
_SHAPLEY = np.array([[1.0, 0.0, 0.2], [0.1, 1.0, 0.0], [0.0, 0.3, 1.0]])
SHAPLEY = NormalForm(np.eye(3)[None], np.stack([_SHAPLEY, _SHAPLEY[:, [2, 0, 1]]])[:, None])


def some_rule(game) -> np.ndarray:
    if hasattr(game.leader_space, "n"):
        rng = np.random.default_rng(3)
        masks = [np.flatnonzero(np.asarray(game.leader_mask(jnp.asarray(obs)))) for obs in game.observations()]
        return np.array([rng.choice(mask) for mask in masks])
    return np.full((game.n_observations, game.leader_space.size), 0.4)


def respond(game, followers, reward_episodes: int = 0) -> Any:
    problem = StackelbergPOMDP(game, followers, reward_episodes)
    return jax.jit(problem.episode)(table_of(game, jnp.asarray(some_rule(game))), KEY)


def joint_at(strategies: list[np.ndarray], types: np.ndarray) -> np.ndarray:
    """Probability of every action profile where the followers have these types."""
    joint = np.ones(())
    for table, t in zip(strategies, types, strict=True):
        joint = joint[..., None] * table[t]
    return joint


def expected_payoffs(finite, joint: np.ndarray, i: int, t: int) -> np.ndarray:
    """What each action of one type would pay against what the others play in `joint` [P, *actions]."""
    rows = np.flatnonzero(finite.support[:, i] == t)
    pays = np.zeros(finite.n_actions[i])
    for r in rows:
        for profile in itertools.product(*map(range, finite.n_actions)):
            for a in range(finite.n_actions[i]):
                deviating = tuple(a if j == i else b for j, b in enumerate(profile))
                pays[a] += finite.probs[r] * joint[(r, *profile)] * finite.followers[(i, r, *deviating)]
    return pays / finite.probs[rows].sum()


def _draw(probabilities: np.ndarray, u: float) -> int:
    return int(np.sum(u * probabilities.sum() >= np.cumsum(probabilities)))


def draws(game, followers) -> list[np.ndarray]:
    return list(np.asarray(StackelbergPOMDP(game, followers, 0).response_noise(KEY)))


def drawn(game, strategies: list[np.ndarray], u: np.ndarray) -> tuple[list[int], list[int]]:
    types = np.asarray(game.types.sample(jnp.asarray(u[: game.n_followers]))).tolist()
    return types, [_draw(strategies[i][t], u[game.n_followers + i]) for i, t in enumerate(types)]


def counterfactual_rounds(
    game, followers, start: Callable, mixed: Callable, learn: Callable
) -> tuple[list[np.ndarray], np.ndarray]:
    """The last mixed strategies and the average joint play.

    `start(allowed)` is what one type knows, `mixed(known)` what it plays, `learn(known, played, payoffs)` what it knows
    after a round.
    """
    finite = induced_game(game, some_rule(game))
    known = [[start(allowed) for allowed in table] for table in finite.allowed]
    total: Any = 0.0
    noise = [None] * followers.rounds if followers.asks(game) == 1 else draws(game, followers)
    for u in noise:
        strategies = [np.array([mixed(row) for row in own]) for own in known]
        joint = np.array([joint_at(strategies, types) for types in finite.support])
        total = total + joint
        if u is None:
            pays = {(i, t): expected_payoffs(finite, joint, i, t) for i, t in finite.follower_types()}
        else:
            types, actions = drawn(game, strategies, u)
            (row,) = np.flatnonzero((finite.support == types).all(1))
            pays = {}
            for i, t in enumerate(types):
                against = tuple(slice(None) if j == i else a for j, a in enumerate(actions))
                pays[i, t] = finite.followers[(i, row, *against)]
        for (i, t), paid in pays.items():
            known[i][t] = learn(known[i][t], strategies[i][t], paid / game.follower_payoff_scale)
    return [np.array([mixed(row) for row in own]) for own in known], total / followers.rounds


def bandit_rounds(
    game, followers, start: Callable, mixed: Callable, learn: Callable
) -> tuple[list[np.ndarray], np.ndarray]:
    """The same where `mixed(known, round)` and `learn(known, played, action, payoff)`, with a payoff in [0, 1]."""
    finite = induced_game(game, some_rule(game))
    known = [[start(allowed) for allowed in table] for table in finite.allowed]
    total: Any = 0.0
    for k, u in enumerate(draws(game, followers)):
        strategies = [np.array([mixed(row, k) for row in own]) for own in known]
        total = total + np.array([joint_at(strategies, types) for types in finite.support])
        types, actions = drawn(game, strategies, u)
        (row,) = np.flatnonzero((finite.support == types).all(1))
        for i, t in enumerate(types):
            paid = finite.followers[(i, row, *actions)] - game.follower_payoff_ranges[i][0]
            known[i][t] = learn(known[i][t], strategies[i][t], actions[i], paid / game.follower_payoff_scale)
    last = [np.array([mixed(row, followers.rounds) for row in own]) for own in known]
    return last, total / followers.rounds


def assert_plays(came, last: list[np.ndarray], average: np.ndarray) -> None:
    """The episode played these strategies, or this average where it played one."""
    if hasattr(came.strategy, "tables"):
        for table, expected in zip(came.strategy.tables, last, strict=True):
            np.testing.assert_allclose(table, expected, atol=1e-5)
    else:
        np.testing.assert_allclose(came.strategy.probabilities, average.reshape(len(average), -1), atol=1e-5)
