"""Commitments: the leader's rule, frozen; all that followers ever meet of the leader.

A commitment is a callable pytree `commitment(obs, mask, key) -> action`. Frozen ones ignore the key.
"""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.modules import Module, static
from firstmover.core.noise import Stream, address_uniform, seed_of, stream
from firstmover.core.policies import Policy
from firstmover.games.base import Game
from firstmover.heads import Head, Output
from firstmover.spaces.observations import address_of, observation_index


class Table(Module):
    """One action for every enumerated observation, shape [n_observations, ...]."""

    equivariant: ClassVar[bool] = False

    actions: Array
    sizes: tuple[int, ...] = static()

    def __call__(self, obs: Int[Array, "d"], mask: Bool[Array, "a"], key: Key[Array, ""]) -> Array:
        """The action stored for this observation."""
        del mask, key
        return self.actions[observation_index(obs, self.sizes)]


class Lazy(Module):
    """A policy and an episode's key: the noise of a draw is a function of (key, observation); nothing is stored.

    This is the papers' observation-action map: within an episode, an observation that comes up again gets the action
    that it got before. One that is `greedy` takes the likeliest action everywhere instead; only then does the key of
    the sub-episode count, for lots between equal options.
    """

    policy: Policy
    head: Head
    key: Key[Array, ""]
    greedy: Bool[Array, ""] | bool = False

    equivariant: ClassVar[bool] = False  # what is drawn goes by the observation as it stands

    def __call__(self, obs: Array, mask: Bool[Array, "a"], key: Key[Array, ""]) -> Array:
        """The action drawn for this observation, or the likeliest one."""
        output = self.policy(obs)
        raw = self.head.draw(output, mask, episode_noise(self.head, self.key, obs))
        if self.greedy is not False:
            raw = jnp.where(self.greedy, self.head.mode(self.policy.untied(output, key), mask), raw)
        return self.head.action(raw)


class Greedy(Module):
    """A policy's likeliest action at every observation; nothing is stored, and only lots between equals are drawn."""

    policy: Policy
    head: Head

    @property
    def equivariant(self) -> bool:
        """Whether whatever permutes the options permutes what is done."""
        return self.policy.equivariant

    def __call__(self, obs: Array, mask: Bool[Array, "a"], key: Key[Array, ""]) -> Array:
        """The likeliest action for this observation."""
        return self.head.action(self.head.mode(self.policy.untied(self.policy(obs), key), mask))


def episode_noise(head: Head, key: Key[Array, ""], obs: Array) -> Float[Array, "u"]:
    """The noise of the draw at an observation, in the episode that has this key."""
    return address_uniform(seed_of(stream(key, Stream.COMMITMENT)), address_of(obs), head.noise_size)


class Given(Module):
    """An action decided elsewhere (by the learner of the step-level problem) for the one decision at hand."""

    action: Array

    equivariant: ClassVar[bool] = False

    def __call__(self, obs: Array, mask: Bool[Array, "a"], key: Key[Array, ""]) -> Array:
        """The given action, whatever is observed."""
        del obs, mask, key
        return self.action


Commitment = Table | Lazy | Greedy | Given


def draw_table(
    head: Head,
    outputs: Output,
    masks: Bool[Array, "observations a"],
    observations: Int[Array, "observations d"],
    key: Key[Array, ""],
) -> Array:
    """What `Lazy` draws at every enumerated observation, before `head.action`: the same numbers, all at once.

    `outputs` are a policy's at all of them, with a leading axis of observations.
    """
    noise = jax.vmap(lambda obs: episode_noise(head, key, obs))(observations)
    return jax.vmap(head.draw)(outputs, masks, noise)


def table_of(game: Game, actions: Array) -> Table:
    """A table commitment for `game`, from actions [n_observations, ...]."""
    return Table(jnp.asarray(actions), game.leader_obs_sizes)
