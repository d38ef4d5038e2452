"""Regrets and values from sub-episodes, for games that cannot be listed and have no table of states."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.certificates.induced import exact_table
from firstmover.certificates.replies import certified_reply, missing_table
from firstmover.declarations import check_chance, check_paid
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.noise import Stream, stream
from firstmover.plays import Actions, Play
from firstmover.rollout import Query, answer, play_noise_size, play_query, type_masks
from firstmover.rule import Rule

CONFIDENCE = 0.95
_MOST_NUMBERS = 2_000_000  # random numbers that are drawn at once


def sampled_regrets(game: Game, actions: np.ndarray, play: Play, *, samples: int, seed: int) -> dict[str, Any]:
    """Upper bounds on every regret, every counterfactual with the types, chance and play of its original.

    Hoeffding's bound for each (follower, type, action), all at once by the union bound. Types too rare to be met get
    null, and count for nothing in `max`; `unseen` says how many.
    """
    with jax.enable_x64(True):
        query, pays = _sample(game, actions, play, samples, seed)
        followers = pays(query)[1]
        types, played = np.asarray(query.types), query.play.profiles
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
    game: Game,
    actions: np.ndarray,
    play: Play,
    *,
    samples: int = 100_000,
    seed: int = 0,
) -> tuple[float, float, float | None]:
    """The leader's mean payoff, the followers' mean total payoff and the mean transfers, over sampled sub-episodes.

    The transfers are None in games without money.
    """
    if game.followers_act == "every step":
        return _mean_of_blocks(game, actions, play, samples, seed)
    with jax.enable_x64(True):
        query, pays = _sample(game, actions, play, samples, seed)
        leader, followers, transfers = pays(query)
    money = None if transfers is None else float(transfers.mean())
    return float(leader.mean()), float(followers.sum(axis=1).mean()), money


def value_in_steps(rule: Rule, play: Play, *, seed: int = 0) -> float:
    """The leader's expected payoff where followers act in every step: exact, or the mean of a large sample."""
    if missing_table(rule.game) is None:
        return float(certified_reply(rule, play)["value"])
    return sampled_values(rule.game, rule.actions, play, seed=seed)[0]


def sampled_reply(rule: Rule, play: Play, reason: str, *, samples: int = 100_000, seed: int = 0) -> dict[str, Any]:
    """The parts of a certificate that depend on the play, where followers act in every step of a game without a table.

    What the followers would earn by their best replies is not known: there are no regrets and no bounds.
    """
    game = rule.game
    value, followers, revenue = sampled_values(game, rule.actions, play, samples=samples, seed=seed)
    return {
        "value": value,
        "welfare": followers + (revenue or 0.0),
        "revenue": revenue,
        "epsilon": {"by_follower": [[None] for _ in range(game.n_followers)], "max": None},
        "leader_value_bounds": None,
        "leader_value_bounds_at_epsilon": None,
        "bounds_epsilon": None,
        "reason": f"regrets and bounds need a table of states: {reason}",
        "exact": False,
        "confidence": None,
        "sizes": {"samples": samples},
        "tolerance": 1e-7,
        "proof": None,
    }


def _mean_of_blocks(
    game: Game, actions: np.ndarray, play: Play, samples: int, seed: int
) -> tuple[float, float, float | None]:
    """As `sampled_values`, block by block: play that draws in every step takes many random numbers."""
    check_chance(game)
    size = play_noise_size(game)
    numbers = min(samples, max(100, _MOST_NUMBERS // size))
    key = stream(jax.random.key(seed), Stream.CERTIFICATE)
    with jax.enable_x64(True):
        table, play = exact_table(game, actions), jax.tree.map(jnp.asarray, play)

        @jax.jit
        def block(number: jax.Array) -> Any:
            own = jax.random.fold_in(key, number)
            query = play_query(game, play, jax.random.uniform(own, (numbers, size)))
            outcome = answer(game, table, query, stream(own, Stream.CHANCE))
            return outcome.leader, outcome.followers, outcome.transfers

        means = []
        for k in range(-(-samples // numbers)):
            leader, followers, transfers = jax.tree.map(np.asarray, block(jnp.int32(k)))
            check_paid(game, leader, followers, transfers, lambda _: "under the play of the followers")
            money = np.nan if transfers is None else transfers.mean()
            means.append((leader.mean(), followers.sum(axis=1).mean(), money))
    leader, followers, money = np.mean(means, axis=0).tolist()
    return leader, followers, None if np.isnan(money) else money


def _sample(
    game: Game, actions: np.ndarray, play: Play, samples: int, seed: int
) -> tuple[Query, Callable[[Query], tuple[np.ndarray, np.ndarray, np.ndarray | None]]]:
    """Sub-episodes with types and play drawn, and a function that plays such a query; with `jax.enable_x64` on."""
    if samples < 100:
        raise InputError(f"samples must be at least 100; got {samples}.")
    key = stream(jax.random.key(seed), Stream.CERTIFICATE)
    check_chance(game)
    table = exact_table(game, actions)
    masks = [np.asarray(mask) for mask in type_masks(game)]

    @jax.jit
    def compiled(query: Query) -> tuple[jax.Array, jax.Array, jax.Array | None]:
        outcome = answer(game, table, query, stream(key, Stream.CHANCE))
        return outcome.leader, outcome.followers, outcome.transfers

    def pays(query: Query) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        paid: tuple[np.ndarray, np.ndarray, np.ndarray | None] = jax.tree.map(np.asarray, compiled(query))
        possible = np.ones(len(query.types), bool)
        for i, allowed in enumerate(masks):
            possible &= allowed[np.asarray(query.types)[:, i], np.asarray(query.play.profiles)[:, i]]
        rows = np.flatnonzero(possible)
        types, played = np.asarray(query.types)[rows], np.asarray(query.play.profiles)[rows]

        def where(row: int) -> str:
            return f"at types {types[row].tolist()} and actions {played[row].tolist()}"

        check_paid(game, paid[0][rows], paid[1][rows], None if paid[2] is None else paid[2][rows], where)
        return paid

    return play_query(game, play, jax.random.uniform(key, (samples, play_noise_size(game)))), pays
