"""REINFORCE: its gradient is exact on average, it finds the best rule, and it fails where the construction is left."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from replying import Replying, replies

from firstmover.core.policies import TablePolicy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.games import IteratedMatrix
from firstmover.jobs.training import initial_states
from firstmover.leaders import DQN, PPO, Reinforce
from firstmover.leaders.reinforce import first_met

pytestmark = pytest.mark.slow  # learning; `tests/contracts` and `tests/equilibria` hold the fast versions

DILEMMA = IteratedMatrix()  # ten steps; the best rule earns 6, always defecting -5


@functools.cache
def learnt(leader, seeds: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """The exact values of the rules that the seeds would commit to, and their mean rewards at the end of training."""
    problem = StackelbergPOMDP(DILEMMA, Replying(), 1)

    @jax.jit
    @jax.vmap
    def run(state):
        state, metrics = jax.lax.scan(lambda s, _: leader.update(problem, s), state, None, length=leader.updates)
        return leader.tables(problem, state)[0], metrics

    tables, metrics = run(initial_states(problem, leader, seeds, 0))
    every, _, values = replies("prisoners_dilemma", 10)
    committed = np.array([values[np.all(every == table, axis=1)][0] for table in np.asarray(tables)])
    # What is evaluated is the value of the rule that would be committed to, however the learner earned its rewards.
    np.testing.assert_allclose(metrics.evaluated[:, -1], committed, atol=1e-4)
    return committed, np.asarray(metrics.value)[:, -10:].mean(axis=1)


def test_it_finds_the_best_rule_of_the_dilemma() -> None:
    committed, reward = learnt(Reinforce())
    assert np.sum(committed == 6) >= 6  # of 8
    assert reward.max() <= 6 + 1e-4


def test_a_visible_phase_earns_more_in_training_by_a_rule_that_is_worth_less() -> None:
    committed, reward = learnt(Reinforce(phase_visible=True))
    assert reward.min() > 14  # it answers "I cooperate" and defects: 15
    np.testing.assert_allclose(committed, -5)


def test_hidden_answers_to_fresh_draws_are_not_learnt() -> None:
    # Nothing links what is played to what the followers were told, so the leader learns to reply: to defect.
    hidden, _ = learnt(Reinforce(action_map=False, response_steps=0.0))
    seen, reward = learnt(Reinforce(action_map=False))
    assert hidden.max() < 1 < seen.min()
    # Fresh draws have a weakness of their own: an answer may differ from the play, which pays more than any rule.
    assert reward.min() > 6
    assert seen.max() < 6


@pytest.mark.parametrize("action_map", [True, False])
def test_the_gradient_is_that_of_the_expected_reward(action_map: bool) -> None:
    game = IteratedMatrix("chicken", steps=2)
    leader = Reinforce(action_map=action_map, steps=4000 * 7)
    problem = StackelbergPOMDP(game, Replying(), 1)
    state = leader.init(problem, jax.random.key(0))
    logits = jnp.asarray(np.random.default_rng(0).normal(size=(5, 2)), jnp.float32)
    parameters = state.parameters._replace(actor=TablePolicy(logits, (5,)))
    env = leader.env(problem)

    @jax.jit
    def estimated():
        keys = jax.random.split(jax.random.key(1), 6000)
        batch, _, _ = jax.vmap(lambda key: leader.collect(env, parameters, key))(keys)
        ahead = jnp.cumsum(batch.reward[:, ::-1], axis=1)[:, ::-1]
        parts = jax.tree.map(lambda x: x.reshape(20, 300, *x.shape[1:]), (batch, ahead + 0.5))  # 0.5: any baseline
        return jax.lax.map(lambda part: leader.gradient(problem, parameters, *part).actor.outputs, parts)

    tables, followers, _ = replies("chicken", 2)

    def expected(logits):
        """By enumeration: of the answers alone with the map, of the answers and both plays without it."""
        p = jax.nn.log_softmax(logits)
        total = 0.0
        for answers, reply in zip(tables, followers, strict=True):
            log_p = p[jnp.arange(5), answers].sum()
            for plays in [None] if action_map else itertools.product(range(2), repeat=2):
                row, paid, log_q = 0, 0.0, log_p
                for t in range(2):
                    action = answers[row] if plays is None else plays[t]
                    log_q = log_q if plays is None else log_q + p[row, action]
                    joint = int(action), int(reply[row])
                    paid, row = paid + game.leader_payoffs[joint] - game.offset, 1 + 2 * joint[0] + joint[1]
                total = total + jnp.exp(log_q) * paid
        return total

    parts, exact = -np.asarray(estimated()), np.asarray(jax.grad(expected)(logits))
    error = parts.std(axis=0, ddof=1) / np.sqrt(len(parts))
    assert np.abs(exact).max() > 10 * error.max()
    assert np.all(np.abs(parts.mean(axis=0) - exact) <= 4.5 * error + 1e-6)


def test_a_repeated_decision_is_counted_once_and_where_it_was_first_kept() -> None:
    rows = jnp.asarray([2, 0, 2, 1, 0, 1, 1], jnp.int32)
    kept = jnp.asarray([0, 1, 1, 1, 1, 1, 0], bool)
    assert np.flatnonzero(first_met(rows, kept, 3)).tolist() == [1, 2, 3]


@pytest.mark.parametrize("leader", [PPO(phase_visible=True), Reinforce(phase_visible=True), DQN(phase_visible=True)])
def test_with_a_visible_phase_the_rule_is_what_is_done_in_the_reward_phase(leader) -> None:
    problem = StackelbergPOMDP(DILEMMA, Replying(), 1)
    outputs = 200 * np.random.default_rng(1).normal(size=(10, 2))  # so far apart that every draw is the likeliest
    actor = TablePolicy(jnp.asarray(outputs, jnp.float32), (5, 2))
    state = leader.init(problem, jax.random.key(0))
    changed = {"q": actor, "epsilon": jnp.float32(0)} if isinstance(leader, DQN) else {"actor": actor}
    state = state._replace(parameters=state.parameters._replace(**changed))
    answers, plays = outputs.argmax(1).reshape(5, 2).T
    assert answers.tolist() != plays.tolist()
    assert leader.tables(problem, state)[0].tolist() == plays.tolist()
    env, key = leader.env(problem), jax.random.key(2)
    batch, _, _ = jax.jit(lambda: leader.collect(env, state.parameters, key))()
    assert batch.raw[:5].tolist() == answers.tolist()
    assert batch.raw[5:].tolist() == plays[batch.obs.leader[5:, 0]].tolist()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Reinforce(decay=1.0), "decay"),
        (lambda: Reinforce(entropy=-1.0), "entropy"),
        (lambda: Reinforce(steps=0), "steps must be at least 1"),
        (lambda: Reinforce(response_steps=2.0), "response_steps"),
        (lambda: Reinforce(reward_episodes=0), "reward_episodes must be at least 1"),
    ],
)
def test_ranges_are_checked(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
