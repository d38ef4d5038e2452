"""DQN: what it remembers, what it aims at, that it finds the best rule, and when it does not."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from leaders.test_reinforce import DILEMMA, learnt
from replying import Replying

from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.followers import BestResponse
from firstmover.games import Maintain
from firstmover.leaders import DQN
from firstmover.leaders.dqn import _drawn

pytestmark = pytest.mark.slow  # learning; `tests/contracts` and `tests/equilibria` hold the fast versions

PROBLEM = StackelbergPOMDP(DILEMMA, Replying(), 1)


def test_it_finds_the_best_rule_of_the_dilemma() -> None:
    committed, reward = learnt(DQN())
    assert np.sum(committed == 6) >= 5  # of 8
    assert reward.max() <= 6 + 1e-4


def test_a_visible_phase_earns_more_in_training_by_a_rule_that_is_worth_less() -> None:
    committed, reward = learnt(DQN(updates=200, phase_visible=True))
    assert reward.min() > 6
    assert committed.max() < 0


def collected(leader, kept):
    state = leader.init(PROBLEM, jax.random.key(0))
    batch, _, _ = jax.jit(lambda: leader.collect(leader.env(PROBLEM), state.parameters, jax.random.key(1)))()
    return batch._replace(kept=jnp.asarray(kept), reward=jnp.arange(15.0))


@pytest.mark.parametrize("lookahead", [0, 1, 4])
@pytest.mark.parametrize("kept", [np.ones(15, bool), np.isin(np.arange(15), [1, 3, 4, 8, 9, 12])])
def test_targets_reach_as_far_as_the_lookahead_over_the_kept_decisions(lookahead: int, kept) -> None:
    leader = DQN(lookahead=lookahead)
    batch = collected(leader, kept)
    found = jax.tree.map(np.asarray, leader._memories(DILEMMA, batch))
    rows, low_high = np.flatnonzero(kept), 10 * 3.0
    paid = [np.arange(a, b).sum() / low_high for a, b in zip(rows, [*rows[1:], 15], strict=True)]
    obs = np.asarray(batch.obs.leader)[rows, 0]
    np.testing.assert_array_equal(found.kept, np.arange(15) < len(rows))
    for t in range(len(rows)):
        n = lookahead or 15
        assert found.seen[t] == obs[t]
        assert found.action[t] == batch.raw[rows[t]]
        assert found.paid[t] == pytest.approx(sum(paid[t : t + n]), abs=1e-5)
        assert found.ended[t] == (t + n >= len(rows))
        if t + n < len(rows):
            assert found.later[t] == obs[t + n]


def test_it_explores_with_probability_epsilon_among_what_is_possible() -> None:
    leader = DQN()
    parameters = leader.init(PROBLEM, jax.random.key(0)).parameters._replace(epsilon=jnp.float32(0.3))
    mask = jnp.asarray([True, False, True, True])
    logits = leader.exploring(parameters, jnp.asarray([0.0, 9.0, 2.0, 1.0]), mask)
    np.testing.assert_allclose(jnp.exp(logits), [0.1, 0, 0.8, 0.1], atol=1e-6)


def test_minibatches_are_drawn_from_the_kept_alone_and_evenly() -> None:
    kept = jnp.asarray(np.isin(np.arange(10), [2, 3, 9]))
    drawn = np.asarray(_drawn(kept, jnp.linspace(0, 1, 301)[:-1]))
    assert np.bincount(drawn, minlength=10)[[2, 3, 9]].tolist() == [100, 100, 100]


def test_it_remembers_some_updates_and_renews_its_target_now_and_then() -> None:
    leader = DQN(updates=8, steps=30, memory=2, renewal=3, gradient_steps=2, exploration=0.5, epsilon=0.2)
    update = jax.jit(lambda s: leader.update(PROBLEM, s)[0])
    states = [leader.init(PROBLEM, jax.random.key(0))]
    for _ in range(6):
        states.append(update(states[-1]))

    def weights(network):
        return np.asarray(network.network.layers[0].weight)

    assert not np.allclose(weights(states[1].parameters.q), weights(states[0].parameters.q))
    for before, after in itertools.pairwise(states):
        k = int(before.step)
        source = after.parameters.q if k in (2, 5) else before.parameters.target
        np.testing.assert_array_equal(weights(after.parameters.target), weights(source))
        # One slot of the ring is written, the other one stays.
        other = (k + 1) % 2
        np.testing.assert_array_equal(after.memories.paid[other], before.memories.paid[other])
        assert after.memories.kept[k % 2].all()
    epsilons = [float(s.parameters.epsilon) for s in states]
    np.testing.assert_allclose(epsilons, [1, 0.8, 0.6, 0.4, 0.2, 0.2, 0.2], atol=1e-6)


def test_only_discrete_decisions() -> None:
    with pytest.raises(InputError, match="dqn needs decisions that pick one of n actions; those of maintain"):
        DQN().problem(Maintain("mixed"), BestResponse())
    assert DQN().problem(Maintain(), BestResponse()).reward_episodes == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DQN(memory=0), "memory must be at least 1"),
        (lambda: DQN(renewal=0), "renewal must be at least 1"),
        (lambda: DQN(lookahead=-1), "lookahead"),
        (lambda: DQN(epsilon=1.5), "epsilon"),
        (lambda: DQN(exploration=0.0), "exploration"),
        (lambda: DQN(learning_rate=float("inf")), "learning_rate"),
    ],
)
def test_ranges_are_checked(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
