"""Learners that learn in every round what each of their actions would have paid: full counterfactual feedback.

`update=sampled`: in a round one type profile is drawn, every follower draws an action by its mixed strategy, and each
action of each follower is evaluated against the others' drawn actions; types that were not drawn are paid nothing.
`update=expected`: every action is evaluated against the others' mixed strategies, for all types in every round. The
induced game is listed once, and all rounds run on its payoffs.

Payoffs are in units of `scale` wherever a subclass sees them.
"""

import abc
import math
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.batching import short_max
from firstmover.core.rollout import Outcome, Query
from firstmover.errors import InputError, require
from firstmover.evaluators.view import View
from firstmover.followers.base import Response
from firstmover.followers.expectations import at_profiles, expected, joint_of, largest_regret
from firstmover.followers.feedback import Expected, Feedback, SampledRounds
from firstmover.followers.learners import Learners, State, among
from firstmover.games.base import Game, Ties

# Sums of scaled payoffs, and logarithms of probabilities, this close count as equal: sums of a thousand rounds differ
# by less, in 32- and in 64-bit numbers.
TIE = {4: 1e-4, 8: 1e-9}


@dataclass(frozen=True)
class Dynamics(Learners):
    """Learners with full counterfactual feedback.

    Attributes:
        update: "expected" over types and mixed strategies, or "sampled" types and actions.
        ties: which of several likeliest actions `play=argmax` takes: the first, all with equal probability, the best
            or the worst for the leader (by the payoffs met on the way). The other plays have no ties to break.
        certified: 0 for exactly `rounds` rounds. Otherwise they go on in blocks of `rounds` until no type of a
            follower could gain more than this share of the payoff scale by one action in place of what is played in
            the reward phase. With `update=expected` only.
        max_rounds: no further block is begun that would exceed this number of rounds, at least `rounds`. Whether the
            target was met then is what the certificate's epsilon says.
    """

    _: KW_ONLY
    update: Literal["expected", "sampled"] = "expected"
    ties: Literal["first", "uniform", "strong", "weak"] = "first"
    certified: float = 0.0
    max_rounds: int = 10_000

    adds_up: ClassVar[bool] = False
    """Whether `learn` adds a multiple of the payoffs to the table, whatever was played."""

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range, or a certified response is asked of sampled updates.
        """
        super().__post_init__()
        require(0 <= self.certified < math.inf, "certified must be a positive number, or 0 for off", self.certified)
        if self.certified:
            require(self.max_rounds >= self.rounds, "max_rounds must not be less than rounds", self.max_rounds)
            if self.update == "sampled":
                raise InputError("certified needs update=expected: a sample does not show what nobody could gain.")

    @abc.abstractmethod
    def learn(
        self,
        table: Float[Array, "types actions ..."],
        mixed: Float[Array, "types actions ..."],
        payoffs: Float[Array, "types actions ..."],
    ) -> Float[Array, "types actions ..."]:
        """The table of one follower after a round in which it played `mixed` and each action would have paid this."""

    @property
    def optimum_ties(self) -> Ties:
        return "weak" if self.play == "argmax" and self.ties == "weak" else "strong"

    @property
    def looks_at_leader(self) -> bool:
        return self.ties in ("strong", "weak")

    # What a round learns from decides the rest.

    @property
    def feedback(self) -> Feedback:
        """What a round learns from."""
        return {"expected": Expected, "sampled": SampledRounds}[self.update](self)

    def check(self, game: Game) -> None:
        super().check(game)
        self.feedback.check(game)

    def asks(self, game: Game) -> int:
        return self.feedback.asks

    def rounds_per_ask(self, game: Game) -> int:
        return self.feedback.rounds_per_ask

    def rounds_used(self, game: Game, state: State) -> Int[Array, ""] | int:
        return self.feedback.rounds_used(state)

    def noise_size(self, game: Game) -> int:
        return self.feedback.noise_size(game)

    def ask(self, game: Game, state: State, noise: Float[Array, "u"]) -> Query:
        return self.feedback.ask(game, state, noise)

    def tell(self, game: Game, state: State, query: Query, outcome: Outcome) -> State:
        return self.feedback.tell(game, state, query, outcome)

    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        return self.feedback.respond(view, noise)

    def played(self, state: State, i_follower: int) -> Float[Array, "types actions ..."]:
        probabilities = self.mixed(state, i_follower)
        if self.play != "argmax":
            return probabilities
        likely = short_max(probabilities, 1)[:, None] * (1 - TIE[probabilities.dtype.itemsize])
        return self.choose(state, i_follower, probabilities >= likely)

    def choose(
        self, state: State, i_follower: int, tied: Bool[Array, "types actions *rest"]
    ) -> Float[Array, "types actions *rest"]:
        """Which of the tied actions is played."""
        if self.looks_at_leader:
            sign = 1.0 if self.ties == "strong" else -1.0
            leader = jnp.where(tied, sign * state.leader[i_follower], -jnp.inf)
            tied = leader >= short_max(leader, 1)[:, None]
        return among(tied, self.ties)

    # All rounds at once; arrays from here on have the batch axis last, see `batch_last`.

    def all_rounds(self, game: Game, state: State, payoffs: Float[Array, "players P *actions B"]) -> State:
        """A block of rounds, or as many blocks as a certified response takes."""

        def block(state: State) -> State:
            if self.adds_up and game.n_followers == 1 and state.joint is None:
                # What one follower's actions pay depends on nobody: all rounds are one with the sum of their payoffs.
                return self._round(game, state, self.rounds * payoffs)._replace(rounds=state.rounds + self.rounds)
            state, _ = jax.lax.scan(lambda s, _: (self._round(game, s, payoffs), None), state, None, self.rounds)
            return state._replace(rounds=state.rounds + self.rounds)

        def more(state: State) -> Bool[Array, "B"]:
            regret = largest_regret(game, payoffs, self._joint(game, state))
            return (regret > self.certified) & (state.rounds + self.rounds <= self.max_rounds)

        def go_on(carry: tuple[State, Array]) -> tuple[State, Array]:
            state, active = carry
            # Elements of the batch that are done wait for the others as they are.
            state = jax.tree.map(lambda new, old: jnp.where(active, new, old), block(state), state)
            return state, active & more(state)

        if not self.certified:
            return block(state)
        everywhere = jnp.ones(payoffs.shape[-1], bool)
        return jax.lax.while_loop(lambda carry: carry[1].any(), go_on, (state, everywhere))[0]

    def _round(self, game: Game, state: State, payoffs: Float[Array, "players P *actions B"]) -> State:
        followers = range(game.n_followers)
        mixed = [self.mixed(state, i) for i in followers]
        rows = at_profiles(game, mixed)
        paid = [expected(game, payoffs[i], rows, i) for i in followers]
        tables = tuple(self.learn(state.tables[i], mixed[i], paid[i]) for i in followers)
        leader = tuple(total + expected(game, payoffs[-1], rows, i) for i, total in enumerate(state.leader))
        joint = None if state.joint is None else state.joint + joint_of(rows)
        return State(tables, leader, joint, state.rounds)

    def _joint(self, game: Game, state: State) -> Float[Array, "P profiles B"]:
        """What is played in the reward phase."""
        if state.joint is not None:
            return state.joint / state.rounds
        return joint_of(at_profiles(game, [self.played(state, i) for i in range(game.n_followers)]))
