"""Multiplicative weights against a plain NumPy reading of Algorithm 2."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import KINDS, LISTABLE, Copying, Visits, first_kinds, some_rule

from firstmover.core.commitment import table_of
from firstmover.core.plays import JointPlay, Strategies
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.followers import MultiplicativeWeights
from firstmover.games import NormalForm, SimpleAllocation

KEY = jax.random.key(7)


def _respond(game, followers, actions):
    problem = StackelbergPOMDP(game, followers, 0)
    return jax.jit(problem.episode)(table_of(game, jnp.asarray(actions)), KEY)


def _softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _draw(probabilities, u):
    return int(np.sum(u * probabilities.sum() >= np.cumsum(probabilities)))


@pytest.mark.parametrize("name", first_kinds(LISTABLE))
def test_sampled_updates_are_algorithm_2(name: str) -> None:
    game, rounds, epsilon = LISTABLE[name], 12, 0.4
    followers = MultiplicativeWeights(rounds=rounds, epsilon=epsilon, update="sampled", scale=2.0)
    actions = some_rule(game)
    finite, n = induced_game(game, actions), game.n_followers
    noise = np.asarray(StackelbergPOMDP(game, followers, 0).response_noise(KEY))
    row_of = {tuple(types): row for row, types in enumerate(finite.support.tolist())}
    log_w = [np.where(allowed, 0.0, -np.inf) for allowed in finite.allowed]
    for u in noise:
        types = tuple(np.asarray(game.types.sample(jnp.asarray(u[:n]))).tolist())
        played = [_draw(_softmax(log_w[i][t]), u[n + i]) for i, t in enumerate(types)]
        gains = []
        for i in range(n):
            against = [slice(None) if j == i else a for j, a in enumerate(played)]
            gains.append(finite.followers[(i, row_of[types], *against)])
        for i, t in enumerate(types):
            log_w[i][t] += np.log1p(epsilon) * gains[i] / 2.0
    came = _respond(game, followers, actions)
    for table, expected in zip(came.strategy.tables, log_w, strict=True):
        np.testing.assert_allclose(table, _softmax(expected), atol=2e-6)


@pytest.mark.parametrize("name", first_kinds(LISTABLE))
@pytest.mark.parametrize("play", ["last", "average"])
def test_expected_updates_play_against_mixed_strategies(name: str, play: str) -> None:
    game, rounds, epsilon = LISTABLE[name], 12, 0.4
    actions = some_rule(game)
    finite, n = induced_game(game, actions), game.n_followers
    scale = max(high - low for low, high in game.follower_payoff_ranges)
    log_w = [np.where(allowed, 0.0, -np.inf) for allowed in finite.allowed]
    total = 0.0
    for _ in range(rounds):
        strategies = [_softmax(w) for w in log_w]
        rows = [strategies[i][finite.support[:, i]] for i in range(n)]
        letters = "abcdef"[:n]
        joint = np.einsum(",".join(f"p{x}" for x in letters) + f"->p{letters}", *rows)
        total = total + joint
        gains = []
        for i in range(n):
            others = [x for j, x in enumerate(letters) if j != i]
            operands = [rows[j] for j in range(n) if j != i]
            spec = ",".join(["p" + letters, *(f"p{x}" for x in others)]) + f"->p{letters[i]}"
            gains.append(np.einsum(spec, finite.followers[i], *operands))
        for i in range(n):
            for t in range(game.n_types[i]):
                mine = finite.support[:, i] == t
                if mine.any():
                    weights = finite.probs[mine] / finite.probs[mine].sum()
                    log_w[i][t] += np.log1p(epsilon) / scale * (weights @ gains[i][mine])
    came = _respond(game, MultiplicativeWeights(rounds=rounds, epsilon=epsilon, play=play), actions)
    if play == "last":
        for table, expected in zip(came.strategy.tables, log_w, strict=True):
            np.testing.assert_allclose(table, _softmax(expected), atol=5e-6)
    else:
        assert isinstance(came.strategy, JointPlay)
        np.testing.assert_allclose(came.strategy.probabilities, (total / rounds).reshape(len(total), -1), atol=5e-6)
    value = finite.probs @ (np.asarray(came.strategy.joint(game)) * finite.leader.reshape(len(total), -1)).sum(1)
    low, high = game.leader_payoff_range
    assert float(came.reward) == pytest.approx(value, abs=1e-5 * (high - low))


def test_impossible_actions_are_never_played() -> None:
    for update in ("sampled", "expected"):
        game = Visits()
        came = _respond(game, MultiplicativeWeights(rounds=20, update=update), some_rule(game))
        assert float(came.strategy.tables[1][0, 2]) == 0.0
        assert np.all(np.asarray(came.strategy.tables[1][1:, 2]) > 0)


def test_ties_of_likeliest_actions() -> None:
    # The follower cares about nothing; the leader would like column 1 most and column 2 least.
    game = NormalForm([[5.0, 9.0, 1.0]], [[2.0, 2.0, 2.0]])
    plays = {}
    for ties in ("first", "uniform", "strong", "weak"):
        followers = MultiplicativeWeights(play="argmax", ties=ties)
        plays[ties] = np.asarray(_respond(game, followers, np.array([0])).strategy.tables[0][0]).tolist()
        sampled = MultiplicativeWeights(play="argmax", ties=ties, update="sampled")
        assert np.asarray(_respond(game, sampled, np.array([0])).strategy.tables[0][0]).tolist() == plays[ties]
    third = pytest.approx(1 / 3)
    assert plays == {"first": [1, 0, 0], "uniform": [third] * 3, "strong": [0, 1, 0], "weak": [0, 0, 1]}


def test_no_regret_play_tends_to_strict_best_replies() -> None:
    game = SimpleAllocation(3, 3)
    came = _respond(game, MultiplicativeWeights(), np.array([2, 0, 1]))
    np.testing.assert_allclose(came.strategy.tables[0], np.eye(3)[[1, 2, 0]], atol=1e-6)
    assert float(came.reward) == pytest.approx(1.0)


def test_time_average_of_a_game_without_pure_equilibrium_has_small_regret() -> None:
    # Matching pennies between the followers: the last mixed strategies cycle, their time average does not.
    pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    game = NormalForm(np.zeros((1, 2, 2)), np.stack([pennies[None] + 0.3, -pennies[None]]))
    from firstmover.certificates import certify_play

    came = _respond(game, MultiplicativeWeights(rounds=3000, epsilon=0.05, play="average"), np.array([0]))
    certificate = certify_play(game, np.array([0]), came.strategy)
    assert certificate.epsilon.most < 0.05
    assert isinstance(came.strategy, JointPlay)


def test_counts_of_steps() -> None:
    game = SimpleAllocation(3, 3)
    problem = StackelbergPOMDP(game, MultiplicativeWeights(rounds=33, update="sampled"), 30)
    came = problem.episode(table_of(game, jnp.array([0, 1, 2])), KEY)
    assert int(came.env_steps) == int(came.simulated_steps) == 33 * 3 + 30
    assert np.asarray(came.visited).all()
    problem = StackelbergPOMDP(game, MultiplicativeWeights(rounds=33), 30)
    came = problem.episode(table_of(game, jnp.array([0, 1, 2])), KEY)
    assert int(came.env_steps) == 33 * 9 + 30  # every profile is consumed in every round
    assert int(came.simulated_steps) == 9 + 30  # but stepped once


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"rounds": 0}, "rounds must be at least 1"),
        ({"epsilon": -1.0}, "epsilon must be a positive"),
        ({"epsilon": float("nan")}, "epsilon must be a positive"),
        ({"scale": -1.0}, "scale must be"),
    ],
)
def test_ranges_are_checked(parameters: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        MultiplicativeWeights(**parameters)


def test_games_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="act once"):
        StackelbergPOMDP(Copying(), MultiplicativeWeights(), 0)
    with pytest.raises(InputError, match="update=sampled"):
        StackelbergPOMDP(SimpleAllocation(1001, 1000), MultiplicativeWeights(), 0)


def test_strategies_are_distributions() -> None:
    for game in (LISTABLE[name] for name in KINDS):
        came = _respond(game, MultiplicativeWeights(rounds=500, epsilon=20.0), some_rule(game))
        assert isinstance(came.strategy, Strategies)
        for table in came.strategy.tables:
            np.testing.assert_allclose(np.asarray(table).sum(1), 1.0, atol=1e-5)
