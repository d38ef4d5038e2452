"""A population: a crowd of followers who know the rule, and come to where nobody would rather choose otherwise.

`fixed-point` finds where the crowd's replies add up to what it replies to, by Newton's method. `fictitious-play` and
`mirror-descent` learn it round by round. How softly members choose is the game's (`temperature`); a game in which they
take the best choice is solved at the least temperature that its numbers resolve.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from firstmover.core.crowd_play import CrowdPlay
from firstmover.core.plays import Play
from firstmover.core.rollout import Outcome, Query
from firstmover.core.trees import FollowerState
from firstmover.equilibria.crowd_fixed_points import fictitious_play, mirror_descent
from firstmover.errors import InputError, require
from firstmover.evaluators.view import View
from firstmover.followers.base import Follower, Response
from firstmover.games.base import Game
from firstmover.games.mean_field import MeanFieldGame, of_crowd
from firstmover.solvers.mean_field import settled

MAX_UNKNOWNS = 2_000


class _State(NamedTuple):
    flow: Float[Array, "T S M W"]
    policy: Float[Array, "T S M W"]


@dataclass(frozen=True, repr=False)
class Population(Follower):
    """A crowd at a fixed point of its replies, or on its way there.

    Attributes:
        method: "fixed-point", "fictitious-play" or "mirror-descent".
        rounds: of the two that learn, at least 1.
        rate: of mirror descent, in units of one over the range of a member's payoffs; positive.

    Example:
        >>> Population("mirror-descent", rounds=500)
        Population(method='mirror-descent', rounds=500)
    """

    method: Literal["fixed-point", "fictitious-play", "mirror-descent"] = "fixed-point"
    rounds: int = 200
    rate: float = 1.0

    name: ClassVar[str] = "population"
    converges_to: ClassVar[str] = "a mean-field equilibrium, where it converges"
    acts: ClassVar = ("crowd",)

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        methods = ("fixed-point", "fictitious-play", "mirror-descent")
        if self.method not in methods:
            raise InputError(f"method must be one of {', '.join(methods)}; got {self.method!r}.")
        require(self.rounds >= 1, "rounds must be at least 1", self.rounds)
        require(0 < self.rate < float("inf"), "rate must be a positive number", self.rate)

    def check(self, game: Game) -> None:
        super().check(game)
        start = jax.eval_shape(of_crowd(game).starts, game.leader_space.idle())
        unknowns = start.shape[1] * start.shape[2]
        if self.method == "fixed-point" and unknowns > MAX_UNKNOWNS:
            raise InputError(
                f"a member of {game.name} feels {unknowns} numbers of the others, more than the {MAX_UNKNOWNS} that a "
                "fixed point is searched over: let 'aggregates' say what matters, or use '-f method=fictitious-play'."
            )

    @property
    def plays_pure(self) -> bool:
        return True

    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        """What the crowd comes to under the rule; it asks the leader once what it does at every observation."""
        game = of_crowd(view.game)
        flow, policy = self._settled(game, game.crowd_decision(view.answers(jnp.asarray(game.observations()))))
        asked = jnp.float32(game.n_observations)
        return Response(_State(flow, policy), jnp.ones(game.n_observations, bool), asked, asked)

    def _settled(self, game: MeanFieldGame, decision: Array) -> tuple[Array, Array]:
        start = game.starts(decision)[0]
        if self.method == "fixed-point":
            found = settled(game, decision, start)
            return found.flow, found.policy
        crowd, scale = game.under(decision), game.follower_payoff_scale
        nothing = jnp.zeros(len(crowd.start), start.dtype)
        begin = crowd.reply(start, jnp.asarray(game.temperature or scale, start.dtype), nothing).flow
        if self.method == "fictitious-play":
            found = fictitious_play(crowd, game.temperature, begin, self.rounds)
        else:
            found = mirror_descent(crowd, game.temperature, begin, self.rounds, self.rate / scale)
        return found.flow, found.policy

    def strategy(self, game: Game, state: FollowerState) -> Play:
        return CrowdPlay(state.flow, state.policy)

    def features(self, game: Game, state: FollowerState) -> Float[Array, "F"]:
        """The shares of the crowd by state and move, where it is."""
        return state.flow.sum((0, 3)).ravel()

    # A crowd is no machine that asks for sub-episodes.

    def asks(self, game: Game) -> int:
        return 0

    def rounds_per_ask(self, game: Game) -> int:
        return 1

    def init(self, game: Game) -> FollowerState:
        own = of_crowd(game)
        nobody = jnp.zeros((own.periods or 1, *own.flow_shape))
        return _State(nobody, nobody)

    def ask(self, game: Game, state: FollowerState, noise: Float[Array, "u"]) -> Query:
        raise of_crowd(game).not_stepped()

    def tell(self, game: Game, state: FollowerState, query: Query, outcome: Outcome) -> FollowerState:
        raise of_crowd(game).not_stepped()
