"""Regrets and values from sub-episodes, for games that cannot be listed."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.certificates.induced import exact_table
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.noise import Stream, stream
from firstmover.rollout import Actions, JointPlay, Query, Strategies, answer, play_noise_size, play_query, type_masks

CONFIDENCE = 0.95


def sampled_regrets(
    game: Game, actions: np.ndarray, play: Strategies | JointPlay, *, samples: int, seed: int
) -> dict[str, Any]:
    """Upper bounds on every regret, every counterfactual with the types, chance and play of its original.

    Hoeffding's bound for each (follower, type, action), all at once by the union bound. Types too rare to be met get
    null, and count for nothing in `max`; `unseen` says how many.
    """
    with jax.enable_x64(True):
        query, pays = _sample(game, actions, play, samples, seed)
        assert isinstance(query.play, Actions)
        followers = pays(query)[1]
        types, played = np.asarray(query.types), query.play.actions
        allowed = [np.asarray(mask) for mask in type_masks(game)]
        by_follower: list[list[float | None]] = []
        unseen, n_claims = 0, sum(a * t for a, t in zip(game.n_actions, game.n_types, strict=True))
        for i, (n_types, n_actions) in enumerate(zip(game.n_types, game.n_actions, strict=True)):
            span = 2 * (game.follower_payoff_ranges[i][1] - game.follower_payoff_ranges[i][0])
            gains = []
            for a in range(n_actions):
                deviating = query._replace(play=Actions(jnp.asarray(played).at[:, i].set(a)))
                gains.append(pays(deviating)[1][:, i] - followers[:, i])
            row: list[float | None] = []
            for t in range(n_types):
                met = types[:, i] == t
                if not met.any():
                    unseen += 1
                    row.append(None)
                    continue
                margin = span * np.sqrt(np.log(n_claims / (1 - CONFIDENCE)) / (2 * met.sum()))
                best = max(gains[a][met].mean() for a in np.flatnonzero(allowed[i][t]))
                row.append(float(best + margin))
            by_follower.append(row)
    known = [bound for row in by_follower for bound in row if bound is not None]
    return {"by_follower": by_follower, "max": max(0.0, *known), "unseen": unseen}


def sampled_values(
    game: Game, actions: np.ndarray, play: Strategies | JointPlay, *, samples: int = 100_000, seed: int = 0
) -> tuple[float, float, float | None]:
    """The leader's mean payoff, the followers' mean total payoff and the mean transfers, over sampled sub-episodes.

    The transfers are None in games without money.
    """
    with jax.enable_x64(True):
        query, pays = _sample(game, actions, play, samples, seed)
        leader, followers, transfers = pays(query)
    money = None if transfers is None else float(transfers.mean())
    return float(leader.mean()), float(followers.sum(axis=1).mean()), money


def _sample(
    game: Game, actions: np.ndarray, play: Strategies | JointPlay, samples: int, seed: int
) -> tuple[Query, Callable[[Query], tuple[np.ndarray, np.ndarray, np.ndarray | None]]]:
    """Sub-episodes with types and play drawn, and a function that plays such a query; with `jax.enable_x64` on."""
    if samples < 100:
        raise InputError(f"samples must be at least 100; got {samples}.")
    key = stream(jax.random.key(seed), Stream.CERTIFICATE)
    table = exact_table(game, actions)

    @jax.jit
    def compiled(query: Query) -> tuple[jax.Array, jax.Array, jax.Array | None]:
        outcome = answer(game, table, query, stream(key, Stream.CHANCE))
        return outcome.leader, outcome.followers, outcome.transfers

    def pays(query: Query) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        paid: tuple[np.ndarray, np.ndarray, np.ndarray | None] = jax.tree.map(np.asarray, compiled(query))
        return paid

    return play_query(game, play, jax.random.uniform(key, (samples, play_noise_size(game)))), pays
