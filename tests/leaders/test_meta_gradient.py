"""Meta-gradient: payoffs and gradients against plain numbers, what it learns, and what it refuses."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tabled import Tabled
from tiny_games import EVERY, REGISTERED

from firstmover import design
from firstmover.core.plays import Strategies
from firstmover.equilibria.markov import joint_strategy
from firstmover.equilibria.markov_replies import memoryless_response, play_values
from firstmover.errors import InputError
from firstmover.evaluators.backward import expected_payoffs
from firstmover.evaluators.forms import table_of_play
from firstmover.followers import BestResponse, MultiplicativeWeights, PolicyGradient
from firstmover.games import IteratedMatrix, Maintain, NormalForm
from firstmover.jobs.loop import Silent
from firstmover.jobs.training import train
from firstmover.leaders import MetaGradient
from firstmover.solvers.registry import memory_optimum, state_table

MARKOV = {name: REGISTERED[name] for name in ("iterated-matrix", "iterated-matrix 2x3", "patrol", "toll")}
MARKOV["two followers"] = Tabled(0)
# Row 0 dominates, and pays 2. Who leads plays row 1, or a mixture of the two: 3, or up to 3.5.
LEADING = NormalForm([[2.0, 4.0], [1.0, 3.0]], [[1.0, 0.0], [0.0, 1.0]])


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def strategies(game, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Mixed play at random, the leader's first."""
    rng = np.random.default_rng(seed)
    followers = [rng.dirichlet(np.ones(a), size=o) for o, a in zip(game.n_obs, game.n_actions, strict=True)]
    return rng.dirichlet(np.ones(game.leader_space.n), size=game.n_observations), followers


@pytest.mark.parametrize("name", MARKOV)
def test_expected_payoffs_are_those_of_backward_induction(name: str) -> None:
    game = MARKOV[name]
    leader, followers = strategies(game, 1)
    with jax.enable_x64(True):
        found = np.asarray(
            expected_payoffs(table_of_play(game), jnp.asarray(leader), Strategies(tuple(map(jnp.asarray, followers))))
        )
    expected = play_values(state_table(game), leader, joint_strategy(state_table(game), followers))
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_expected_payoffs_of_one_shot_games_are_sums_over_types_and_profiles() -> None:
    several, private = REGISTERED["normal-form 3x2x4"], REGISTERED["bayesian-normal-form"]
    with jax.enable_x64(True):
        leader, (first, second) = strategies(several, 2)
        found = expected_payoffs(
            table_of_play(several), jnp.asarray(leader), Strategies((jnp.asarray(first), jnp.asarray(second)))
        )
        paid = np.concatenate([several.leader_payoffs[None], several.follower_payoffs])
        np.testing.assert_allclose(found, np.einsum("a,b,c,pabc->p", leader[0], first[0], second[0], paid), atol=1e-12)

        leader, (follower,) = strategies(private, 3)
        found = expected_payoffs(table_of_play(private), jnp.asarray(leader), Strategies((jnp.asarray(follower),)))
        tables = np.stack([private.leader_payoffs, private.follower_payoffs])  # [players, types, rows, columns]
        np.testing.assert_allclose(
            found, np.einsum("t,a,tb,ptab->p", [0.3, 0.7], leader[0], follower, tables), atol=1e-12
        )


def learnt_numerically(game, leader: MetaGradient, logits: np.ndarray) -> float:
    """What `earned` computes, in plain NumPy: every gradient is a difference of exact values."""
    table, rule = state_table(game), softmax(logits)

    def values(followers: list[np.ndarray]) -> np.ndarray:
        return play_values(table, rule, joint_strategy(table, [softmax(own) for own in followers]))

    # What is impossible at an observation is at minus infinity, and stays there.
    possible = [np.ones((o, a), bool) for o, a in zip(game.n_obs, game.n_actions, strict=True)]
    joint = table.possible.reshape(-1, *game.n_actions)
    for i, mask in enumerate(possible):
        for state in np.flatnonzero(table.reachable()):
            mask[table.follower_obs[i, state]] &= joint[state].any(axis=1 - i) if len(possible) > 1 else joint[state]
    followers = [np.where(mask, 0.0, -np.inf) for mask in possible]
    for _ in range(leader.inner_steps):
        steps = []
        for i, own in enumerate(followers):
            low, high = game.follower_payoff_ranges[i]
            slope = np.zeros_like(own)
            for place in np.argwhere(np.isfinite(own)):
                ends = []
                for sign in (1, -1):
                    moved = own.copy()
                    moved[tuple(place)] += sign * 1e-5
                    ends.append(values([*followers[:i], moved, *followers[i + 1 :]])[1 + i])
                slope[tuple(place)] = (ends[0] - ends[1]) / 2e-5
            steps.append(leader.inner_rate / (high - low) * slope)
        followers = [own + step for own, step in zip(followers, steps, strict=True)]
    return values(followers)[0]


@pytest.mark.parametrize("name", [pytest.param("chicken", marks=pytest.mark.slow), "two followers"])
def test_the_gradient_goes_through_all_steps_of_the_followers(name: str) -> None:
    game = IteratedMatrix("chicken", steps=2) if name == "chicken" else MARKOV[name]
    leader = MetaGradient(inner_steps=2, inner_rate=3.0)
    logits = np.random.default_rng(4).normal(size=(game.n_observations, game.leader_space.n))
    with jax.enable_x64(True):
        earned, gradient = jax.jit(jax.value_and_grad(functools.partial(leader.earned, game)))(jnp.asarray(logits))
        frozen = leader.learnt(game, jnp.asarray(softmax(logits)))
        alone = jax.grad(lambda x: expected_payoffs(table_of_play(game), jax.nn.softmax(x), Strategies(frozen))[0])(
            logits
        )
    assert float(earned) == pytest.approx(learnt_numerically(game, leader, logits), abs=1e-7)
    for place in np.ndindex(*logits.shape):
        ends = []
        for sign in (1, -1):
            moved = logits.copy()
            moved[place] += sign * 1e-3
            ends.append(learnt_numerically(game, leader, moved))
        assert float(gradient[place]) == pytest.approx((ends[0] - ends[1]) / 2e-3, abs=1e-5)
    # What the followers' learning adds is a hundred times what is let pass above.
    assert np.abs(gradient - alone).max() > 1e-3


def test_it_leads_where_a_leader_that_takes_its_followers_as_given_would_not() -> None:
    made = design(LEADING, leader=MetaGradient(spread=0.1), seeds=4)
    assert made.solution.value == 3.0
    np.testing.assert_allclose(made.learned_values, 3.0)
    assert np.asarray(made.history.value)[-1].min() > 3.2


@pytest.mark.slow
def test_its_mixed_rule_of_the_dilemma_is_good_and_its_deterministic_one_is_not() -> None:
    game, leader = IteratedMatrix(), MetaGradient()
    problem = leader.problem(game, BestResponse(policies="memoryless"))
    done = train(problem, leader, 8, 0, None, Silent())
    mixed = softmax(np.asarray(done.state.policy.outputs, np.float64))
    worth = [memoryless_response(state_table(game), rule, "strong").leader for rule in mixed]
    assert memory_optimum(game, "strong").value == 6
    assert np.sum(np.array(worth) > 6) >= 7
    assert np.median(done.history.evaluated[-1]) == pytest.approx(-5)


def test_steps_are_counted_as_they_are_described() -> None:
    game = IteratedMatrix(steps=4)
    made = design(game, followers=BestResponse(), leader=MetaGradient(updates=3, inner_steps=5), seeds=2)
    np.testing.assert_array_equal(made.env_steps, 4 * 6 * np.arange(1, 4))
    assert not np.asarray(made.history.simulated_steps).any()


def test_the_same_seed_gives_the_same_result_and_others_differ() -> None:
    leader = MetaGradient(updates=5)
    problem = leader.problem(Maintain(), BestResponse())
    once, again = (np.asarray(train(problem, leader, 2, seed, None, Silent()).history.value) for seed in (0, 0))
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once[:, 0], once[:, 1])


@pytest.mark.parametrize(
    ("name", "followers", "message"),
    [
        ("maintain mixed", BestResponse(), "a decision in maintain is more than one of n actions"),
        ("visits", MultiplicativeWeights(), "its leader has 18 observations"),
        ("lottery", MultiplicativeWeights(update="sampled"), "the game has chance"),
        ("copying", PolicyGradient(), "no table of states"),
    ],
)
def test_games_without_a_table_are_refused(name: str, followers, message: str) -> None:
    with pytest.raises(InputError, match=rf"^meta-gradient needs a table .*{message}.* Use 'reinforce'\.$"):
        MetaGradient().problem(EVERY[name], followers)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MetaGradient(updates=0), "updates must be at least 1"),
        (lambda: MetaGradient(inner_steps=0), "inner_steps must be at least 1"),
        (lambda: MetaGradient(inner_rate=0.0), "inner_rate must be a positive number"),
        (lambda: MetaGradient(learning_rate=float("inf")), "learning_rate"),
        (lambda: MetaGradient(spread=-1.0), "spread"),
        (lambda: MetaGradient(reward_episodes=-1), "reward_episodes"),
    ],
)
def test_ranges_are_checked(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
