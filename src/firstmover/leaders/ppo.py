"""PPO and MAPPO on the step-level Stackelberg POMDP, as in the paper.

Every decision of the leader is a transition. The actor is a 64-64 tanh network that sees the leader's observation
only. PPO's critic sees the same; MAPPO's critic also sees the followers' normalised weights at the start of the round
and whether this is a reward sub-episode (centralised training, decentralised execution). Within an episode an
observation that comes up again gets the action that it got before: the papers' observation-action map, here by drawing
with noise that is a function of (episode, observation).

Source: Brero et al., "Stackelberg POMDP", section 7 and appendix A; Schulman et al. 2017; Yu et al. 2022 (MAPPO).
Defaults are those of Stable-Baselines3: rate 3e-4, 10 epochs, minibatches of 64, GAE 0.95, clip 0.2, value loss 0.5,
gradient norm 0.5, gamma 1 as in the paper.
Differs from the source: an update collects whole episodes (about the usual 2048 steps) instead of a fixed number of
steps, so that no episode sees two policies; rewards are divided by the leader's payoff range.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.commitment import episode_noise
from firstmover.errors import InputError
from firstmover.leaders.base import Leader, Metrics
from firstmover.noise import Stream, stream
from firstmover.policies import MLP, Head, NetworkPolicy, head_for, network_policy, one_hot, outputs
from firstmover.pomdp import StackelbergPOMDP
from firstmover.step_level import Obs, StepLevel

_VALUE_WEIGHT = 0.5
_MAX_GRADIENT_NORM = 0.5


class _Parameters(NamedTuple):
    actor: NetworkPolicy
    critic: MLP
    log_sigma: Float[Array, ""]  # of a continuous decision; idle otherwise


class _State(NamedTuple):
    parameters: _Parameters
    optimiser: Any
    step: Int[Array, ""]
    key: Key[Array, ""]


class _Transitions(NamedTuple):
    """Decisions of whole episodes, [episodes, decisions, ...]; those after the end have `alive` false."""

    obs: Obs
    raw: Array
    log_probability: Float[Array, "*batch"]
    value: Float[Array, "*batch"]
    reward: Float[Array, "*batch"]
    alive: Bool[Array, "*batch"]


@dataclass(frozen=True)
class _ActorCritic(Leader):
    """What PPO and MAPPO share.

    Attributes:
        updates: updates, each of `epochs` passes over freshly collected episodes.
        steps: about how many leader decisions an update collects; rounded to whole episodes, at least one.
        learning_rate: Adam's.
        epochs: passes over the collected steps.
        minibatch: steps in a gradient step.
        gae: lambda of generalised advantage estimation.
        clip: PPO's clip range.
        entropy: weight of the entropy bonus.
        reward_episodes: reward sub-episodes of an episode, at least 1.
    """

    updates: int = 100
    steps: int = 2048
    learning_rate: float = 3e-4
    epochs: int = 10
    minibatch: int = 64
    gae: float = 0.95
    clip: float = 0.2
    entropy: float = 0.0
    reward_episodes: int = 30

    centralised: ClassVar[bool]

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        for field in ("updates", "steps", "epochs", "minibatch", "reward_episodes"):
            if getattr(self, field) < 1:
                raise InputError(f"{field} must be at least 1; got {getattr(self, field)}.")
        if not 0 < self.learning_rate < float("inf"):
            raise InputError(f"learning_rate must be a positive number; got {self.learning_rate}.")
        if not 0 <= self.gae <= 1:
            raise InputError(f"gae must lie in [0, 1]; got {self.gae}.")
        if not 0 < self.clip < 1:
            raise InputError(f"clip must lie in (0, 1); got {self.clip}.")
        if not 0 <= self.entropy < float("inf"):
            raise InputError(f"entropy must be a number, not negative; got {self.entropy}.")

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> _State:
        env, game = StepLevel(problem), problem.game
        key_actor, key_critic = jax.random.split(stream(key, Stream.PARAMETERS))
        inputs = sum(game.leader_obs_sizes) + (env.n_critic_features if self.centralised else 0)
        parameters = _Parameters(
            network_policy(game.leader_obs_sizes, head_for(game.leader_space), key_actor),
            MLP(inputs, 1, key_critic),
            jnp.log(0.3),
        )
        return _State(parameters, self._optimiser().init(parameters), jnp.int32(0), key)

    def _optimiser(self) -> optax.GradientTransformation:
        return optax.chain(optax.clip_by_global_norm(_MAX_GRADIENT_NORM), optax.adam(self.learning_rate, eps=1e-5))

    def update(self, problem: StackelbergPOMDP, state: _State) -> tuple[_State, Metrics]:
        env = StepLevel(problem)
        n_episodes = max(1, round(self.steps / env.max_decisions))
        keys = jax.random.split(jax.random.fold_in(stream(state.key, Stream.COMMITMENT), state.step), n_episodes)
        batch = jax.vmap(lambda key: self._collect(env, state.parameters, key))(keys)
        low, high = problem.game.leader_payoff_range
        scaled = batch.reward / ((high - low) or 1.0)
        advantages = jax.vmap(self._advantages)(scaled, batch.value, batch.alive)
        key = jax.random.fold_in(stream(state.key, Stream.MINIBATCH), state.step)
        parameters, optimiser = self._learn(env, state.parameters, state.optimiser, batch, advantages, key)
        rewards = batch.reward.sum(1)
        observations = jnp.asarray(problem.game.observations())
        masks = jax.vmap(problem.game.leader_mask)(observations)
        head = self._head(env, state.parameters)
        entropy = jax.vmap(head.entropy)(outputs(state.parameters.actor, observations), masks).mean()
        rewarding = batch.obs.critic[..., -1] > 0
        consumed = jnp.where(rewarding, 1, problem.followers.rounds_per_ask(problem.game)) * batch.alive
        metrics = Metrics(
            rewards.mean(),
            rewards.max(),
            entropy,
            jnp.sum(consumed, dtype=jnp.float32),
            jnp.sum(batch.alive, dtype=jnp.float32),
        )
        return _State(parameters, optimiser, state.step + 1, state.key), metrics

    def _head(self, env: StepLevel, parameters: _Parameters) -> Head:
        return head_for(env.problem.game.leader_space, jnp.exp(parameters.log_sigma))

    def _value(self, env: StepLevel, parameters: _Parameters, obs: Obs) -> Float[Array, ""]:
        seen = one_hot(obs.leader, env.problem.game.leader_obs_sizes)
        if self.centralised:
            seen = jnp.concatenate([seen, obs.critic])
        return parameters.critic(seen)[0]

    def _collect(self, env: StepLevel, parameters: _Parameters, key: Key[Array, ""]) -> _Transitions:
        """One whole episode."""
        head = self._head(env, parameters)

        def decide(carry: tuple[Any, Obs], _: None) -> tuple[tuple[Any, Obs], _Transitions]:
            state, obs = carry
            output = parameters.actor(obs.leader)
            raw = head.draw(output, obs.mask, episode_noise(head, key, obs.leader))
            after, obs_after, reward, _done = env.step(state, head.action(raw))
            transition = _Transitions(
                obs,
                raw,
                head.log_probability(output, obs.mask, raw),
                self._value(env, parameters, obs),
                reward,
                ~env.done(state),
            )
            return (after, obs_after), transition

        return jax.lax.scan(decide, env.reset(key), None, length=env.max_decisions)[1]

    def _advantages(
        self, reward: Float[Array, "decisions"], value: Float[Array, "decisions"], alive: Bool[Array, "decisions"]
    ) -> Float[Array, "decisions"]:
        """Generalised advantage estimates of one episode, with gamma = 1."""
        value = value * alive
        errors = (reward + jnp.append(value[1:], 0.0) - value) * alive

        def back(later: Array, error: Array) -> tuple[Array, Array]:
            advantage = error + self.gae * later
            return advantage, advantage

        return jax.lax.scan(back, jnp.float32(0), errors, reverse=True)[1]

    def _learn(
        self,
        env: StepLevel,
        parameters: _Parameters,
        optimiser: Any,
        batch: _Transitions,
        advantages: Float[Array, "episodes decisions"],
        key: Key[Array, ""],
    ) -> tuple[_Parameters, Any]:
        """`epochs` passes over the batch in random minibatches."""
        returns = advantages + batch.value
        flat = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), (batch, advantages, returns))
        n_steps = advantages.size
        size = min(self.minibatch, n_steps)

        def loss(parameters: _Parameters, part: tuple[_Transitions, Array, Array]) -> Array:
            steps, advantage, target = part
            alive = steps.alive.astype(jnp.float32)
            count = jnp.maximum(alive.sum(), 1)
            head = self._head(env, parameters)
            output = jax.vmap(parameters.actor)(steps.obs.leader)
            log_p = jax.vmap(head.log_probability)(output, steps.obs.mask, steps.raw)
            mean = jnp.sum(advantage * alive) / count
            spread = jnp.sqrt(jnp.sum((advantage - mean) ** 2 * alive) / count)
            advantage = (advantage - mean) / (spread + 1e-8)
            ratio = jnp.exp(log_p - steps.log_probability)
            gain = jnp.minimum(ratio * advantage, jnp.clip(ratio, 1 - self.clip, 1 + self.clip) * advantage)
            error = (jax.vmap(lambda obs: self._value(env, parameters, obs))(steps.obs) - target) ** 2
            bonus = jax.vmap(head.entropy)(output, steps.obs.mask)
            return jnp.sum((-gain + _VALUE_WEIGHT * error - self.entropy * bonus) * alive) / count

        def minibatch(carry: tuple[Any, Any], rows: Array) -> tuple[tuple[Any, Any], None]:
            parameters, optimiser = carry
            gradient = jax.grad(loss)(parameters, jax.tree.map(lambda x: x[rows], flat))
            step, optimiser = self._optimiser().update(gradient, optimiser, parameters)
            return (optax.apply_updates(parameters, step), optimiser), None

        def epoch(carry: tuple[Any, Any], key: Key[Array, ""]) -> tuple[tuple[Any, Any], None]:
            shuffled = jax.random.permutation(key, n_steps)
            rows = shuffled[: n_steps // size * size].reshape(-1, size)
            return jax.lax.scan(minibatch, carry, rows)

        return jax.lax.scan(epoch, (parameters, optimiser), jax.random.split(key, self.epochs))[0]

    def tables(self, problem: StackelbergPOMDP, state: _State) -> Array:
        game = problem.game
        head = self._head(StepLevel(problem), state.parameters)
        observations = jnp.asarray(game.observations())
        masks = jax.vmap(game.leader_mask)(observations)
        raw = jax.vmap(head.mode)(outputs(state.parameters.actor, observations), masks)
        return jax.vmap(head.action)(raw)[None]


@dataclass(frozen=True)
class PPO(_ActorCritic):
    """PPO whose critic sees what the actor sees."""

    name: ClassVar[str] = "ppo"
    centralised: ClassVar[bool] = False


@dataclass(frozen=True)
class MAPPO(_ActorCritic):
    """PPO whose critic also sees the followers' weights and the phase."""

    name: ClassVar[str] = "mappo"
    centralised: ClassVar[bool] = True
