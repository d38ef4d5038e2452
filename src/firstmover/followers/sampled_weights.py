"""Multiplicative weights at size: rounds are sampled, and cost the number of followers times their actions.

In a round one type profile and one action of each follower are drawn, and every action of every follower is evaluated
against the others' drawn ones. Where the game can tell (`Game.paid_by_type`), each counterfactual teaches all types of
its follower at once. Followers that are alike may share one table: then every counterfactual teaches all of them.

    w[t, a] <- w[t, a] * (1 + epsilon) ** (mean payoff of a to type t / scale)

Tables are stacked, so that neither the program nor its compile time grows with the number of followers.

Source: Brero et al., "Stackelberg POMDP", algorithm 2, whose rounds teach the drawn types only; the rest is ours.
"""

import functools
import math
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.core.noise import inverse_cdf
from firstmover.core.plays import Actions, Stacked
from firstmover.core.rollout import Outcome, Query
from firstmover.errors import InputError, require
from firstmover.evaluators.forms import possible_actions
from firstmover.followers.base import Follower
from firstmover.games.base import Game

_PATIENCE = 100  # times as many rounds, of an eighth of the step, in which noise averages out
_CAREFUL = 8
_ASKED = 4


class _State(NamedTuple):
    logits: Float[Array, "tables types actions"]  # one table for all, or one for each follower


@dataclass(frozen=True)
class SampledWeights(Follower):
    """Multiplicative weights from sampled rounds, for many followers.

    Attributes:
        rounds: how often every follower learns, at least 1.
        epsilon: step size, positive; a weight grows by the factor 1 + epsilon per unit of scaled payoff.
        shared: whether all followers share one table; for games in which they are exchangeable.
        asked: of how many followers, drawn anew each round, all actions are evaluated; 0 for all followers.
        scale: what payoffs are divided by, in their units; 0 stands for what each follower has at stake.

    Example:
        >>> from firstmover.followers import SampledWeights
        >>> SampledWeights(rounds=20)
        SampledWeights(rounds=20)
    """

    rounds: int = 40
    epsilon: float = 10.0
    shared: bool = False
    asked: int = 0
    scale: float = 0.0

    name: ClassVar[str] = "sampled-weights"
    traced: ClassVar[tuple[str, ...]] = ("epsilon", "rate")
    converges_to: ClassVar[str] = "anf_cce"
    needs_steps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        require(self.rounds >= 1, "rounds must be at least 1", self.rounds)
        require(0 < self.epsilon < math.inf, "epsilon must be a positive number", self.epsilon)
        require(self.asked >= 0, "asked must be at least 0", self.asked)
        require(0 <= self.scale < math.inf, "scale must be a positive number, or 0 for the payoff range", self.scale)

    @functools.cached_property
    def rate(self) -> float:
        """By how much the logarithm of a weight grows per unit of scaled payoff."""
        return math.log1p(self.epsilon)

    def unhurried(self) -> "SampledWeights":
        """The same in a hundred times as many rounds, of smaller steps, in which all followers learn.

        Of followers that share a table no more than a few are asked in a round, however many there are.
        """
        asked = max(self.asked, _ASKED) if self.shared else 0
        return replace(
            self, rounds=_PATIENCE * self.rounds, epsilon=(1 + self.epsilon) ** (1 / _CAREFUL) - 1, asked=asked
        )

    def check(self, game: Game) -> None:
        super().check(game)
        if len(set(game.n_types)) > 1 or len(set(game.n_actions)) > 1:
            raise InputError(
                f"{self.name} needs followers with as many types and actions each; those of {game.name} have "
                f"{game.n_types} and {game.n_actions}. Use 'multiplicative-weights -f update=sampled'."
            )
        if self.shared and not game.alike:
            raise InputError(f"shared=true needs followers that are exchangeable; those of {game.name} are not.")

    def asks(self, game: Game) -> int:
        return self.rounds

    def rounds_per_ask(self, game: Game) -> int:
        return 1

    def noise_size(self, game: Game) -> int:
        return 2 * game.n_followers + 1

    def init(self, game: Game) -> _State:
        masks = jnp.stack([jnp.asarray(mask) for mask in possible_actions(game)[: 1 if self.shared else None]])
        return _State(jnp.where(masks, 0.0, -jnp.inf))

    def _deviators(self, game: Game, u: Float[Array, ""]) -> Int[Array, "asked"]:
        """Whose actions are evaluated in a round: so many in a row, from a drawn one on."""
        n = game.n_followers
        asked = min(self.asked or n, n)
        first = jnp.minimum((u * n).astype(jnp.int32), n - 1) if asked < n else jnp.int32(0)
        return (first + jnp.arange(asked, dtype=jnp.int32)) % n

    def ask(self, game: Game, state: _State, noise: Float[Array, "u"]) -> Query:
        n, size = game.n_followers, game.n_actions[0]
        types = game.types.sample(noise[:n])
        mixed = jnp.broadcast_to(jax.nn.softmax(state.logits), (n, *state.logits.shape[1:]))
        actions = jax.vmap(inverse_cdf)(mixed[jnp.arange(n), types], noise[n : 2 * n])
        deviator = jnp.repeat(self._deviators(game, noise[-1]), size)
        deviation = jnp.tile(jnp.arange(size, dtype=jnp.int32), len(deviator) // size)
        queried = jnp.where(jnp.arange(n) == deviator[:, None], deviation[:, None], actions)
        return Query(jnp.broadcast_to(types, queried.shape), Actions(queried), None, jnp.zeros(len(queried), jnp.int32))

    def tell(self, game: Game, state: _State, query: Query, outcome: Outcome) -> _State:
        size, n_types = game.n_actions[0], game.n_types[0]
        who = self._asked_of(query, size)
        types = query.types[0, who]
        if game.tells_types_apart:
            steps = outcome.steps
            assert steps is not None
            by_type = jax.vmap(game.paid_by_type)(
                steps.leader_obs, steps.leader_action, steps.leader_acts, jnp.repeat(who, size)
            )
            paid = by_type.reshape(-1, size, n_types).swapaxes(1, 2)  # [asked, types, actions]
        else:
            rows = jnp.arange(len(query.types))
            own = outcome.followers[rows, jnp.repeat(who, size)].reshape(-1, 1, size)
            paid = own * jax.nn.one_hot(types, n_types)[..., None]
        gains = self.rate * paid / jnp.asarray(np.array(self.payoff_scales(game)))[who][:, None, None]
        if self.shared:
            return _State(state.logits + gains.mean(axis=0))
        return _State(state.logits.at[who].add(gains))

    def _asked_of(self, query: Query, size: int) -> Int[Array, "asked"]:
        """Whose actions were evaluated: in their sub-episodes, nobody else's action differs."""
        profiles = query.play.profiles.reshape(-1, size, query.types.shape[1])
        if size == 1:  # there is nothing to learn, and anybody will do
            return jnp.zeros(len(profiles), jnp.int32)
        return jnp.argmax(profiles[:, 0] != profiles[:, -1], axis=-1).astype(jnp.int32)

    def strategy(self, game: Game, state: _State) -> Stacked:
        mixed = jax.nn.softmax(state.logits)
        return Stacked(jnp.broadcast_to(mixed, (game.n_followers, *mixed.shape[1:])))

    def features(self, game: Game, state: _State) -> Float[Array, "F"]:
        """The mixed strategies of every table and type."""
        return jax.nn.softmax(state.logits).ravel()
