"""Pure play in games without chance: one sub-episode for every type profile tells what it earns."""

import jax.numpy as jnp
from jaxtyping import Array, Key

from firstmover.core.plays import Play
from firstmover.core.rollout import Position, Query
from firstmover.evaluators.base import Evaluator, Value
from firstmover.evaluators.status import EXACT, Status
from firstmover.evaluators.view import View, decisions_in, unvisited


class PurePlay(Evaluator):
    """Plays one sub-episode for every type profile."""

    @property
    def status(self) -> Status:
        return EXACT

    def value(self, view: View, play: Play, key: Key[Array, ""], exchange: int, start: Position | None = None) -> Value:
        support, probs = self.game.types.profiles
        query = Query(jnp.asarray(support), play, None, jnp.zeros(len(support), jnp.int32))
        outcome = view.outcome(query, exchange)
        reward = jnp.asarray(probs, outcome.leader.dtype) @ outcome.leader
        return Value(reward, *decisions_in(outcome, unvisited(self.game)))
