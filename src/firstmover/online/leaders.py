"""Leaders that learn from scratch which row to play: EXP3, UCB, UCBE and explore-then-commit.

Sources: Auer, Cesa-Bianchi, Freund and Schapire 2002 (EXP3), Auer, Cesa-Bianchi and Fischer 2002 (UCB); what they are
worth against followers that learn too is the subject of Yu and Chen 2024, whose UCBE has a bonus that does not shrink
with the logarithm, so that a row is not given up before the follower has learnt to reply to it.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from firstmover.errors import require
from firstmover.online.few import drawn, entry, first_best, largest, marked, total
from firstmover.online.learners import Means, OnlineLeader, Setting, nothing_tried


@dataclass(frozen=True)
class Exp3(OnlineLeader):
    """Exponential weights on importance-weighted rewards, and some uniform play.

    Attributes:
        alpha: share of uniform play, times rounds^(-1/3).
        eta: step size, times rounds^(-1/3).
    """

    alpha: float = 0.5
    eta: float = 0.125

    name: ClassVar[str] = "exp3"

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            InputError: one is out of range.
        """
        require(0 < self.alpha < 1e6, "alpha must be a positive number", self.alpha)
        require(0 < self.eta < 1e6, "eta must be a positive number", self.eta)

    def init(self, setting: Setting) -> Float[Array, "rows"]:
        return jnp.zeros(setting.rows)

    def _probabilities(self, setting: Setting, state: Float[Array, "rows"]) -> Float[Array, "rows"]:
        weights = jnp.exp(state - largest(state))
        alpha = jnp.minimum(self.alpha * setting.rounds ** (-1 / 3), 1.0)
        return (1 - alpha) * weights / total(weights) + alpha / setting.rows

    def act(
        self, setting: Setting, state: Float[Array, "rows"], time: Int[Array, ""], u: Float[Array, ""]
    ) -> Int[Array, ""]:
        del time
        return drawn(self._probabilities(setting, state), u)

    def learn(
        self,
        setting: Setting,
        state: Float[Array, "rows"],
        time: Int[Array, ""],
        row: Int[Array, ""],
        reward: Float[Array, ""],
    ) -> Float[Array, "rows"]:
        del time
        step = self.eta * setting.rounds ** (-1 / 3) * reward / entry(self._probabilities(setting, state), row)
        grown = state + marked(row, setting.rows) * step
        return grown - largest(grown)  # only differences count, and these stay small


@dataclass(frozen=True)
class Ucb(OnlineLeader):
    """The row with the largest mean plus sqrt(2 log rounds / count).

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

    def _scale(self, setting: Setting) -> Float[Array, ""]:
        return self.width**2 * 2 * jnp.log(setting.rounds)

    def init(self, setting: Setting) -> Means:
        return nothing_tried(setting.rows)

    def act(self, setting: Setting, state: Means, time: Int[Array, ""], u: Float[Array, ""]) -> Int[Array, ""]:
        del time, u
        return first_best(state.optimistic(self._scale(setting)))

    def learn(
        self, setting: Setting, state: Means, time: Int[Array, ""], row: Int[Array, ""], reward: Float[Array, ""]
    ) -> Means:
        del time
        return state.after(marked(row, setting.rows), reward)


@dataclass(frozen=True)
class Ucbe(Ucb):
    """The row with the largest mean plus sqrt(S0 / count), S0 of the order rounds^(2/3).

    Attributes:
        width: S0 is its square times rounds^(2/3).
    """

    width: float = 0.2

    name: ClassVar[str] = "ucbe"

    def _scale(self, setting: Setting) -> Float[Array, ""]:
        return self.width**2 * setting.rounds ** (2 / 3)


class _Explored(NamedTuple):
    means: Means
    best: Int[Array, ""]


@dataclass(frozen=True)
class ExploreThenCommit(OnlineLeader):
    """All rows in turn, then the one with the best mean in the second half of its turns, for good.

    In the first half a follower that learns too has not yet settled.

    Attributes:
        exploration: rounds for each row, times rounds^(2/3); at most a half of all rounds are spent so.
    """

    exploration: float = 3.0

    name: ClassVar[str] = "etc"

    def __post_init__(self) -> None:
        """Check the length.

        Raises:
            InputError: it is out of range.
        """
        require(0 < self.exploration < 1e6, "exploration must be a positive number", self.exploration)

    def _explores(self, setting: Setting) -> Float[Array, ""]:
        """For how many rounds it explores."""
        wanted = setting.rows * jnp.maximum(self.exploration * setting.rounds ** (2 / 3), 2.0)
        return jnp.ceil(jnp.minimum(wanted, setting.rounds / 2))

    def init(self, setting: Setting) -> _Explored:
        return _Explored(nothing_tried(setting.rows), jnp.int32(0))

    def act(self, setting: Setting, state: _Explored, time: Int[Array, ""], u: Float[Array, ""]) -> Int[Array, ""]:
        del u
        return jnp.where(time < self._explores(setting), time % setting.rows, state.best)

    def learn(
        self, setting: Setting, state: _Explored, time: Int[Array, ""], row: Int[Array, ""], reward: Float[Array, ""]
    ) -> _Explored:
        explores = self._explores(setting)
        counted = (time >= explores / 2) & (time < explores)
        means = state.means.after(marked(row, setting.rows) & counted, reward)
        return _Explored(means, first_best(means.mean))


LEADERS = {cls.name: cls for cls in (Exp3, Ucb, Ucbe, ExploreThenCommit)}
