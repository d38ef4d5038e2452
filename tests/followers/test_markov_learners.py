"""Q-learning and policy gradient in every-step games, against plain readings of their sources; how good they get."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import REGISTERED, Copying, some_rule

from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import answer, rollout
from firstmover.core.step_level import StepLevel
from firstmover.errors import InputError
from firstmover.evaluators.forms import possible_actions
from firstmover.followers import BestResponse, PolicyGradient, QLearning
from firstmover.games import IteratedMatrix, SimpleAllocation, Toll

pytestmark = pytest.mark.slow  # learning; `tests/contracts` and `tests/equilibria` hold the fast versions

KEY = jax.random.key(7)
RULE = np.array([0, 1, 1, 0, 1])


def _respond(game, followers, rule, reward_episodes: int = 1):
    problem = StackelbergPOMDP(game, followers, reward_episodes)
    return jax.jit(problem.episode)(table_of(game, jnp.asarray(rule)), KEY)


def _learnt(game, followers):
    """What the followers have learnt after a response to the rule."""
    noise, table = StackelbergPOMDP(game, followers, 1).response_noise(KEY), table_of(game, jnp.asarray(RULE))

    @jax.jit
    def exchange(state, noise):
        query = followers.ask(game, state, noise)
        return followers.tell(game, state, query, answer(game, table, query, KEY, keep_steps=True)), None

    return jax.lax.scan(exchange, followers.init(game), noise)[0]


def _noise(game, followers, batch: int) -> np.ndarray:
    """The numbers that the actions of a response are drawn by, [rounds, batch, steps]; a type comes before them."""
    drawn = np.asarray(StackelbergPOMDP(game, followers, 1).response_noise(KEY), np.float64)
    return drawn.reshape(len(drawn), batch, 1 + game.horizon)[:, :, 1:]


def _copying(mixed: np.ndarray, noise: np.ndarray) -> list[tuple[int, int, float]]:
    """A sub-episode of `Copying` played by hand: (observation, action, payment) of each step."""
    steps, seen = [], 0
    for u in noise:
        action = int(u >= mixed[seen, 0])
        same = RULE[seen] == action
        steps.append((seen, action, float(not same)))
        seen = 1 + 2 * RULE[seen] + action
    return steps


def test_it_is_q_learning() -> None:
    game = Copying()
    followers = QLearning(rounds=25, play="last", learning_rate=0.3, exploration=0.9, decay=0.05, initial=0.4)
    values, noise = np.full((5, 2), 0.4), _noise(game, followers, 1)

    def mixed(explores: float) -> np.ndarray:
        return (1 - explores) * np.eye(2)[values.argmax(1)] + explores / 2

    for k in range(25):
        ahead = 0.0
        for seen, action, paid in reversed(_copying(mixed(0.9 * np.exp(-0.05 * k)), noise[k, 0])):
            values[seen, action] += 0.3 * (paid / 4 + ahead - values[seen, action])
            ahead = values[seen].max()
    np.testing.assert_allclose(_learnt(game, followers).tables[0], values, atol=1e-5)
    assert values.std() > 0.05


def test_values_are_counted_from_the_least_payoff() -> None:
    # One step of a game that pays from -1.5 to 1.5, in which the follower did what pays 0.5: that is 2/3 of the way.
    game = IteratedMatrix("prisoners_dilemma", steps=1)
    followers = QLearning(rounds=1, learning_rate=1.0, exploration=0.0, initial=0.0)
    state = followers.init(game)
    query = followers.ask(game, state, jnp.full(followers.noise_size(game), 0.5))
    told = followers.tell(
        game, state, query, answer(game, table_of(game, jnp.zeros(5, int)), query, KEY, keep_steps=True)
    )
    assert float(told.tables[0][0, 0]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("clip", "epochs"), [(0.0, 1), (0.2, 1), (0.1, 6)])
def test_it_is_policy_gradient(clip: float, epochs: int) -> None:
    game, batch, rate, bonus = Copying(), 5, 0.5, 0.02
    followers = PolicyGradient(8, play="last", batch=batch, learning_rate=rate, clip=clip, epochs=epochs, entropy=bonus)
    logits, noise, clipped = np.zeros((5, 2)), _noise(game, followers, batch), 0

    def softmax(row: np.ndarray) -> np.ndarray:
        weights = np.exp(row - row.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True)

    for k in range(8):
        before = softmax(logits)
        played = [_copying(before, noise[k, q]) for q in range(batch)]
        paid = np.array([[step[2] for step in steps] for steps in played]) / 4
        to_come = paid[:, ::-1].cumsum(1)[:, ::-1]
        gains = to_come - to_come.mean(0)
        gains /= np.sqrt((gains**2).mean()) + 1e-6
        for _ in range(epochs):
            now = softmax(logits)
            for seen in range(5):
                decisions = [
                    (steps[t][1], gains[q, t])
                    for q, steps in enumerate(played)
                    for t in range(4)
                    if steps[t][0] == seen
                ]
                if not decisions:
                    continue
                gradient = np.zeros(2)
                for action, gain in decisions:
                    ratio = now[seen, action] / before[seen, action]
                    bounded = clip and (ratio > 1 + clip if gain > 0 else ratio < 1 - clip)
                    clipped += bool(bounded)
                    gradient += 0 if bounded else gain * ratio * (np.eye(2)[action] - now[seen])
                logp = np.log(now[seen])
                entropy = -now[seen] * (logp - now[seen] @ logp)
                logits[seen] += rate * (gradient / len(decisions) + bonus * entropy)
    np.testing.assert_allclose(_learnt(game, followers).tables[0], logits, atol=1e-3)
    assert np.abs(logits).max() > 0.5
    assert (clipped > 0) == (epochs > 1)


@pytest.mark.parametrize(
    ("followers", "game"),
    [
        (QLearning(), IteratedMatrix("prisoners_dilemma")),
        (QLearning(), IteratedMatrix("chicken")),
        (PolicyGradient(), IteratedMatrix("prisoners_dilemma")),
        (PolicyGradient(clip=0.2, epochs=4), IteratedMatrix("chicken")),
        (PolicyGradient(), REGISTERED["patrol"]),
    ],
    ids=lambda item: item.name,
)
def test_learners_come_near_the_exact_best_response(followers, game) -> None:
    # Within 5 % of the payoff range of what a follower that counts the steps earns, for 90 % of the leader's rules.
    n, size = game.leader_space.n, game.n_observations
    every = itertools.product(range(n), repeat=size) if n**size <= 32 else None
    rules = np.array(list(every)) if every else np.random.default_rng(0).integers(0, n, (32, size))

    def follower_earns(model):
        problem = StackelbergPOMDP(game, model, 0)

        def one(actions, key):
            table = table_of(game, actions)
            play = problem.episode(table, key).strategy
            return rollout(game, table, play, None, jnp.zeros(1, jnp.int32), key).follower_rewards.sum()

        return np.asarray(jax.jit(jax.vmap(one))(jnp.asarray(rules), jax.random.split(KEY, len(rules))))

    best = follower_earns(BestResponse())
    regret = (best - follower_earns(followers)) / game.follower_payoff_scale
    assert regret.min() > -1e-5
    assert np.mean(regret <= 0.05) >= 0.9
    assert np.ptp(best) > 0.2 * game.follower_payoff_scale


@pytest.mark.parametrize("followers", [QLearning(200), PolicyGradient(20)], ids=lambda f: f.name)
def test_several_followers_find_what_is_dominant(followers) -> None:
    # In one step on a new road, a trip pays whatever the others do; under a toll of 100 it never does.
    game = Toll(drivers=3, tolls=(0.0, 100.0), steps=1)
    for toll, action in enumerate((1, 0)):
        came = _respond(game, followers, np.full(game.n_observations, toll), 0)
        start = int(game.observe(game.reset(jnp.zeros(3, jnp.int32), KEY)).follower_obs[0])
        assert [int(table[start].argmax()) for table in came.strategy.tables] == [action] * 3


def test_policy_gradient_learns_where_followers_act_once() -> None:
    came = _respond(SimpleAllocation(3, 3), PolicyGradient(), np.array([2, 0, 1]), 0)
    assert float(came.reward) == pytest.approx(1.0)


@pytest.mark.parametrize("followers", [QLearning(6), PolicyGradient(3, batch=2)], ids=lambda f: f.name)
def test_a_round_is_counted_by_what_is_played_in_it(followers) -> None:
    came = _respond(Copying(), followers, RULE, 5)
    assert int(came.env_steps) == int(came.simulated_steps) == (6 + 5) * 4


@pytest.mark.parametrize("name", ["iterated-matrix 2x3", "patrol", "toll"])
@pytest.mark.parametrize("followers", [QLearning(5, play="last"), PolicyGradient(3, play="last")], ids=lambda f: f.name)
def test_only_what_is_possible_is_played_and_batches_change_nothing(name: str, followers) -> None:
    game = REGISTERED[name]
    problem = StackelbergPOMDP(game, followers, 2)
    tables = jnp.stack([jnp.asarray(some_rule(game, seed)) for seed in (3, 4)])
    keys = jax.random.split(KEY, 2)
    episode = jax.jit(lambda actions, key: problem.episode(table_of(game, actions), key))
    single = [episode(actions, key) for actions, key in zip(tables, keys, strict=True)]
    again = episode(tables[0], keys[0])
    batch = jax.jit(jax.vmap(lambda actions, key: problem.episode(table_of(game, actions), key)))(tables, keys)
    for one, repeated in zip(jax.tree.leaves(single[0]), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(one, repeated)
    for k in range(2):
        for one, other in zip(jax.tree.leaves(single[k]), jax.tree.leaves(batch), strict=True):
            np.testing.assert_allclose(one, other[k], atol=1e-5)
        for table, possible in zip(single[k].strategy.tables, possible_actions(game), strict=True):
            np.testing.assert_allclose(np.asarray(table).sum(1), 1, atol=1e-5)
            np.testing.assert_array_equal(np.asarray(table) > 0, possible)
    features = followers.features(game, followers.init(game))
    assert float(features.min()) >= 0
    assert float(features.max()) <= 1


@pytest.mark.parametrize(
    ("name", "followers"),
    [
        ("toll", BestResponse("weak")),
        ("iterated-matrix", BestResponse(policies="memoryless")),
        ("patrol", QLearning(5, play="last")),
        ("toll", PolicyGradient(3, play="last", batch=2)),
    ],
    ids=lambda item: getattr(item, "name", item),
)
def test_step_level_and_commitment_level_agree(name: str, followers) -> None:
    game = REGISTERED[name]
    problem = StackelbergPOMDP(game, followers, 2)
    env, table = StepLevel(problem), table_of(game, jnp.asarray(some_rule(game)))

    @jax.jit
    def step_level():
        def decide(carry, _):
            state, obs = carry
            state, obs, reward, done = env.step(state, table(obs.leader, obs.mask, KEY))
            return (state, obs), (reward, done)

        (state, _), (rewards, done) = jax.lax.scan(decide, env.reset(KEY), None, length=env.max_decisions)
        return followers.strategy(game, state.followers), rewards.sum(), done

    strategy, reward, done = step_level()
    episode = jax.jit(problem.episode)(table, KEY)
    assert float(reward) == pytest.approx(float(episode.reward), abs=1e-4)
    for one, other in zip(jax.tree.leaves(strategy), jax.tree.leaves(episode.strategy), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert int(episode.env_steps) == 1 + int(np.argmax(np.asarray(done)))


def test_some_moves_are_impossible_in_patrols() -> None:
    (possible,) = possible_actions(REGISTERED["patrol"])
    assert not possible[8, 0]  # from the first lane of the last row to its left
    assert possible[9].all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"rounds": 0}, "rounds must be at least 1"),
        ({"batch": 1}, "batch must be at least 2"),
        ({"learning_rate": float("nan")}, "learning_rate must be"),
        ({"clip": 1.0}, "clip must lie"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"epochs": 2}, "more than one of epochs needs a clip"),
        ({"entropy": -1.0}, "entropy must be"),
    ],
)
def test_ranges_are_checked(parameters: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        PolicyGradient(**parameters)


def test_the_reward_of_play_with_chance_in_it_is_sampled() -> None:
    for followers in (QLearning(play="last"), QLearning(ties="uniform"), PolicyGradient(play="last")):
        with pytest.raises(InputError, match="has to be sampled"):
            StackelbergPOMDP(Copying(), followers, 0)
        StackelbergPOMDP(Copying(), followers, 1)
