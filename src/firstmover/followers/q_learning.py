"""Q-learning: every follower keeps a value per action at each observation and mostly plays the best one.

    Q_i[o_i, a] <- (1 - learning_rate) * Q_i[o_i, a] + learning_rate * target              for the played action a
    p_i[o_i]     = a greedy action, or with probability exploration * exp(-decay * round) any possible one

Where followers act once, an observation is a type and the target the payoff. Where they act in every step, the target
is what was paid until the follower acted again, and its greatest value there; nothing is discounted. Observations do
not tell the time unless the game shows it, so that a value is a mean over the times at which its observation came up.
The steps of a sub-episode are learnt from when it is over, the last one first, so that news travels back at once.

Source: Watkins 1989; Calvano, Calzolari, Denicolo and Pastorello 2020; Brero et al. 2022 let a leader learn against
such followers; the order of the steps is that of Lin 1992 (backward replay).
Differs from the sources: values start at `initial`; a greedy action of several is drawn or the first, by `ties`.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from firstmover.core.batching import short_max, short_sum
from firstmover.core.plays import Strategies
from firstmover.core.rollout import Outcome, Query, Step
from firstmover.errors import require
from firstmover.evaluators.forms import by_form, play_noise_size, play_query
from firstmover.followers.bandits import Bandits
from firstmover.followers.learners import State, among
from firstmover.games.base import Game


@dataclass(frozen=True)
class QLearning(Bandits):
    """Tabular learners that explore less and less, and see only what the action which they played has paid.

    They promise nothing: who explores too little gets stuck, and several may learn to collude.

    Attributes:
        play: what is played in the reward phase: the greedy action, or the last mixture with exploration.
        ties: which of several greedy actions is played, in the rounds too: the first, or all with equal probability.
        learning_rate: weight of a new payoff in a value, more than 0 and at most 1.
        exploration: probability of a uniformly random action in the first round, in [0, 1].
        decay: rate at which exploration falls per round, at least 0.
        initial: value of every action before the first round; a payoff lies in [0, 1], from the follower's least to its
            greatest. Above 1 every action is tried before one is repeated, where followers act once.

    Example:
        >>> from firstmover.followers import QLearning
        >>> QLearning(rounds=300, exploration=0.2)
        QLearning(rounds=300, exploration=0.2)
    """

    rounds: int = 1000
    play: Literal["argmax", "last"] = "argmax"
    ties: Literal["first", "uniform"] = "first"
    learning_rate: float = 0.15
    exploration: float = 1.0
    decay: float = 0.005
    initial: float = 0.0

    name: ClassVar[str] = "q-learning"
    traced: ClassVar[tuple[str, ...]] = ("learning_rate", "exploration", "decay", "initial")
    converges_to: ClassVar[str] = "nothing in general"
    acts = ("once", "every step")
    needs_steps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        super().__post_init__()
        require(0 < self.learning_rate <= 1, "learning_rate must be more than 0 and at most 1", self.learning_rate)
        require(0 <= self.exploration <= 1, "exploration must lie between 0 and 1", self.exploration)
        require(0 <= self.decay < math.inf, "decay must be 0 or a positive number", self.decay)
        require(math.isfinite(self.initial), "initial must be a finite number", self.initial)

    @property
    def plays_pure(self) -> bool:
        return self.play == "argmax" and self.ties == "first"

    def noise_size(self, game: Game) -> int:
        return play_noise_size(game)

    def noise(self, game: Game, key: Key[Array, ""]) -> Float[Array, "asks u"]:
        return by_form(game, once=super().noise, every_step=super(Bandits, self).noise)(game, key)

    def start(self, mask: Bool[Array, "types actions"]) -> Float[Array, "types actions"]:
        """Values, minus infinity where impossible."""
        return jnp.where(mask, self.initial, -jnp.inf)

    def ask(self, game: Game, state: State, noise: Float[Array, "u"]) -> Query:
        return play_query(game, Strategies(tuple(self.mixed(state, i) for i in range(game.n_followers))), noise[None])

    def tell(self, game: Game, state: State, query: Query, outcome: Outcome) -> State:
        return by_form(game, once=super().tell, every_step=self._replay)(game, state, query, outcome)

    def _replay(self, game: Game, state: State, query: Query, outcome: Outcome) -> State:
        """The state after the steps of a sub-episode, the last one first."""
        assert outcome.steps is not None
        steps = jax.tree.map(lambda leaf: leaf[0], outcome.steps)
        tables = tuple(self._replayed(game, table, i, steps) for i, table in enumerate(state.tables))
        return state._replace(tables=tables, rounds=state.rounds + 1)

    def _replayed(
        self, game: Game, table: Float[Array, "observations actions"], i_follower: int, steps: Step
    ) -> Float[Array, "observations actions"]:
        """The table of one follower after the steps of a sub-episode."""
        scale = self.payoff_scales(game)[i_follower]

        def replay(carry: tuple[Array, Array], step: tuple[Array, ...]) -> tuple[tuple[Array, Array], None]:
            table, ahead = carry
            acts, obs, action, reward = step
            target = ahead + reward / scale
            row = table[obs]
            row = self._towards(row, acts & (jnp.arange(row.shape[0]) == action), target)
            return (table.at[obs].set(row), jnp.where(acts, row.max(), target)), None

        # What is earned is counted from the least: a payoff of all steps lies in [0, 1].
        start = table, jnp.asarray(-game.follower_payoff_ranges[i_follower][0] / scale)
        own = (
            steps.followers_act[:, i_follower],
            steps.follower_obs[:, i_follower],
            steps.follower_actions[:, i_follower],
            steps.follower_rewards[:, i_follower],
        )
        (table, _), _ = jax.lax.scan(replay, start, own, reverse=True)
        return table

    def mixed(self, state: State, i_follower: int) -> Float[Array, "types actions *rest"]:
        possible = (state.tables[i_follower] > -jnp.inf).astype(float)
        uniform = possible / short_sum(possible, 1)[:, None]
        explores = self.exploration * jnp.exp(-self.decay * state.rounds)
        return (1 - explores) * self._greedy(state, i_follower) + explores * uniform

    def played(self, state: State, i_follower: int) -> Float[Array, "types actions *rest"]:
        return self._greedy(state, i_follower) if self.play == "argmax" else self.mixed(state, i_follower)

    def learn(
        self,
        table: Float[Array, "types actions *rest"],
        mixed: Float[Array, "types actions *rest"],
        taken: Float[Array, "types actions *rest"],
        payoff: Float[Array, "*rest"],
    ) -> Float[Array, "types actions *rest"]:
        return self._towards(table, taken > 0, payoff)

    def _towards(
        self, values: Float[Array, "*shape"], taken: Bool[Array, "*shape"], target: Float[Array, "*rest"]
    ) -> Float[Array, "*shape"]:
        """The values, those of what was done nearer to the target."""
        return jnp.where(taken, values + self.learning_rate * (target - values), values)

    def _greedy(self, state: State, i_follower: int) -> Float[Array, "types actions *rest"]:
        table = state.tables[i_follower]
        return among(table >= short_max(table, 1)[:, None], self.ties)
