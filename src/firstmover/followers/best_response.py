"""Best response: followers know the induced game and play an exact pure equilibrium of it.

Where they act once, the whole induced game is listed. With one follower, every type plays an action of the largest
expected payoff. With several, all pure profiles of (type -> action) maps are listed, and the one with the least largest
regret over all (follower, type) pairs is played: a pure Bayes-Nash equilibrium where one exists, the nearest thing to
one otherwise (the certificate tells which). Ties are broken for the leader (`strong`) or against it (`weak`).

Where they act in every step, the leader is asked what it does at each of its observations, and the followers plan on
the game's table of states (`planning`).

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

from firstmover.core.plays import Strategies, TimedStrategies
from firstmover.core.rollout import Outcome
from firstmover.core.trees import FollowerState
from firstmover.errors import InputError
from firstmover.evaluators.forms import by_form, type_masks
from firstmover.followers.base import Follower
from firstmover.followers.by_game import ByGame
from firstmover.followers.informed import Informed
from firstmover.followers.planning import TIE, all_tables, memoryless, observed_states, timed
from firstmover.followers.queried import Queried
from firstmover.games.base import Game, Ties
from firstmover.solvers.registry import state_table

_MAX_MAPS = 20_000


@dataclass(frozen=True)
class BestResponse(ByGame):
    """Followers that play an exact best response.

    Attributes:
        ties: "strong" breaks ties in the leader's favour, "weak" against it.
        policies: among what followers that act in every step choose: all that depends on the state and the time
            ("timed"), or with one follower tables of one action per observation of its own ("memoryless").

    Example:
        >>> from firstmover import design
        >>> from firstmover.followers import BestResponse
        >>> from firstmover.games import Maintain
        >>> design(Maintain(), followers=BestResponse(ties="weak"), seeds=1).value
        20.0
    """

    ties: Literal["strong", "weak"] = "strong"
    policies: Literal["timed", "memoryless"] = "timed"

    name: ClassVar[str] = "best-response"
    converges_to: ClassVar[str] = "pure Bayes-Nash equilibrium, where there is one"
    acts: ClassVar[tuple[Literal["once", "every step"], ...]] = ("every step", "once")
    plays_pure: ClassVar[bool] = True

    def kind(self, game: Game) -> Follower:
        return by_form(game, once=ListedBestResponse(self.ties), every_step=PlannedBestResponse(self))

    @property
    def counts_steps(self) -> bool:
        return self.policies == "timed"

    @property
    def optimum_ties(self) -> Ties:
        return self.ties


@dataclass(frozen=True)
class ListedBestResponse(Informed):
    """Best responses where followers act once; the state are the strategies' tables."""

    ties: Ties

    name: ClassVar[str] = BestResponse.name
    converges_to: ClassVar[str] = BestResponse.converges_to

    def check(self, game: Game) -> None:
        super().check(game)
        maps = sum(t * math.log10(a) for a, t in zip(game.n_actions, game.n_types, strict=True))  # its digits
        if game.n_followers > 1 and maps > math.log10(_MAX_MAPS) + 1e-9:
            raise InputError(
                f"best-response lists pure profiles of {game.n_followers} followers; {game.name} has 1e{maps:.1f}, "
                f"more than {_MAX_MAPS}. Use 'multiplicative-weights'."
            )

    def init(self, game: Game) -> FollowerState:
        return tuple(mask / mask.sum(axis=1, keepdims=True) for mask in type_masks(game))

    def strategy(self, game: Game, state: tuple[Array, ...]) -> Strategies:
        return Strategies(state)

    def features(self, game: Game, state: tuple[Array, ...]) -> Float[Array, "F"]:
        """The strategies, uniform until the game is known, pure afterwards."""
        return jnp.concatenate([table.ravel() for table in state])

    def reply(self, game: Game, state: tuple[Array, ...], listed: Outcome) -> tuple[Array, ...]:
        """The strategies for the listed game; only what is possible has a positive entry in those before."""
        support, probs = game.types.profiles
        leader = listed.leader.reshape(len(support), *game.n_actions)
        followers = listed.followers.T.reshape(-1, len(support), *game.n_actions)
        sign = 1.0 if self.ties == "strong" else -1.0
        tie = TIE[followers.dtype.itemsize] * game.follower_payoff_scale
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


@dataclass(frozen=True)
class PlannedBestResponse(Queried):
    """Best responses where followers act in every step; the state are the leader's answers."""

    parameters: BestResponse

    name: ClassVar[str] = BestResponse.name
    converges_to: ClassVar[str] = BestResponse.converges_to

    def check(self, game: Game) -> None:
        super().check(game)
        try:
            state_table(game)
        except InputError as error:
            raise InputError(
                f"best-response plans on the table of a game's states: {error} 'q-learning' and 'policy-gradient' do "
                "without."
            ) from None
        if self.parameters.policies == "memoryless":
            all_tables(game)
        else:
            observed_states(game)

    def rounds_per_ask(self, game: Game) -> int:
        return 1

    def strategy(self, game: Game, state: Array) -> Strategies | TimedStrategies:
        plan = timed if self.parameters.policies == "timed" else memoryless
        return plan(game, state, self.parameters.ties)


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
