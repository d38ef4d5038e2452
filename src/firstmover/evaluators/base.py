"""The contract of an evaluator: how well a rule, and the followers' play under it, can be known.

While a leader learns, an `Evaluator` says what an episode is rewarded with: compiled, in the numbers of the learner. Of
a finished rule, a `Judge` says what is known, in 64 bit. Both say how well it is known.
"""

import abc
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Key

from firstmover.core.plays import Play
from firstmover.core.rollout import Position
from firstmover.equilibria import FiniteGame
from firstmover.errors import InputError
from firstmover.evaluators.status import Status
from firstmover.evaluators.view import View
from firstmover.games.base import Game
from firstmover.json_types import JsonObject, Parsed

Interval = tuple[float, float]


class Value(NamedTuple):
    """What an episode is rewarded with.

    Attributes:
        reward: the leader's payoff in a sub-episode, in the game's units.
        visited: observations of the leader that it rests on.
        decisions: of the leader, that were stepped for it.
    """

    reward: Float[Array, ""]
    visited: Bool[Array, "observations"]
    decisions: Float[Array, ""] | int


class Listing(NamedTuple):
    """Every profile of the followers' game under a rule.

    Attributes:
        finite: what it pays.
        transfers: what the leader receives less what it pays; None in games without money.
    """

    finite: FiniteGame
    transfers: Float[np.ndarray, "P *actions"] | None


@dataclass(frozen=True)
class Regrets:
    """What followers could gain by one fixed action in place of their play, conditional on their type.

    Attributes:
        by_follower: for each follower and type; None for a type that never occurs, and where it is not known.
        most: the largest that is known, at least 0, or None; `max` in files.
        beside: further figures by name: `bound` where followers choose in a `Box` (whether these are proved upper
            bounds), `mean` and `residual` of a crowd, and of a sample how many types were `unseen`, or what was
            `estimated`, without its margin.
    """

    by_follower: list[list[float | None]]
    most: float | None
    beside: dict[str, int | float | bool] = field(default_factory=dict)

    def as_json(self) -> JsonObject:
        """As a certificate carries it."""
        return {"by_follower": self.by_follower, "max": self.most, **self.beside}


@dataclass(frozen=True)
class Judged:
    """The parts of a certificate that depend on the play: see `certificates.Certificate`.

    Attributes:
        status: how well `value`, `epsilon` and `bounds` are known.
    """

    value: float
    welfare: float
    revenue: float | None
    epsilon: Regrets
    leader_value_bounds: dict[str, Interval] | None
    leader_value_bounds_at_epsilon: dict[str, Interval] | None
    bounds_epsilon: float | None
    reason: str | None
    exact: bool
    confidence: float | None
    sizes: dict[str, int | float]
    tolerance: float
    status: dict[str, Status]
    proof: Parsed | None = None
    value_interval: Interval | None = None


@dataclass(frozen=True)
class Evaluator(abc.ABC):
    """What an episode is rewarded with.

    Attributes:
        game: what is played.
    """

    game: Game

    @property
    @abc.abstractmethod
    def status(self) -> Status:
        """How well the reward is known."""

    @abc.abstractmethod
    def value(self, view: View, play: Play, key: Key[Array, ""], exchange: int, start: Position | None = None) -> Value:
        """What the leader earns if the followers play so.

        Args:
            view: of the rule.
            play: how the followers play.
            key: of the episode.
            exchange: the number of the exchange in which it is played.
            start: where the sub-episodes start; their beginning if not given.
        """


class Judge(abc.ABC):
    """What is known of finished rules, each given by its actions [n_observations, ...]."""

    @abc.abstractmethod
    def check(self, actions: np.ndarray) -> None:
        """Refuse a game that is not what it declares, under this rule, as far as it can be checked before it is judged.

        Raises:
            InputError: it is not.
        """

    @abc.abstractmethod
    def measured(self, actions: np.ndarray, play: Play) -> float:
        """The leader's expected payoff: exact, or the mean of a large sample."""

    @abc.abstractmethod
    def regret(self, actions: np.ndarray, play: Play) -> float | None:
        """The most that a type of a follower gains by the best other action or plan, 0 at least; None if not known."""

    def interval(self, actions: np.ndarray, play: Play) -> Interval | None:
        """The 95 % interval of `measured` over types that were drawn; None where types are listed."""
        del actions, play
        return None

    def by_type(self, actions: np.ndarray, play: Play) -> list[Float[np.ndarray, "types"]]:
        """What every follower is expected to earn given each of its types; NaN for a type that never occurs.

        Raises:
            InputError: that is not known, with the reason.
        """
        raise InputError("what each type earns is not computed where play is sampled.")

    @abc.abstractmethod
    def least(self, actions: np.ndarray) -> float:
        """The leader's least payoff over all coarse correlated equilibria of the agent normal form.

        Raises:
            InputError: that is not known, with the reason.
        """

    @abc.abstractmethod
    def listing(self, actions: np.ndarray) -> Listing:
        """The followers' game under the rule.

        Raises:
            InputError: it cannot be listed, with the reason.
        """

    @abc.abstractmethod
    def judged(self, actions: np.ndarray, play: Play, *, epsilon: float | None, unproved: str) -> Judged:
        """What a certificate says of the play, without proofs.

        Args:
            actions: the rule.
            play: how the followers play under it.
            epsilon: the regret at which the value is bounded beside 0; the measured one if not given.
            unproved: why there are no proofs.

        Raises:
            InputError: the game is not what it declares.
        """

    @abc.abstractmethod
    def best(self, actions: np.ndarray) -> tuple[float, str]:
        """The most that the leader can earn by the rule, and over what.

        Raises:
            InputError: that is not known, with the reason.
        """
