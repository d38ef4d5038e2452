"""A view: all that a frozen rule shows to those who may only query it."""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.commitment import Commitment
from firstmover.core.noise import Stream, stream
from firstmover.core.rollout import Outcome, Query, answer
from firstmover.evaluators.forms import all_profiles
from firstmover.games.base import Game


class View:
    """What may be asked of a rule in an episode. What is listed once is not played again.

    Attributes:
        game: what is played.
        key: of the episode.
    """

    def __init__(self, game: Game, commitment: Commitment, key: Key[Array, ""]):
        """A view of this rule in the episode with this key."""
        self.game, self.key, self._commitment = game, key, commitment

    @functools.cached_property
    def listed(self) -> Outcome:
        """What every (type profile, action profile) pays: the outcome of `all_profiles`.

        Raises:
            InputError: they cannot be listed.
        """
        return self.outcome(all_profiles(self.game), 0)

    @property
    def has_listed(self) -> bool:
        """Whether the profiles were listed by now."""
        return "listed" in vars(self)

    def outcome(self, query: Query, exchange: Int[Array, ""] | int, *, keep_steps: bool = False) -> Outcome:
        """What comes of these sub-episodes, played as the exchange with this number."""
        return answer(self.game, self._commitment, query, chance_of(self.key, exchange), keep_steps=keep_steps)

    def answers(self, observations: Int[Array, "questions d"]) -> Array:
        """What the leader says that it does at these observations, [questions, *decision]."""

        def decided(obs: Array, number: Array) -> Array:
            mask = self.game.leader_mask(obs)
            return self._commitment(obs, mask, jax.random.fold_in(stream(self.key, Stream.QUESTION), number))

        return jax.vmap(decided)(observations, jnp.arange(len(observations)))


def unvisited(game: Game) -> Bool[Array, "observations"]:
    """No observation of the leader; one row stands for all where they are too many to list."""
    return jnp.zeros(game.n_rows, bool)


def decisions_in(
    outcome: Outcome, visited: Bool[Array, "observations"]
) -> tuple[Bool[Array, "observations"], Float[Array, ""]]:
    """Which observations the leader has met by now, and how many decisions it took in these sub-episodes."""
    assert outcome.leader_rows is not None
    rows = outcome.leader_rows.ravel()
    visited = visited.at[rows].set(True, mode="drop")
    return visited, jnp.sum(rows < visited.size, dtype=jnp.float32)


def chance_of(key: Key[Array, ""], exchange: Int[Array, ""] | int) -> Key[Array, ""]:
    """The chance of one exchange of the episode with this key."""
    return jax.random.fold_in(stream(key, Stream.CHANCE), exchange)


def sub_episode_chance(
    game: Game, key: Key[Array, ""], exchange: Int[Array, ""] | int, address: Int[Array, ""]
) -> Key[Array, ""]:
    """The chance of one sub-episode of an exchange, by its address in the query; any key where there is no chance."""
    return jax.random.fold_in(chance_of(key, exchange), address) if game.has_chance else key
