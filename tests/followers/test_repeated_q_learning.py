"""Sessions of Q-learners: against a plain implementation, against the core's own stepping, and what papers found."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.commitment import table_of
from firstmover.core.noise import Stream, mix, stream
from firstmover.core.plays import Play
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import continued, opening
from firstmover.core.sessions import Stage, draws, first_values, play_sessions, session_seed
from firstmover.core.ucb_sessions import first_order, play_ucb_sessions
from firstmover.core.value_tables import best
from firstmover.errors import InputError
from firstmover.evaluators.view import View
from firstmover.followers import RepeatedQLearning
from firstmover.games import BuyBox
from firstmover.games.display import fixed_rule

GAME = BuyBox(costs=(1.0,))
KEY = jax.random.key(0)


def listed(game, rule):
    return View(game, table_of(game, jnp.asarray(rule)), KEY).listed


def plain(profits, sessions, rounds, alpha, beta, discount, seed, method="q-learning"):
    """Textbook Q-learning of two sellers that remember the last prices, in NumPy: the frequency of profiles."""
    rng, k = np.random.default_rng(seed), profits[0].shape[0]
    each, q = np.arange(sessions), []
    for i in (0, 1):
        uniform = profits[i].mean(axis=1 - i) / (1 - discount)
        q.append(np.tile(uniform, (sessions, k, k, 1)))
    here = rng.integers(k, size=(2, sessions))

    def act(time):
        greedy = [q[i][each, here[0], here[1]].argmax(axis=1) for i in (0, 1)]
        explore = rng.random((2, sessions)) < np.exp(-beta * time)
        return np.where(explore, rng.integers(k, size=(2, sessions)), greedy)

    actions = act(0)
    for time in range(rounds):
        old, here = here, actions
        following = act(time + 1)
        for i in (0, 1):
            ahead = q[i][each, here[0], here[1]]
            target = ahead.max(axis=1) if method == "q-learning" else ahead[each, following[i]]
            at = (each, old[0], old[1], actions[i])
            q[i][at] += alpha * (profits[i][actions[0], actions[1]] + discount * target - q[i][at])
        actions = act(time + 1) if method == "q-learning" else following
    counts = np.zeros((sessions, k, k))
    for _ in range(30):
        here = np.array([q[i][each, here[0], here[1]].argmax(axis=1) for i in (0, 1)])
        counts[each, here[0], here[1]] += 1 / 30
    return counts.reshape(sessions, -1)


@pytest.mark.parametrize("method", ["q-learning", "sarsa"])
def test_sessions_agree_with_a_plain_implementation(method) -> None:
    how = RepeatedQLearning(beta=(0.003,), rounds=1500, method=method, sessions=400)
    game, rule = listed(GAME, fixed_rule(GAME, "none")), GAME.surplus[:, 3]
    ours = how.played(GAME, game, jnp.uint32(1)).frequency @ rule
    profits = [np.asarray(game.followers[:, i], float).reshape(4, 4) for i in (0, 1)]
    theirs = plain(profits, 400, 1500, 0.25, 0.003, 0.95, 2, method) @ rule
    error = np.sqrt((np.var(ours) + np.var(theirs)) / 400)
    assert error < 0.01  # the comparison says something
    assert abs(float(ours.mean()) - theirs.mean()) < 3 * error


class GoingOn(BuyBox):
    """The market round after round: prices, then the display, then prices again."""

    def step(self, state, action, follower_actions, key):
        state, rewards = super().step(state, action, follower_actions, key)
        return state._replace(time=state.time % 2), rewards


class Sellers(Play):
    """The same learners as a play of the core, which learns in one long sub-episode of two steps a round."""

    how: object
    values: tuple
    seed: jax.Array
    learns: ClassVar[bool] = True

    def begin(self, types):
        start = (mix(self.seed ^ jnp.uint32(0xB5297A4D)) % jnp.uint32(self.how.profiles)).astype(jnp.int32)
        return tuple(jnp.tile(own, (self.how.states, 1)) for own in self.values), start, jnp.zeros(2, jnp.int32)

    def act(self, memory, turn, time, noise):
        tables, last, posted = memory
        explored = draws(self.seed, (time // 2)[None], self.how)
        chosen = jnp.stack(
            [jnp.where(e[0] >= 0, e[0], best(q[last])[1]) for q, e in zip(tables, explored, strict=True)]
        )
        posted = jnp.where(turn.followers_act, chosen, posted)
        return posted, (tables, last, posted)

    def learn(self, memory, turn, time, actions, rewards, after):
        tables, last, posted = memory
        profile = posted[0] * self.how.actions[1] + posted[1]
        new = []
        for i, q in enumerate(tables):
            target = rewards.followers[i] + jnp.float32(self.how.discount[i]) * best(q[profile])[0]
            old = q[last, posted[i]]
            new.append(q.at[last, posted[i]].set(old + jnp.float32(self.how.alpha[i]) * (target - old)))
        paid = turn.leader_acts
        tables = tuple(jnp.where(paid, a, b) for a, b in zip(new, tables, strict=True))
        return tables, jnp.where(paid, profile, last), posted


def test_upper_confidence_bounds_are_a_plain_loop() -> None:
    rounds, seed = 200, jnp.uint32(7)
    how = RepeatedQLearning(method="ucb", memory="nothing", rounds=rounds).learning(GAME)
    paid = listed(GAME, fixed_rule(GAME, "none")).followers
    stage = Stage(tuple(paid[None, :, i] for i in (0, 1)))
    ours = play_ucb_sessions(stage, (jnp.zeros((1, 4)),) * 2, seed[None], how)
    profits = [np.asarray(paid[:, i], float).reshape(4, 4) for i in (0, 1)]
    first = [list(np.argsort(-np.asarray(first_order(seed, i, 4)))) for i in (0, 1)]
    sums, times = np.zeros((2, 4)), np.zeros((2, 4))
    for time in range(1, rounds + 1):
        if time <= 4:
            actions = [first[i][time - 1] for i in (0, 1)]
        else:
            width = np.array([np.ptp(own) for own in profits])[:, None] * np.sqrt(2 * np.log(time) / times)
            actions = list((sums / times + width).argmax(axis=1))
        for i in (0, 1):
            sums[i, actions[i]] += profits[i][actions[0], actions[1]]
            times[i, actions[i]] += 1
    np.testing.assert_allclose(np.stack([np.asarray(own)[0, 0] for own in ours.tables]), sums / times, rtol=1e-4)
    best = (sums / times).argmax(axis=1)
    assert np.flatnonzero(np.asarray(ours.frequency[0])).tolist() == [4 * best[0] + best[1]]
    with pytest.raises(InputError, match="no memory"):
        RepeatedQLearning(method="ucb")


def test_sessions_are_what_the_core_steps() -> None:
    rounds, rule, seeds = 300, fixed_rule(GAME, "pdp"), jnp.arange(3, dtype=jnp.uint32)
    how = RepeatedQLearning(beta=(0.01,), rounds=rounds, alpha=(0.25, 0.1)).learning(GAME)
    paid = listed(GAME, rule).followers
    stage = Stage(tuple(jnp.tile(paid[:, i], (3, 1)) for i in (0, 1)))
    farm = play_sessions(stage, first_values(stage, how), seeds, how)
    game, commitment = GoingOn(costs=(1.0,)), table_of(GAME, jnp.asarray(rule))

    @jax.jit
    def stepped(seed):
        play = Sellers(how, tuple(own[0] for own in first_values(stage, how)), seed)
        start = opening(game, play, jnp.zeros(2, jnp.int32), KEY)
        return continued(game, commitment, play, None, start, KEY, length=2 * rounds, watch=lambda step: ())[0].memory

    for k in range(3):
        tables, last, _ = stepped(seeds[k])
        assert int(last) == int(farm.last[k])
        for ours, core in zip(farm.tables, tables, strict=True):
            np.testing.assert_allclose(ours[k], core, atol=1e-4)


def test_blocks_and_batches_change_nothing() -> None:
    how = RepeatedQLearning(rounds=64, sessions=3, beta=(0.05,)).learning(GAME)
    paid = listed(GAME, fixed_rule(GAME, "none")).followers

    def sessions(count):
        stage = Stage(tuple(jnp.tile(paid[:, i], (count, 1)) for i in (0, 1)))
        seeds = session_seed(jnp.uint32(5), jnp.arange(count))
        return play_sessions(stage, first_values(stage, how), seeds, how).tables[0]

    many, few = sessions(600), sessions(7)  # two blocks, one
    np.testing.assert_allclose(many[:7], few, rtol=1e-5)  # vector code rounds otherwise
    assert len(np.unique(many, axis=0)) > 5


def test_a_session_stops_when_no_best_action_changes() -> None:
    how = RepeatedQLearning(stop="converged", calm=500, most=20_000, beta=(0.01,), sessions=20)
    played = how.played(GAME, listed(GAME, fixed_rule(GAME, "lowest")), jnp.uint32(0))
    assert np.asarray(played.converged).all()
    assert (np.asarray(played.rounds) > 500).all() and len(np.unique(played.rounds)) > 1
    # Who sells only at the lowest price learns to charge it, whoever the rival.
    assert float((np.asarray(played.frequency)[:, 0]).mean()) > 0.8


def test_a_finished_rule_is_judged_by_sessions_of_its_own() -> None:
    followers = RepeatedQLearning(rounds=50, fresh=7)
    assert followers.judging == RepeatedQLearning(rounds=50, fresh=7, sessions=7)
    problem = StackelbergPOMDP(GAME, followers)
    noise = [problem.response_noise(stream(KEY, which)) for which in (Stream.REWARD, Stream.EVALUATION)]
    game, response = listed(GAME, fixed_rule(GAME, "none")), RepeatedQLearning(rounds=50)
    one, other = (response.played(GAME, game, jnp.uint32(own[0, 0] * 2**24)).tables[0] for own in noise)
    assert not np.array_equal(one, other)
    with pytest.raises(InputError, match="one for each of 2"):
        StackelbergPOMDP(GAME, RepeatedQLearning(alpha=(0.1, 0.2, 0.3)))
    with pytest.raises(InputError, match="discount"):
        RepeatedQLearning(discount=(1.0,))


def test_a_certificate_says_that_its_bounds_are_for_one_round(tmp_path) -> None:
    from firstmover.cli.certified import certificate
    from firstmover.jobs.certifications import certify
    from firstmover.report.sentences import statements
    from firstmover.rules.rule import Rule

    game = BuyBox(costs=(1.0,), prices=(1.05, 1.7))
    rule = Rule(game, np.asarray(fixed_rule(game, "none")))
    remembers = certify(rule, followers=RepeatedQLearning(rounds=20, fresh=3))
    words = "\n".join(certificate(remembers))
    assert words.startswith("one round ") and "do not bound followers who remember" in words
    found = remembers["learnt_play"]
    assert found["sessions"] == 3 and found["leader"]["low"] <= found["leader"]["mean"] <= found["leader"]["high"]
    # Neither seller gains more than the best stage profit beside the worst, and each has a gap of its own.
    assert all(0 <= own["mean"] <= most < 0.4 for own, most in zip(found["gaps"], found["largest_gaps"], strict=True))
    assert found["violation"] < 1e-9
    assert "3 sessions per type profile" in " ".join(own.text for own in statements(remembers))
    assert "one_round" not in certify(rule, followers="best-response")
