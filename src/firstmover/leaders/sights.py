"""What a step-level learner may see: how the rows that it learns from hold it, and what networks say of such rows.

Where all that it may see is a list, a row holds its place there, and a network is asked once for everything on the list
if that is shorter than the rows. Elsewhere a row holds the observation itself.
"""

import abc
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from firstmover.games.base import Game
from firstmover.heads import Output
from firstmover.spaces import observation_index


class Sights(abc.ABC):
    """What a learner may see."""

    @abc.abstractmethod
    def row(self, seen: Array) -> Array:
        """What a row holds of what was seen."""

    @abc.abstractmethod
    def seen(self, rows: Array) -> Array:
        """What was seen in these rows."""

    @abc.abstractmethod
    def possible(self, rows: Array) -> Bool[Array, "rows a"]:
        """What the leader may do in these rows."""

    @abc.abstractmethod
    def outputs(self, network: Callable[[Array], Output], rows: Array) -> Output:
        """What a network says of these rows."""


@dataclass(frozen=True)
class Listed(Sights):
    """All that may be seen, in the order of `observation_index`; a row holds a place in it.

    Attributes:
        observations: the list.
        masks: what the leader may do at each.
        sizes: number of values of each component.
    """

    observations: Int[Array, "sights s"]
    masks: Bool[Array, "sights a"]
    sizes: tuple[int, ...]

    @property
    def n(self) -> int:
        """Length of the list."""
        return len(self.observations)

    def row(self, seen: Int[Array, "s"]) -> Int[Array, ""]:
        return observation_index(seen, self.sizes)

    def seen(self, rows: Int[Array, "rows"]) -> Int[Array, "rows s"]:
        return self.observations[rows]

    def possible(self, rows: Int[Array, "rows"]) -> Bool[Array, "rows a"]:
        return self.masks[rows]

    def outputs(self, network: Callable[[Array], Output], rows: Int[Array, "rows"]) -> Float[Array, "rows width"]:
        if self.n > rows.size:
            return jax.vmap(network)(self.observations[rows])
        # A product with one-hot rows: its gradient is a product too, where that of indexing is a slow scatter.
        which = jax.nn.one_hot(rows, self.n)
        return jnp.matmul(which, jax.vmap(network)(self.observations), precision="highest")


@dataclass(frozen=True)
class Unlisted(Sights):
    """Observations of any kind; a row holds what was seen.

    Attributes:
        game: whose leader sees them.
    """

    game: Game

    def row(self, seen: Array) -> Array:
        return seen

    def seen(self, rows: Array) -> Array:
        return rows

    def possible(self, rows: Array) -> Bool[Array, "rows a"]:
        return jax.vmap(self.game.leader_mask)(rows)

    def outputs(self, network: Callable[[Array], Output], rows: Array) -> Output:
        return jax.vmap(network)(rows)
