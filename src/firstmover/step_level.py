"""The Stackelberg POMDP one leader decision at a time, for learners that work on transitions (PPO, MAPPO).

The follower machine, the noise and the sub-episodes are those of `StackelbergPOMDP.episode`; here its loop is turned
inside out. Reward falls in the reward phase only; a payment in a step in which the leader does not act is paid with
its preceding decision.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.commitment import Given
from firstmover.errors import InputError
from firstmover.pomdp import StackelbergPOMDP, chance_of
from firstmover.rollout import Actions, Outcome, Query, Step, play_query, play_step
from firstmover.spaces import Discrete


class Obs(NamedTuple):
    """What a learner is shown.

    The actor may use `leader` and `mask`. `critic` is for a centralised critic only: the followers' features at the
    start of the round, then 1 in the reward phase, else 0.
    """

    leader: Int[Array, "d"]
    mask: Bool[Array, "a"]
    critic: Float[Array, "F"]


class State(NamedTuple):
    """Where an episode stands."""

    followers: Any
    exchange: Int[Array, ""]  # ask / tell exchange under way; the number of exchanges in the reward phase
    episode: Int[Array, ""]  # sub-episode of the exchange, or reward sub-episode
    time: Int[Array, ""]  # step of the sub-episode
    game: Any
    steps: Step  # what happened in the exchange so far, [Q, L, ...]
    response_noise: Float[Array, "asks u"]
    reward_noise: Float[Array, "R w"]
    key: Key[Array, ""]


@dataclass(frozen=True)
class StepLevel:
    """The step-level view of a problem, which must sample its reward.

    Attributes:
        problem: a Stackelberg POMDP with `reward_episodes` of at least 1.
    """

    problem: StackelbergPOMDP

    def __post_init__(self) -> None:
        """Check the problem.

        Raises:
            InputError: the reward of the problem is exact.
        """
        if self.problem.reward_episodes < 1:
            raise InputError("the step level samples its reward: reward_episodes must be at least 1.")

    @property
    def max_decisions(self) -> int:
        """An upper bound on the leader's decisions in an episode."""
        problem = self.problem
        queries = problem.followers.asks(problem.game) * self._query_shape().types.shape[0]
        return (queries + problem.reward_episodes) * problem.game.max_leader_decisions

    @property
    def n_critic_features(self) -> int:
        """Length of `Obs.critic`."""
        return jax.eval_shape(lambda k: self.reset(k)[1].critic, jax.random.key(0)).shape[0]

    def reset(self, key: Key[Array, ""]) -> tuple[State, Obs]:
        """The first decision of an episode."""
        game, followers = self.problem.game, self.problem.followers
        state = State(
            followers=followers.init(game),
            exchange=jnp.int32(0),
            episode=jnp.int32(0),
            time=jnp.int32(0),
            game=game.reset(jnp.zeros(game.n_followers, jnp.int32), key),
            steps=self._blank_steps(),
            response_noise=self.problem.response_noise(key),
            reward_noise=self.problem.reward_noise(key),
            key=key,
        )
        state, _ = self._until_leader_acts(self._start(state), jnp.float32(0))
        return state, self._observe(state)

    def step(self, state: State, action: Array) -> tuple[State, Obs, Float[Array, ""], Bool[Array, ""]]:
        """Take the leader's decision; returns the next state and observation, the reward, and whether that was all.

        The rewards of an episode sum to the leader's mean payoff over the reward sub-episodes, in the game's units.
        After the last decision nothing happens any more and nothing is paid.
        """
        over = self.done(state)
        after, reward = self._until_leader_acts(*self._advance(state, action))
        state = jax.tree.map(lambda old, new: jnp.where(over, old, new), state, after)
        return state, self._observe(state), jnp.where(over, 0, reward), self.done(state)

    def done(self, state: State) -> Bool[Array, ""]:
        """Whether the last reward sub-episode is over."""
        return self._rewarding(state) & (state.episode >= self.problem.reward_episodes)

    def _rewarding(self, state: State) -> Bool[Array, ""]:
        return state.exchange >= self.problem.followers.asks(self.problem.game)

    def _observe(self, state: State) -> Obs:
        problem = self.problem
        turn = problem.game.observe(state.game)
        features = problem.followers.features(problem.game, state.followers)
        rewarding = self._rewarding(state).astype(jnp.float32)[None]
        mask = problem.game.leader_mask(turn.leader_obs)
        return Obs(turn.leader_obs, mask, jnp.concatenate([features, rewarding]))

    def _query(self, state: State) -> Query:
        """The sub-episodes of the exchange under way (the last exchange's again, in the reward phase)."""
        problem = self.problem
        last = problem.followers.asks(problem.game) - 1
        noise = state.response_noise[jnp.minimum(state.exchange, last)]
        return problem.followers.ask(problem.game, state.followers, noise)

    def _query_shape(self) -> Query:
        problem = self.problem
        noise = jnp.zeros(problem.followers.noise_size(problem.game))
        return jax.eval_shape(lambda: problem.followers.ask(problem.game, problem.followers.init(problem.game), noise))

    def _reward_query(self, state: State) -> Query:
        """The reward sub-episode under way, as a query of one."""
        problem = self.problem
        noise = state.reward_noise[jnp.minimum(state.episode, problem.reward_episodes - 1)]
        strategy = problem.followers.strategy(problem.game, state.followers)
        query = play_query(problem.game, strategy, noise[None])
        return query._replace(chance=query.chance + state.episode)

    def _start(self, state: State) -> State:
        """Reset the game for the sub-episode that comes next."""
        query, reward_query = self._query(state), self._reward_query(state)
        types = jnp.where(self._rewarding(state), reward_query.types[0], query.types[state.episode])
        game = self.problem.game.reset(types, jax.random.fold_in(self._chance(state), 0))
        return state._replace(time=jnp.int32(0), game=game)

    def _chance(self, state: State) -> Key[Array, ""]:
        """The chance of the sub-episode under way: the same address as at commitment level."""
        chance = jnp.where(self._rewarding(state), state.episode, self._query(state).chance[state.episode])
        return jax.random.fold_in(chance_of(state.key, state.exchange), chance)

    def _follower_actions(self, query: Query, episode: Array, state: State) -> Int[Array, "n"]:
        play = Actions(query.play.actions[episode]) if isinstance(query.play, Actions) else query.play
        noise = jnp.zeros(self.problem.game.n_followers)
        if query.noise is not None:
            noise = query.noise[episode, state.time]
        return play(self.problem.game.observe(state.game), noise)

    def _advance(self, state: State, action: Array) -> tuple[State, Float[Array, ""]]:
        """Step the game once, and what follows from the end of a sub-episode, of a round, of the response."""
        problem, rewarding = self.problem, self._rewarding(state)
        actions = jnp.where(
            rewarding,
            self._follower_actions(self._reward_query(state), jnp.int32(0), state),
            self._follower_actions(self._query(state), state.episode, state),
        )
        key = jax.random.fold_in(self._chance(state), state.time + 1)
        no_noise = jnp.zeros(problem.game.n_followers)
        game, step = play_step(problem.game, Given(action), Actions(actions), no_noise, state.game, key)
        reward = jnp.where(rewarding, step.leader_reward / problem.reward_episodes, 0)
        steps = jax.tree.map(lambda all_, new: all_.at[state.episode, state.time].set(new), state.steps, step)
        after = state._replace(game=game, time=state.time + 1, steps=steps)
        return self._end_of_sub_episode(after), reward

    def _end_of_sub_episode(self, state: State) -> State:
        problem = self.problem
        n_queries = self._query_shape().types.shape[0]
        ended = state.time >= problem.game.horizon
        episode = state.episode + ended
        round_over = ended & ~self._rewarding(state) & (episode == n_queries)
        outcome = Outcome(state.steps.leader_reward.sum(1), state.steps.follower_rewards.sum(1), state.steps)
        followers = jax.lax.cond(
            round_over,
            lambda: problem.followers.tell(problem.game, state.followers, self._query(state), outcome),
            lambda: state.followers,
        )
        after = state._replace(
            followers=followers,
            exchange=state.exchange + round_over,
            episode=jnp.where(round_over, 0, episode),
        )
        started = self._start(after)
        return jax.tree.map(lambda old, new: jnp.where(ended, new, old), after, started)

    def _until_leader_acts(self, state: State, reward: Float[Array, ""]) -> tuple[State, Float[Array, ""]]:
        """Play on by the followers alone until the leader has to decide, or the episode is over."""
        space = self.problem.game.leader_space
        idle = jnp.int32(0) if isinstance(space, Discrete) else jnp.zeros(space.size)

        def waiting(carry: tuple[State, Array]) -> Bool[Array, ""]:
            state, _ = carry
            return ~self.problem.game.observe(state.game).leader_acts & ~self.done(state)

        def body(carry: tuple[State, Array]) -> tuple[State, Array]:
            state, reward = carry
            state, paid = self._advance(state, idle)
            return state, reward + paid

        return jax.lax.while_loop(waiting, body, (state, reward))

    def _blank_steps(self) -> Step:
        """Zeros for what will happen in an exchange."""
        game = self.problem.game
        shape = (self._query_shape().types.shape[0], game.horizon)
        n, d = game.n_followers, len(game.leader_obs_sizes)
        return Step(
            leader_obs=jnp.zeros((*shape, d), jnp.int32),
            leader_acts=jnp.zeros(shape, bool),
            follower_obs=jnp.zeros((*shape, n), jnp.int32),
            followers_act=jnp.zeros((*shape, n), bool),
            follower_actions=jnp.zeros((*shape, n), jnp.int32),
            leader_reward=jnp.zeros(shape),
            follower_rewards=jnp.zeros((*shape, n)),
        )
