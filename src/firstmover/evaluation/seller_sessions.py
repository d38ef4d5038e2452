"""Sessions of sellers who learn under a rule of a marketplace, with or without a past, and what came of each."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.core.sessions import Sessions, Stage
from firstmover.errors import require
from firstmover.followers.repeated_q_learning import RepeatedQLearning
from firstmover.games.buy_box import BuyBox
from firstmover.games.prominence import PastRule, demand_under, without_past

_STATES = 30_000_000  # entries of the tables of sessions that are kept at once


class Learnt(NamedTuple):
    """What came of N sessions for each of P profiles of costs, under a rule with H pasts and S price profiles.

    Attributes:
        frequency: how often each past and profile came up in the reward rounds.
        strategies: what every seller charges after every profile.
        last: the profile of the last learning round.
        past: the rule's past then.
        rounds: learning rounds until it had converged, or all.
        converged: whether it has, where that is looked for.
    """

    frequency: Float[np.ndarray, "P N HS"]
    strategies: Int[np.ndarray, "P N n S"]
    last: Int[np.ndarray, "P N"]
    past: Int[np.ndarray, "P N"]
    rounds: Int[np.ndarray, "P N"]
    converged: np.ndarray


@dataclass(frozen=True, eq=False)
class SellerSessions:
    """Sessions under a rule, with what the market pays there.

    Attributes:
        game: the market.
        rule: whom the platform shows.
        sellers: how they learn.
        shares: of the buyers, by past and profile, [HS, n].
        surplus: of the buyers, [HS].
        pays: every seller's profit, by profile of costs, [P, n, HS].
        learnt: what came of the sessions.
    """

    game: BuyBox
    rule: PastRule
    sellers: RepeatedQLearning
    shares: Float[np.ndarray, "HS n"]
    surplus: Float[np.ndarray, "HS"]
    pays: Float[np.ndarray, "P n HS"]
    learnt: Learnt

    @property
    def after(self) -> Int[np.ndarray, "HS"] | None:
        """The past after every past and profile; None where there is one only."""
        return None if len(self.rule.after) == 1 else self.rule.after.ravel()

    @property
    def prices(self) -> Float[np.ndarray, "HS n"]:
        """What every seller charges, by past and profile."""
        n = self.game.n_followers
        own = self.game.prices[np.indices(self.game.n_actions).reshape(n, -1).T]
        return np.tile(own, (len(self.rule.after), 1))

    @property
    def profits(self) -> Float[np.ndarray, "P N n"]:
        """Every seller's mean profit of the reward rounds."""
        return np.einsum("psk,pik->psi", self.learnt.frequency, self.pays)


def seller_sessions(
    game: BuyBox,
    rule: PastRule | Int[np.ndarray, "rows"],
    sellers: RepeatedQLearning | None = None,
    *,
    sessions: int = 1000,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> SellerSessions:
    """Play sessions under a rule.

    Args:
        game: the market.
        rule: the platform's decisions [rows], or a rule with a past.
        sellers: how they learn; by default as in `design`.
        sessions: how many for each profile of costs, at least 2.
        seed: of their random numbers.
        progress: told how far it is.

    Raises:
        InputError: the sellers' parameters do not fit the market, or there are too few sessions.

    Example:
        >>> from firstmover.games.prominence import named_rule
        >>> market, quick = BuyBox(costs=(1.0,)), RepeatedQLearning(rounds=200, beta=(0.02,))
        >>> played = seller_sessions(market, named_rule(market, "dynamic-pdp"), quick, sessions=3)
        >>> played.profits.shape
        (1, 3, 2)
    """
    require(sessions >= 2, "sessions must be at least 2", sessions)
    sellers = RepeatedQLearning() if sellers is None else sellers
    sellers.check(game)
    shows = rule if isinstance(rule, PastRule) else without_past(game, rule)
    shares, surplus = demand_under(game, shows)
    shares, surplus = shares.reshape(-1, game.n_followers), surplus.ravel()
    support, _ = game.types.profiles
    every = np.tile(np.indices(game.n_actions).reshape(game.n_followers, -1), (1, len(shows.after)))
    pays = np.stack(
        [shares[:, i] * game.margins[i][support[:, i]][:, every[i]] for i in range(game.n_followers)], axis=1
    )
    parts, done = [], 0
    at_once = _at_once(sellers, game, sessions)
    after = None if len(shows.after) == 1 else jnp.asarray(shows.after.ravel(), jnp.int32)
    while done < sessions:
        address = jnp.uint32((seed * 1_000_003 + done) % 2**32)
        parts.append(jax.tree.map(np.asarray, _play(sellers, game, at_once, pays, after, address)))
        done += at_once
        if progress is not None:
            progress(f"{min(done, sessions)} of {sessions} sessions for each profile of costs")
    learnt = Learnt(*(np.concatenate(own, axis=1)[:, :sessions] for own in zip(*parts, strict=True)))
    return SellerSessions(game, shows, sellers, shares, surplus, pays, learnt)


def _at_once(sellers: RepeatedQLearning, game: BuyBox, sessions: int) -> int:
    """Sessions of each profile of costs in one call: all, or so many that calls are of seconds and tables fit."""
    how, count = sellers.learning(game), len(game.types.profiles[0])
    fits = _STATES // (how.states * sum(how.actions) * count)
    return max(1, min(sessions, fits, 1024 // count))


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _play(
    sellers: RepeatedQLearning,
    game: BuyBox,
    sessions: int,
    pays: Float[Array, "P n HS"],
    after: Int[Array, "HS"] | None,
    address: jax.Array,
) -> tuple[Array, ...]:
    """Sessions under a rule with these payoffs; compiled once for all rules of a market with as many pasts.

    What `Learnt` has, in its order.
    """
    count, n = len(pays), game.n_followers
    own = jnp.asarray(pays, jnp.float32)
    pasts = None if after is None else jnp.tile(after, (count, 1))
    stage = Stage(tuple(own[:, i] for i in range(n)), pasts)
    played: Sessions = sellers.sessions_of(game, stage, address, sessions, alone=True)
    profiles = len(game.shown.rows)
    strategies = [jnp.broadcast_to(jnp.argmax(table, axis=-1), (count * sessions, profiles)) for table in played.tables]
    found = (played.frequency, jnp.stack(strategies, 1), played.last, played.past, played.rounds, played.converged)
    return tuple(part.reshape(count, sessions, *part.shape[1:]) for part in found)
