"""What the actor-critic learners on the step-level Stackelberg POMDP share: PPO, MAPPO and A2C, as in the papers.

Every decision of the leader is a transition. The actor is a 64-64 tanh network that sees the leader's observation
only. So does the critic, unless it is centralised: then it also sees the followers' features at the start of the round
(for learners with weights, the normalised weights) and whether this is a reward sub-episode (centralised training,
decentralised execution). Within an episode an observation that comes up again gets the action that it got before: the
papers' observation-action map, here by drawing with noise that is a function of (episode, observation).

Source: Brero et al., "Stackelberg POMDP", sections 6 and 7; Schulman et al. 2016 (GAE); gamma is 1 as in the paper.
Differs from the source: an update collects whole episodes instead of a fixed number of steps, so that no episode sees
two policies; rewards are divided by the leader's payoff range.
"""

import abc
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.commitment import episode_noise
from firstmover.errors import require
from firstmover.leaders.base import Evaluation, Leader, Metrics, committed
from firstmover.noise import Stream, address_uniform, seed_of, stream
from firstmover.policies import MLP, Head, NetworkPolicy, head_for, network_policy, one_hot, outputs
from firstmover.pomdp import StackelbergPOMDP
from firstmover.spaces import observation_index
from firstmover.step_level import Obs, StepLevel

VALUE_WEIGHT = 0.5  # of the critic's loss
MAX_GRADIENT_NORM = 0.5


class Parameters(NamedTuple):
    """What is learnt."""

    actor: NetworkPolicy
    critic: MLP
    log_sigma: Float[Array, ""]  # of a continuous decision; idle otherwise


class State(NamedTuple):
    """A learner's state."""

    parameters: Parameters
    optimiser: Any
    step: Int[Array, ""]
    key: Key[Array, ""]


class Transitions(NamedTuple):
    """The leader's decisions in an episode, [decisions, ...].

    Those after the end have `alive` false; those that the learner sees, of the others, have `kept` true.
    """

    obs: Obs
    raw: Array
    log_probability: Float[Array, "*batch"]
    value: Float[Array, "*batch"]
    reward: Float[Array, "*batch"]
    alive: Bool[Array, "*batch"]
    kept: Bool[Array, "*batch"]


class Rows(NamedTuple):
    """What is learnt from, [rows, ...]; rows that are not `kept` are left out."""

    observation: Int[Array, "*batch"]  # index of the leader's observation
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
class ActorCritic(Leader):
    """An actor and a critic that learn from the transitions of whole episodes.

    Attributes:
        updates: updates, each from freshly collected episodes.
        steps: about how many leader decisions an update collects; rounded to whole episodes, at least one.
        learning_rate: the optimiser's.
        gae: lambda of generalised advantage estimation, in [0, 1].
        entropy: weight of the entropy bonus.
        reward_episodes: reward sub-episodes of an episode, at least 1.
        action_map: whether an observation that comes up again in an episode gets the action that it got before; if
            not, every decision is drawn anew.
        response_steps: probability with which a decision of the response phase is learnt from, in [0, 1]; those of
            the reward phase always are. At 0 the learner sees the reward phase only.
        evaluation: "greedy": the rule that is committed to is the likeliest action at every observation;
            "stochastic": it is one draw from the policy.
    """

    updates: int = 100
    steps: int = 2048
    learning_rate: float = 3e-4
    gae: float = 0.95
    entropy: float = 0.0
    reward_episodes: int = 30
    action_map: bool = True
    response_steps: float = 1.0
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
        for field in ("updates", "steps", "reward_episodes"):
            require(getattr(self, field) >= 1, f"{field} must be at least 1", getattr(self, field))
        require(0 < self.learning_rate < math.inf, "learning_rate must be a positive number", self.learning_rate)
        for field in ("gae", "response_steps"):
            require(0 <= getattr(self, field) <= 1, f"{field} must lie in [0, 1]", getattr(self, field))
        require(0 <= self.entropy < math.inf, "entropy must be a number, not negative", self.entropy)

    @abc.abstractmethod
    def optimiser(self) -> optax.GradientTransformation:
        """How gradients become steps."""

    @abc.abstractmethod
    def learn(
        self, problem: StackelbergPOMDP, parameters: Parameters, optimiser: Any, rows: Rows, key: Key[Array, ""]
    ) -> tuple[Parameters, Any, Float[Array, ""]]:
        """The parameters and the optimiser after learning from rows, and the critic's mean squared error."""

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> State:
        env, game = StepLevel(problem), problem.game
        key_actor, key_critic = jax.random.split(stream(key, Stream.PARAMETERS))
        inputs = sum(game.leader_obs_sizes) + (env.n_critic_features if self.centralised else 0)
        parameters = Parameters(
            network_policy(game.leader_obs_sizes, head_for(game.leader_space), key_actor),
            MLP(inputs, 1, key_critic),
            jnp.log(0.3),
        )
        return State(parameters, self.optimiser().init(parameters), jnp.int32(0), key)

    def update(self, problem: StackelbergPOMDP, state: State) -> tuple[State, Metrics]:
        env, parameters = StepLevel(problem), state.parameters
        n_episodes = max(1, round(self.steps / env.max_decisions))
        keys = jax.random.split(jax.random.fold_in(stream(state.key, Stream.COMMITMENT), state.step), n_episodes)
        batch, env_steps = jax.vmap(lambda key: self.collect(env, parameters, key))(keys)
        rows = jax.vmap(lambda episode: self._rows(problem, episode))(batch)
        rows = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), rows)
        key = jax.random.fold_in(stream(state.key, Stream.MINIBATCH), state.step)
        new, optimiser, critic_loss = self.learn(problem, parameters, state.optimiser, rows, key)
        after = State(new, optimiser, state.step + 1, state.key)
        rewards = batch.reward.sum(1)
        observations = jnp.asarray(problem.game.observations())
        masks = jax.vmap(problem.game.leader_mask)(observations)
        spread = jax.vmap(self.head(problem, parameters).entropy)(outputs(parameters.actor, observations), masks)
        metrics = Metrics(
            value=rewards.mean(),
            best=rewards.max(),
            entropy=spread.mean(),
            env_steps=env_steps.sum(),
            simulated_steps=jnp.sum(batch.alive, dtype=jnp.float32),
            evaluated=self.evaluated(problem, after),
            critic_loss=critic_loss,
        )
        return after, metrics

    def tables(self, problem: StackelbergPOMDP, state: State) -> Array:
        head = self.head(problem, state.parameters)
        return committed(problem, head, state.parameters.actor, self.evaluation, state.key)[None]

    def head(self, problem: StackelbergPOMDP, parameters: Parameters) -> Head:
        """What turns the actor's outputs into decisions."""
        return head_for(problem.game.leader_space, jnp.exp(parameters.log_sigma))

    def _value(
        self, problem: StackelbergPOMDP, parameters: Parameters, obs: Int[Array, "d"], features: Float[Array, "F"]
    ) -> Float[Array, ""]:
        seen = one_hot(obs, problem.game.leader_obs_sizes)
        return parameters.critic(jnp.concatenate([seen, features]) if self.centralised else seen)[0]

    def collect(
        self, env: StepLevel, parameters: Parameters, key: Key[Array, ""]
    ) -> tuple[Transitions, Float[Array, ""]]:
        """The transitions of one whole episode, and how many decisions' payoffs were consumed in it."""
        problem = env.problem
        head = self.head(problem, parameters)

        def decide(carry: tuple[Any, Obs], decision: Array) -> tuple[tuple[Any, Obs], Transitions]:
            state, obs = carry
            output = parameters.actor(obs.leader)
            if self.action_map:
                noise = episode_noise(head, key, obs.leader)
            else:
                noise = address_uniform(seed_of(stream(key, Stream.DECISION)), decision[None], head.noise_size)
            raw = head.draw(output, obs.mask, noise)
            after, obs_after, reward, _done = env.step(state, head.action(raw))
            alive, rewarding = ~env.done(state), obs.critic[-1] > 0
            u = address_uniform(seed_of(stream(key, Stream.SELECTION)), decision[None], 1)[0]
            transition = Transitions(
                obs,
                raw,
                head.log_probability(output, obs.mask, raw),
                self._value(problem, parameters, obs.leader, obs.critic),
                reward,
                alive,
                alive & (rewarding | (u < self.response_steps)),
            )
            return (after, obs_after), transition

        decisions = jnp.arange(env.max_decisions, dtype=jnp.int32)
        (state, _), steps = jax.lax.scan(decide, env.reset(key), decisions)
        rounds = problem.followers.rounds_used(problem.game, state.followers)
        consumed = jnp.where(steps.obs.critic[..., -1] > 0, 1, rounds) * steps.alive
        return steps, jnp.sum(consumed, dtype=jnp.float32)

    def _rows(self, problem: StackelbergPOMDP, episode: Transitions) -> Rows:
        low, high = problem.game.leader_payoff_range
        advantage = self.advantages(episode.reward / ((high - low) or 1.0), episode.value, episode.kept)
        return Rows(
            jax.vmap(lambda obs: observation_index(obs, problem.game.leader_obs_sizes))(episode.obs.leader),
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

        def back(later: tuple[Array, Array, Array], here: tuple[Array, Array, Array]) -> tuple[Any, Array]:
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
        game = problem.game
        observations = jnp.asarray(game.observations())
        head = self.head(problem, parameters)
        output = _looked_up(parameters.actor, observations, rows.observation)
        seen = observations[rows.observation]
        masks = jax.vmap(game.leader_mask)(seen)
        if self.centralised:
            value = jax.vmap(lambda obs, features: self._value(problem, parameters, obs, features))(seen, rows.features)
        else:
            alone = jnp.zeros(rows.features.shape[-1])
            value = _looked_up(
                lambda obs: self._value(problem, parameters, obs, alone)[None], observations, rows.observation
            )[:, 0]
        log_probability = jax.vmap(head.log_probability)(output, masks, rows.raw)
        return Evaluated(log_probability, jax.vmap(head.entropy)(output, masks), value)


def _looked_up(
    network: Callable[[Array], Array], observations: Int[Array, "observations d"], rows: Int[Array, "rows"]
) -> Float[Array, "rows width"]:
    """What a network says at each row's observation; asked once for every observation where there are fewer."""
    if len(observations) > rows.size:
        return jax.vmap(network)(observations[rows])
    # A product with one-hot rows: its gradient is a product too, where that of indexing is a slow scatter.
    which = jax.nn.one_hot(rows, len(observations))
    return jnp.matmul(which, jax.vmap(network)(observations), precision="highest")
