"""Followers that do not notice a new rule: they go on as under the old one, the game's status quo.

They reply best to the status quo, and play that under every rule. It is what habit and inattention look like at first.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array

from firstmover.core.commitment import table_of
from firstmover.core.rollout import Outcome
from firstmover.errors import InputError
from firstmover.evaluators.view import View
from firstmover.followers.best_response import ListedBestResponse
from firstmover.games.base import Game
from firstmover.solvers.registry import baseline_actions


@dataclass(frozen=True)
class Unmoved(ListedBestResponse):
    """Followers that stay with their best response to the status quo, whatever the rule.

    Attributes:
        ties: "strong" breaks ties under the status quo in the leader's favour, "weak" against it.

    Example:
        >>> from firstmover.followers import Unmoved
        >>> from firstmover.games import Maintain
        >>> from firstmover.jobs.certifications import respond
        >>> from firstmover.rules.rule import Rule
        >>> rule = Rule.read(Maintain("mixed"), [{"do": {"mixture": [0, 0, 1]}}])
        >>> respond(rule, Unmoved()).tables[0].tolist()
        [[1.0, 0.0, 0.0]]
    """

    ties: Literal["strong", "weak"] = "strong"

    name: ClassVar[str] = "unmoved"
    converges_to: ClassVar[str] = "a best response to another rule than the one they are under"

    def check(self, game: Game) -> None:
        super().check(game)
        if baseline_actions(game) is None:
            raise InputError(
                f"unmoved followers go on as under the status quo, which in {game.name} is no rule of this very game."
            )

    def reply(self, game: Game, state: tuple[Array, ...], listed: Outcome) -> tuple[Array, ...]:
        """The reply to the status quo; the game under the new rule is not looked at."""
        table = jnp.asarray(baseline_actions(game))
        table = table.astype(jnp.result_type(float)) if jnp.issubdtype(table.dtype, jnp.floating) else table
        return super().reply(game, state, View(game, table_of(game, table), jax.random.key(0)).listed)
