"""One episode: what is drawn anew in it, what the leader meets in it, and what is counted."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array
from tiny_games import Copying, Visits, _Tiny

from firstmover.core.commitment import table_of
from firstmover.core.plays import JointPlay, Strategies
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import answer
from firstmover.core.types import TypeDistribution
from firstmover.evaluators.forms import play_noise_size, play_query
from firstmover.followers import BestResponse, Exp3, Follower, MultiplicativeWeights, QLearning
from firstmover.games import Rewards, Turn
from firstmover.spaces import Discrete


class _Tossed(NamedTuple):
    time: Array
    types: Array
    luck: Array


class Coins(_Tiny):
    """Everything random in a sub-episode is a fair coin, and the leader is paid a number that shows them all.

    The types of two followers, their actions, the start's chance and every step's: the coins are digits, so that the
    sum of a few payments tells how many of each came up heads.
    """

    horizon, has_chance, base = 2, True, 3

    def __init__(self, followers_act: str):
        self.followers_act = followers_act
        self.types = TypeDistribution.independent([[0.5, 0.5], [0.5, 0.5]])
        self.n_obs, self.n_actions = (2, 2), (2, 2)
        self.leader_space, self.leader_obs_sizes = Discrete(2), (1,)
        self.leader_payoff_range = (0.0, float(self.base**self.n_coins))
        self.follower_payoff_ranges = ((0.0, 1.0),) * 2

    @property
    def n_coins(self) -> int:
        """Types, the start's chance, then actions and chance of every step; who acts once acts in the first."""
        return 9 if self.followers_act == "every step" else 7

    def reset(self, types, key):
        return _Tossed(jnp.int32(0), types, jax.random.bernoulli(key))

    def observe(self, state):
        acts = (state.time == 0) | (self.followers_act == "every step")
        return Turn(jnp.zeros(1, jnp.int32), state.time == 0, state.types, jnp.full(2, acts), jnp.ones((2, 2), bool))

    def step(self, state, action, follower_actions, key):
        shock = jax.random.bernoulli(key)
        first = jnp.stack([*state.types, state.luck, *follower_actions, shock])
        later = jnp.stack([*follower_actions, shock] if self.followers_act == "every step" else [shock])
        powers = self.base ** np.arange(self.n_coins)
        paid = jnp.where(state.time == 0, first @ powers[:6], later @ powers[6:]).astype(float)
        return state._replace(time=state.time + 1), Rewards(paid, jnp.zeros(2))

    def heads(self, paid: np.ndarray) -> np.ndarray:
        """How often each coin came up heads, from the sum of the payments of at most `base - 1` sub-episodes."""
        return np.round(paid).astype(int)[..., None] // self.base ** np.arange(self.n_coins) % self.base


class Watching(Follower):
    """Followers that play by tossing coins, and remember what came of three exchanges of one sub-episode each."""

    name, converges_to, acts = "watching", "nothing", ("once", "every step")

    def __init__(self, jointly: bool = False):
        self.jointly = jointly

    def asks(self, game):
        return 3

    def rounds_per_ask(self, game):
        return 1

    def noise_size(self, game):
        return play_noise_size(game)

    def init(self, game):
        return jnp.zeros(3), jnp.int32(0)

    def ask(self, game, state, noise):
        return play_query(game, self.strategy(game, state), noise[None])

    def tell(self, game, state, query, outcome):
        seen, count = state
        return seen.at[count].set(outcome.leader[0]), count + 1

    def strategy(self, game, state):
        if self.jointly:
            return JointPlay(jnp.full((len(game.types.profiles[0]), 4), 0.25))
        return Strategies(tuple(jnp.full((o, 2), 0.5) for o in game.n_obs))

    def features(self, game, state):
        return jnp.zeros(1)


CROWDS = {"once": Watching(), "once, jointly": Watching(jointly=True), "every step": Watching()}
EPISODES = 4000


@pytest.mark.parametrize("crowd", CROWDS)
def test_every_exchange_and_every_reward_sub_episode_is_drawn_anew(crowd: str) -> None:
    """No two coins of an episode are the same coin: not within a sub-episode, nor between the phases."""
    game = Coins(crowd.split(",")[0])
    problem, rule = StackelbergPOMDP(game, CROWDS[crowd], reward_episodes=1), table_of(game, jnp.zeros(1, jnp.int32))

    @jax.jit
    @jax.vmap
    def payments(key):
        return jnp.append(problem.respond(rule, key).state[0], problem.episode(rule, key).reward)

    coins = game.heads(np.asarray(payments(jax.random.split(jax.random.key(0), EPISODES)))).reshape(EPISODES, -1)
    assert coins.shape[1] == 4 * game.n_coins
    assert set(np.unique(coins)) == {0, 1}
    np.testing.assert_allclose(coins.mean(0), 0.5, atol=5 * 0.5 / np.sqrt(EPISODES))
    correlation = np.corrcoef(coins.T)[np.triu_indices(coins.shape[1], 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(EPISODES)


@pytest.mark.parametrize("crowd", CROWDS)
def test_reward_sub_episodes_share_nothing(crowd: str) -> None:
    """Two tosses of a fair coin: none, one or two heads in a quarter, a half and a quarter of all episodes."""
    game = Coins(crowd.split(",")[0])
    problem, rule = StackelbergPOMDP(game, CROWDS[crowd], reward_episodes=2), table_of(game, jnp.zeros(1, jnp.int32))
    reward = jax.jit(jax.vmap(lambda key: problem.episode(rule, key).reward))
    heads = game.heads(2 * np.asarray(reward(jax.random.split(jax.random.key(1), EPISODES))))
    for coin in heads.T:
        shares = np.bincount(coin, minlength=3) / EPISODES
        np.testing.assert_allclose(shares, (0.25, 0.5, 0.25), atol=5 * 0.5 / np.sqrt(EPISODES))


@pytest.mark.parametrize(
    "followers", [MultiplicativeWeights(update="sampled"), Exp3(), QLearning()], ids=lambda followers: followers.name
)
def test_learners_meet_types_and_play_that_are_drawn_apart(followers: Follower) -> None:
    game = Coins("once")
    noise = jax.random.uniform(jax.random.key(2), (EPISODES, followers.noise_size(game)))
    query = jax.jit(jax.vmap(lambda u: followers.ask(game, followers.init(game), u)))(noise)
    # The last sub-episode of a query: whoever tries all its actions there is the last follower.
    coins = np.concatenate([query.types[:, -1], query.play.actions[:, -1]], axis=1)
    coins = coins[:, coins.std(0) > 0]
    assert coins.shape[1] >= 3
    correlation = np.corrcoef(coins.T)[np.triu_indices(coins.shape[1], 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(EPISODES)


def test_the_actions_of_a_round_are_compared_with_the_same_luck() -> None:
    game, followers = Coins("once"), MultiplicativeWeights(update="sampled")
    rule = table_of(game, jnp.zeros(1, jnp.int32))

    @jax.jit
    @jax.vmap
    def paid(key):
        noise = jax.random.uniform(key, (followers.noise_size(game),))
        return answer(game, rule, followers.ask(game, followers.init(game), noise), key).leader

    rounds = game.heads(np.asarray(paid(jax.random.split(jax.random.key(3), 100))))
    chance = rounds[:, :, [0, 1, 2, 5, 6]]  # types, the start's chance, and that of the steps
    np.testing.assert_array_equal(chance, np.broadcast_to(chance[:, :1], chance.shape))
    assert rounds[0, :, 3:5].std(0).min() > 0


# What is met and counted.


class Saying(Watching):
    """Followers that always do the same, once they have watched three sub-episodes of it."""

    def __init__(self, *said: int):
        self.said = said

    def strategy(self, game, state):
        sizes = zip(game.n_obs, game.n_actions, self.said, strict=True)
        return Strategies(tuple(jnp.tile(jnp.eye(a)[said], (o, 1)) for o, a, said in sizes))


def _visits(first: int) -> tuple[Visits, np.ndarray]:
    """A rule that visits this follower first and serves nobody, and nothing else that matters."""
    game = Visits()
    table = [2 * (first if left == 0 else left - 1) for _, _, left in game.observations()]
    return game, np.array(table)


def _met(game, visited) -> set[tuple[int, ...]]:
    return {tuple(obs) for obs in game.observations()[np.asarray(visited)].tolist()}


@pytest.mark.parametrize("first", [0, 1])
def test_the_leader_has_met_what_it_decided_at_and_nothing_else(first: int) -> None:
    game, table = _visits(first)
    rule, key = table_of(game, jnp.asarray(table)), jax.random.key(0)
    left = 2 - first  # who is left, as the leader sees it
    said = StackelbergPOMDP(game, Saying(1, 2), reward_episodes=4).episode(rule, key)
    assert _met(game, said.visited) == {(1, 2, 0), (1, 2, left)}
    # Seven sub-episodes of two decisions.
    assert (int(said.env_steps), int(said.simulated_steps)) == (14, 14)
    listed = StackelbergPOMDP(game, BestResponse()).episode(rule, key)
    assert _met(game, listed.visited) == {(m, n, who) for m in range(2) for n in range(3) for who in (0, left)}


def test_the_leader_has_met_what_it_decided_at_in_every_step() -> None:
    game = Copying()
    # The leader plays 1 and then what the follower did before; the follower always plays 0.
    rule = table_of(game, jnp.array([1, 0, 1, 0, 1]))
    met = StackelbergPOMDP(game, Saying(0), reward_episodes=2).episode(rule, jax.random.key(0))
    assert _met(game, met.visited) == {(0,), (3,), (1,)}  # the start, (1, 0), (0, 0)
    assert int(met.env_steps) == 5 * 4


@pytest.mark.parametrize(
    ("followers", "reward_episodes", "consumed", "stepped"),
    [
        # Listed: 6 type profiles by 6 action profiles, two decisions each.
        (MultiplicativeWeights(rounds=9), 0, 9 * 72, 72),
        (MultiplicativeWeights(rounds=9), 6, 9 * 72 + 12, 72 + 12),
        # Sampled: every action of every follower in every round; then the list, or the sample, for the reward.
        (MultiplicativeWeights(rounds=7, update="sampled"), 0, 7 * 10 + 72, 7 * 10 + 72),
        (MultiplicativeWeights(rounds=7, update="sampled"), 6, 7 * 10 + 12, 7 * 10 + 12),
        (Exp3(rounds=7), 6, 7 * 2 + 12, 7 * 2 + 12),
        (BestResponse(), 0, 72, 72),
    ],
)
def test_decisions_are_counted(followers: Follower, reward_episodes: int, consumed: int, stepped: int) -> None:
    game, table = _visits(0)
    problem = StackelbergPOMDP(game, followers, reward_episodes)
    episode = problem.episode(table_of(game, jnp.asarray(table)), jax.random.key(0))
    assert (int(episode.env_steps), int(episode.simulated_steps)) == (consumed, stepped)
