"""The parts of the actor-critic learners: what they collect, what they leave out, what they learn from."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.commitment import draw_table, table_of
from firstmover.core.noise import Stream, stream
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.step_level import StepLevel
from firstmover.followers import MultiplicativeWeights
from firstmover.games import SimpleAllocation
from firstmover.leaders import A2C, MAPPO, PPO
from firstmover.leaders.actor_critic import Rows
from firstmover.leaders.ppo import _batched, _kept_first

FOLLOWERS = MultiplicativeWeights(rounds=8, epsilon=0.3, update="sampled", play="argmax")
PROBLEM = StackelbergPOMDP(SimpleAllocation(3, 2), FOLLOWERS, 5)
N_RESPONSE, N_REWARD = 8 * 2, 5  # decisions: one for every message in every round, one in every reward sub-episode


@functools.cache
def start(leader):
    return jax.jit(lambda: leader.init(PROBLEM, jax.random.key(3)))()


@functools.cache
def collected(leader):
    """Twenty episodes of a policy that has learnt nothing."""
    keys, parameters = jax.random.split(jax.random.key(1), 20), start(MAPPO()).parameters
    collect = jax.vmap(lambda key: leader.collect(StepLevel(PROBLEM), parameters, key))
    return jax.tree.map(np.asarray, jax.jit(collect)(keys)[0])


def some_rows(n: int = 12, kept: int = 7) -> Rows:
    rng = np.random.default_rng(0)
    features, log_p, advantage, target = rng.normal(size=(4, n)).astype(np.float32)
    return Rows(
        jnp.asarray(rng.integers(2, size=n), jnp.int32),
        jnp.asarray(np.repeat(features[:, None], FOLLOWERS_FEATURES, 1)),
        jnp.asarray(rng.integers(3, size=n), jnp.int32),
        jnp.asarray(log_p),
        jnp.asarray(advantage),
        jnp.asarray(target),
        jnp.asarray(np.arange(n) < kept),
    )


FOLLOWERS_FEATURES = 3 * 2 + 1  # the weights by type and message; the phase


@pytest.mark.parametrize("kept", [np.arange(9) < 7, np.isin(np.arange(9), [1, 2, 5, 7])])
def test_advantages_are_those_of_schulman_et_al_on_the_kept_decisions(kept) -> None:
    learner = MAPPO(gae=0.9)
    reward, value = np.random.default_rng(0).normal(size=(2, 9)).astype(np.float32)
    found = np.asarray(learner.advantages(jnp.asarray(reward), jnp.asarray(value), jnp.asarray(kept)))
    rows = np.flatnonzero(kept)
    paid = [reward[a:b].sum() for a, b in zip(rows, [*rows[1:], len(reward)], strict=True)]
    after = [*value[rows][1:], 0.0]
    deltas = [paid[t] + after[t] - value[row] for t, row in enumerate(rows)]
    expected = [sum(0.9 ** (k - t) * deltas[k] for k in range(t, len(rows))) for t in range(len(rows))]
    np.testing.assert_allclose(found[rows], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found[~kept], 0.0)


def test_with_the_map_an_observation_has_one_action_in_an_episode_and_without_it_several() -> None:
    def most_actions(leader) -> int:
        steps = collected(leader)
        return max(
            len(set(a[m == k])) for m, a in zip(steps.obs.leader[..., 0], steps.raw, strict=True) for k in (0, 1)
        )

    assert most_actions(MAPPO()) == 1
    assert most_actions(MAPPO(action_map=False, response_steps=0.5)) == 3
    assert len(set(collected(MAPPO()).raw[:, 0].tolist())) > 1  # another episode, another map


@pytest.mark.parametrize(
    ("leader", "share"),
    [
        (MAPPO(), 1.0),
        (MAPPO(action_map=False, response_steps=0.5), 0.5),
        (MAPPO(response_steps=0.0), 0.0),
    ],
)
def test_response_steps_are_kept_with_their_probability_and_reward_steps_always(leader, share: float) -> None:
    steps = collected(leader)
    rewarding = steps.obs.critic[..., -1] > 0
    assert steps.alive.all()
    assert rewarding.sum() == 20 * N_REWARD
    assert steps.kept[rewarding].all()
    assert steps.kept[~rewarding].mean() == pytest.approx(share, abs=0.1 if share == 0.5 else 0.0)


@pytest.mark.parametrize("leader", [A2C(centralised=True), PPO(epochs=2, minibatch=4), MAPPO(epochs=2, minibatch=4)])
def test_rows_that_are_left_out_change_nothing(leader) -> None:
    state, rows = start(leader), some_rows()
    learn = jax.jit(lambda rows: leader.learn(PROBLEM, state.parameters, state.optimiser, rows, jax.random.key(2)))
    wrong = rows._replace(
        features=jnp.where(rows.kept[:, None], rows.features, 50.0),
        advantage=jnp.where(rows.kept, rows.advantage, 50.0),
        target=jnp.where(rows.kept, rows.target, -50.0),
        raw=jnp.where(rows.kept, rows.raw, 0),
    )
    for one, other in zip(jax.tree.leaves(learn(rows)), jax.tree.leaves(learn(wrong)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    heard = learn(rows._replace(kept=jnp.ones_like(rows.kept)))
    assert not np.allclose(heard[0].critic.layers[0].weight, learn(rows)[0].critic.layers[0].weight, atol=1e-6)


def test_without_rows_there_is_no_step() -> None:
    leader, rows = MAPPO(epochs=1, minibatch=4), some_rows()
    state = start(leader)
    learn = jax.jit(lambda *before, rows: leader.learn(PROBLEM, *before, rows, jax.random.key(2)))
    # Momentum from a first update, which an empty minibatch would go on with.
    parameters, optimiser, _ = learn(state.parameters, state.optimiser, rows=rows)
    after = learn(parameters, optimiser, rows=rows._replace(kept=jnp.zeros_like(rows.kept)))
    for one, other in zip(jax.tree.leaves(after[:2]), jax.tree.leaves((parameters, optimiser)), strict=True):
        np.testing.assert_array_equal(one, other)
    assert float(after[2]) == 0.0


def test_minibatches_hold_every_kept_row_once() -> None:
    kept = jnp.asarray(np.arange(13) % 3 == 0)
    order = np.asarray(_kept_first(kept, jax.random.key(0)))
    assert sorted(order.tolist()) == list(range(13))
    assert np.asarray(kept)[order].tolist() == [True] * 5 + [False] * 8
    assert order[:5].tolist() != [0, 3, 6, 9, 12]
    np.testing.assert_array_equal(_batched(jnp.arange(1, 6), 2, 3), [[1, 2, 3], [4, 5, 0]])


def test_critic_loss_and_evaluated_are_what_they_say() -> None:
    leader = A2C(steps=100, response_steps=0.5, evaluation="stochastic")
    state = start(leader)
    after, metrics = jax.jit(lambda s: leader.update(PROBLEM, s))(state)
    n_episodes = round(100 / (N_RESPONSE + N_REWARD))
    key = jax.random.fold_in(stream(state.key, Stream.COMMITMENT), 0)
    collect = jax.vmap(lambda k: leader.collect(StepLevel(PROBLEM), state.parameters, k)[0])
    batch = jax.jit(collect)(jax.random.split(key, n_episodes))
    # With gae = 1 the target is what is still to be paid, whose range is 1 in this game.
    errors = [
        (np.sum(reward[t:]) - value[t]) ** 2
        for reward, value, kept in zip(*map(np.asarray, (batch.reward, batch.value, batch.kept)), strict=True)
        for t in np.flatnonzero(kept)
    ]
    assert n_episodes * N_REWARD < len(errors) < n_episodes * (N_REWARD + N_RESPONSE)
    assert float(metrics.critic_loss) == pytest.approx(np.mean(errors), rel=1e-3)
    (table,) = leader.tables(PROBLEM, after)
    episode = jax.jit(PROBLEM.episode)(table_of(PROBLEM.game, table), stream(after.key, Stream.EVALUATION))
    assert float(metrics.evaluated) == pytest.approx(float(episode.reward))


def test_the_rule_is_the_mode_of_the_policy_or_a_draw_from_it() -> None:
    leader, game = A2C(), PROBLEM.game
    state, observations = start(leader), jnp.asarray(game.observations())
    shown, head = state.parameters.actor.at_all(observations), leader.head(PROBLEM, state.parameters)
    greedy = jnp.argmax(shown, axis=1)
    drawn = draw_table(head, shown, jnp.ones((2, 3), bool), observations, stream(state.key, Stream.EVALUATION))
    assert not np.array_equal(greedy, drawn)
    np.testing.assert_array_equal(leader.tables(PROBLEM, state)[0], greedy)
    np.testing.assert_array_equal(A2C(evaluation="stochastic").tables(PROBLEM, state)[0], drawn)


@pytest.mark.parametrize("update", ["expected", "sampled"])
def test_as_many_steps_are_consumed_as_at_commitment_level(update: str) -> None:
    problem = StackelbergPOMDP(SimpleAllocation(3, 2), MultiplicativeWeights(rounds=4, update=update), 3)
    leader, key = PPO(), jax.random.key(0)
    parameters = start(leader).parameters
    _, _, consumed = jax.jit(lambda: leader.collect(StepLevel(problem), parameters, key))()
    episode = jax.jit(problem.episode)(table_of(problem.game, jnp.zeros(2, jnp.int32)), key)
    assert float(consumed) == float(episode.env_steps)


def test_a_centralised_critic_sees_the_followers_and_an_actor_never_does() -> None:
    leaders = [MAPPO(), PPO(), A2C(), A2C(centralised=True)]
    learnt = [start(leader).parameters for leader in leaders]
    widths = [2 + FOLLOWERS_FEATURES, 2, 2, 2 + FOLLOWERS_FEATURES]
    assert [p.critic.layers[0].weight.shape[1] for p in learnt] == widths
    assert [p.actor.network.layers[0].weight.shape[1] for p in learnt] == [2, 2, 2, 2]
