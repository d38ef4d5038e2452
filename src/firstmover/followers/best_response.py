"""Best response: followers know the induced game and play an exact pure equilibrium of it.

With one follower, every type plays an action of the largest expected payoff. With several, all pure profiles of
(type -> action) maps are listed, and the one with the least largest regret over all (follower, type) pairs is played:
a pure Bayes-Nash equilibrium where one exists, the nearest thing to one otherwise (the certificate tells which).
Ties are broken for the leader (`strong`) or against it (`weak`).

Source: the strong and weak Stackelberg equilibria of Breton, Alj and Haurie 1988.
Cost: with several followers, the product over followers of actions ** types; refused above `_MAX_MAPS`.
"""

import itertools
import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.games.base import Game, Ties
from firstmover.rollout import Outcome, Query, Strategies, all_profiles, type_masks

_MAX_MAPS = 20_000
# Payoffs this close, as a share of their range, count as equal: some units of rounding of 32- and 64-bit numbers.
_TIE = {4: 2e-6, 8: 1e-11}


@dataclass(frozen=True)
class BestResponse(Follower):
    """Followers that play an exact best response.

    Attributes:
        ties: "strong" breaks ties in the leader's favour, "weak" against it.
    """

    ties: Literal["strong", "weak"] = "strong"

    name: ClassVar[str] = "best-response"
    converges_to: ClassVar[str] = "pure Bayes-Nash equilibrium, where there is one"

    @property
    def enumerates(self) -> bool:
        return True

    @property
    def optimum_ties(self) -> Ties:
        return self.ties

    def check(self, game: Game) -> None:
        super().check(game)
        maps = math.prod(float(a) ** t for a, t in zip(game.n_actions, game.n_types, strict=True))
        if game.n_followers > 1 and maps > _MAX_MAPS:
            raise InputError(
                f"best-response lists pure profiles of {game.n_followers} followers; {game.name} has {maps:.3g}, more "
                f"than {_MAX_MAPS}. Use 'multiplicative-weights'."
            )

    def asks(self, game: Game) -> int:
        return 1

    def rounds_per_ask(self, game: Game) -> int:
        return 1

    def init(self, game: Game) -> tuple[Float[Array, "_types _actions"], ...]:
        masks = type_masks(game)
        return tuple(mask / mask.sum(axis=1, keepdims=True) for mask in masks)

    def ask(self, game: Game, state: tuple[Array, ...], noise: Float[Array, "u"]) -> Query:
        return all_profiles(game)

    def tell(
        self, game: Game, state: tuple[Array, ...], query: Query, outcome: Outcome
    ) -> tuple[Float[Array, "_types _actions"], ...]:
        support, probs = game.types.profiles
        leader = outcome.leader.reshape(len(support), *game.n_actions)
        followers = outcome.followers.T.reshape(-1, len(support), *game.n_actions)
        sign = 1.0 if self.ties == "strong" else -1.0
        tie = _TIE[followers.dtype.itemsize] * game.follower_payoff_scale
        masks = [table > 0 for table in state]
        if game.n_followers == 1:
            # One row per type that occurs; a type of probability zero keeps its initial strategy.
            types = support[:, 0]
            payoffs = jnp.where(masks[0][types], followers[0], -jnp.inf)
            tied = payoffs >= payoffs.max(axis=1, keepdims=True) - tie
            chosen = jnp.argmax(jnp.where(tied, sign * leader, -jnp.inf), axis=1)
            return (state[0].at[types].set(jnp.eye(game.n_actions[0])[chosen]),)
        maps = _pure_maps(game)
        regret, value = _evaluate(game, maps, leader, followers, masks, probs)
        tied = regret <= jnp.maximum(regret.min(), 0) + tie
        chosen = jnp.argmax(jnp.where(tied, sign * value, -jnp.inf))
        return tuple(jnp.eye(a)[jnp.asarray(part)[chosen]] for a, part in zip(game.n_actions, maps, strict=True))

    def strategy(self, game: Game, state: tuple[Array, ...]) -> Strategies:
        return Strategies(state)

    def features(self, game: Game, state: tuple[Array, ...]) -> Float[Array, "F"]:
        """The strategies: uniform until the game is known, pure afterwards."""
        return jnp.concatenate([table.ravel() for table in state])


def _pure_maps(game: Game) -> list[np.ndarray]:
    """Every joint profile of pure (type -> action) maps: one array [profiles, types] per follower."""
    sizes = [a for a, t in zip(game.n_actions, game.n_types, strict=True) for _ in range(t)]
    profiles = np.array(list(itertools.product(*(range(a) for a in sizes))), np.int32).reshape(-1, len(sizes))
    return np.split(profiles, np.cumsum(game.n_types)[:-1], axis=1)


def _evaluate(
    game: Game,
    maps: list[np.ndarray],
    leader: Float[Array, "P *actions"],
    followers: Float[Array, "n P *actions"],
    masks: list[Array],
    probs: np.ndarray,
) -> tuple[Float[Array, "profiles"], Float[Array, "profiles"]]:
    """The largest regret over (follower, type) of every pure profile, infinite where impossible, and its value."""
    support, _ = game.types.profiles
    rows = np.arange(len(support))
    played = [part[:, support[:, i]] for i, part in enumerate(maps)]  # [profiles, P]
    value = leader[(rows, *played)] @ jnp.asarray(probs, leader.dtype)
    worst = jnp.full(len(maps[0]), -jnp.inf)
    for i, part in enumerate(maps):
        own = followers[i][(rows, *played)]
        for t in range(game.n_types[i]):
            weights = jnp.asarray(
                probs * (support[:, i] == t) / max(probs[support[:, i] == t].sum(), 1e-300), own.dtype
            )
            best = jnp.full(len(part), -jnp.inf)
            for a in range(game.n_actions[i]):
                deviating = [np.full_like(p, a) if j == i else p for j, p in enumerate(played)]
                payoff = followers[i][(rows, *deviating)] @ weights
                best = jnp.maximum(best, jnp.where(masks[i][t, a], payoff, -jnp.inf))
            possible = masks[i][t][part[:, t]]
            worst = jnp.maximum(worst, jnp.where(possible, best - own @ weights, jnp.inf))
    return worst, value
