"""DQN on the step-level Stackelberg POMDP: a network learns what each decision earns, and the best one is taken.

Q is a 64-64 network of what the leader sees, without memory. Decisions are epsilon-greedy, remembered in a ring, and
learnt from in random minibatches. The target of a decision is what is paid in the next `lookahead` decisions, and then
what a copy of Q, renewed now and then, expects of the best one; gamma is 1.

An answer to a follower's question moves the follower, and is paid for in the game that comes after all questions.
Targets of one decision cannot carry that from question to question: what Q expects of the next one does not depend on
the answer just given. So `lookahead` is the whole episode by default, and the target network is idle then. With a
lookahead of 1 the learner has only what the game itself shows: with the observation-action map, how followers have
replied to an action that they had been told of.

Source: Mnih et al. 2015, with the Huber loss; targets over several decisions: Sutton 1988, Hessel et al. 2018. Rewards
are divided by the leader's payoff range.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.noise import Stream, stream
from firstmover.core.policies import NetworkPolicy, Policy, epsilon_greedy, network_policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.trees import FollowerState, OptState
from firstmover.errors import InputError, require
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.leaders.step_learner import StepLearner, Transitions, in_range


class _Parameters(NamedTuple):
    q: NetworkPolicy
    target: NetworkPolicy
    epsilon: Float[Array, ""]


class _Memories(NamedTuple):
    """Decisions, [*, decisions]; those that are not `kept` are left out."""

    seen: Int[Array, "*batch"]  # row of what was seen
    action: Int[Array, "*batch"]
    paid: Float[Array, "*batch"]  # in the lookahead
    later: Int[Array, "*batch"]  # row of what was seen after it
    ended: Bool[Array, "*batch"]  # whether the episode was over by then
    kept: Bool[Array, "*batch"]


class _State(NamedTuple):
    parameters: _Parameters
    optimiser: OptState
    memories: _Memories
    followers: FollowerState  # that are carried over, if they are
    step: Int[Array, ""]
    key: Key[Array, ""]


@dataclass(frozen=True)
class DQN(StepLearner):
    """Deep Q-learning with replay; for decisions that pick one of n actions.

    Attributes:
        memory: updates whose decisions are remembered, at least 1.
        gradient_steps: minibatches of an update, at least 1.
        minibatch: decisions in one, at least 1.
        lookahead: decisions whose payments a target sums up before it asks the target network; 0: all that follow.
        renewal: updates after which the target network is renewed, at least 1.
        epsilon: probability of a random decision in the end, in [0, 1]; it falls from 1.
        exploration: share of the updates in which it falls, in (0, 1].

    Example:
        >>> from firstmover.leaders import DQN
        >>> DQN(updates=50, lookahead=1)
        DQN(updates=50, lookahead=1)
    """

    updates: int = 400
    steps: int = 256
    learning_rate: float = 1e-3
    reward_episodes: int = 1
    memory: int = 20
    gradient_steps: int = 16
    minibatch: int = 64
    lookahead: int = 0
    renewal: int = 5
    epsilon: float = 0.05
    exploration: float = 0.5

    name: ClassVar[str] = "dqn"
    traced: ClassVar[tuple[str, ...]] = ("learning_rate", "epsilon", "exploration")

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        super().__post_init__()
        for field in ("memory", "gradient_steps", "minibatch", "renewal"):
            require(getattr(self, field) >= 1, f"{field} must be at least 1", getattr(self, field))
        require(self.lookahead >= 0, "lookahead must be 0 (all that follow) or more", self.lookahead)
        require(0 <= self.epsilon <= 1, "epsilon must lie in [0, 1]", self.epsilon)
        require(0 < self.exploration <= 1, "exploration must be more than 0 and at most 1", self.exploration)

    def problem(self, game: Game, followers: Follower) -> StackelbergPOMDP:
        """The problem that this learner solves.

        Raises:
            InputError: the parts do not fit, or a decision is more than one of n actions.
        """
        if game.leader_space.n_options is None:
            raise InputError(
                f"dqn needs decisions that pick one of n actions; those of {game.name} are more. Use 'reinforce'."
            )
        return super().problem(game, followers)

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> _State:
        game = problem.game
        q = network_policy(self.observed(game), game.leader_space.head(), stream(key, Stream.PARAMETERS))
        room = (self.memory, self.n_episodes(problem) * self.env(problem).max_decisions)
        index, flag = jnp.zeros(room, jnp.int32), jnp.zeros(room, bool)
        memories = _Memories(index, index, jnp.zeros(room), index, flag, flag)
        parameters = _Parameters(q, q, jnp.float32(1))
        followers = self.first_followers(problem)
        return _State(parameters, self._optimiser().init(q), memories, followers, jnp.int32(0), key)

    def _optimiser(self) -> optax.GradientTransformation:
        return optax.adam(self.learning_rate)

    def actor(self, parameters: _Parameters) -> Policy:
        return parameters.q

    def exploring(
        self, parameters: _Parameters, output: Float[Array, "width"], mask: Bool[Array, "width"]
    ) -> Float[Array, "width"]:
        """The logits of the epsilon-greedy choice."""
        best = jnp.argmax(jnp.where(mask, output, -jnp.inf))
        return jnp.log(epsilon_greedy(best, mask, parameters.epsilon))

    def learnt(self, problem: StackelbergPOMDP, state: _State, batch: Transitions) -> tuple[_State, Float[Array, ""]]:
        """Remember the episodes, and take gradient steps on minibatches of what is remembered."""
        q, target, _ = state.parameters
        step = state.step + 1
        new = jax.vmap(lambda episode: self._memories(problem.game, episode))(batch)
        memories = jax.tree.map(
            lambda ring, rows: ring.at[state.step % self.memory].set(rows.ravel()), state.memories, new
        )
        remembered = jax.tree.map(jnp.ravel, memories)
        sights = self.sights(problem.game)

        def minibatch(
            carry: tuple[NetworkPolicy, OptState], key: Key[Array, ""]
        ) -> tuple[tuple[NetworkPolicy, OptState], Array]:
            q, optimiser = carry
            drawn = _drawn(remembered.kept, jax.random.uniform(key, (self.minibatch,)))
            rows = jax.tree.map(lambda x: x[drawn], remembered)
            error, gradient = jax.value_and_grad(loss)(q, rows)
            change, optimiser = self._optimiser().update(gradient, optimiser)
            return (optax.apply_updates(q, change), optimiser), error

        def loss(q: NetworkPolicy, rows: _Memories) -> Float[Array, ""]:
            expected = jnp.where(sights.possible(rows.later), sights.outputs(target, rows.later), -jnp.inf).max(axis=1)
            aim = rows.paid + jnp.where(rows.ended, 0, expected)
            chosen = jnp.take_along_axis(sights.outputs(q, rows.seen), rows.action[:, None], axis=1)[:, 0]
            return jnp.mean(optax.huber_loss(chosen, aim) * rows.kept)

        keys = jax.random.split(
            jax.random.fold_in(stream(state.key, Stream.MINIBATCH), state.step), self.gradient_steps
        )
        (q, optimiser), errors = jax.lax.scan(minibatch, (q, state.optimiser), keys)
        target = jax.tree.map(lambda new, old: jnp.where(step % self.renewal == 0, new, old), q, target)
        share = jnp.minimum(step / (self.exploration * self.updates), 1)
        parameters = _Parameters(q, target, 1 - share * (1 - self.epsilon))
        return _State(parameters, optimiser, memories, state.followers, step, state.key), errors.mean()

    def _memories(self, game: Game, episode: Transitions) -> _Memories:
        """What is remembered of an episode: its kept decisions, one after the other, then nothing.

        What was paid with a decision that is left out counts for the kept one before it.
        """
        sights, kept = self.sights(game), episode.kept
        order = jnp.argsort(~kept, stable=True)
        seen = jax.vmap(lambda obs: sights.row(self.seen(obs)))(episode.obs)[order]
        number, last = jnp.cumsum(kept) - 1, len(kept) - 1
        row = jnp.where(number < 0, len(kept), number)
        paid = jnp.zeros(len(kept)).at[row].add(in_range(game, episode.reward), mode="drop")
        total = jnp.concatenate([jnp.zeros(1), jnp.cumsum(paid)])
        here = jnp.arange(len(kept))
        later = jnp.minimum(here + (self.lookahead or len(kept)), len(kept))
        return _Memories(
            seen,
            episode.raw[order],
            total[later] - total[here],
            seen[jnp.minimum(later, last)],
            later >= kept.sum(),
            kept[order],
        )


def _drawn(kept: Bool[Array, "rows"], uniform: Float[Array, "minibatch"]) -> Int[Array, "minibatch"]:
    """Rows drawn with repetition, all that are kept equally likely."""
    below = jnp.cumsum(kept)
    return jnp.searchsorted(below, jnp.floor(uniform * below[-1]), side="right").astype(jnp.int32)
