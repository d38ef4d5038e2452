"""What economists ask of sellers who learn under a rule: surplus, prices, profits, how far they collude.

A profit gain is where the sellers' mean profit lies between the one-shot Nash equilibrium (0) and the joint monopoly
(1), both at prices off the grid with everybody shown. A best-reply gap is what a seller would gain, per round and at
most, by another strategy against what its rivals have learnt (`equilibria.repeated_replies`), from where
learning ended.
"""

import functools
from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from firstmover.core.commitment import table_of
from firstmover.core.sessions import Sessions
from firstmover.equilibria.repeated_replies import best_reply_values, own_values
from firstmover.evaluators.view import View
from firstmover.followers.repeated_q_learning import RepeatedQLearning
from firstmover.games.buy_box import BuyBox


class Statistic(NamedTuple):
    """A mean over sessions, weighed by how likely their costs are, and its 95 % interval."""

    mean: float
    low: float
    high: float


def seller_statistics(
    game: BuyBox,
    rule: np.ndarray,
    sellers: RepeatedQLearning | None = None,
    *,
    sessions: int = 1000,
    seed: int = 0,
) -> dict[str, Statistic]:
    """Statistics of sessions under a rule, by name: of the reward rounds, but for rounds and gaps.

    Args:
        game: the market.
        rule: the platform's decisions [rows].
        sellers: how they learn; by default as in `design`.
        sessions: how many for each profile of costs, at least 2.
        seed: of their random numbers.

    Example:
        >>> from firstmover.games.display import fixed_rule
        >>> game, quick = BuyBox(costs=(1.0,)), RepeatedQLearning(rounds=1000, beta=(0.005,))
        >>> table = seller_statistics(game, fixed_rule(game, "lowest"), quick, sessions=20)
        >>> sorted(table)[:4]
        ['gap', 'poorest profit', 'price', 'profit']
    """
    sellers = RepeatedQLearning() if sellers is None else sellers
    play = jax.jit(functools.partial(_sessions, game, sellers, sessions))
    played, paid = jax.tree.map(np.asarray, play(jnp.asarray(rule), jnp.uint32(seed)))
    n, (support, weights) = game.n_followers, game.types.profiles
    paid = np.asarray(paid, np.float64).reshape(len(support), -1, n)
    frequency = played.frequency.astype(np.float64).reshape(len(support), sessions, -1)
    actions, every = np.asarray(rule)[game.shown.rows], np.arange(len(game.shown.rows))
    profiles = np.indices(game.n_actions).reshape(n, -1)
    profits = np.einsum("psk,pki->psi", frequency, paid)
    costs = np.array([[game.costs[i][t] for i, t in enumerate(types)] for types in support])
    nash, monopoly = (
        np.array([_profit(game, own, prices(own, game.fee)) for own in costs])
        for prices in (game.demand.nash_prices, game.demand.monopoly_prices)
    )
    values = {
        "surplus": frequency @ game.surplus[every, actions],
        "price": frequency @ game.prices[profiles].mean(axis=0),
        "profit": profits.mean(axis=2),
        "poorest profit": profits.min(axis=2),
        "profit gain": (profits.mean(axis=2) - nash[:, None]) / (monopoly - nash)[:, None],
        "sold": frequency @ game.shares[every, actions].sum(axis=-1),
        "revenue": frequency @ game.income[every, actions],
        "rounds": played.rounds.reshape(len(support), sessions).astype(np.float64),
    }
    if sellers.memory == "profile":
        values["gap"] = _gaps(game, sellers, played, paid, sessions)
    return {name: _statistic(value, weights) for name, value in values.items()}


def _sessions(
    game: BuyBox, sellers: RepeatedQLearning, sessions: int, rule: jax.Array, seed: jax.Array
) -> tuple[Sessions, jax.Array]:
    """The sessions, and what sellers are paid at every profile of costs and prices."""
    listed = View(game, table_of(game, rule), jax.random.key(0)).listed
    return replace(sellers, sessions=sessions).played(game, listed, seed), listed.followers


def _profit(game: BuyBox, costs: np.ndarray, prices: np.ndarray) -> float:
    """The sellers' mean profit at these prices, all shown."""
    shares, _ = game.demand.of(prices, np.ones(len(prices), bool))
    return float((shares * ((1 - game.fee) * prices - costs)).mean())


def _gaps(
    game: BuyBox, sellers: RepeatedQLearning, played: Sessions, paid: np.ndarray, sessions: int
) -> Float[np.ndarray, "P sessions"]:
    """The largest best-reply gap of a seller, session by session."""
    how, sizes = sellers.learning(game), game.n_actions
    gaps = np.zeros(len(played.last))
    for k, last in enumerate(played.last):
        strategies = np.array([table[k].argmax(axis=1) for table in played.tables])
        for i in range(game.n_followers):
            pays, discount = paid[k // sessions, :, i], how.discount[i]
            best = best_reply_values(pays, strategies, sizes, i, discount)
            gaps[k] = max(gaps[k], (best - own_values(pays, strategies, sizes, discount))[last])
    return gaps.reshape(-1, sessions)


def _statistic(values: Float[np.ndarray, "P sessions"], weights: Float[np.ndarray, "P"]) -> Statistic:
    mean = float(weights @ values.mean(axis=1))
    half = 1.96 * float(np.sqrt((weights**2 * values.var(axis=1, ddof=1)).sum() / values.shape[1]))
    return Statistic(mean, mean - half, mean + half)
