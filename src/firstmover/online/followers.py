"""Followers that meet a leader who learns: honest ones and manipulating ones, with and without knowledge of the game.

Source: Yu and Chen 2024 (FBM, FMUCB). Theirs leave the width of FMUCB's confidence sets to the analysis; it is a
parameter here, since everything depends on it.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from firstmover.equilibria.manipulation import loss_to_manipulation
from firstmover.errors import require
from firstmover.online.few import entry, first_best, largest, marked
from firstmover.online.learners import UNSEEN, Means, OnlineFollower, Setting, Table, at_pair, nothing_tried


class _Knowing(OnlineFollower):
    """A follower that knows the game and replies by a fixed map, int32 [rows]; nothing is left to learn."""

    def act(self, setting: Setting, state: Int[Array, "rows"], row: Int[Array, ""]) -> Int[Array, ""]:
        del setting
        return entry(state, row)

    def learn(
        self,
        setting: Setting,
        state: Int[Array, "rows"],
        row: Int[Array, ""],
        column: Int[Array, ""],
        reward: Float[Array, ""],
        leader_reward: Float[Array, ""],
    ) -> Int[Array, "rows"]:
        del setting, row, column, reward, leader_reward
        return state


@dataclass(frozen=True)
class BestResponse(_Knowing):
    """Knows the game and replies to every row what is best for itself; ties for the leader."""

    name: ClassVar[str] = "best-response"

    def init(self, setting: Setting, table: Table) -> Int[Array, "rows"]:
        del setting
        return jnp.asarray(loss_to_manipulation(*table).honest.replies, jnp.int32)


@dataclass(frozen=True)
class Fbm(_Knowing):
    """Knows the game and replies by the map that leaves it best off once the leader has learnt (best manipulation)."""

    name: ClassVar[str] = "fbm"

    def init(self, setting: Setting, table: Table) -> Int[Array, "rows"]:
        del setting
        return jnp.asarray(loss_to_manipulation(*table).manipulated.replies, jnp.int32)


@dataclass(frozen=True)
class FollowerUcb(OnlineFollower):
    """Honest: at every row the column with the largest mean plus sqrt(2 log rounds / count).

    Attributes:
        width: of the bonus, times that.
    """

    width: float = 1.0

    name: ClassVar[str] = "ucb"

    def __post_init__(self) -> None:
        """Check the width.

        Raises:
            InputError: it is out of range.
        """
        require(0 < self.width < 1e6, "width must be a positive number", self.width)

    def init(self, setting: Setting, table: Table) -> Means:
        del table
        return nothing_tried(setting.rows, setting.columns)

    def act(self, setting: Setting, state: Means, row: Int[Array, ""]) -> Int[Array, ""]:
        own = Means(entry(state.counts, row), entry(state.sums, row))
        return first_best(own.optimistic(self.width**2 * 2 * jnp.log(setting.rounds)))

    def learn(
        self,
        setting: Setting,
        state: Means,
        row: Int[Array, ""],
        column: Int[Array, ""],
        reward: Float[Array, ""],
        leader_reward: Float[Array, ""],
    ) -> Means:
        return state.after(at_pair(row, column, setting.rows, setting.columns), reward)


class _Both(NamedTuple):
    """Means of both players' rewards at every pair; counted once."""

    own: Means
    leader_sums: Float[Array, "rows columns"]

    @property
    def leader(self) -> Means:
        return Means(self.own.counts, self.leader_sums)


@dataclass(frozen=True)
class Fmucb(OnlineFollower):
    """Learns the game and manipulates once it is sure that it can: optimistic of its own means, not the leader's.

    A pair can be reached if the leader's mean there, less its width, is above what every other row earns against the
    reply that is worst there, plus its width. Of the pairs that can be reached it aims at the one with its largest
    optimistic mean: the column there, and at other rows the reply that may be worst for the leader. As long as no pair
    can be reached it replies honestly, as `ucb`.

    Attributes:
        width: of its confidence sets, times sqrt(2 log(rows columns rounds / delta) / count).
        delta: how likely some confidence set may fail.
    """

    width: float = 1.0
    delta: float = 0.05

    name: ClassVar[str] = "fmucb"

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            InputError: one is out of range.
        """
        require(0 < self.width < 1e6, "width must be a positive number", self.width)
        require(0 < self.delta < 1, "delta must be between 0 and 1", self.delta)

    def init(self, setting: Setting, table: Table) -> _Both:
        del table
        shape = setting.rows, setting.columns
        return _Both(nothing_tried(*shape), jnp.zeros(shape))

    def act(self, setting: Setting, state: _Both, row: Int[Array, ""]) -> Int[Array, ""]:
        pairs = setting.rows * setting.columns
        scale = self.width**2 * 2 * jnp.log(pairs * setting.rounds / self.delta)
        width = state.own.width(scale)
        own, low, high = state.own.mean + width, state.leader.mean - width, state.leader.mean + width
        threats = -largest(-high.T)  # what every row earns at most against its worst reply
        others = _largest_of_others(threats)
        aims = jnp.where(low > others[:, None], own, -UNSEEN)
        best = largest(aims.T)  # of every row
        most = largest(best)
        aim = first_best(best)
        at = jnp.where(aim == row, entry(aims, row), -entry(low, row))
        return first_best(jnp.where(most > -UNSEEN, at, entry(own, row)))

    def learn(
        self,
        setting: Setting,
        state: _Both,
        row: Int[Array, ""],
        column: Int[Array, ""],
        reward: Float[Array, ""],
        leader_reward: Float[Array, ""],
    ) -> _Both:
        pair = at_pair(row, column, setting.rows, setting.columns)
        return _Both(state.own.after(pair, reward), state.leader_sums + pair * leader_reward)


def _largest_of_others(values: Float[Array, "n"]) -> Float[Array, "n"]:
    """For every entry the largest of the others; `-UNSEEN` where there is none."""
    best = first_best(values)
    own = marked(best, values.shape[0])
    return jnp.where(own, largest(jnp.where(own, -UNSEEN, values)), largest(values))


FOLLOWERS = {cls.name: cls for cls in (BestResponse, FollowerUcb, Fbm, Fmucb)}
