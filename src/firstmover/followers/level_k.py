"""Level-k reasoning: level 0 plays at random, level k replies best to followers of level k - 1.

With one follower every level from 1 on is a best response. Ties are played uniformly.

Source: Stahl and Wilson 1994; Nagel 1995; Crawford, Costa-Gomes and Iriberri, "Structural models of nonequilibrium
strategic thinking" (Journal of Economic Literature 2013). Most people in experiments are of level 1 or 2.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from firstmover.core.batching import batch_last
from firstmover.core.plays import Strategies
from firstmover.core.rollout import Outcome
from firstmover.errors import require
from firstmover.evaluators.forms import type_masks
from firstmover.followers.expectations import at_profiles, expected, listed_payoffs
from firstmover.followers.informed import Informed
from firstmover.followers.planning import TIE
from firstmover.games.base import Game

_Tables = tuple[Float[Array, "_types _actions"], ...]


@dataclass(frozen=True)
class LevelK(Informed):
    """Followers that think a few steps ahead: each replies best to others who think one step less.

    Attributes:
        level: how many steps, at least 0; 0 is uniform play.

    Example:
        >>> from firstmover import evaluate
        >>> from firstmover.followers import LevelK
        >>> from firstmover.games import Maintain
        >>> found = evaluate(Maintain(), followers=[LevelK(0), LevelK(1)], optimum_seconds=0)
        >>> found.names, found.value.shape
        (['status quo'], (1, 2))
    """

    level: int = 1

    name: ClassVar[str] = "level-k"
    converges_to: ClassVar[str] = "no equilibrium in general: a best reply to followers of the level below"

    def __post_init__(self) -> None:
        """Check the range.

        Raises:
            InputError: a parameter is out of range.
        """
        require(0 <= self.level <= 100, "level must be from 0 to 100", self.level)

    def init(self, game: Game) -> _Tables:
        return tuple(mask / mask.sum(axis=1, keepdims=True) for mask in type_masks(game))

    def reply(self, game: Game, state: _Tables, listed: Outcome) -> _Tables:
        def levels(
            state: tuple[Float[Array, "_types _actions B"], ...], payoffs: Float[Array, "players P *actions B"]
        ) -> tuple[Float[Array, "_types _actions B"], ...]:
            possible = [table > 0 for table in state]
            for _ in range(self.level):
                rows = at_profiles(game, list(state))
                after = []
                for i in range(game.n_followers):
                    pays = jnp.where(possible[i], expected(game, payoffs[i], rows, i), -jnp.inf)
                    best = possible[i] & (pays >= pays.max(axis=1, keepdims=True) - TIE[payoffs.dtype.itemsize])
                    after.append(best / best.sum(axis=1, keepdims=True).astype(payoffs.dtype))
                state = tuple(after)
            return state

        return batch_last(levels)(state, listed_payoffs(game, listed, self.payoff_scales(game)))

    def strategy(self, game: Game, state: _Tables) -> Strategies:
        return Strategies(state)

    def features(self, game: Game, state: _Tables) -> Float[Array, "F"]:
        """The strategies, uniform until the game is known."""
        return jnp.concatenate([table.ravel() for table in state])
