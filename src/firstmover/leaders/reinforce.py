"""REINFORCE on the step-level Stackelberg POMDP: a decision is made likelier by what was paid after it.

One stochastic policy answers the followers' questions and plays. From what is paid after a decision is taken what is
paid, on average, after the decision of that number: a moving average over earlier updates. With the observation-action
map, a decision that repeats an earlier one of its episode is no draw, so it is not counted again: the gradient is that
of the expected value of a drawn rule, without bias.

Without the map every decision is drawn anew, and so an answer may differ from what is played at the same observation.
The reward in training can then exceed the value of every rule: in the iterated prisoner's dilemma with 10 steps and
exact replies without memory, the policy learns to earn 8 to 9 where the best rule earns 6, and leaves a rule that earns
5.

Source: Williams 1992; gamma is 1. Rewards are divided by the leader's payoff range. With a critic in place of the
average, and repeated decisions counted, it is A2C (`a2c.py`).
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.noise import Stream, stream
from firstmover.core.policies import Policy, network_policy, table_policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.trees import FollowerState, OptState
from firstmover.errors import require
from firstmover.heads import Head
from firstmover.leaders.base import Evaluation
from firstmover.leaders.step_learner import StepLearner, Transitions, in_range


class _Parameters(NamedTuple):
    actor: Policy
    log_sigma: Float[Array, ""]  # of a continuous decision; idle otherwise


class _State(NamedTuple):
    parameters: _Parameters
    optimiser: OptState
    baseline: Float[Array, "decisions"]  # what is still to be paid at each decision of an episode, on average
    followers: FollowerState  # that are carried over, if they are
    step: Int[Array, ""]
    key: Key[Array, ""]


@dataclass(frozen=True)
class Reinforce(StepLearner):
    """REINFORCE: the policy gradient with a moving average as its baseline.

    Attributes:
        learning_rate: Adam's, positive; for a network about 0.003.
        policy: "table" or "network" (64-64 tanh).
        entropy: weight of the entropy bonus, at least 0.
        decay: share of the average that an update keeps, in [0, 1).
        evaluation: "greedy": the rule that is committed to is the likeliest action at every observation;
            "stochastic": it is one draw from the policy.

    Example:
        >>> from firstmover.leaders import Reinforce
        >>> Reinforce(updates=50, steps=400)
        Reinforce(updates=50, steps=400)
    """

    updates: int = 200
    steps: int = 512
    learning_rate: float = 0.05
    reward_episodes: int = 1
    policy: Literal["table", "network"] = "table"
    entropy: float = 0.0
    decay: float = 0.9
    evaluation: Evaluation = "greedy"

    name: ClassVar[str] = "reinforce"
    traced: ClassVar[tuple[str, ...]] = ("learning_rate", "entropy", "decay")

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        super().__post_init__()
        require(0 <= self.entropy < math.inf, "entropy must be a number, not negative", self.entropy)
        require(0 <= self.decay < 1, "decay must be at least 0 and less than 1", self.decay)

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> _State:
        game, head = problem.game, problem.game.leader_space.head()
        if self.policy == "network":
            actor: Policy = network_policy(self.observed(game), head, stream(key, Stream.PARAMETERS))
        else:
            actor = table_policy(self.sizes(game), head)
        parameters = _Parameters(actor, jnp.log(0.3))
        baseline = jnp.zeros(self.env(problem).max_decisions)
        optimiser = optax.adam(self.learning_rate).init(parameters)
        return _State(parameters, optimiser, baseline, self.first_followers(problem), jnp.int32(0), key)

    def actor(self, parameters: _Parameters) -> Policy:
        return parameters.actor

    def head(self, problem: StackelbergPOMDP, parameters: _Parameters) -> Head:
        return problem.game.leader_space.head(jnp.exp(parameters.log_sigma))

    def learnt(self, problem: StackelbergPOMDP, state: _State, batch: Transitions) -> tuple[_State, Float[Array, ""]]:
        """One step on all episodes."""
        ahead = jnp.cumsum(in_range(problem.game, batch.reward)[:, ::-1], axis=1)[:, ::-1]  # still to be paid
        average = ahead.mean(axis=0)
        baseline = jnp.where(state.step > 0, state.baseline, average)
        gradient = self.gradient(problem, state.parameters, batch, ahead - baseline)
        step, optimiser = optax.adam(self.learning_rate).update(gradient, state.optimiser)
        parameters = optax.apply_updates(state.parameters, step)
        baseline = self.decay * baseline + (1 - self.decay) * average
        return _State(parameters, optimiser, baseline, state.followers, state.step + 1, state.key), jnp.float32(0)

    def gradient(
        self,
        problem: StackelbergPOMDP,
        parameters: _Parameters,
        batch: Transitions,
        advantage: Float[Array, "episodes decisions"],
    ) -> _Parameters:
        """Of the loss, which is minus the mean over episodes of the sum of (advantage times log-probability)."""
        sights = self.sights(problem.game)
        rows = jax.vmap(jax.vmap(lambda obs: sights.row(self.seen(obs))))(batch.obs)
        counted = batch.kept
        if self.action_map:
            counted = jax.vmap(lambda seen, kept: first_met(seen, kept, sights.n))(rows, batch.kept)
        raw = batch.raw.reshape(rows.size, *batch.raw.shape[2:])

        def loss(parameters: _Parameters) -> Float[Array, ""]:
            head = self.head(problem, parameters)
            output, mask = sights.outputs(parameters.actor, rows.ravel()), sights.possible(rows.ravel())
            log_probability = jax.vmap(head.log_probability)(output, mask, raw).reshape(rows.shape)
            entropy = jax.vmap(head.entropy)(output, mask).reshape(rows.shape)
            gain = advantage * log_probability + self.entropy * entropy
            return -jnp.sum(gain * counted) / len(rows)

        return jax.grad(loss)(parameters)


def first_met(rows: Int[Array, "decisions"], kept: Bool[Array, "decisions"], size: int) -> Bool[Array, "decisions"]:
    """Which of the kept decisions of an episode are the first at what was seen, the rows of a table of this size."""
    number = jnp.arange(len(rows))
    first = jnp.full(size, len(rows)).at[jnp.where(kept, rows, size)].min(number, mode="drop")
    return kept & (first[rows] == number)
