"""What the learners on the step-level Stackelberg POMDP share: they decide one by one, and learn from whole episodes.

Every decision of the leader is a transition, answers to the followers' questions among them. Within an episode an
observation that comes up again gets the action that it got before: the papers' observation-action map, here by drawing
with noise that is a function of (episode, observation).

Four options leave the construction on purpose, to show what it is good for: hidden responses (`response_steps` 0), a
phase that the actor can see (`phase_visible`), pay for the response (`reward_while_learning`), and followers that go on
from where they stood in the episode before (`carry_followers`). The last one, with followers of one round, is learning
side by side at two time scales (Zheng et al., "The AI Economist", 2022).

Source: Brero et al., "Stackelberg POMDP", sections 6 and 7; gamma is 1 as in the paper. The four options: Gerstgrasser
and Parkes, "Oracles & Followers" (ICML 2023).
Differs from the source: an update collects whole episodes instead of a fixed number of steps, so that no episode sees
two policies.
"""

import abc
import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from firstmover.core.batching import in_parts
from firstmover.core.commitment import episode_noise
from firstmover.core.noise import Stream, address_uniform, seed_of, stream
from firstmover.core.policies import Policy, TablePolicy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.selection import average, largest
from firstmover.core.step_level import Obs, State, StepLevel
from firstmover.core.trees import FollowerState, LeaderState, Networks
from firstmover.errors import InputError, require
from firstmover.followers.base import Follower
from firstmover.followers.learners import Learners
from firstmover.games.base import Game
from firstmover.heads import Head, Output
from firstmover.leaders.base import Leader, Metrics, committed
from firstmover.leaders.sights import Listed
from firstmover.spaces.observations import Components, Observations


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


@dataclass(frozen=True)
class StepLearner(Leader):
    """A learner that makes its decisions one by one, and learns from them after whole episodes.

    Its state has `parameters`, `followers`, `step` and `key`. What it sees of a decision (`seen`) is the leader's
    observation, and as a last component the phase, if that is visible.

    Attributes:
        updates: updates, each from freshly collected episodes, at least 1.
        steps: about how many leader decisions an update collects; rounded to whole episodes, at least one.
        learning_rate: the optimiser's, positive.
        reward_episodes: reward sub-episodes of an episode, at least 1.
        action_map: whether an observation that comes up again in an episode gets the action that it got before; if
            not, every decision is drawn anew.
        response_steps: probability with which a decision of the response phase (an answer to a question among them)
            is learnt from, in [0, 1]; those of the reward phase always are. At 0 the learner sees the reward phase
            only.
        phase_visible: whether the learner sees if the response is over. Then it may answer the followers in one way
            and play in another: the reward in training is no longer that of any commitment. The rule that is committed
            to, and evaluated, is what it does in the reward phase.
        reward_while_learning: whether the sub-episodes of the response are paid like those of the reward phase.
        carry_followers: whether the followers of an episode start from what those of the update before had learnt in
            the same place, not anew. The rule that is committed to is evaluated with followers that start anew.
    """

    updates: int = 100
    steps: int = 2048
    learning_rate: float = 3e-4
    reward_episodes: int = 30
    action_map: bool = True
    response_steps: float = 1.0
    phase_visible: bool = False
    reward_while_learning: bool = False
    carry_followers: bool = False

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        for field in ("updates", "steps", "reward_episodes"):
            require(getattr(self, field) >= 1, f"{field} must be at least 1", getattr(self, field))
        require(0 < self.learning_rate < math.inf, "learning_rate must be a positive number", self.learning_rate)
        require(0 <= self.response_steps <= 1, "response_steps must lie in [0, 1]", self.response_steps)

    @abc.abstractmethod
    def actor(self, parameters: Networks) -> Policy:
        """What is learnt of the decisions: an output for everything that the learner may see."""

    @abc.abstractmethod
    def learnt(
        self, problem: StackelbergPOMDP, state: LeaderState, batch: Transitions
    ) -> tuple[LeaderState, Float[Array, ""]]:
        """The state after learning from episodes [episodes, decisions, ...], and the critic's mean squared error."""

    def head(self, problem: StackelbergPOMDP, parameters: Networks) -> Head:
        """What turns the policy's outputs into decisions."""
        del parameters
        return problem.game.leader_space.head()

    def exploring(self, parameters: Networks, output: Output, mask: Bool[Array, "a"]) -> Output:
        """The output from which the decisions of an episode are drawn: by default the policy's."""
        del parameters, mask
        return output

    def judged(self, problem: StackelbergPOMDP, parameters: Networks, obs: Obs) -> Float[Array, ""]:
        """The critic's estimate of what is still to be paid, where there is one."""
        del problem, parameters, obs
        return jnp.float32(0)

    def problem(self, game: Game, followers: Follower) -> StackelbergPOMDP:
        """The problem that this learner solves.

        Raises:
            InputError: the parts do not fit, or followers that do not learn over rounds are to be carried over.
        """
        if self.carry_followers and not isinstance(followers, Learners):
            raise InputError(f"carry_followers needs followers that learn over rounds; {followers.name} ones do not.")
        return super().problem(game, followers)

    def first_followers(self, problem: StackelbergPOMDP) -> FollowerState:
        """The followers that the first update meets, [episodes, ...], if they are carried over; else nothing."""
        if not self.carry_followers:
            return None
        start = problem.followers.init(problem.game)
        episodes = self.n_episodes(problem)
        return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (episodes, *leaf.shape)), start)

    def env(self, problem: StackelbergPOMDP) -> StepLevel:
        """The problem decision by decision."""
        return StepLevel(problem, self.reward_while_learning)

    def sizes(self, game: Game) -> tuple[int, ...]:
        """Number of values of each component of what the learner sees."""
        return (*game.leader_obs_sizes, 2) if self.phase_visible else game.leader_obs_sizes

    def observed(self, game: Game) -> Observations:
        """What the learner sees."""
        return Components(self.sizes(game)) if self.phase_visible else game.observed

    def seen(self, obs: Obs) -> Array:
        """What the learner sees of a decision."""
        return jnp.append(obs.leader, obs.rewarding) if self.phase_visible else obs.leader

    def sights(self, game: Game) -> Listed:
        """Everything that the learner may see."""
        observations = jnp.asarray(game.observations())
        masks = jax.vmap(game.leader_mask)(observations)
        if self.phase_visible:
            phase = jnp.tile(jnp.arange(2, dtype=jnp.int32), len(observations))[:, None]
            observations = jnp.concatenate([jnp.repeat(observations, 2, axis=0), phase], axis=1)
            masks = jnp.repeat(masks, 2, axis=0)
        return Listed(observations, masks, self.sizes(game))

    def update(self, problem: StackelbergPOMDP, state: LeaderState) -> tuple[LeaderState, Metrics]:
        env, parameters = self.env(problem), state.parameters
        keys = jax.random.split(
            jax.random.fold_in(stream(state.key, Stream.COMMITMENT), state.step), self.n_episodes(problem)
        )
        batch, followers, env_steps = in_parts(lambda key, old: self.collect(env, parameters, key, old), problem.parts)(
            keys, state.followers
        )
        after, critic_loss = self.learnt(problem, state, batch)
        if self.carry_followers:
            after = after._replace(followers=followers)
        rewards = batch.reward.sum(1)
        metrics = Metrics(
            value=average(rewards),
            best=largest(rewards),
            entropy=self.entropy_of(problem, parameters, batch),
            env_steps=env_steps.sum(),
            simulated_steps=jnp.sum(batch.alive, dtype=jnp.float32),
            evaluated=self.evaluated(problem, after),
            critic_loss=critic_loss,
        )
        return after, metrics

    def entropy_of(self, problem: StackelbergPOMDP, parameters: Networks, batch: Transitions) -> Float[Array, ""]:
        """The mean entropy of the policy over all that the learner may see."""
        del batch
        sights, head = self.sights(problem.game), self.head(problem, parameters)
        spread = jax.vmap(lambda output, mask: head.entropy(self.exploring(parameters, output, mask), mask))
        return spread(self.actor(parameters).at_all(sights.observations), sights.masks).mean()

    def n_episodes(self, problem: StackelbergPOMDP) -> int:
        """Episodes of an update."""
        return max(1, round(self.steps / self.env(problem).max_decisions))

    def tables(self, problem: StackelbergPOMDP, state: LeaderState) -> Array:
        game, head = problem.game, self.head(problem, state.parameters)
        shown = self.actor(state.parameters).at_all(self.sights(game).observations)
        if self.phase_visible:
            shown = shown[1::2]  # in the reward phase
        return committed(problem, head, TablePolicy(shown, game.leader_obs_sizes), self.evaluation, state.key)[None]

    def collect(
        self, env: StepLevel, parameters: Networks, key: Key[Array, ""], followers: FollowerState = None
    ) -> tuple[Transitions, FollowerState, Float[Array, ""]]:
        """One whole episode, with new followers if none are given.

        Returns:
            Its transitions, the followers at its end, and how many decisions' payoffs were consumed in it.
        """
        problem = env.problem
        head, actor = self.head(problem, parameters), self.actor(parameters)

        def decide(carry: tuple[State, Obs], decision: Array) -> tuple[tuple[State, Obs], Transitions]:
            state, obs = carry
            seen = self.seen(obs)
            output = self.exploring(parameters, actor(seen), obs.mask)
            if self.action_map:
                noise = episode_noise(head, key, seen)
            else:
                noise = address_uniform(seed_of(stream(key, Stream.DECISION)), decision[None], head.noise_size)
            raw = head.draw(output, obs.mask, noise)
            after, obs_after, reward, _done = env.step(state, head.action(raw))
            alive = ~env.done(state)
            u = address_uniform(seed_of(stream(key, Stream.SELECTION)), decision[None], 1)[0]
            transition = Transitions(
                obs,
                raw,
                head.log_probability(output, obs.mask, raw),
                self.judged(problem, parameters, obs),
                reward,
                alive,
                alive & (obs.rewarding | (u < self.response_steps)),
            )
            return (after, obs_after), transition

        decisions = jnp.arange(env.max_decisions, dtype=jnp.int32)
        (state, _), steps = jax.lax.scan(decide, env.reset(key, followers), decisions)
        rounds = problem.followers.rounds_used(problem.game, state.followers)
        once = steps.obs.rewarding | (decisions < env.n_questions)
        consumed = jnp.sum(jnp.where(once, 1, rounds) * steps.alive, dtype=jnp.float32)
        return steps, state.followers, consumed


def in_range(game: Game, payments: Float[Array, "*batch"]) -> Float[Array, "*batch"]:
    """Payments to the leader as shares of the range of its payoff, so that rates and weights suit every game."""
    low, high = game.leader_payoff_range
    return payments / ((high - low) or 1.0)
