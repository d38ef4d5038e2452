"""What learners over rounds share: certified responses, numbers of 32 and 64 bit, batches."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from plain import KEY, PENNIES, SHAPLEY, respond, some_rule
from tiny_games import Visits

from firstmover.certificates import certify_play
from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.evaluators.induced import exact_table
from firstmover.followers import (
    Exp3,
    FictitiousPlay,
    Logit,
    MultiplicativeWeights,
    QLearning,
    RegretMatching,
    SwapRegret,
)
from firstmover.games import NormalForm, SimpleAllocation

EACH = [
    Exp3(rounds=20, play="last"),
    FictitiousPlay(rounds=20, ties="weak"),
    Logit(rounds=20),
    MultiplicativeWeights(rounds=20, epsilon=0.3),
    QLearning(rounds=20),
    RegretMatching(rounds=20, certified=0.01, max_rounds=100),
    SwapRegret(rounds=20),
]


@pytest.mark.parametrize("game", [Visits(), SHAPLEY], ids=["visits", "shapley"])
@pytest.mark.parametrize(
    "followers",
    [
        FictitiousPlay(rounds=25, certified=0.01),
        MultiplicativeWeights(rounds=50, epsilon=0.02, certified=0.01, play="average"),
        RegretMatching(rounds=10, certified=0.01),
        SwapRegret(rounds=10, certified=0.01),
    ],
    ids=lambda followers: followers.name,
)
def test_certified_responses_leave_no_more_regret_than_they_say(game, followers) -> None:
    came = respond(game, followers)
    found = certify_play(game, some_rule(game), came.strategy)
    assert found.epsilon.most <= (0.01 + 1e-5) * game.follower_payoff_scale
    rounds = int(came.env_steps) // int(came.simulated_steps)
    assert rounds % followers.rounds == 0
    assert followers.rounds <= rounds <= followers.max_rounds
    # No more rounds than needed: a block less would not have done.
    if rounds > followers.rounds:
        shorter = dataclasses.replace(followers, rounds=rounds - followers.rounds, certified=0.0)
        found = certify_play(game, some_rule(game), respond(game, shorter).strategy)
        assert found.epsilon.most > (0.01 - 1e-5) * game.follower_payoff_scale


def test_a_certified_response_stops_at_its_cap() -> None:
    followers = MultiplicativeWeights(rounds=50, epsilon=10.0, certified=0.01, max_rounds=320)
    came = respond(PENNIES, followers)
    assert int(came.env_steps) == 300 * int(came.simulated_steps)
    assert certify_play(PENNIES, np.array([0]), came.strategy).epsilon.most > 0.1 * PENNIES.follower_payoff_scale


def test_every_element_of_a_batch_stops_on_its_own() -> None:
    rng = np.random.default_rng(0)
    payoffs = rng.normal(size=(3, 6, 3, 3))
    game = NormalForm(payoffs[0], payoffs[1:])
    followers = RegretMatching(rounds=10, certified=0.005, max_rounds=2000)
    problem = StackelbergPOMDP(game, followers, 0)

    def episode(row):
        came = problem.episode(table_of(game, row[None]), KEY)
        return came.env_steps / came.simulated_steps, came.strategy.probabilities

    rows = jnp.arange(6, dtype=jnp.int32)
    together = jax.jit(jax.vmap(jax.vmap(episode)))(rows.reshape(2, 3))
    alone = [jax.jit(episode)(row) for row in rows]
    assert len({int(rounds) for rounds, _ in alone}) > 2
    np.testing.assert_allclose(together[0].ravel(), [rounds for rounds, _ in alone])
    np.testing.assert_allclose(together[1].reshape(6, 9), np.concatenate([play for _, play in alone]), atol=1e-5)


_WHERE_THERE_IS_TIME = FictitiousPlay | Logit | QLearning  # whose rounds are built as those of the others


@pytest.mark.parametrize(
    "followers",
    [pytest.param(f, marks=pytest.mark.slow) if isinstance(f, _WHERE_THERE_IS_TIME) else f for f in EACH],
    ids=lambda followers: followers.name,
)
def test_nested_batches_and_both_precisions_agree(followers) -> None:
    game = Visits()
    problem = StackelbergPOMDP(game, followers, 0)
    rule = jnp.asarray(some_rule(game))

    def strategy(actions, key):
        return problem.episode(table_of(game, actions), key).strategy

    one = jax.jit(strategy)(rule, KEY)
    nested = jax.jit(jax.vmap(jax.vmap(strategy, (0, None)), (None, 0)))(rule[None].repeat(2, 0), jnp.stack([KEY] * 3))
    with jax.enable_x64(True):
        doubled = jax.jit(problem.episode)(exact_table(game, np.asarray(rule)), KEY).strategy
    for single, batch, double in zip(*map(jax.tree.leaves, (one, nested, doubled)), strict=True):
        assert double.dtype == jnp.float64
        np.testing.assert_allclose(batch, np.broadcast_to(single, batch.shape), atol=1e-5)
        if followers.asks(game) == 1:  # the others draw other types and actions from 64-bit noise
            np.testing.assert_allclose(single, double, atol=1e-4)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"certified": -0.1}, "certified must be"),
        ({"certified": 0.1, "max_rounds": 99}, "max_rounds must not be less than rounds; got 99"),
        ({"certified": 0.1, "update": "sampled"}, "certified needs update=expected"),
    ],
)
def test_ranges_are_checked(parameters: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        RegretMatching(**parameters)


@pytest.mark.parametrize("ties", ["first", "uniform", "strong", "weak"])
@pytest.mark.parametrize("learner", [MultiplicativeWeights, FictitiousPlay])
def test_the_rounds_of_one_follower_are_one(learner: type[MultiplicativeWeights | FictitiousPlay], ties: str) -> None:
    game = SimpleAllocation(items=4, messages=3)

    class Patient(learner):
        adds_up = False

    options = (
        {"rounds": 50, "ties": ties} if learner is FictitiousPlay else {"rounds": 50, "ties": ties, "play": "argmax"}
    )
    states = []
    for follower in (learner(**options), Patient(**options)):
        problem = StackelbergPOMDP(game.standardised, follower, 0)
        response = problem.respond(table_of(game, jnp.array([2, 0, 1])), jax.random.key(0))
        states.append((response.state, follower.strategy(game, response.state)))
    assert states[0][0].rounds == states[1][0].rounds == 50
    for once, often in zip(*(jax.tree.leaves(state) for state in states), strict=True):
        np.testing.assert_allclose(once, often, rtol=1e-4, atol=1e-5)
