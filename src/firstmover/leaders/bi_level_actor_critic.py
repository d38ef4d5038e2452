"""Bi-level actor-critic: two critics of joint play, a follower actor, and a leader that counts on its reply.

Both critics learn what a joint action pays, Q_l(a_l, a_f) to the leader and Q_f(a_l, a_f) to the follower. The actor
replies to every action of the leader, with a reply pi_f(a_l) that moves up the gradient of the expected Q_f(a_l, .).
The leader plays the action with the largest Q_l(a_l, pi_f(a_l)). In a sub-episode with the joint action (a_l, a_f),

    Q_i(a_l, a_f)  <- Q_i(a_l, a_f) + learning_rate * (what it paid i - Q_i(a_l, a_f))          for both i
    logits_f(a_l)  <- logits_f(a_l) + actor_rate * gradient of sum over a of softmax(logits_f(a_l))[a] * Q_f(a_l, a)

Both players explore: either of them takes any possible action with a probability that falls from 1 to `epsilon`.
Payoffs are shares of a player's range, counted from its least; values start at 0.

Both are learnt in the same sub-episodes. The followers of the problem meet the rule only when it is evaluated.

Source: Zhang et al., "Bi-level Actor-Critic for Multi-agent Coordination", AAAI 2020.
Differs from the source: tables in place of networks, and what was played is learnt from once, without a replay buffer.
One-shot games only, so that nothing comes after a joint action.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.commitment import table_of
from firstmover.core.noise import Stream, inverse_cdf, stream
from firstmover.core.plays import Actions
from firstmover.core.policies import epsilon_greedy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import Step, rollout
from firstmover.core.selection import average, largest
from firstmover.errors import InputError, require
from firstmover.evaluators.forms import by_form, type_masks
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.heads import CategoricalHead
from firstmover.leaders.base import Leader, Metrics


class _Learnt(NamedTuple):
    critics: Float[Array, "players leader_actions follower_actions"]  # the leader's first
    actor: Float[Array, "leader_actions follower_actions"]  # logits of the follower's reply


class _State(NamedTuple):
    learnt: _Learnt
    step: Int[Array, ""]
    key: Key[Array, ""]


@dataclass(frozen=True)
class BiLevelActorCritic(Leader):
    """Critics of joint play and a follower actor learnt together (Bi-AC); for one-shot games with one follower.

    Attributes:
        updates: updates, at least 1.
        steps: sub-episodes of an update, each learnt from at once, at least 1.
        learning_rate: weight of a new payoff in a value, more than 0 and at most 1.
        actor_rate: length of a step of the follower's logits, positive.
        epsilon: probability of a random action in the end, in [0, 1]; it falls from 1, for both players.
        exploration: share of the updates in which it falls, in (0, 1].
        reward_episodes: reward sub-episodes of an episode of the metric `evaluated`; 0 for the exact expectation.

    Example:
        >>> from firstmover.leaders import BiLevelActorCritic
        >>> BiLevelActorCritic(updates=200)
        BiLevelActorCritic(updates=200)
    """

    updates: int = 100
    steps: int = 20
    learning_rate: float = 0.2
    actor_rate: float = 1.0
    epsilon: float = 0.05
    exploration: float = 0.5
    reward_episodes: int = 0

    name: ClassVar[str] = "bi-level-actor-critic"
    traced: ClassVar[tuple[str, ...]] = ("learning_rate", "actor_rate", "epsilon", "exploration")

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        for field, least in {"updates": 1, "steps": 1, "reward_episodes": 0}.items():
            require(getattr(self, field) >= least, f"{field} must be at least {least}", getattr(self, field))
        require(0 < self.learning_rate <= 1, "learning_rate must be more than 0 and at most 1", self.learning_rate)
        require(0 < self.actor_rate < math.inf, "actor_rate must be a positive number", self.actor_rate)
        require(0 <= self.epsilon <= 1, "epsilon must lie in [0, 1]", self.epsilon)
        require(0 < self.exploration <= 1, "exploration must be more than 0 and at most 1", self.exploration)

    def problem(self, game: Game, followers: Follower) -> StackelbergPOMDP:
        """The problem that this learner solves.

        Raises:
            InputError: the parts do not fit, or the game is not one-shot with a single follower.
        """
        once = by_form(game, once=True, every_step=False) and game.n_types == (1,) and game.n_observations == 1
        if not once or game.leader_space.n_options is None:
            raise InputError(
                "bi-level-actor-critic needs a leader that picks one of n actions at its only observation, and one "
                f"follower without types that acts once; {game.name} is no such game. Use 'commitment-gradient'."
            )
        return super().problem(game, followers)

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> _State:
        shape = problem.game.leader_space.mask_size, problem.game.n_actions[0]
        return _State(_Learnt(jnp.zeros((2, *shape)), jnp.zeros(shape)), jnp.int32(0), key)

    def update(self, problem: StackelbergPOMDP, state: _State) -> tuple[_State, Metrics]:
        game = problem.game
        rows, columns = _possible(game)
        share = jnp.minimum(state.step / (self.exploration * self.updates), 1)
        epsilon = 1 - share * (1 - self.epsilon)
        ranges = jnp.asarray([game.leader_payoff_range, *game.follower_payoff_ranges], float)
        low, width = ranges[:, 0], jnp.where(ranges[:, 1] > ranges[:, 0], ranges[:, 1] - ranges[:, 0], 1)

        def play(learnt: _Learnt, key: Key[Array, ""]) -> tuple[_Learnt, tuple[Step, Array]]:
            u = jax.random.uniform(stream(key, Stream.DECISION), (2,))
            row = inverse_cdf(epsilon_greedy(_led(game, learnt), rows, epsilon), u[0])
            column = inverse_cdf(epsilon_greedy(_replies(game, learnt)[row], columns, epsilon), u[1])
            rule, types, chance = table_of(game, row[None]), jnp.zeros(1, jnp.int32), stream(key, Stream.CHANCE)
            steps = rollout(game, rule, Actions(column[None]), None, types, chance)
            paid = jnp.stack([steps.leader_reward.sum(), steps.follower_rewards.sum()])
            error = (paid - low) / width - learnt.critics[:, row, column]
            critics = learnt.critics.at[:, row, column].add(self.learning_rate * error)
            reply = jax.nn.softmax(jnp.where(columns, learnt.actor[row], -jnp.inf))
            slope = reply * (critics[1, row] - reply @ critics[1, row])
            return _Learnt(critics, learnt.actor.at[row].add(self.actor_rate * slope)), (steps, error[0])

        key = jax.random.fold_in(stream(state.key, Stream.COMMITMENT), state.step)
        learnt, (played, errors) = jax.lax.scan(play, state.learnt, jax.random.split(key, self.steps))
        after = _State(learnt, state.step + 1, state.key)
        paid, decisions = played.leader_reward.sum(1), jnp.sum(played.leader_acts, dtype=jnp.float32)
        explored = jnp.log(epsilon_greedy(_led(game, state.learnt), rows, epsilon))
        metrics = Metrics(
            value=average(paid),
            best=largest(paid),
            entropy=CategoricalHead(len(rows)).entropy(explored, explored > -jnp.inf),
            env_steps=decisions,
            simulated_steps=decisions,
            evaluated=self.evaluated(problem, after),
            critic_loss=jnp.mean(errors**2),
        )
        return after, metrics

    def tables(self, problem: StackelbergPOMDP, state: _State) -> Array:
        return _led(problem.game, state.learnt)[None, None]


def _possible(game: Game) -> tuple[Bool[Array, "leader_actions"], Bool[Array, "follower_actions"]]:
    """What either player may do."""
    return game.leader_mask(jnp.asarray(game.observations()[0])), type_masks(game)[0][0]


def _replies(game: Game, learnt: _Learnt) -> Int[Array, "leader_actions"]:
    """The actor's likeliest reply to every action of the leader."""
    return jnp.argmax(jnp.where(_possible(game)[1], learnt.actor, -jnp.inf), axis=1).astype(jnp.int32)


def _led(game: Game, learnt: _Learnt) -> Int[Array, ""]:
    """The leader's best action, if these are the replies."""
    values = jnp.take_along_axis(learnt.critics[0], _replies(game, learnt)[:, None], axis=1)[:, 0]
    return jnp.argmax(jnp.where(_possible(game)[0], values, -jnp.inf)).astype(jnp.int32)
