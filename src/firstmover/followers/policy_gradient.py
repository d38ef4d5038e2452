"""Policy gradient: every follower plays softmax of a table, and moves it towards what paid more than usual.

In a round `batch` sub-episodes are played, and all followers learn from the same ones. A decision is judged by what the
follower was paid from then on, less the mean of that over the sub-episodes at the same step (the baseline), in units of
its standard deviation: the advantage. At every observation that came up,

    logits[o] <- logits[o] + learning_rate * gradient of (mean of advantage * ratio + entropy * H(softmax(logits[o])))

where the mean is over the decisions at o and `ratio` is the probability of the action taken, over what it was in the
round. That is REINFORCE. With `clip` the ratio counts up to 1 + clip only where the advantage is positive, and from
1 - clip only where it is negative, and several such steps may be made in a round (`epochs`): PPO's surrogate.

Source: Williams 1992 (REINFORCE); Schulman et al. 2017 (PPO).
Differs from the sources: a step is a mean at each observation, not over all decisions, so that what is rarely seen is
learnt as fast; PPO's critic is a mean over the batch.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.batching import short_max
from firstmover.core.plays import Strategies
from firstmover.core.rollout import Outcome, Query
from firstmover.errors import require
from firstmover.evaluators.forms import play_noise_size, play_query
from firstmover.followers.learners import Learners, State, among
from firstmover.games.base import Game
from firstmover.heads import CategoricalHead


@dataclass(frozen=True)
class PolicyGradient(Learners):
    """Followers that all learn at once by policy gradient (REINFORCE, or PPO with clip).

    Advantages are standardised; `scale` says only which differences are rounding.

    Attributes:
        play: what is played in the reward phase: the likeliest action, or the last mixture.
        batch: sub-episodes in a round, at least 2.
        learning_rate: length of a step, in units of a logit, positive.
        clip: 0 for REINFORCE, or PPO's clip range, less than 1.
        epochs: steps in a round, at least 1; more than one needs a clip.
        entropy: weight of the entropy bonus, at least 0.

    Example:
        >>> from firstmover.followers import PolicyGradient
        >>> PolicyGradient(rounds=20, batch=8, clip=0.2, epochs=2)
        PolicyGradient(rounds=20, batch=8, clip=0.2, epochs=2)
    """

    rounds: int = 100
    play: Literal["argmax", "last"] = "argmax"
    batch: int = 16
    learning_rate: float = 0.3
    clip: float = 0.0
    epochs: int = 1
    entropy: float = 0.01

    name: ClassVar[str] = "policy-gradient"
    traced: ClassVar[tuple[str, ...]] = ("learning_rate", "entropy")
    converges_to: ClassVar[str] = "nothing in general; with one follower, a table that no small change improves"
    acts = ("every step", "once")
    needs_steps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        super().__post_init__()
        require(self.batch >= 2, "batch must be at least 2", self.batch)
        require(0 < self.learning_rate < math.inf, "learning_rate must be a positive number", self.learning_rate)
        require(0 <= self.clip < 1, "clip must lie in (0, 1), or be 0 for none", self.clip)
        require(self.epochs >= 1, "epochs must be at least 1", self.epochs)
        require(self.epochs == 1 or self.clip > 0, "more than one of epochs needs a clip", f"epochs={self.epochs}")
        require(0 <= self.entropy < math.inf, "entropy must be a number, not negative", self.entropy)

    @property
    def plays_pure(self) -> bool:
        return self.play == "argmax"

    def noise_size(self, game: Game) -> int:
        return self.batch * play_noise_size(game)

    def start(self, mask: Bool[Array, "observations actions"]) -> Float[Array, "observations actions"]:
        """Logits, minus infinity where impossible."""
        return jnp.where(mask, 0.0, -jnp.inf)

    def mixed(self, state: State, i_follower: int) -> Float[Array, "observations actions"]:
        return jax.nn.softmax(state.tables[i_follower])

    def played(self, state: State, i_follower: int) -> Float[Array, "observations actions"]:
        table = state.tables[i_follower]
        if self.play == "last":
            return self.mixed(state, i_follower)
        return among(table >= short_max(table, 1)[:, None], "first")

    def ask(self, game: Game, state: State, noise: Float[Array, "u"]) -> Query:
        mixed = Strategies(tuple(self.mixed(state, i) for i in range(game.n_followers)))
        return play_query(game, mixed, noise.reshape(self.batch, -1))

    def tell(self, game: Game, state: State, query: Query, outcome: Outcome) -> State:
        assert outcome.steps is not None
        tables = []
        for i, table in enumerate(state.tables):
            acts, obs, actions, rewards = (
                field[..., i]
                for field in (
                    outcome.steps.followers_act,
                    outcome.steps.follower_obs,
                    outcome.steps.follower_actions,
                    outcome.steps.follower_rewards,
                )
            )
            gains = advantages(rewards / self.payoff_scales(game)[i], acts)
            tables.append(self._improved(table, gains, acts, obs, actions))
        return state._replace(tables=tuple(tables), rounds=state.rounds + 1)

    def _improved(
        self,
        table: Float[Array, "observations actions"],
        gains: Float[Array, "batch L"],
        acts: Bool[Array, "batch L"],
        obs: Int[Array, "batch L"],
        actions: Int[Array, "batch L"],
    ) -> Float[Array, "observations actions"]:
        """The logits of one follower after a round."""
        head, possible = CategoricalHead(table.shape[1]), table > -jnp.inf
        visits = jnp.zeros(len(table)).at[obs].add(acts.astype(float))
        nothing = jnp.zeros(table.shape)
        # All that the surrogate needs of the decisions: positive and negative advantages, by observation and action.
        statistics = (
            nothing.at[obs, actions].add(jnp.maximum(gains, 0)),
            nothing.at[obs, actions].add(jnp.minimum(gains, 0)),
        )

        def objective(logits: Float[Array, "observations actions"]) -> Float[Array, ""]:
            surrogate = jax.vmap(head.surrogate, (0, 0, 0, 0, None))
            gain = surrogate(logits, table, possible, statistics, self.clip or jnp.inf) / jnp.maximum(visits, 1)
            return jnp.sum(gain + self.entropy * (visits > 0) * jax.vmap(head.entropy)(logits, possible))

        def step(_: Array, logits: Float[Array, "observations actions"]) -> Float[Array, "observations actions"]:
            return logits + self.learning_rate * jax.grad(objective)(logits)

        return jax.lax.fori_loop(0, self.epochs, step, table)


def advantages(rewards: Float[Array, "batch L"], acts: Bool[Array, "batch L"]) -> Float[Array, "batch L"]:
    """What was paid from each decision on, less its mean at that step, divided by the standard deviation; else 0.

    Args:
        rewards: payments of each step, in units of the payoff scale.
        acts: whether the follower decided in it.
    """
    to_come = jnp.cumsum(rewards[:, ::-1], axis=1)[:, ::-1]
    baseline = jnp.sum(to_come * acts, axis=0) / jnp.maximum(acts.sum(axis=0), 1)
    gains = (to_come - baseline) * acts
    deviation = jnp.sqrt(jnp.sum(gains**2) / jnp.maximum(acts.sum(), 1))
    return gains / (deviation + 1e-6)
