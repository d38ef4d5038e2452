"""Exp3 and Q-learning against plain readings of their sources."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from plain import KEY, SHAPLEY, assert_plays, bandit_rounds, respond
from tiny_games import Lottery, Visits, some_rule

from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.evaluators import View
from firstmover.followers import Exp3, Follower, QLearning
from firstmover.games import NormalForm, SequentialPrice, SimpleAllocation

GAMES = pytest.mark.parametrize("game", [Visits(), SHAPLEY], ids=["visits", "shapley"])

# Two of two types each, of whose profiles one never occurs.
SOME_TYPES = SequentialPrice(
    prices=3, values={"realisations": [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], "probabilities": [0.2, 0.5, 0.3]}
)


@GAMES
@pytest.mark.parametrize("play", ["last", "average"])
@pytest.mark.parametrize("gamma", [0.0, 0.3])
def test_it_is_exp3(game, play: str, gamma: float) -> None:
    rounds = 40

    def mixed(weights, _):
        share = _gamma(weights)
        return (1 - share) * weights / weights.sum() + share * (weights > 0) / (weights > 0).sum()

    def _gamma(weights):
        k = int((weights > 0).sum())
        return gamma or min(1.0, np.sqrt(k * np.log(k) / ((np.e - 1) * rounds)))

    def learn(weights, played, action, payoff):
        estimates = np.zeros(len(weights))
        estimates[action] = payoff / played[action]
        return weights * np.exp(_gamma(weights) / (weights > 0).sum() * estimates)

    followers = Exp3(rounds=rounds, play=play, gamma=gamma)
    plain = bandit_rounds(game, followers, lambda allowed: allowed.astype(float), mixed, learn)
    assert_plays(respond(game, followers), *plain)


@GAMES
@pytest.mark.parametrize("ties", ["first", "uniform"])
def test_it_is_q_learning(game, ties: str) -> None:
    followers = QLearning(
        rounds=40, play="last", ties=ties, learning_rate=0.3, exploration=0.9, decay=0.05, initial=0.4
    )

    def mixed(values, k):
        explores = 0.9 * np.exp(-0.05 * k)
        best = values == values.max()
        if ties == "first":
            best = np.arange(len(values)) == best.argmax()
        possible = values > -np.inf
        return (1 - explores) * best / best.sum() + explores * possible / possible.sum()

    def learn(values, _, action, payoff):
        after = values.copy()
        after[action] = 0.7 * values[action] + 0.3 * payoff
        return after

    last, average = bandit_rounds(game, followers, lambda allowed: np.where(allowed, 0.4, -np.inf), mixed, learn)
    assert_plays(respond(game, followers), last, average)


def test_the_reward_phase_is_greedy_by_default() -> None:
    came = respond(SimpleAllocation(3, 3), QLearning(rounds=400))
    for table in came.strategy.tables:
        assert set(np.unique(table).tolist()) == {0.0, 1.0}


def test_who_never_explores_never_learns_what_else_there_was() -> None:
    game = NormalForm([[0.0, 1.0]], [[0.5, 1.0]])
    stuck = respond(game, QLearning(rounds=50, exploration=0.0, initial=-1.0)).strategy.tables[0]
    curious = respond(game, QLearning(rounds=50, exploration=0.0, initial=2.0)).strategy.tables[0]
    assert np.asarray(stuck).tolist() == [[1.0, 0.0]]
    assert np.asarray(curious).tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("followers", [Exp3(play="last"), QLearning()], ids=["exp3", "q-learning"])
def test_a_round_is_one_sub_episode_that_is_stepped_or_looked_up(followers) -> None:
    game = SimpleAllocation(3, 3)  # 9 profiles
    for rounds, stepped in ((8, 8), (33, 9)):
        problem = StackelbergPOMDP(game, replace(followers, rounds=rounds), 30)
        came = jax.jit(problem.episode)(table_of(game, jnp.array([0, 1, 2])), KEY)
        assert (int(came.env_steps), int(came.simulated_steps)) == (rounds + 30, stepped + 30)


@pytest.mark.parametrize(
    ("game", "followers"),
    [
        (SOME_TYPES, Exp3()),
        (Visits(), QLearning(ties="uniform")),
        pytest.param(Visits(), Exp3(play="last"), marks=pytest.mark.slow),
        pytest.param(SOME_TYPES, QLearning(), marks=pytest.mark.slow),
    ],
    ids=lambda part: part.name,
)
def test_what_is_looked_up_is_what_is_played(game, followers) -> None:
    followers = replace(followers, rounds=120)
    key, rule = jax.random.key(3), table_of(game, jnp.asarray(some_rule(game)))

    @jax.jit
    @jax.vmap
    def both(key):
        noise = followers.noise(game, key)
        views = [View(game, rule, key) for _ in range(2)]
        return followers.respond(views[0], noise), Follower.respond(followers, views[1], noise)

    looked_up, played = both(jax.random.split(key, 5))
    for one, other in zip(jax.tree.leaves(looked_up.state), jax.tree.leaves(played.state), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(looked_up.visited, played.visited)
    np.testing.assert_array_equal(looked_up.env_steps, played.env_steps)
    assert not np.array_equal(looked_up.simulated_steps, played.simulated_steps)


@pytest.mark.parametrize("followers", [Exp3(rounds=2000, play="last"), QLearning(rounds=2000, learning_rate=0.02)])
def test_they_learn_in_games_of_chance(followers) -> None:
    # Whatever its type, the follower wins a bet on side 1 with probability 0.68 under this rule.
    came = respond(Lottery(), followers, reward_episodes=10)
    assert np.asarray(came.strategy.tables[0])[:, 1].min() > 0.8


@pytest.mark.parametrize(
    ("followers", "parameters", "message"),
    [
        (Exp3, {"gamma": 1.5}, "gamma must lie between"),
        (Exp3, {"rounds": 0}, "rounds must be at least 1"),
        (QLearning, {"learning_rate": 0.0}, "learning_rate must be"),
        (QLearning, {"exploration": float("nan")}, "exploration must lie"),
        (QLearning, {"decay": -1.0}, "decay must be"),
        (QLearning, {"initial": float("inf")}, "initial must be"),
    ],
)
def test_ranges_are_checked(followers, parameters: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        followers(**parameters)
