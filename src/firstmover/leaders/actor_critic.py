"""What the actor-critic learners on the step-level Stackelberg POMDP share: PPO, MAPPO and A2C.

The actor is a 64-64 tanh network that sees the leader's observation only, of any kind; or a small one that scores
options which are like each other. The critic sees the same observation, and if it is centralised also the followers'
features at the start of the round (for learners with weights, the normalised weights) and whether this is a reward
sub-episode (centralised training, decentralised execution).

Source: Brero et al., "Stackelberg POMDP", sections 6 and 7; Schulman et al. 2016 (GAE); gamma is 1 as in the paper.
Differs from the source: see `step_learner.py`; rewards are divided by the leader's payoff range.
"""

import abc
import math
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.commitment import Commitment
from firstmover.core.convolutions import ImageNetwork
from firstmover.core.mlp import MLP
from firstmover.core.noise import Stream, stream
from firstmover.core.policies import Policy, check_policy, network_on, network_policy, option_policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.step_level import Obs
from firstmover.core.trees import FollowerState, OptState
from firstmover.errors import InputError, require
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.heads import Head
from firstmover.leaders.base import Evaluation
from firstmover.leaders.lazy import played, rule_of
from firstmover.leaders.sights import Sights, Unlisted
from firstmover.leaders.step_learner import StepLearner, Transitions, in_range

VALUE_WEIGHT = 0.5  # of the critic's loss
MAX_GRADIENT_NORM = 0.5

_Scalars: TypeAlias = tuple[Array, Array, Array]


class Parameters(NamedTuple):
    """What is learnt."""

    actor: Policy
    critic: MLP | ImageNetwork
    log_sigma: Float[Array, ""]  # of a continuous decision; idle otherwise


class State(NamedTuple):
    """A learner's state."""

    parameters: Parameters
    optimiser: OptState
    followers: FollowerState  # that are carried over, if they are
    step: Int[Array, ""]
    key: Key[Array, ""]


class Rows(NamedTuple):
    """What is learnt from, [rows, ...]; rows that are not `kept` are left out."""

    seen: Array  # what the learner saw, as its `Sights` hold it
    features: Float[Array, "*batch F"]  # for a centralised critic
    raw: Array
    log_probability: Float[Array, "*batch"]
    advantage: Float[Array, "*batch"]
    target: Float[Array, "*batch"]  # of the critic
    kept: Bool[Array, "*batch"]


class Evaluated(NamedTuple):
    """What the networks say of rows."""

    log_probability: Float[Array, "rows"]
    entropy: Float[Array, "rows"]
    value: Float[Array, "rows"]


@dataclass(frozen=True)
class ActorCritic(StepLearner):
    """An actor and a critic that learn from the transitions of whole episodes.

    Attributes:
        policy: "network" (64-64 tanh, on the features of any observation), or "options" (a small network that scores
            options which are like each other, such as agents to visit).
        gae: lambda of generalised advantage estimation, in [0, 1].
        entropy: weight of the entropy bonus, at least 0.
        evaluation: "greedy": the rule that is committed to is the likeliest action at every observation;
            "stochastic": it is one draw from the policy.
    """

    policy: Literal["network", "options"] = "network"
    gae: float = 0.95
    entropy: float = 0.0
    evaluation: Evaluation = "greedy"

    @property
    @abc.abstractmethod
    def centralised(self) -> bool:
        """Whether the critic sees the followers' features and the phase."""

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        super().__post_init__()
        require(0 <= self.gae <= 1, "gae must lie in [0, 1]", self.gae)
        require(0 <= self.entropy < math.inf, "entropy must be a number, not negative", self.entropy)

    @abc.abstractmethod
    def optimiser(self) -> optax.GradientTransformation:
        """How gradients become steps."""

    @abc.abstractmethod
    def learn(
        self, problem: StackelbergPOMDP, parameters: Parameters, optimiser: OptState, rows: Rows, key: Key[Array, ""]
    ) -> tuple[Parameters, OptState, Float[Array, ""]]:
        """The parameters and the optimiser after learning from rows, and the critic's mean squared error."""

    def is_lazy(self, game: Game) -> bool:
        return self.policy == "options" or not game.observed.listed

    def problem(self, game: Game, followers: Follower) -> StackelbergPOMDP:
        """The problem that this learner solves.

        Raises:
            InputError: the parts do not fit, or the phase is to be visible to a learner whose sights are no list.
        """
        check_policy(self.policy, game)
        if self.phase_visible and self.is_lazy(game):
            raise InputError("phase_visible needs observations that can be listed, and policy=network.")
        return super().problem(game, followers)

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> State:
        game, observed, head = problem.game, self.observed(problem.game), problem.game.leader_space.head()
        key_actor, key_critic = jax.random.split(stream(key, Stream.PARAMETERS))
        if self.policy == "options":
            actor: Policy = option_policy(game, head, key_actor)
        else:
            actor = network_policy(observed, head, key_actor)
        beside = self.env(problem).n_critic_features if self.centralised else 0
        parameters = Parameters(actor, network_on(observed, 1, key_critic, beside), jnp.log(0.3))
        return State(parameters, self.optimiser().init(parameters), self.first_followers(problem), jnp.int32(0), key)

    def sights_of(self, problem: StackelbergPOMDP) -> Sights:
        """All that the learner may see, as its rows hold it."""
        return self.sights(problem.game) if problem.listed else Unlisted(problem.game)

    def rules(self, problem: StackelbergPOMDP, state: State) -> Commitment:
        return jax.tree.map(lambda leaf: leaf[None], self._rule(problem, state))

    def _rule(self, problem: StackelbergPOMDP, state: State) -> Commitment:
        return rule_of(state.parameters.actor, self.head(problem, state.parameters), self.evaluation, state.key)

    def evaluated(self, problem: StackelbergPOMDP, state: State) -> Float[Array, ""]:
        if problem.listed:
            return super().evaluated(problem, state)
        return played(problem, self._rule(problem, state), stream(state.key, Stream.EVALUATION)).reward

    def entropy_of(self, problem: StackelbergPOMDP, parameters: Parameters, batch: Transitions) -> Float[Array, ""]:
        if problem.listed:
            return super().entropy_of(problem, parameters, batch)
        head = self.head(problem, parameters)
        spread = jax.vmap(jax.vmap(lambda obs: head.entropy(parameters.actor(obs.leader), obs.mask)))(batch.obs)
        return jnp.sum(spread * batch.alive) / batch.alive.sum()

    def learnt(self, problem: StackelbergPOMDP, state: State, batch: Transitions) -> tuple[State, Float[Array, ""]]:
        rows = jax.vmap(lambda episode: self._rows(problem, episode))(batch)
        rows = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), rows)
        key = jax.random.fold_in(stream(state.key, Stream.MINIBATCH), state.step)
        parameters, optimiser, critic_loss = self.learn(problem, state.parameters, state.optimiser, rows, key)
        return State(parameters, optimiser, state.followers, state.step + 1, state.key), critic_loss

    def actor(self, parameters: Parameters) -> Policy:
        return parameters.actor

    def head(self, problem: StackelbergPOMDP, parameters: Parameters) -> Head:
        return problem.game.leader_space.head(jnp.exp(parameters.log_sigma))

    def judged(self, problem: StackelbergPOMDP, parameters: Parameters, obs: Obs) -> Float[Array, ""]:
        return self._value(problem, parameters, self.seen(obs), obs.critic)

    def _value(
        self, problem: StackelbergPOMDP, parameters: Parameters, seen: Array, features: Float[Array, "F"]
    ) -> Float[Array, ""]:
        shown = self.observed(problem.game).features(seen)
        return parameters.critic(jnp.concatenate([shown, features]) if self.centralised else shown)[0]

    def _rows(self, problem: StackelbergPOMDP, episode: Transitions) -> Rows:
        sights = self.sights_of(problem)
        advantage = self.advantages(in_range(problem.game, episode.reward), episode.value, episode.kept)
        return Rows(
            jax.vmap(lambda obs: sights.row(self.seen(obs)))(episode.obs),
            episode.obs.critic,
            episode.raw,
            episode.log_probability,
            advantage,
            advantage + episode.value,
            episode.kept,
        )

    def advantages(
        self, reward: Float[Array, "decisions"], value: Float[Array, "decisions"], kept: Bool[Array, "decisions"]
    ) -> Float[Array, "decisions"]:
        """Generalised advantage estimates of one episode with gamma = 1, over the kept decisions only.

        What was paid with a decision that is left out counts for the kept one before it. Zero where not kept.
        """

        def back(later: _Scalars, here: _Scalars) -> tuple[_Scalars, Array]:
            value_after, advantage_after, paid_after = later
            reward, value, kept = here
            paid = reward + paid_after
            advantage = paid + value_after - value + self.gae * advantage_after
            learnt = (value, advantage, jnp.zeros_like(paid))
            skipped = (value_after, advantage_after, paid)
            carry = jax.tree.map(lambda yes, no: jnp.where(kept, yes, no), learnt, skipped)
            return carry, jnp.where(kept, advantage, 0)

        zero = jnp.zeros((), reward.dtype)
        return jax.lax.scan(back, (zero, zero, zero), (reward, value, kept), reverse=True)[1]

    def evaluate(self, problem: StackelbergPOMDP, parameters: Parameters, rows: Rows) -> Evaluated:
        """What the networks say of rows."""
        sights, head = self.sights_of(problem), self.head(problem, parameters)
        output, masks = sights.outputs(parameters.actor, rows.seen), sights.possible(rows.seen)
        if self.centralised:
            value = jax.vmap(partial(self._value, problem, parameters))(sights.seen(rows.seen), rows.features)
        else:
            alone = jnp.zeros(rows.features.shape[-1])
            value = sights.outputs(lambda seen: self._value(problem, parameters, seen, alone)[None], rows.seen)[:, 0]
        log_probability = jax.vmap(head.log_probability)(output, masks, rows.raw)
        return Evaluated(log_probability, jax.vmap(head.entropy)(output, masks), value)
