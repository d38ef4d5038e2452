"""The Stackelberg POMDP: let the followers respond to a commitment, then pay the leader for how they play.

One episode is a response (rounds of equilibrium sub-episodes) followed by reward sub-episodes, in two views:

- commitment level, here: the whole episode against one frozen commitment, as one compiled function;
- step level, `step_level.py`: every decision of the leader is a transition, for step-level learners.

Both drive the same ask / tell machine with the same noise; a test holds them together.

Source: Brero et al., "Stackelberg POMDP", section 6; gamma is 1 and reward falls in reward sub-episodes only.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.commitment import Commitment
from firstmover.declarations import check_chance
from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.followers.planning import expected_payoffs
from firstmover.games.base import Game
from firstmover.noise import Stream, stream
from firstmover.plays import Play
from firstmover.rollout import Outcome, Query, all_profiles, answer, play_noise_size, play_query
from firstmover.solvers.registry import state_table
from firstmover.spaces import observation_index
from firstmover.worst_case import check_worst_case, worst_value_bound

Target = Literal["learned", "worst"]

MAX_OBSERVATIONS = 200_000


class Episode(NamedTuple):
    """What came of a commitment.

    Attributes:
        reward: the leader's payoff per reward sub-episode, in the game's units; with `target` "worst", a lower bound on
            its value over equilibria.
        strategy: how the followers played in the reward phase.
        visited: which observations the leader met in the episode.
        env_steps: leader decisions in the sub-episodes whose payoff the response or the reward consumed; float32, so
            exact up to 2**24 and to seven digits beyond.
        simulated_steps: leader decisions that were really stepped.
    """

    reward: Float[Array, ""]
    strategy: Play
    visited: Bool[Array, "observations"]
    env_steps: Float[Array, ""]
    simulated_steps: Float[Array, ""]


class Responded(NamedTuple):
    """What came of the response alone: the followers' state, and as in `Episode`."""

    state: Any
    visited: Bool[Array, "observations"]
    env_steps: Float[Array, ""]
    simulated_steps: Float[Array, ""]


@dataclass(frozen=True)
class StackelbergPOMDP:
    """A game, a model of its followers, and the number of reward sub-episodes.

    Attributes:
        game: what is played.
        followers: how the participants adapt.
        reward_episodes: reward sub-episodes of an episode, at least 1; or 0: the expectation in place of a sample,
            over all type and action profiles in games small enough to list, or over all that can happen in games with a
            table of states (commitment level only).
        target: what an episode is rewarded for: the value at the response that the followers learn ("learned"), or a
            lower bound on the value over all coarse correlated equilibria of the agent normal form ("worst";
            commitment level only, reward_episodes 0).
        parts: in how many parts a learner works off a batch of episodes; more parts need less memory. The numbers are
            the same, up to rounding.
    """

    game: Game
    followers: Follower
    reward_episodes: int = 0
    target: Target = "learned"
    parts: int = 1

    def __post_init__(self) -> None:
        """Check that the parts fit.

        Raises:
            InputError: the game uses chance that it does not declare, the follower cannot play it, or an exact reward
                is asked of a game that has none.
        """
        check_chance(self.game)
        self.followers.check(self.game)
        if self.game.n_observations > MAX_OBSERVATIONS:
            raise InputError(
                f"the leader of {self.game.name} has {self.game.n_observations} observations; "
                f"at most {MAX_OBSERVATIONS} are supported."
            )
        if self.reward_episodes < 0:
            raise InputError(f"reward_episodes must be 0 (exact) or more; got {self.reward_episodes}.")
        if self.reward_episodes == 0 and self.game.followers_act == "once":
            all_profiles(self.game)
        elif self.reward_episodes == 0 and self._mixes:
            try:
                state_table(self.game)
            except InputError as why:
                raise InputError(
                    f"the reward of {self.followers.name} followers in {self.game.name} has to be sampled, "
                    f"reward_episodes must be at least 1: {why}"
                ) from None
        if self.target == "worst":
            if self.reward_episodes:
                raise InputError(f"target=worst needs exact rewards, reward_episodes=0; got {self.reward_episodes}.")
            check_worst_case(self.game)

    def of_seed(self, position: Int[Array, ""] | int) -> "StackelbergPOMDP":
        """The problem of the seed at this position (see `Follower.of_seed`)."""
        return replace(self, followers=self.followers.of_seed(position))

    def episode(self, commitment: Commitment, key: Key[Array, ""]) -> Episode:
        """One episode against a frozen commitment."""
        game, followers = self.game, self.followers
        full = None
        if followers.enumerates(game) or (self.reward_episodes == 0 and game.followers_act == "once"):
            full = answer(game, commitment, all_profiles(game), chance_of(key, 0))
        state, visited, env_steps, simulated = self.respond(commitment, key, full)
        strategy = followers.strategy(game, state)

        if self.reward_episodes == 0 and self._mixes:
            observations = jnp.asarray(game.observations())
            reward = expected_payoffs(state_table(game), self._decisions(commitment, key, observations), strategy)[0]
            visited, env_steps = jnp.ones_like(visited), env_steps + game.max_leader_decisions
            simulated = simulated + game.max_leader_decisions
        elif self.reward_episodes == 0 and game.followers_act == "every step":
            support, probs = game.types.profiles
            query = Query(jnp.asarray(support), strategy, None, jnp.zeros(len(support), jnp.int32))
            outcome = answer(game, commitment, query, chance_of(key, followers.asks(game)))
            reward = jnp.asarray(probs, outcome.leader.dtype) @ outcome.leader
            visited, count = self._met(outcome, visited)
            env_steps, simulated = env_steps + count, simulated + count
        elif self.reward_episodes == 0:
            assert full is not None
            _, probs = game.types.profiles
            joint = strategy.joint(game)
            reward = jnp.sum(jnp.asarray(probs, joint.dtype)[:, None] * joint * full.leader.reshape(joint.shape))
            if self.target == "worst":
                reward = worst_value_bound(game, full)
            if not followers.enumerates(game):
                # The listed sub-episodes were stepped, and consumed once.
                _, listed = self._met(full, jnp.zeros_like(visited))
                env_steps, simulated = env_steps + listed, simulated + listed
        else:
            query = play_query(game, strategy, self.reward_noise(key))
            outcome = answer(game, commitment, query, chance_of(key, followers.asks(game)))
            reward = outcome.leader.mean()
            visited, count = self._met(outcome, visited)
            env_steps, simulated = env_steps + count, simulated + count
        return Episode(reward, strategy, visited, env_steps, simulated)

    @property
    def _mixes(self) -> bool:
        """Whether one sub-episode per type profile does not tell what play in every step earns."""
        return self.game.followers_act == "every step" and (self.game.has_chance or not self.followers.plays_pure)

    def respond(self, commitment: Commitment, key: Key[Array, ""], full: Outcome | None = None) -> Responded:
        """Let the followers respond to a frozen commitment.

        Args:
            commitment: the leader's rule.
            key: of the episode.
            full: what came of all profiles, for followers that enumerate.
        """
        game, followers = self.game, self.followers
        unseen = jnp.zeros(game.n_observations, bool)
        if followers.enumerates(game):
            assert full is not None
            state = followers.tell(game, followers.init(game), all_profiles(game), full)
            visited, decisions = self._met(full, unseen)
            return Responded(state, visited, decisions * followers.rounds_used(game, state), decisions)

        def exchange(carry: Any, inputs: tuple[Array, Array]) -> tuple[Any, None]:
            state, visited, decisions = carry
            index, noise = inputs
            query = followers.ask(game, state, noise)
            outcome = answer(game, commitment, query, chance_of(key, index), keep_steps=followers.needs_steps)
            visited, count = self._met(outcome, visited)
            return (followers.tell(game, state, query, outcome), visited, decisions + count), None

        start = (*self._asked(commitment, key, unseen), jnp.float32(0))
        inputs = (jnp.arange(followers.asks(game), dtype=jnp.int32), self.response_noise(key))
        (state, visited, decisions), _ = jax.lax.scan(exchange, start, inputs)
        steps = decisions * followers.rounds_per_ask(game) + len(followers.questions(game))
        return Responded(state, visited, steps, steps)

    def _asked(
        self, commitment: Commitment, key: Key[Array, ""], visited: Bool[Array, "observations"]
    ) -> tuple[Any, Bool[Array, "observations"]]:
        """The followers' state once the leader has answered their questions, and the observations these were about."""
        game, followers = self.game, self.followers
        state, questions = followers.init(game), followers.questions(game)
        if not len(questions):
            return state, visited

        answers = self._decisions(commitment, key, jnp.asarray(questions))
        rows = jax.vmap(lambda obs: observation_index(obs, game.leader_obs_sizes))(jnp.asarray(questions))
        return followers.answered(game, state, answers), visited.at[rows].set(True)

    def _decisions(self, commitment: Commitment, key: Key[Array, ""], questions: Int[Array, "questions d"]) -> Array:
        """What the leader says that it does at these observations."""

        def decided(obs: Array, number: Array) -> Array:
            mask = self.game.leader_mask(obs)
            return commitment(obs, mask, jax.random.fold_in(stream(key, Stream.QUESTION), number))

        return jax.vmap(decided)(questions, jnp.arange(len(questions)))

    def _met(
        self, outcome: Outcome, visited: Bool[Array, "observations"]
    ) -> tuple[Bool[Array, "observations"], Float[Array, ""]]:
        """Which observations the leader has met by now, and how many decisions it took in these sub-episodes."""
        assert outcome.met is not None
        rows = outcome.met.ravel()
        visited = visited.at[rows].set(True, mode="drop")
        return visited, jnp.sum(rows < visited.size, dtype=jnp.float32)

    def response_noise(self, key: Key[Array, ""]) -> Float[Array, "asks u"]:
        """The uniform numbers of a whole response, in one draw."""
        shape = (self.followers.asks(self.game), self.followers.noise_size(self.game))
        return jax.random.uniform(stream(key, Stream.RESPONSE), shape)

    def reward_noise(self, key: Key[Array, ""]) -> Float[Array, "R w"]:
        """The uniform numbers of all reward sub-episodes, in one draw."""
        return jax.random.uniform(stream(key, Stream.REWARD), (self.reward_episodes, play_noise_size(self.game)))


def chance_of(key: Key[Array, ""], index: Int[Array, ""] | int) -> Key[Array, ""]:
    """The chance of one exchange."""
    return jax.random.fold_in(stream(key, Stream.CHANCE), index)
