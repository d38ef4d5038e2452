"""The two views of the Stackelberg POMDP agree, and lazy commitments agree with tables."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from replying import Replying, replies
from tiny_games import KINDS, LISTABLE, ONCE, Copying, Lottery, first_kinds

from firstmover.core.commitment import Lazy, draw_table, table_of
from firstmover.core.plays import Strategies, TimedStrategies
from firstmover.core.policies import network_policy, option_policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.step_level import StepLevel
from firstmover.evaluators.forms import play_noise_size, play_query
from firstmover.followers import (
    BestResponse,
    Exp3,
    FictitiousPlay,
    LevelK,
    Logit,
    MultiplicativeWeights,
    PartlyRational,
    QLearning,
    RegretMatching,
    RepeatedQLearning,
    SampledWeights,
    SwapRegret,
)
from firstmover.followers.contextual import Contextual
from firstmover.followers.queried import Queried, described
from firstmover.games import IteratedMatrix, NormalForm, SequentialPrice, SimpleAllocation
from firstmover.leaders import Reinforce
from firstmover.leaders.lazy import played

FOLLOWERS = {
    "sampled, argmax": MultiplicativeWeights(rounds=7, epsilon=0.5, update="sampled", play="argmax"),
    "sampled, last": MultiplicativeWeights(rounds=7, epsilon=0.5, update="sampled"),
    "sampled, average": MultiplicativeWeights(rounds=5, epsilon=0.5, update="sampled", play="average"),
    "expected, last": MultiplicativeWeights(rounds=9, epsilon=0.5),
    "expected, argmax strong": MultiplicativeWeights(rounds=9, epsilon=0.5, play="argmax", ties="strong"),
    "best response": BestResponse("weak"),
    "exp3": Exp3(rounds=5),
    "fictitious play": FictitiousPlay(rounds=5, update="sampled", play="last", ties="strong"),
    "level-k": LevelK(2),
    "logit": Logit(rounds=5),
    "partly rational": PartlyRational(),
    "q-learning": QLearning(rounds=5, play="last"),
    "regret matching": RegretMatching(rounds=5, plus=True, certified=0.1, max_rounds=20),
    "repeated q-learning": RepeatedQLearning(rounds=6, sessions=2),
    "swap regret": SwapRegret(rounds=5, update="sampled"),
}
# Every game with every kind of exchange; followers that differ only in what they make of it, with correlated types.
EVERYWHERE = {"sampled, last", "best response"}
ALIKE = {
    "escape",
    "maintain",
    "bayesian-normal-form mixed",
    "simple-allocation skewed",
    "agrawal",
}  # to others that are here
# These differ from others that are here only in what is played of the same state.
READ_OTHERWISE = {"sampled, argmax", "sampled, average", "expected, last"}
CASES = [
    pytest.param(game, name, marks=() if game in KINDS and name not in READ_OTHERWISE else pytest.mark.slow)
    for name, followers in FOLLOWERS.items()
    for game in (LISTABLE if followers.asks(ONCE["visits"]) == 1 else ONCE)
    if (name in EVERYWHERE and game not in ALIKE) or game == "visits"
]


@pytest.mark.parametrize(("game_name", "follower_name"), CASES)
def test_step_level_and_commitment_level_agree(game_name: str, follower_name: str) -> None:
    game, followers = ONCE[game_name], FOLLOWERS[follower_name]
    problem = StackelbergPOMDP(game, followers, reward_episodes=6)
    env = StepLevel(problem)
    key = jax.random.key(3)
    head = game.leader_space.head()
    observations = jnp.asarray(game.observations())
    masks = jax.vmap(game.leader_mask)(observations)
    # Outputs far apart, so that the observations get different actions.
    logits = jax.random.normal(jax.random.key(4), (game.n_observations, head.width))
    table = table_of(game, jax.vmap(head.action)(draw_table(head, logits, masks, observations, key)))

    def decide(carry, _):
        state, obs, total = carry
        state, obs, reward, done = env.step(state, table(obs.leader, obs.mask, key))
        return (state, obs, total + reward), (done, obs.critic, state.followers)

    @jax.jit
    def step_level():
        state, obs = env.reset(key)
        return obs.critic, jax.lax.scan(decide, (state, obs, jnp.float32(0)), None, length=env.max_decisions)

    first, ((state, _, reward), (done, critic, _)) = step_level()
    episode = jax.jit(problem.episode)(table, key)
    assert bool(done[-1])
    low, high = game.leader_payoff_range
    assert float(abs(reward - episode.reward)) <= 1e-5 * (high - low)
    strategy = followers.strategy(game, state.followers)
    for one, other in zip(jax.tree.leaves(strategy), jax.tree.leaves(episode.strategy), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    # As many decisions one by one as at once: that is what env_steps counts where nothing is consumed twice.
    decisions = 1 + int(np.argmax(np.asarray(done)))
    assert int(episode.simulated_steps) == decisions
    # The critic's last feature tells the phase, and turns once.
    phase = np.append(first[-1], critic[:, -1])
    assert np.all(np.diff(phase) >= 0)
    assert set(phase.tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("game_name", first_kinds(ONCE))
def test_lazy_commitments_draw_what_the_table_holds(game_name: str) -> None:
    game = ONCE[game_name]
    head = game.leader_space.head()
    observations = jnp.asarray(game.observations())
    masks = jax.vmap(game.leader_mask)(observations)
    policy = network_policy(game.observed, head, jax.random.key(0))

    @jax.jit
    def actions(lazy, table, key):
        drawn = jax.vmap(lambda obs, mask: lazy(obs, mask, key))(observations, masks)
        return drawn, jax.vmap(lambda obs, mask: table(obs, mask, key))(observations, masks)

    for seed in range(20):
        key = jax.random.key(seed)
        lazy = Lazy(policy, head, key)
        raw = draw_table(head, policy.at_all(observations), masks, observations, key)
        table = table_of(game, jax.vmap(head.action)(raw))
        # Equal to the bit where actions are discrete; a continuous one may differ in the last bits of a float32.
        tolerance = 0 if raw.dtype == jnp.int32 else 1e-6
        np.testing.assert_allclose(*actions(lazy, table, key), rtol=tolerance, atol=tolerance)
    problem = StackelbergPOMDP(game, FOLLOWERS["sampled, last"], reward_episodes=6)
    one, other = (jax.jit(problem.episode)(commitment, key) for commitment in (lazy, table))
    assert float(one.reward) == pytest.approx(float(other.reward), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("policy", [option_policy, lambda game, head, key: network_policy(game.observed, head, key)])
def test_network_commitments_agree_with_the_step_level_and_with_their_table(policy) -> None:
    game = SequentialPrice(agents=3, items=2, messages=2, types=2, prices=3).standardised
    problem = StackelbergPOMDP(game, SampledWeights(rounds=3, shared=True, asked=2), reward_episodes=4)
    head, key = game.leader_space.head(), jax.random.key(5)
    network = jax.tree.map(lambda leaf: 3 * leaf, policy(game, head, jax.random.key(6)))
    lazy, env = Lazy(network, head, key), StepLevel(problem)

    def decide(carry, _):
        state, obs, total = carry
        state, obs, reward, _ = env.step(state, lazy(obs.leader, obs.mask, key))
        return (state, obs, total + reward), None

    @jax.jit
    def step_level():
        start = (*env.reset(key), jnp.float32(0))
        return jax.lax.scan(decide, start, None, length=env.max_decisions)[0][2]

    observations = jnp.asarray(game.observations())
    masks = jax.vmap(game.leader_mask)(observations)
    table = table_of(
        game, jax.vmap(head.action)(draw_table(head, network.at_all(observations), masks, observations, key))
    )
    one, other = (jax.jit(problem.episode)(commitment, key) for commitment in (lazy, table))
    met = jax.jit(lambda: played(problem, lazy, key))()
    assert float(one.reward) == float(other.reward) == float(met.reward)
    np.testing.assert_array_equal(one.strategy.table, other.strategy.table)
    assert float(step_level()) == pytest.approx(float(one.reward), abs=1e-6)
    assert int(met.decisions) == int(one.env_steps)


# The query phase: followers that ask the leader what it would do. They act in every step, or once.


class Lookup(Queried):
    """At its observation o each follower plays what the leader has answered about observation o + 1."""

    name, converges_to = "lookup", "nothing"

    def strategy(self, game, state):
        answered = described(game, state)  # [observations, leader actions]
        return Strategies(
            tuple(
                jax.nn.one_hot(jnp.argmax(answered, 1)[(1 + np.arange(m)) % len(answered)] % n, n)
                for m, n in zip(game.n_obs, game.n_actions, strict=True)
            )
        )


class TimedLookup(Lookup):
    """The same, with another table in every step."""

    def strategy(self, game, state):
        tables = super().strategy(game, state).tables
        return TimedStrategies(tuple(jnp.stack([jnp.roll(t, k, 0) for k in range(game.horizon)]) for t in tables))


class Shuffled(Lookup):
    """The same questions in another order, the answers put where they belong."""

    def questions(self, game):
        return game.observations()[self._order(game)]

    def answered(self, game, state, actions):
        return jnp.zeros_like(actions).at[self._order(game)].set(actions)

    def _order(self, game):
        return np.random.default_rng(0).permutation(game.n_observations)


class AsksAndPlays(Lookup):
    """It plays two exchanges beside: in every one the lookup, mixed; then it looks at the steps that came of it."""

    needs_steps = True

    def asks(self, game):
        return 2

    def rounds_per_ask(self, game):
        return 1

    def noise_size(self, game):
        return 3 * play_noise_size(game)

    def init(self, game):
        return super().init(game), jnp.zeros((max(game.n_obs), max(game.n_actions)))

    def answered(self, game, state, actions):
        return actions, state[1]

    def ask(self, game, state, noise):
        return play_query(game, self.strategy(game, state), noise.reshape(3, -1))

    def tell(self, game, state, query, outcome):
        steps = outcome.steps
        where = steps.follower_obs.ravel(), steps.follower_actions.ravel()
        earned = steps.follower_rewards + steps.leader_reward[..., None] + 0.1 * outcome.leader[:, None, None]
        return state[0], state[1].at[where].add((earned * steps.followers_act).ravel())

    def strategy(self, game, state):
        tables = super().strategy(game, state[0]).tables
        return Strategies(tuple(jax.nn.softmax(2 * t + state[1][: t.shape[0], : t.shape[1]]) for t in tables))

    def features(self, game, state):
        return jax.nn.sigmoid(state[1]).ravel()


def contextual(game) -> Contextual:
    networks = Contextual().untrained(game, jax.random.key(1))
    return Contextual().having(jax.tree.map(lambda leaf: leaf[None], networks))


ASKING = {
    "lookup": lambda game: Lookup(),
    "timed": lambda game: TimedLookup(),
    "asks and plays": lambda game: AsksAndPlays(),
    "contextual": contextual,
}
ASKED = {
    "copying": Copying(),
    "chicken": IteratedMatrix("chicken", steps=3),
    "allocation": SimpleAllocation(3, 2),
    "lottery": Lottery(),
    "mixed": NormalForm([[3.0, 0.0, 1.0], [1.0, 2.0, 4.0]], [[0.0, 1.0, 2.0], [1.0, 0.0, 2.0]], "mixed"),
}
ASKING_CASES = [
    pytest.param(game, name, marks=pytest.mark.slow if game == "allocation" else ())
    for game in ASKED
    for name in ASKING
    if game == "copying" or name in ("lookup", "asks and plays")
]


def some_table(game, seed: int = 4):
    head, observations = game.leader_space.head(), jnp.asarray(game.observations())
    logits = 3 * jax.random.normal(jax.random.key(seed), (game.n_observations, head.width))
    raw = draw_table(head, logits, jax.vmap(game.leader_mask)(observations), observations, jax.random.key(seed))
    return table_of(game, jax.vmap(head.action)(raw))


def decision_by_decision(env: StepLevel, rule, key):
    """What comes of an episode in which `rule(obs)` decides: the last state, rewards, done, observations, phase."""

    def decide(carry, _):
        state, obs = carry
        after, obs_after, reward, done = env.step(state, rule(obs))
        return (after, obs_after), (reward, done, obs.leader, obs.rewarding)

    (state, _), steps = jax.lax.scan(decide, env.reset(key), None, length=env.max_decisions)
    return state, *steps


@pytest.mark.parametrize(("game_name", "follower_name"), ASKING_CASES)
def test_both_views_agree_where_followers_ask(game_name: str, follower_name: str) -> None:
    game = ASKED[game_name]
    followers, key = ASKING[follower_name](game), jax.random.key(5)
    problem = StackelbergPOMDP(game, followers, reward_episodes=2)
    env = StepLevel(problem)

    @jax.jit
    def both(table):
        play = decision_by_decision(env, lambda obs: table(obs.leader, obs.mask, key), key)
        return play, problem.episode(table, key)

    strategies, rewards = [], []
    for seed in range(4):
        (state, reward, done, observed, rewarding), episode = both(some_table(game, seed))
        assert bool(done[-1])
        low, high = game.leader_payoff_range
        assert float(abs(reward.sum() - episode.reward)) <= 1e-5 * (high - low)
        strategies.append(jax.tree.leaves(followers.strategy(game, state.followers)))
        for one, other in zip(strategies[-1], jax.tree.leaves(episode.strategy), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)
        # First come the questions, then as many sub-episodes as are played; nothing is paid before the reward phase.
        questions, decisions = game.observations(), 1 + int(np.argmax(np.asarray(done)))
        each, sub_episodes = game.max_leader_decisions, 2 + followers.asks(game) * 3
        assert decisions == len(questions) + sub_episodes * each
        np.testing.assert_array_equal(observed[: len(questions)], questions)
        np.testing.assert_array_equal(rewarding[:decisions], np.arange(decisions) >= decisions - 2 * each)
        assert not np.any(np.asarray(reward)[~np.asarray(rewarding)])
        assert int(episode.simulated_steps) == int(episode.env_steps) == decisions
        assert bool(episode.visited.all())
        rewards.append(float(reward.sum()))
    if follower_name == "lookup" and game_name in ("copying", "chicken"):
        assert len({np.concatenate([x.ravel() for x in s]).tobytes() for s in strategies}) > 1  # answers move them
        assert len(set(rewards)) > 1


@pytest.mark.parametrize("follower_name", ["lookup", "asks and plays"])
def test_learners_count_answers_once(follower_name: str) -> None:
    game, leader = ASKED["copying"], Reinforce(reward_episodes=2)
    problem, key = StackelbergPOMDP(game, ASKING[follower_name](game), 2), jax.random.key(0)
    state = leader.init(problem, key)
    _, _, consumed = jax.jit(lambda: leader.collect(StepLevel(problem), state.parameters, key))()
    assert float(consumed) == float(jax.jit(problem.episode)(some_table(game), key).env_steps)


@pytest.mark.parametrize("game_name", ["copying", "chicken"])
def test_the_order_of_the_questions_does_not_matter(game_name: str) -> None:
    game, key = ASKED[game_name], jax.random.key(2)
    assert not np.array_equal(Shuffled().questions(game), Lookup().questions(game))

    @jax.jit
    def came(table):
        def both(followers):
            problem = StackelbergPOMDP(game, followers, 2)
            rule = lambda obs: table(obs.leader, obs.mask, key)  # noqa: E731
            state, reward, *_ = decision_by_decision(StepLevel(problem), rule, key)
            return problem.episode(table, key), state.followers, reward.sum()

        return both(Lookup()), both(Shuffled())

    for seed in range(4):
        one, other = came(some_table(game, seed))
        for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_response_may_be_paid_too() -> None:
    game, key = ASKED["copying"], jax.random.key(0)
    problem, table = StackelbergPOMDP(game, AsksAndPlays(), 2), some_table(game)
    rule = lambda obs: table(obs.leader, obs.mask, key)  # noqa: E731
    env = StepLevel(problem, reward_while_learning=True)
    _, reward, _, _, rewarding = jax.jit(lambda: decision_by_decision(env, rule, key))()
    _, usual, *_ = jax.jit(lambda: decision_by_decision(StepLevel(problem), rule, key))()
    # Six sub-episodes in the response and two afterwards count the same. An answer is paid nothing.
    np.testing.assert_allclose(reward[rewarding] * 8, usual[rewarding] * 2, atol=1e-6)
    assert not np.any(np.asarray(reward[: game.n_observations]))
    same_action = np.asarray(reward[game.n_observations : -8]) * 8
    assert set(np.round(same_action, 5).tolist()) == {0.0, 1.0}


# The theorem: a rule that is best in the problem with a query phase is best for a leader that moves first.


@pytest.mark.parametrize("name", ["prisoners_dilemma", "chicken", "hero"])
def test_the_best_rule_of_the_problem_is_the_stackelberg_rule(name: str) -> None:
    game, key = IteratedMatrix(name, steps=6), jax.random.key(0)
    tables, _, values = replies(name, 6)
    problem = StackelbergPOMDP(game, Replying(), 1)

    @jax.jit
    @jax.vmap
    def reward(table):
        rule = lambda obs: table[obs.leader[0]]  # noqa: E731
        _, paid, *_ = decision_by_decision(StepLevel(problem), rule, key)
        return paid.sum(), problem.episode(table_of(game, table), key).reward

    for view in reward(jnp.asarray(tables)):
        np.testing.assert_allclose(view, values, atol=1e-4)
        best = np.asarray(view) >= view.max() - 1e-4
        assert 0 < best.sum() < len(tables)
        np.testing.assert_array_equal(best, values == values.max())


def test_a_leader_that_tells_the_phases_apart_earns_more_than_any_rule() -> None:
    # It promises to cooperate, and defects: a bad rule to commit to.
    game, key = IteratedMatrix(steps=6), jax.random.key(0)
    tables, _, values = replies("prisoners_dilemma", 6)
    env = StepLevel(StackelbergPOMDP(game, Replying(), 1))

    @jax.jit
    @functools.partial(jax.vmap, in_axes=(None, 0))
    @functools.partial(jax.vmap, in_axes=(0, None))
    def two_faced(answers, actions):
        rule = lambda obs: jnp.where(obs.rewarding, actions, answers)[obs.leader[0]]  # noqa: E731
        return decision_by_decision(env, rule, key)[1].sum()

    rewards = np.asarray(two_faced(jnp.asarray(tables), jnp.asarray(tables)))
    np.testing.assert_allclose(np.diag(rewards), values, atol=1e-4)
    actions, _ = np.unravel_index(np.argmax(rewards), rewards.shape)
    assert rewards.max() == pytest.approx(6 * 1.5)  # defects six times against cooperation
    assert values.max() == pytest.approx(4)
    assert values[actions] < 0
