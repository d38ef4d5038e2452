"""Q-learning: every (follower, type) keeps a value per action and mostly plays the best one.

    Q_i[t_i, a] <- (1 - learning_rate) * Q_i[t_i, a] + learning_rate * payoff              for the played action a
    p_i[t_i]     = a greedy action, or with probability exploration * exp(-decay * round) any possible one

Source: Calvano, Calzolari, Denicolo and Pastorello 2020, without memory of past rounds, so that there is nothing to
discount; Brero et al. 2022 let a leader learn against such followers.
Differs from the source: values start at `initial`; a greedy action of several is drawn or the first, by `ties`.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from firstmover.batching import short_max, short_sum
from firstmover.errors import require
from firstmover.followers.bandits import Bandits
from firstmover.followers.learners import State, among


@dataclass(frozen=True)
class QLearning(Bandits):
    """Tabular learners that explore less and less, and see only what the action which they played has paid.

    They promise nothing: who explores too little gets stuck, and several may learn to collude.

    Attributes:
        play: what is played in the reward phase: the greedy action, or the last mixture with exploration.
        ties: which of several greedy actions is played, in the rounds too: the first, or all with equal probability.
        learning_rate: weight of a new payoff in a value, more than 0 and at most 1.
        exploration: probability of a uniformly random action in the first round.
        decay: rate at which exploration falls per round, at least 0.
        initial: value of every action before the first round; a payoff lies in [0, 1], from the follower's least to its
            greatest. Above 1 every action is tried before one is repeated.
    """

    rounds: int = 1000
    play: Literal["argmax", "last"] = "argmax"
    ties: Literal["first", "uniform"] = "first"
    learning_rate: float = 0.15
    exploration: float = 1.0
    decay: float = 0.005
    initial: float = 0.0

    name: ClassVar[str] = "q-learning"
    converges_to: ClassVar[str] = "nothing in general"

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

    def start(self, mask: Bool[Array, "types actions"]) -> Float[Array, "types actions"]:
        """Values, minus infinity where impossible."""
        return jnp.where(mask, self.initial, -jnp.inf)

    def mixed(self, state: State, i_follower: int) -> Float[Array, "types actions"]:
        possible = (state.tables[i_follower] > -jnp.inf).astype(float)
        uniform = possible / short_sum(possible, 1)[:, None]
        explores = self.exploration * jnp.exp(-self.decay * state.rounds)
        return (1 - explores) * self._greedy(state, i_follower) + explores * uniform

    def played(self, state: State, i_follower: int) -> Float[Array, "types actions"]:
        return self._greedy(state, i_follower) if self.play == "argmax" else self.mixed(state, i_follower)

    def learn(
        self,
        table: Float[Array, "types actions"],
        mixed: Float[Array, "types actions"],
        taken: Float[Array, "types actions"],
        payoff: Float[Array, ""],
    ) -> Float[Array, "types actions"]:
        return jnp.where(taken > 0, table + self.learning_rate * (payoff - table), table)

    def _greedy(self, state: State, i_follower: int) -> Float[Array, "types actions"]:
        table = state.tables[i_follower]
        return among(table >= short_max(table, 1)[:, None], self.ties)
