"""The step level for a learner that is not ours: plain numbers in, and what a learner of ours does around them.

A learner outside does not know masks, nor can it draw the same at the same observation in an episode. So a forbidden
option becomes the next one that is allowed, and the observation-action map is kept here: the first decision at an
observation is held until the episode is over.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree, UInt

from firstmover.core.step_level import Obs, StepLevel
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.spaces import Parts, observation_index


class Decided(NamedTuple):
    """A decision of the leader as plain numbers (see `spaces.Parts`)."""

    whole: Int[Array, "*batch k"]
    reals: Float[Array, "*batch m"]


class Episode(NamedTuple):
    """Where an episode stands, and what was decided in it, by observation, if that is held."""

    state: PyTree
    obs: Obs
    held: Decided
    holds: Bool[Array, "observations"]


class Paid(NamedTuple):
    """What comes of a decision.

    Attributes:
        taken: the decision that was taken.
        reward: what the reward sub-episodes pay for it, each counted in full, in units of the game that is played.
        over: how many of them are over with it.
        done: whether that was the episode.
    """

    taken: Decided
    reward: Float[Array, ""]
    over: Int[Array, ""]
    done: Bool[Array, ""]


@dataclass(frozen=True)
class Decisions:
    """A problem decision by decision.

    Attributes:
        level: the problem.
        action_map: whether an observation that comes up again in an episode gets the decision that it got before.
    """

    level: StepLevel
    action_map: bool = True

    @property
    def _game(self) -> Game:
        return self.level.problem.game

    def reset(self, seed: UInt[Array, ""]) -> Episode:
        """The first decision of the episode with this seed, an unsigned 32-bit number."""
        parts, rows = parts_of(self._game), self._game.n_observations if self.action_map else 0
        held = Decided(jnp.zeros((rows, len(parts.counts)), jnp.int32), jnp.zeros((rows, parts.reals)))
        return Episode(*self.level.reset(jax.random.key(seed)), held, jnp.zeros(rows, bool))

    def step(self, episode: Episode, decided: Decided) -> tuple[Episode, Paid]:
        """Take a decision; after the last one nothing happens any more and nothing is paid."""
        state, obs, held, holds = episode
        decided = possible(decided, obs.mask)
        if self.action_map:
            row = observation_index(obs.leader, self._game.leader_obs_sizes)
            decided = jax.tree.map(lambda own, new: jnp.where(holds[row], own[row], new), held, decided)
            held = jax.tree.map(lambda own, new: own.at[row].set(new), held, decided)
            holds = holds.at[row].set(True)
        after, obs_after, reward, done = self.level.step(state, self._game.leader_space.of_parts(*decided))
        over = self.level.rewarded(after) - self.level.rewarded(state)
        paid = Paid(decided, reward * self.level.problem.reward_episodes, over, done)
        return Episode(after, obs_after, held, holds), paid

    def actions(self, decided: Decided) -> Array:
        """A table of actions [observations, ...] from what is decided at each."""
        masks = jax.vmap(self._game.leader_mask)(jnp.asarray(self._game.observations()))
        return jax.vmap(lambda own, mask: self._game.leader_space.of_parts(*possible(own, mask)))(decided, masks)


def parts_of(game: Game) -> Parts:
    """The plain numbers that a decision of the leader is made of.

    Raises:
        InputError: it is not.
    """
    parts = game.leader_space.parts
    if parts is None:
        raise InputError(
            f"a decision in {game.name} is not made of whole numbers and real ones in a range, so other libraries have "
            "no counterpart of it: give its space `parts` and `of_parts`."
        )
    return parts


def possible(decided: Decided, mask: Bool[Array, "a"]) -> Decided:
    """The decision, with the next option that the mask allows where its own is forbidden."""
    if not decided.whole.size:
        return decided
    n = len(mask)
    steps = jnp.where(mask, (jnp.arange(n) - decided.whole[0]) % n, n)
    return decided._replace(whole=decided.whole.at[0].set(jnp.argmin(steps).astype(jnp.int32)))
