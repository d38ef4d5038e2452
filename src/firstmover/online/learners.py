"""The contract of two learners who meet in a two-player game, without commitment within a round.

In every round the leader plays a row, the follower sees it and plays a column, and both see their rewards. A learner is
a frozen dataclass of its parameters; what it has learnt is an array pytree. `act` and `learn` are written for one seed
and traced; `init` is called once for every game.
"""

import abc
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from firstmover.online.few import marked

UNSEEN = 1e9  # an index above all others: what was never tried is tried first


class Table(NamedTuple):
    """The mean rewards of a two-player game, in [0, 1]; NumPy arrays."""

    leader: Float[np.ndarray, "rows columns"]
    follower: Float[np.ndarray, "rows columns"]


class Setting(NamedTuple):
    """What learners know before the first round.

    Attributes:
        rows, columns: how many actions the leader and the follower have.
        rounds: how many rounds are played, a float32 scalar.
    """

    rows: int
    columns: int
    rounds: Float[Array, ""]


class Means(NamedTuple):
    """How often something was tried, and the rewards that it earned in all."""

    counts: Float[Array, "..."]
    sums: Float[Array, "..."]

    @property
    def mean(self) -> Float[Array, "..."]:
        """The mean reward, 0 where nothing was tried."""
        return self.sums / jnp.maximum(self.counts, 1)

    def width(self, scale: Float[Array, ""] | float) -> Float[Array, "..."]:
        """`sqrt(scale / count)`, and `UNSEEN` where nothing was tried."""
        return jnp.where(self.counts > 0, jnp.sqrt(scale / jnp.maximum(self.counts, 1)), UNSEEN)

    def optimistic(self, scale: Float[Array, ""] | float) -> Float[Array, "..."]:
        """The mean reward plus the width."""
        return self.mean + self.width(scale)

    def after(self, tried: Array, reward: Float[Array, ""]) -> "Means":
        """With one more reward, where `tried` is true."""
        once = tried.astype(self.counts.dtype)
        return Means(self.counts + once, self.sums + once * reward)


def nothing_tried(*shape: int) -> Means:
    """The means before the first round."""
    return Means(jnp.zeros(shape), jnp.zeros(shape))


def at_pair(row: Int[Array, ""], column: Int[Array, ""], rows: int, columns: int) -> Array:
    """True at one pair of actions, bool [rows, columns]."""
    return marked(row, rows)[:, None] & marked(column, columns)[None]


@dataclass(frozen=True)
class OnlineLeader(abc.ABC):
    """A leader that learns which row to play."""

    name: ClassVar[str]

    @abc.abstractmethod
    def init(self, setting: Setting) -> PyTree:
        """What it knows before the first round."""

    @abc.abstractmethod
    def act(self, setting: Setting, state: PyTree, time: Int[Array, ""], u: Float[Array, ""]) -> Int[Array, ""]:
        """The row that it plays in the round with this number (from 0), with a uniform number for its draw."""

    @abc.abstractmethod
    def learn(
        self, setting: Setting, state: PyTree, time: Int[Array, ""], row: Int[Array, ""], reward: Float[Array, ""]
    ) -> PyTree:
        """What it knows after it has seen its reward, in [0, 1]."""


@dataclass(frozen=True)
class OnlineFollower(abc.ABC):
    """A follower that learns which column to reply to every row."""

    name: ClassVar[str]

    @abc.abstractmethod
    def init(self, setting: Setting, table: Table) -> PyTree:
        """What it knows before the first round: nothing of the table, unless it is one that knows the game."""

    @abc.abstractmethod
    def act(self, setting: Setting, state: PyTree, row: Int[Array, ""]) -> Int[Array, ""]:
        """The column that it replies to a row."""

    @abc.abstractmethod
    def learn(
        self,
        setting: Setting,
        state: PyTree,
        row: Int[Array, ""],
        column: Int[Array, ""],
        reward: Float[Array, ""],
        leader_reward: Float[Array, ""],
    ) -> PyTree:
        """What it knows after it has seen both rewards, in [0, 1]."""
