"""Logit response: every action has a probability that grows with what it pays, and all followers expect the others'.

    p_i[t_i] <- (1 - damping) * p_i[t_i] + damping * softmax(rationality * (payoffs of all actions) / scale)

A fixed point is a logit quantal response equilibrium. The iteration finds one where it settles. Among followers who
chase each other that takes a damping of the order of 1 / rationality ** 2. `rationality=0` is uniform play.

Source: McKelvey and Palfrey 1995, 1998 (agent quantal response: every type responds on its own).
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from firstmover.core.batching import batch_last, short_softmax
from firstmover.core.plays import Strategies
from firstmover.core.rollout import Outcome
from firstmover.core.traced import Numbers, numbers_of, with_numbers
from firstmover.errors import require
from firstmover.evaluators.forms import type_masks
from firstmover.followers.expectations import at_profiles, expected, listed_payoffs
from firstmover.followers.informed import Informed
from firstmover.games.base import Game

_Tables = tuple[Float[Array, "_types _actions"], ...]


@dataclass(frozen=True)
class Logit(Informed):
    """Followers that make mistakes, the rarer the costlier (quantal response).

    Attributes:
        rounds: steps of the iteration, at least 1.
        rationality: factor on scaled payoffs, at least 0; the larger, the fewer the mistakes.
        damping: share of the response in a step, more than 0 and at most 1.
        scale: what payoffs are divided by, in their units; 0 stands for what each follower has at stake in the game:
            the range of its payoffs, without what it would cost to do what nobody does (see `games.units`).

    Example:
        >>> from firstmover.followers import Logit
        >>> Logit(rationality=20.0)
        Logit(rationality=20.0)
    """

    rounds: int = 200
    rationality: float = 10.0
    damping: float = 0.05
    scale: float = 0.0

    name: ClassVar[str] = "logit"
    traced: ClassVar[tuple[str, ...]] = ("rationality", "damping")
    converges_to: ClassVar[str] = "quantal response equilibrium"

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        require(self.rounds >= 1, "rounds must be at least 1", self.rounds)
        require(0 <= self.rationality < math.inf, "rationality must be 0 or a positive number", self.rationality)
        require(0 < self.damping <= 1, "damping must be more than 0 and at most 1", self.damping)
        require(0 <= self.scale < math.inf, "scale must be a positive number, or 0 for the payoff range", self.scale)

    def rounds_per_ask(self, game: Game) -> int:
        return self.rounds

    def init(self, game: Game) -> _Tables:
        return tuple(mask / mask.sum(axis=1, keepdims=True) for mask in type_masks(game))

    def reply(self, game: Game, state: _Tables, listed: Outcome) -> _Tables:
        def iteration(
            numbers: Numbers,
            state: tuple[Float[Array, "_types _actions B"], ...],
            payoffs: Float[Array, "players P *actions B"],
        ) -> tuple[Float[Array, "_types _actions B"], ...]:
            own, possible = with_numbers(self, numbers), [table > 0 for table in state]

            def one(state: tuple[Array, ...], _: None) -> tuple[tuple[Array, ...], None]:
                rows = at_profiles(game, list(state))
                after = []
                for i, table in enumerate(state):
                    logits = jnp.where(possible[i], own.rationality * expected(game, payoffs[i], rows, i), -jnp.inf)
                    after.append(table + own.damping * (short_softmax(logits, 1) - table))
                return tuple(after), None

            return jax.lax.scan(one, state, None, self.rounds)[0]

        return batch_last(iteration)(numbers_of(self), state, listed_payoffs(game, listed, self.payoff_scales(game)))

    def strategy(self, game: Game, state: _Tables) -> Strategies:
        return Strategies(state)

    def features(self, game: Game, state: _Tables) -> Float[Array, "F"]:
        """The mixed strategies of every follower and type."""
        return jnp.concatenate([table.ravel() for table in state])
