"""What all learners over rounds share: one table per follower, and what is made of it when the rounds are over.

A learner keeps one array per follower, whose first axis is its types: log-weights, regrets, values. A learner says how
it starts (`start`), how it is turned into mixed strategies (`mixed`), and, in the classes built on this one, how it
learns. `Dynamics` learn what every action would have paid, `Bandits` what the played one has.

The functions of a table hold with and without a trailing batch axis: types are axis 0, actions axis 1.
"""

import abc
import math
from dataclasses import KW_ONLY, dataclass
from typing import Literal, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.batching import short_first, short_sum
from firstmover.core.noise import inverse_cdf
from firstmover.core.plays import JointPlay, Strategies
from firstmover.errors import require
from firstmover.evaluators.forms import check_size, possible_actions
from firstmover.followers.base import Follower
from firstmover.games.base import Game


class State(NamedTuple):
    """What the followers have learnt.

    Attributes:
        tables: what each follower has learnt, by its types.
        leader: the leader's total payoff beside each action, where ties are broken by it, else empty.
        joint: sum over rounds of the joint play, where its average is played, else None.
        rounds: how many rounds were played.
    """

    tables: tuple[Float[Array, "_types _actions *_rest"], ...]
    leader: tuple[Float[Array, "_types _actions *_rest"], ...]
    joint: Float[Array, "P profiles *rest"] | None
    rounds: Int[Array, "*rest"]


@dataclass(frozen=True)
class Learners(Follower):
    """Followers that learn over rounds.

    Attributes:
        rounds: how often every follower learns, at least 1.
        play: what is played in the reward phase: the last mixed strategy, its likeliest action, or the time average
            (with several followers: of their joint play, which is what tends to an equilibrium).
        scale: what payoffs are divided by, in their units; 0 stands for what each follower has at stake in the game:
            the range of its payoffs, without what it would cost to do what nobody does (see `games.units`).
    """

    rounds: int = 100
    _: KW_ONLY  # the parameters of a subclass come next
    play: Literal["last", "argmax", "average"] = "last"
    scale: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        require(self.rounds >= 1, "rounds must be at least 1", self.rounds)
        require(0 <= self.scale < math.inf, "scale must be a positive number, or 0 for the payoff range", self.scale)

    # What a learner has to say.

    @abc.abstractmethod
    def start(self, mask: Bool[Array, "types actions"]) -> Float[Array, "types actions ..."]:
        """The table of a follower before the first round, from what is possible."""

    @abc.abstractmethod
    def mixed(self, state: State, i_follower: int) -> Float[Array, "types actions ..."]:
        """The mixed strategies of one follower in the coming round."""

    def played(self, state: State, i_follower: int) -> Float[Array, "types actions ..."]:
        """Its mixed strategies in the reward phase, where no average is played."""
        return self.mixed(state, i_follower)

    @property
    def looks_at_leader(self) -> bool:
        """Whether the leader's payoffs beside each action have to be kept, to break ties."""
        return False

    # What follows.

    def check(self, game: Game) -> None:
        super().check(game)
        if self.play == "average":
            check_size(game)

    def asks(self, game: Game) -> int:
        return self.rounds

    def rounds_per_ask(self, game: Game) -> int:
        return 1

    def noise_size(self, game: Game) -> int:
        return 2 * game.n_followers

    def init(self, game: Game) -> State:
        masks = tuple(map(jnp.asarray, possible_actions(game)))
        leader = tuple(jnp.zeros(mask.shape) for mask in masks) if self.looks_at_leader else ()
        joint = None
        if self.play == "average":
            joint = jnp.zeros((len(game.types.profiles[0]), math.prod(game.n_actions)))
        return State(tuple(map(self.start, masks)), leader, joint, jnp.int32(0))

    def strategy(self, game: Game, state: State) -> Strategies | JointPlay:
        if state.joint is not None:
            return JointPlay(state.joint / jnp.maximum(state.rounds, 1))
        return Strategies(tuple(self.played(state, i) for i in range(game.n_followers)))

    def features(self, game: Game, state: State) -> Float[Array, "F"]:
        """The mixed strategies of every follower and type."""
        return jnp.concatenate([self.mixed(state, i).ravel() for i in range(game.n_followers)])

    def draw(self, game: Game, state: State, noise: Float[Array, "u"]) -> tuple[Int[Array, "n"], Int[Array, "n"]]:
        """Types and actions of a sampled round, from the strategies of the drawn types alone."""
        n = game.n_followers
        types = game.types.sample(noise[:n])
        present = state._replace(
            tables=tuple(table[types[i]][None] for i, table in enumerate(state.tables)),
            leader=tuple(total[types[i]][None] for i, total in enumerate(state.leader)),
        )
        return types, jnp.stack([inverse_cdf(self.mixed(present, i)[0], noise[n + i]) for i in range(n)])

    def joint_after(self, game: Game, state: State) -> Float[Array, "P profiles"] | None:
        """The sum of joint play with a sampled round's added."""
        if state.joint is None:
            return None
        return state.joint + Strategies(tuple(self.mixed(state, i) for i in range(game.n_followers))).joint(game)


def among(tied: Bool[Array, "types actions *rest"], ties: str) -> Float[Array, "types actions *rest"]:
    """Which of the tied actions is played: all with equal probability for "uniform", otherwise the first."""
    if ties == "uniform":
        share = tied.astype(float)
        return share / short_sum(share, 1)[:, None]
    return short_first(tied, 1).astype(float)
