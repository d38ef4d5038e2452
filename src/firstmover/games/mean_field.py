"""The contract of a game with a crowd: a leader, and so many followers that none of them matters to the others.

A subclass says what one member is paid and where it goes, given what all do and what the leader has decided (`crowd`).
Who the members are, and how they come to play, is the follower's part (`followers.population`).

An example, a road of cost x, the share of the crowd that takes it, beside one of cost 1 (Pigou):

    class TwoRoads(MeanFieldGame):
        name = "two-roads"
        leader_payoff_range, follower_payoff_ranges = (-1.0, 0.0), ((-2.0, 0.0),)

        def __init__(self):
            self.states, self.moves = Discrete(["driver"], ""), Discrete(["short", "long"], "takes")
            self.leader_space = Box(["toll"], 0.0, 1.0)

        def crowd(self, mu, decision):
            costs = jnp.stack([mu[0, 0, 0] + decision[0], 1.0])
            return Member.staying(-costs[None, :, None])

        def transfers(self, mu, decision):
            return mu[0, 0, 0] * decision[0]
"""

import functools
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from firstmover.core.trees import GameState, SameArray
from firstmover.core.types import TypeDistribution
from firstmover.equilibria.crowds import Crowd, Member
from firstmover.errors import InputError
from firstmover.games.base import Game, Rewards, Turn
from firstmover.spaces import Discrete


def of_crowd(game: Game) -> "MeanFieldGame":
    """The game, for parts that were chosen since its followers are a crowd."""
    return cast("MeanFieldGame", game)


class MeanFieldGame(Game):
    """A leader and a crowd of members, each too small to matter to the others.

    Subclasses set `states`, `moves` and `leader_space`, say what a member faces, and override what else they need. In
    what follows `mu` is the flow of the crowd in a period, [states, moves, ways]: the share of all members that makes
    this move in this way in this state. `decision` is the leader's.

    Attributes:
        states: what a member may be in.
        moves: what it may do in a period.
        ways: in how many ways it may make a move; ways pay differently, and lead to the same states.
        periods: how many periods there are; None if the crowd goes on for ever, in a stationary state.
        discount: of what a member is paid a period later; below 1 if it goes on for ever.
        temperature: how softly members choose, in units of their payoffs; 0 for the best choice.
        restarts: copies that a learner starts where none are asked for.

    Example:
        >>> from firstmover.games import CrowdToll
        >>> CrowdToll().flow_shape  # a class of travellers, two roads, one way to take each
        (1, 2, 1)
    """

    followers_act = "crowd"
    has_chance = True
    usual_followers = "population"
    objective = "welfare"
    restarts = 1
    sees: tuple[Discrete, ...] = ()  # type: ignore[assignment]

    states: Discrete
    moves: Discrete
    ways: int = 1
    periods: int | None = 1
    discount: float = 1.0
    temperature: float = 0.0

    # What a member faces: `crowd` alone, or `aggregates` and `member`.

    def crowd(self, mu: Float[Array, "S M W"], decision: Array) -> Member:
        """What a member is paid and where it goes, in a period in which the crowd does this."""
        return self.member(self.aggregates(mu, decision), decision)

    def aggregates(self, mu: Float[Array, "S M W"], decision: Array) -> Float[Array, "k"]:
        """All that a member feels of the others; by default all that they do. The fewer, the faster a fixed point."""
        del decision
        return mu.ravel()

    def member(self, aggregates: Float[Array, "k"], decision: Array) -> Member:
        """As `crowd`, from the aggregates."""
        return self.crowd(aggregates.reshape(self.flow_shape), decision)

    # What the leader is paid.

    def transfers(self, mu: Float[Array, "S M W"], decision: Array) -> Float[Array, ""] | None:
        """What a member pays to the leader in a period, in the mean; None in games without money."""
        del mu, decision
        return None

    def payoff(self, mu: Float[Array, "S M W"], decision: Array) -> Float[Array, ""]:
        """What the leader is paid in a period: by default the members' mean payoff and what they pay to the leader."""
        paid = self.paid(mu, decision)
        money = self.transfers(mu, decision)
        return paid if money is None else paid + money

    def paid(self, mu: Float[Array, "S M W"], decision: Array) -> Float[Array, ""]:
        """What a member is paid in a period, in the mean."""
        return jnp.where(mu > 0, mu * self.crowd(mu, decision).rewards, 0).sum()

    # What else it may say.

    @property
    def start(self) -> Float[np.ndarray, "S"]:
        """Share of the members in each state at the beginning; where they go on for ever, where a search starts."""
        return np.full(self.states.n, 1 / self.states.n)

    def starts(self, decision: Array) -> Float[Array, "n T k"]:
        """Aggregates from which fixed points are looked for: of members that choose evenly, and at random."""
        shape = (self.flow_shape[0], self.flow_shape[1] * self.flow_shape[2])
        drawn = np.random.default_rng(0).dirichlet(np.full(shape[1], 0.3), (4, shape[0]))
        flows = np.concatenate([np.full((1, *shape), 1 / shape[1]), drawn]) * self.start[:, None]
        felt = jax.vmap(lambda mu: self.aggregates(mu, decision))(
            jnp.asarray(flows.reshape(-1, *self.flow_shape), float)
        )
        return jnp.repeat(felt[:, None], self.periods or 1, axis=1)

    def statistics(self, mu: Float[np.ndarray, "T S M W"], decision: np.ndarray) -> dict[str, float]:
        """What else is measured of the crowd, by name."""
        del mu, decision
        return {}

    def crowd_sentence(self, mu: Float[np.ndarray, "T S M W"]) -> str:
        """What the crowd does, in words."""
        shares = mu.sum((0, 1, 3)) / len(mu)
        parts = [f"{share:.1%} {label}" for share, label in zip(shares, self.moves.labels, strict=True)]
        return f"Of the crowd, {', '.join(parts)}."

    # What follows.

    @property
    def flow_shape(self) -> tuple[int, int, int]:
        """States, moves and ways."""
        return self.states.n, self.moves.n, self.ways

    def under(self, decision: Array) -> Crowd:
        """The crowd under a decision, on arrays."""
        return Crowd(
            lambda x: self.member(x, decision),
            lambda mu: self.aggregates(mu, decision),
            self.periods,
            self.discount,
            jnp.asarray(self.start, float),
        )

    def crowd_decision(self, answers: SameArray) -> SameArray:
        """The decision, from the leader's answers at all of its observations: its only one, where it sees nothing."""
        return answers[0] if self.n_observations == 1 else answers

    def leader_earns(self, flow: Float[Array, "T S M W"], decision: Array) -> Float[Array, ""]:
        """What the leader is paid over all periods; in one, if the crowd goes on for ever."""
        return jax.vmap(lambda mu: self.payoff(mu, decision))(flow).sum()

    @functools.cached_property
    def knows(self) -> tuple[Discrete, ...]:  # type: ignore[override]
        return (self.states,)

    @functools.cached_property
    def acts(self) -> tuple[Discrete, ...]:  # type: ignore[override]
        return (Discrete(self.moves.n * self.ways, self.moves.word),)

    @functools.cached_property
    def types(self) -> TypeDistribution:  # type: ignore[override]
        return TypeDistribution.independent([[1.0]])

    # A crowd is no sub-episode.

    def reset(self, types: Int[Array, "n"], key: Key[Array, ""]) -> GameState:
        raise self.not_stepped()

    def observe(self, state: GameState) -> Turn:
        raise self.not_stepped()

    def step(
        self, state: GameState, action: Array, follower_actions: Int[Array, "n"], key: Key[Array, ""]
    ) -> tuple[GameState, Rewards]:
        raise self.not_stepped()

    def not_stepped(self) -> InputError:
        """Why not."""
        return InputError(
            f"{self.name} is a game of a crowd, which is not played step by step; design it at commitment level, such "
            "as with '--leader commitment-gradient', and followers 'population'."
        )
