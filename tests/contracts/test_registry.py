"""What every registered item promises. The lists come from the registry: nothing can be left out by hand."""

import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import CROWDS, EVERY, KINDS, LISTABLE, ONCE, REGISTERED, some_rule

from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.followers import (
    BestResponse,
    Contextual,
    Exp3,
    FictitiousPlay,
    LevelK,
    Logit,
    Meta,
    MultiplicativeWeights,
    PartlyRational,
    PolicyGradient,
    Population,
    QLearning,
    RegretMatching,
    RepeatedQLearning,
    SampledWeights,
    SwapRegret,
    Unmoved,
)
from firstmover.followers.trained import Trained
from firstmover.games import Game
from firstmover.jobs import build
from firstmover.leaders import (
    A2C,
    DQN,
    MAPPO,
    PPO,
    BiLevelActorCritic,
    CommitmentGradient,
    Evolution,
    LocalSearch,
    MetaGradient,
    RandomSearch,
    Reinforce,
)
from firstmover.rules.rule import Rule
from firstmover.spaces import Branching, Discrete

FOLLOWERS = [
    BestResponse("weak"),
    Contextual("trained.npz"),
    Exp3(rounds=5),
    FictitiousPlay(rounds=5, ties="weak"),
    LevelK(2),
    Logit(rounds=5),
    Meta("trained.npz", episodes=2),
    MultiplicativeWeights(rounds=5),
    MultiplicativeWeights(rounds=5, update="sampled"),
    PartlyRational(),
    PolicyGradient(rounds=5, batch=4, clip=0.2, epochs=2),
    Population("mirror-descent", rounds=5),
    QLearning(rounds=5),
    RegretMatching(rounds=5, certified=0.1, max_rounds=20),
    SampledWeights(rounds=5),
    RepeatedQLearning(rounds=6, sessions=2, fresh=3, alpha=(0.5,)),
    SwapRegret(rounds=5),
    Unmoved(),
]
LEADERS = [
    CommitmentGradient(updates=2, episodes=10),
    CommitmentGradient(updates=2, episodes=10, policy="network", reward_episodes=3),
    MAPPO(updates=1, steps=32, epochs=1, reward_episodes=2),
    PPO(updates=1, steps=32, epochs=1, reward_episodes=2),
    A2C(1, 32, reward_episodes=2, centralised=True, action_map=False, response_steps=0.5, evaluation="stochastic"),
    Evolution(updates=2, population=4, reward_episodes=3, evaluation="stochastic"),
    LocalSearch(updates=2, episodes=4, archive=6, reward_episodes=3),
    RandomSearch(updates=2, episodes=4, reward_episodes=3),
    Reinforce(2, 32, phase_visible=True, reward_while_learning=True, entropy=0.1),
    Reinforce(2, 32, policy="network", action_map=False, response_steps=0.5, evaluation="stochastic"),
    DQN(2, 32, lookahead=1, memory=1, gradient_steps=2, reward_while_learning=True),
    MetaGradient(updates=2, inner_steps=3, reward_episodes=2, evaluation="stochastic"),
    BiLevelActorCritic(updates=2, steps=5, reward_episodes=2),
]


def test_every_registered_item_has_an_instance_here() -> None:
    assert {game.name for game in (REGISTERED | CROWDS).values()} == set(build.registered("game"))
    assert {followers.name for followers in FOLLOWERS} == set(build.registered("followers"))
    assert {leader.name for leader in LEADERS} == set(build.registered("leader"))


def test_a_refusal_names_the_followers_that_can_act_in_every_step() -> None:
    game = next(game for game in REGISTERED.values() if game.followers_act == "every step")
    able = {name for name, cls in build.registered("followers").items() if "every step" in cls.acts}
    refused = [followers for followers in FOLLOWERS if followers.name not in able]
    assert refused
    for followers in refused:
        with pytest.raises(InputError, match="can act in every step") as refusal:
            followers.check(game)
        assert set(re.findall(r"'([a-z-]+)'", str(refusal.value))) == able


@pytest.mark.parametrize("name", REGISTERED | CROWDS)
def test_games_can_be_built_again_from_their_parameters(name: str) -> None:
    game = (REGISTERED | CROWDS)[name]
    stored = json.loads(json.dumps(build.description(game)))
    again = build.build("game", stored["name"], stored["parameters"])
    assert build.description(again) == build.description(game)
    assert type(again) is type(game)


@pytest.mark.parametrize("item", [*FOLLOWERS, *LEADERS], ids=lambda item: item.name)
def test_followers_and_leaders_can_be_built_again(item) -> None:
    kind = "followers" if item in FOLLOWERS else "leader"
    stored = json.loads(json.dumps(build.description(item)))
    assert build.build(kind, stored["name"], stored["parameters"]) == item


@pytest.mark.parametrize("name", EVERY)
def test_games_say_consistently_who_acts(name: str) -> None:
    game: Game = EVERY[name]
    key = jax.random.key(0)
    types = jnp.zeros(game.n_followers, jnp.int32)
    table = table_of(game, jnp.asarray(some_rule(game)))
    state, leader_acted, followers_acted = game.reset(types, key), 0, np.zeros(game.n_followers, int)
    for time in range(game.horizon):
        turn = game.observe(state)
        obs = np.asarray(turn.leader_obs)
        assert obs.dtype == np.int32
        assert np.all((obs >= 0) & (obs < game.leader_obs_sizes))
        mask = np.asarray(game.leader_mask(turn.leader_obs))
        assert mask.any()
        possible = np.asarray(turn.follower_mask)
        assert possible.shape == (game.n_followers, max(game.n_actions))
        for i, n_actions in enumerate(game.n_actions):
            assert not possible[i, n_actions:].any()
            assert possible[i].any()
            assert 0 <= int(turn.follower_obs[i]) < game.n_obs[i]
        leader_acted += int(turn.leader_acts)
        followers_acted += np.asarray(turn.followers_act)
        action = table(turn.leader_obs, game.leader_mask(turn.leader_obs), key)
        state, _ = game.step(state, action, jnp.zeros(game.n_followers, jnp.int32), jax.random.fold_in(key, time))
    assert 1 <= leader_acted <= game.max_leader_decisions
    if game.followers_act == "once":
        assert game.n_obs == game.n_types
        np.testing.assert_array_equal(followers_acted, 1)
    # After the end nobody acts and nothing is paid.
    turn = game.observe(state)
    assert not bool(turn.leader_acts)
    assert not np.asarray(turn.followers_act).any()
    action = game.leader_space.idle()
    _, rewards = game.step(state, action, jnp.zeros(game.n_followers, jnp.int32), key)
    assert float(rewards.leader) == 0.0
    assert not np.asarray(rewards.followers).any()


# Every game with every kind of exchange; every follower with correlated types and with three followers.
ANSWERS = [
    pytest.param(
        name,
        followers,
        id=f"{name} {followers.name} {getattr(followers, 'update', '')}",
        marks=() if name in KINDS else pytest.mark.slow,
    )
    for followers in FOLLOWERS
    for name in LISTABLE
    if "once" in followers.acts
    if isinstance(followers, BestResponse | MultiplicativeWeights) or name in ("visits", "normal-form 3x2x2x2 mixed")
]


@pytest.mark.parametrize(("name", "followers"), ANSWERS)
def test_followers_answer_with_distributions_over_what_is_possible(name: str, followers) -> None:
    game = LISTABLE[name]
    if isinstance(followers, Trained):
        networks = followers.untrained(game, jax.random.key(0))
        followers = followers.having(jax.tree.map(lambda leaf: leaf[None], networks))
    if followers.name == "sampled-weights" and {len(set(game.n_types)), len(set(game.n_actions))} != {1}:
        with pytest.raises(InputError, match="as many types and actions each"):
            followers.check(game)
        return
    problem = StackelbergPOMDP(game, followers, 4)
    came = jax.jit(problem.episode)(table_of(game, jnp.asarray(some_rule(game))), jax.random.key(0))
    joint = np.asarray(came.strategy.joint(game))
    assert joint.min() >= 0
    np.testing.assert_allclose(joint.sum(1), 1.0, atol=1e-5)
    low, high = game.leader_payoff_range
    assert low - 1e-4 <= float(came.reward) <= high + 1e-4
    features = np.asarray(followers.features(game, followers.init(game)))
    assert features.min() >= 0
    assert features.max() <= 1
    assert int(came.env_steps) >= int(came.simulated_steps) > 0


# Every leader where the rule has masks, choices and real numbers, if it can do those; some where it has one kind of
# decision, or chance.
LARGE = "sequential-price"
SMALLER = {
    A2C: "visits",
    Evolution: "visits",
    PPO: "visits",
    RandomSearch: "visits",
    Reinforce: "visits",
    LocalSearch: "visits",
    DQN: "visits",
    MetaGradient: "bayesian-normal-form",
    BiLevelActorCritic: "escape",
}
LEARNING = [
    pytest.param(game, leader, id=f"{game} {leader.name} {k}", marks=pytest.mark.slow if game == LARGE and k else ())
    for k, leader in enumerate(LEADERS)
    for game in (SMALLER.get(type(leader), LARGE),)
]
LEARNING += [("visits", LEADERS[0]), ("maintain mixed", LEADERS[3]), ("lottery", LEADERS[2]), ("lottery", LEADERS[0])]


@pytest.mark.parametrize(("name", "leader"), LEARNING, ids=lambda item: getattr(item, "name", item))
def test_leaders_learn_rules_that_the_game_allows(name: str, leader) -> None:
    game = ONCE[name]
    followers = MultiplicativeWeights(rounds=2, update="sampled")
    if game.has_chance and leader.reward_episodes == 0:
        with pytest.raises(InputError, match="has chance"):
            StackelbergPOMDP(game, followers, 0)
        return
    problem = StackelbergPOMDP(game, followers, leader.reward_episodes)
    state = leader.init(problem, jax.random.key(0))
    after, metrics = jax.jit(lambda s: leader.update(problem, s))(state)
    assert jax.tree.structure(after) == jax.tree.structure(state)
    for one, other in zip(jax.tree.leaves(state), jax.tree.leaves(after), strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        assert jnp.issubdtype(other.dtype, jax.dtypes.prng_key) or np.isfinite(np.asarray(other)).all()
    assert all(np.isfinite(np.asarray(m)).all() for m in metrics)
    assert metrics.best >= metrics.value
    for table in np.asarray(leader.tables(problem, after)):
        assert len(table) == game.n_observations
        if isinstance(game.leader_space, Discrete | Branching):
            for obs, action in zip(game.observations(), table, strict=True):
                assert bool(game.leader_mask(jnp.asarray(obs))[int(np.ravel(action)[0])])
        entries = Rule(game, table).entries
        assert 1 <= len(entries) <= game.n_observations
        assert all(set(entry) == {"when", "do"} for entry in entries)
