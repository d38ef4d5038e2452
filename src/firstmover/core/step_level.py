"""The Stackelberg POMDP one leader decision at a time, for learners that work on transitions (PPO, DQN and others).

The follower machine, the noise and the sub-episodes are those of `StackelbergPOMDP.episode`; here its loop is turned
inside out. Before the first exchange come the answers to the followers' questions, each a decision that is paid
nothing. Reward falls in the reward phase only, unless the response is paid too; a payment in a step in which the leader
does not act is paid with its preceding decision.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.commitment import Given
from firstmover.core.plays import Actions
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import Outcome, Position, Query, Step, opening, play_step
from firstmover.core.trees import FollowerState, GameState, Memory
from firstmover.errors import InputError
from firstmover.evaluators import Sampled
from firstmover.evaluators.view import sub_episode_chance
from firstmover.games.base import Rewards, Turn


class Obs(NamedTuple):
    """What a learner is shown.

    The actor may use `leader` and `mask`. `critic` is for a centralised critic only: the followers' features at the
    start of the round, then 1 in the reward phase, else 0.
    """

    leader: Array
    mask: Bool[Array, "a"]
    critic: Float[Array, "F"]

    @property
    def rewarding(self) -> Bool[Array, "*batch"]:
        """Whether the response is over."""
        return self.critic[..., -1] > 0


class State(NamedTuple):
    """Where an episode stands."""

    followers: FollowerState
    question: Int[Array, ""]  # the next of the followers' questions to be answered; their number once all are
    answers: Array  # so far, [questions, ...]
    query: Query  # the sub-episodes of the exchange under way
    reward_query: Query  # the reward sub-episodes, if the response ended here
    exchange: Int[Array, ""]  # ask / tell exchange under way; the number of exchanges in the reward phase
    episode: Int[Array, ""]  # sub-episode of the exchange, or reward sub-episode
    time: Int[Array, ""]  # step of the sub-episode
    game: GameState
    memories: tuple[Memory, Memory]  # of the exchange's play, and of the play of the reward sub-episodes
    chance: Key[Array, ""]  # of the sub-episode
    paid: tuple[Float[Array, "Q"], Float[Array, "Q n"]]  # to the leader and the followers in the exchange so far
    ends: Position | None  # of the exchange's sub-episodes so far, where others go on from them
    steps: Step | None  # of the exchange so far, [Q, L, ...], where the followers look at them
    response_noise: Float[Array, "asks u"]
    reward_noise: Float[Array, "R w"]
    key: Key[Array, ""]


@dataclass(frozen=True)
class StepLevel:
    """The step-level view of a problem, which must sample its reward.

    Attributes:
        problem: a Stackelberg POMDP with `reward_episodes` of at least 1.
        reward_while_learning: whether the sub-episodes of the response are paid like those of the reward phase: the
            reward of an episode is then the leader's mean payoff over all of its sub-episodes.
    """

    problem: StackelbergPOMDP
    reward_while_learning: bool = False

    def __post_init__(self) -> None:
        """Check the problem.

        Raises:
            InputError: the reward of the problem is exact.
        """
        if self.problem.reward_episodes < 1:
            raise InputError("the step level samples its reward: reward_episodes must be at least 1.")

    @property
    def _sampled(self) -> Sampled:
        """What the reward phase plays."""
        return Sampled(self.problem.game, self.problem.reward_episodes)

    @property
    def max_decisions(self) -> int:
        """An upper bound on the leader's decisions in an episode."""
        problem = self.problem
        queries, length = self._shape
        each = max(problem.game.max_leader_decisions, length if length > problem.game.horizon else 0)
        return self.n_questions + problem.followers.asks(problem.game) * queries * each + self.max_reward_decisions

    @property
    def max_reward_decisions(self) -> int:
        """An upper bound on the leader's decisions in the reward phase of an episode."""
        return self.problem.reward_episodes * self.problem.game.max_leader_decisions

    @property
    def _shape(self) -> tuple[int, int]:
        """Sub-episodes in an exchange, and the steps of each."""
        game, followers = self.problem.game, self.problem.followers
        noise = jnp.zeros(followers.noise_size(game))
        query = jax.eval_shape(lambda: followers.ask(game, followers.init(game), noise))
        return query.types.shape[0], query.length(game)

    @property
    def n_questions(self) -> int:
        """Questions that the leader answers before the first exchange: its first decisions."""
        return len(self.problem.followers.questions(self.problem.game))

    def _no_steps(self, query: Query) -> Step:
        """Room for the steps of an exchange."""
        game = self.problem.game
        key, none = jax.random.key(0), jnp.zeros(game.n_followers)

        def step() -> Step:
            nothing = Actions(jnp.zeros(game.n_followers, jnp.int32))
            start = opening(game, nothing, query.types[0], key)
            return play_step(game, Given(game.leader_space.idle()), nothing, none, start, 0, key)[1]

        room = (query.types.shape[0], query.length(game))
        return jax.tree.map(lambda leaf: jnp.zeros((*room, *leaf.shape), leaf.dtype), jax.eval_shape(step))

    def _noise(self, response_noise: Float[Array, "asks u"], exchange: Int[Array, ""] | int) -> Float[Array, "u"]:
        """The noise of an exchange; of the last one, or none, where there are no more."""
        if not len(response_noise):
            return jnp.zeros(response_noise.shape[1])
        return response_noise[jnp.minimum(exchange, len(response_noise) - 1)]

    @property
    def n_critic_features(self) -> int:
        """Length of `Obs.critic`."""
        game, followers = self.problem.game, self.problem.followers
        return 1 + jax.eval_shape(lambda: followers.features(game, followers.init(game))).shape[0]

    def reset(self, key: Key[Array, ""], followers: FollowerState = None) -> tuple[State, Obs]:
        """The first decision of an episode; its followers start anew if no state of theirs is given."""
        problem = self.problem
        game = problem.game
        followers = problem.followers.init(game) if followers is None else followers
        response_noise, reward_noise = problem.response_noise(key), self._sampled.noise(key)
        idle = game.leader_space.idle()
        query = problem.followers.ask(game, followers, self._noise(response_noise, 0))
        reward_query = self._reward_query(followers, reward_noise)
        chance = sub_episode_chance(game, key, 0, query.chance[0])
        state = State(
            followers=followers,
            question=jnp.int32(0),
            answers=jnp.zeros((self.n_questions, *idle.shape), idle.dtype),
            query=query,
            reward_query=reward_query,
            exchange=jnp.int32(0),
            episode=jnp.int32(0),
            time=jnp.int32(0),
            game=None,
            memories=((), ()),
            chance=chance,
            paid=(jnp.zeros(query.types.shape[0]), jnp.zeros(query.types.shape)),
            ends=self._no_ends(query) if problem.followers.continues else None,
            steps=self._no_steps(query) if problem.followers.needs_steps else None,
            response_noise=response_noise,
            reward_noise=reward_noise,
            key=key,
        )
        opened, memories = self._opened(state, query.types[0], chance)
        state, _ = self._play_on(state._replace(game=opened, memories=memories), idle, jnp.bool_(False))
        return state, self._observe(state)

    def step(self, state: State, action: Array) -> tuple[State, Obs, Float[Array, ""], Bool[Array, ""]]:
        """Take the leader's decision; returns the next state and observation, the reward, and whether that was all.

        The rewards of an episode sum to the leader's mean payoff over the sub-episodes that are paid, in the game's
        units; less what is paid before its first decision, which none can move.
        After the last decision nothing happens any more and nothing is paid.
        """
        state, reward = self._play_on(state, action, jnp.bool_(True))
        return state, self._observe(state), reward, self.done(state)

    def done(self, state: State) -> Bool[Array, ""]:
        """Whether the last reward sub-episode is over."""
        return self._rewarding(state) & (state.episode >= self.problem.reward_episodes)

    def rewarded(self, state: State) -> Int[Array, ""]:
        """How many reward sub-episodes are over."""
        return jnp.where(self._rewarding(state), state.episode, 0)

    def _rewarding(self, state: State) -> Bool[Array, ""]:
        return state.exchange >= self.problem.followers.asks(self.problem.game)

    def _observe(self, state: State) -> Obs:
        problem = self.problem
        leader_obs = problem.game.observe(state.game).leader_obs
        if self.n_questions:
            asked = jnp.asarray(problem.followers.questions(problem.game))[state.question % self.n_questions]
            leader_obs = jnp.where(self._asking(state), asked, leader_obs)
        features = problem.followers.features(problem.game, state.followers)
        rewarding = (self._rewarding(state) & ~self._asking(state)).astype(jnp.float32)[None]
        mask = problem.game.leader_mask(leader_obs)
        return Obs(leader_obs, mask, jnp.concatenate([features, rewarding]))

    def _asking(self, state: State) -> Bool[Array, ""]:
        """Whether the followers wait for an answer to a question."""
        return state.question < self.n_questions

    def _play_on(self, state: State, action: Array, deciding: Bool[Array, ""]) -> tuple[State, Float[Array, ""]]:
        """Step until the leader has to decide, or the episode is over; if `deciding`, take its decision first.

        The action goes along to the steps in which the leader does not act, and is ignored there.
        """

        def going_on(carry: tuple[State, Array, Array]) -> Bool[Array, ""]:
            state, _, deciding = carry
            waiting = self._asking(state) | self.problem.game.observe(state.game).leader_acts
            return ~self.done(state) & (deciding | ~waiting)

        def body(carry: tuple[State, Array, Array]) -> tuple[State, Array, Array]:
            state, reward, _ = carry
            state, paid = self._advance(state, action)
            return state, reward + paid, jnp.bool_(False)

        state, reward, _ = jax.lax.while_loop(going_on, body, (state, jnp.float32(0), deciding))
        return state, reward

    def _advance(self, state: State, action: Array) -> tuple[State, Float[Array, ""]]:
        """Take an answer, or step the game."""
        if not self.n_questions:
            return self._step(state, action)
        return jax.lax.cond(
            self._asking(state),
            lambda s: (self._answered(s, action), jnp.float32(0)),
            lambda s: self._step(s, action),
            state,
        )

    def _answered(self, state: State, action: Array) -> State:
        """Note an answer; after the last one, begin the first sub-episode."""
        answers = state.answers.at[state.question].set(action)
        state = state._replace(answers=answers, question=state.question + 1)
        return jax.lax.cond(self._asking(state), lambda s: s, self._begin, state)

    def _begin(self, state: State) -> State:
        problem = self.problem
        followers = problem.followers.answered(problem.game, state.followers, state.answers)
        state = self._with_followers(state, followers, 0)
        return self._start(state)

    def _step(self, state: State, action: Array) -> tuple[State, Float[Array, ""]]:
        """Step the game once, and what follows from the end of a sub-episode, of a round, of the response."""
        problem, rewarding = self.problem, self._rewarding(state)
        turn, queries = problem.game.observe(state.game), (state.query, state.reward_query)
        acted = [self._act(*pair, turn, state) for pair in zip(queries, state.memories, strict=True)]
        actions = jnp.where(rewarding, acted[1][0], acted[0][0])
        position, no_noise = Position(state.game, ()), jnp.zeros(problem.game.n_followers)
        (game, _), step = play_step(
            problem.game, Given(action), Actions(actions), no_noise, position, self._clock(state), state.chance
        )
        memories = tuple(
            self._learn(query, memory, turn, step, game, state)
            for query, (_, memory) in zip(queries, acted, strict=True)
        )
        here = jnp.arange(state.paid[0].shape[0]) == state.episode
        leader, followers = state.paid
        paid = (leader + here * step.leader_reward, followers + here[:, None] * step.follower_rewards)
        steps = state.steps
        if steps is not None:
            # Beyond the exchange, in the reward phase, nothing is written.
            row = jnp.where(rewarding, len(here), state.episode)
            steps = jax.tree.map(lambda room, leaf: room.at[row, state.time].set(leaf, mode="drop"), steps, step)
        state = state._replace(game=game, memories=memories, time=state.time + 1, paid=paid, steps=steps)
        if self.reward_while_learning:
            reward = step.leader_reward / (problem.followers.asks(problem.game) * len(here) + problem.reward_episodes)
        else:
            reward = jnp.where(rewarding, step.leader_reward / problem.reward_episodes, 0)
        return self._end_of_sub_episode(state), reward

    def _act(self, query: Query, memory: Memory, turn: Turn, state: State) -> tuple[Int[Array, "n"], Memory]:
        """The followers' actions and memory, if the sub-episode is one of this query."""
        episode = _within(query, state.episode)
        none = jnp.zeros(self.problem.game.n_followers)
        noise = none if query.noise is None else query.noise[episode, state.time]
        return query.play.of_episode(episode).act(memory, turn, state.time + _clock_of(query), noise)

    def _learn(self, query: Query, memory: Memory, turn: Turn, step: Step, game: GameState, state: State) -> Memory:
        """The memory after this step, if the sub-episode is one of this query; `game` is the state that follows."""
        play = query.play.of_episode(_within(query, state.episode))
        if not play.learns:
            return memory
        rewards = Rewards(step.leader_reward, step.follower_rewards, step.transfers)
        time, after = state.time + _clock_of(query), self.problem.game.observe(game)
        return play.learn(memory, turn, time, step.follower_actions, rewards, after)

    def _end_of_sub_episode(self, state: State) -> State:
        n_queries = state.query.types.shape[0]
        exchanged, rewarded = (query.length(self.problem.game) for query in (state.query, state.reward_query))
        ended = state.time >= jnp.where(self._rewarding(state), rewarded, exchanged)
        if state.ends is not None:
            row = jnp.where(ended & ~self._rewarding(state), state.episode, n_queries)
            position = Position(state.game, state.memories[0])
            ends = jax.tree.map(lambda room, leaf: room.at[row].set(leaf, mode="drop"), state.ends, position)
            state = state._replace(ends=ends)
        state = state._replace(episode=state.episode + ended)
        round_over = ended & ~self._rewarding(state) & (state.episode == n_queries)
        state = jax.lax.cond(round_over, self._end_of_round, lambda s: s, state)
        started = self._start(state)
        return jax.tree.map(lambda old, new: jnp.where(ended, new, old), state, started)

    def _end_of_round(self, state: State) -> State:
        """Tell the followers the outcome of the exchange; what they ask next, and how they would play now."""
        problem = self.problem
        followers = problem.followers.tell(
            problem.game, state.followers, state.query, Outcome(*state.paid, state.steps, ends=state.ends)
        )
        exchange = state.exchange + 1
        return self._with_followers(state, followers, exchange)._replace(
            exchange=exchange,
            episode=jnp.zeros_like(state.episode),
            paid=jax.tree.map(jnp.zeros_like, state.paid),
        )

    def _with_followers(self, state: State, followers: FollowerState, exchange: Int[Array, ""] | int) -> State:
        """The state with other followers: what they ask in this exchange, and how they would play now."""
        problem = self.problem
        return state._replace(
            followers=followers,
            query=problem.followers.ask(problem.game, followers, self._noise(state.response_noise, exchange)),
            reward_query=self._reward_query(followers, state.reward_noise),
        )

    def _start(self, state: State) -> State:
        """Reset the game for the sub-episode that comes next."""
        queries = state.query, state.reward_query
        rows = [_within(query, state.episode) for query in queries]
        types, chance = (
            jnp.where(self._rewarding(state), rewarded[rows[1]], queried[rows[0]])
            for queried, rewarded in zip(*((q.types, q.chance) for q in queries), strict=True)
        )
        key = sub_episode_chance(self.problem.game, state.key, state.exchange, chance)
        game, memories = self._opened(state, types, key)
        return state._replace(time=jnp.zeros_like(state.time), game=game, memories=memories, chance=key)

    def _opened(
        self, state: State, types: Int[Array, "n"], key: Key[Array, ""]
    ) -> tuple[GameState, tuple[Memory, Memory]]:
        """The game, and what either play remembers, at the start of the sub-episode that comes next."""
        reset = self.problem.game.reset(types, jax.random.fold_in(key, 0))

        def opened(query: Query) -> Position:
            episode = _within(query, state.episode)
            if query.start is None:
                return Position(reset, query.play.of_episode(episode).begin(types))
            return jax.tree.map(lambda leaf: leaf[episode], query.start)

        exchanged, rewarded = opened(state.query), opened(state.reward_query)
        rewarding = self._rewarding(state)
        game = jax.tree.map(lambda one, other: jnp.where(rewarding, other, one), exchanged.state, rewarded.state)
        return game, (exchanged.memory, rewarded.memory)

    def _reward_query(self, followers: FollowerState, noise: Float[Array, "R w"]) -> Query:
        """The reward sub-episodes, if the response ended here."""
        model, game = self.problem.followers, self.problem.game
        return self._sampled.query(model.strategy(game, followers), noise, model.position(game, followers))

    def _no_ends(self, query: Query) -> Position:
        """Room for where the sub-episodes of an exchange end."""
        game, key, count = self.problem.game, jax.random.key(0), query.types.shape[0]
        start = jax.eval_shape(lambda: opening(game, query.play.of_episode(jnp.int32(0)), query.types[0], key))
        return jax.tree.map(lambda leaf: jnp.zeros((count, *leaf.shape), leaf.dtype), start)

    def _clock(self, state: State) -> Int[Array, ""]:
        """The time of the current step, as the game's chance and the followers count it."""
        exchanged, rewarded = _clock_of(state.query), _clock_of(state.reward_query)
        return state.time + jnp.where(self._rewarding(state), rewarded, exchanged)


def _within(query: Query, episode: Int[Array, ""]) -> Int[Array, ""]:
    """The number of a sub-episode, or of the last one of the query beyond its end."""
    return jnp.minimum(episode, query.types.shape[0] - 1)


def _clock_of(query: Query) -> Int[Array, ""] | int:
    """The time of the first step of the query's sub-episodes."""
    return 0 if query.clock is None else query.clock
