"""What every head answers: draws of decisions from a vector of outputs, and how likely they are."""

import abc
from typing import NamedTuple, TypeAlias

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from firstmover.core.modules import Module

Statistics: TypeAlias = PyTree  # of draws, as a head takes them to its surrogate

# Far above any clip, and far below where a float32 overflows.
_MOST_LOG_RATIO = 20.0


class Branches(NamedTuple):
    """What a policy says of a decision that picks an option and then components for it.

    Attributes:
        logits: of the options.
        parts: the outputs of the components, for every kind of option.
        kind: of which kind each option is; None: each is its own.
    """

    logits: Float[Array, "options"]
    parts: Float[Array, "kinds parts"]
    kind: Int[Array, "options"] | None = None


def by_option(of_kinds: Float[Array, "kinds"], kind: Int[Array, "options"] | None) -> Float[Array, "options"]:
    """Numbers of every kind of option, for every option. By comparison: gathers are slow in batches."""
    if kind is None:
        return of_kinds
    return jnp.sum(jnp.where(kind[:, None] == jnp.arange(len(of_kinds)), of_kinds, 0), axis=1)


Output: TypeAlias = PyTree  # of a policy, for one observation: a vector [width], or `Branches` if its head is branching


class Head(Module, abc.ABC):
    """Draws of decisions from an output vector, and how likely they are.

    A draw is `raw`: an action before it is clipped to its range. Draws are what is learnt from; `action` is what is
    played.
    """

    @property
    @abc.abstractmethod
    def width(self) -> int:
        """Length of an output vector."""

    @property
    @abc.abstractmethod
    def noise_size(self) -> int:
        """Uniform numbers consumed by a draw."""

    @property
    @abc.abstractmethod
    def rates(self) -> Float[Array, "width"]:
        """How fast each output should move, as a multiple of the learning rate."""

    @abc.abstractmethod
    def draw(self, output: Output, mask: Bool[Array, "options"], u: Float[Array, "noise"]) -> Array:
        """A draw from uniform numbers."""

    @abc.abstractmethod
    def mode(self, output: Output, mask: Bool[Array, "options"]) -> Array:
        """The likeliest draw, the first of equals."""

    def action(self, raw: Array) -> Array:
        """What the game is given for a draw: the draw itself."""
        return raw

    @abc.abstractmethod
    def around(self, action: Array) -> Float[Array, "width"]:
        """An output to start from that prefers this action, and leaves the others likely enough to be tried."""

    @abc.abstractmethod
    def log_probabilities(self, output: Output, mask: Bool[Array, "options"], raw: Array) -> Float[Array, "parts"]:
        """Log-probabilities (or densities) of the parts of a draw that are drawn independently given those before."""

    def log_probability(self, output: Output, mask: Bool[Array, "options"], raw: Array) -> Float[Array, ""]:
        """Log-probability (or density) of a draw."""
        return self.log_probabilities(output, mask, raw).sum()

    @abc.abstractmethod
    def statistics(self, raw: Array, advantages: Float[Array, "episodes"]) -> Statistics:
        """All that the surrogate needs of the draws [episodes, ...] at one observation and of their advantages."""

    @abc.abstractmethod
    def surrogate(
        self,
        output: Float[Array, "width"],
        old_output: Float[Array, "width"],
        mask: Bool[Array, "options"],
        statistics: Statistics,
        clip: float,
    ) -> Float[Array, ""]:
        """PPO's clipped objective of one observation, summed over episodes."""

    @abc.abstractmethod
    def entropy(self, output: Output, mask: Bool[Array, "options"]) -> Float[Array, ""]:
        """Entropy in nats (differential for real components)."""


def likelihood_ratio(log_p: Float[Array, "*shape"], old_log_p: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """How much likelier a draw has become; always finite, so that a ratio that does not count (times 0) counts 0.

    A draw that belongs to another option, or to another observation, may have become likelier by any factor: the ratio
    of two densities far out in the tail of a narrow Gaussian overflows. Above the bound it has no gradient.
    """
    return jnp.exp(jnp.minimum(log_p - old_log_p, _MOST_LOG_RATIO))


def clipped_gain(
    ratio: Float[Array, "*shape"], advantage: Float[Array, "*#shape"], clip: Float[Array, ""] | float
) -> Float[Array, "*shape"]:
    """PPO's clipped objective: what a draw that has become likelier by this factor gains, at most within the clip."""
    return jnp.minimum(ratio * advantage, jnp.clip(ratio, 1 - clip, 1 + clip) * advantage)
