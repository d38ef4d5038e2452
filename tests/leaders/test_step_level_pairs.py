"""Every learner that decides one by one, in a game of every kind, with every family of followers.

Each runs, or is refused in one sentence before anything is trained. The lists come from the registry.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import EVERY

from firstmover import design
from firstmover.core.commitment import episode_noise
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.step_level import StepLevel
from firstmover.errors import InputError
from firstmover.followers import Follower
from firstmover.followers.trained import Trained
from firstmover.games import Game
from firstmover.jobs import build
from firstmover.jobs.training import initial_states
from firstmover.leaders.step_learner import StepLearner
from firstmover.spaces import Branching

SMALL = {"rounds": 2, "batch": 2, "episodes": 1, "updates": 2, "steps": 8, "epochs": 1, "gradient_steps": 1}


def smallest(cls, **chosen):
    """An item with the least work that its parameters allow."""
    return cls(**{key: value for key, value in SMALL.items() if key in build.settings(cls)}, **chosen)


def kind(game: Game) -> tuple:
    """What step-level code may treat in its own way."""
    space = game.leader_space
    levels = isinstance(space, Branching) and space.levels is not None
    return type(space).__name__, levels, game.followers_act, game.has_chance, game.name == "normal-form"


def families() -> dict[str, Follower]:
    """Every registered follower, and those that sample beside those that expect."""
    every = {}
    for name, cls in build.registered("followers").items():
        for update in ("expected", "sampled") if "update" in build.settings(cls) else (None,):
            every[f"{name} {update or ''}".strip()] = smallest(cls, **({"update": update} if update else {}))
    return every


LEARNERS = {n: smallest(cls) for n, cls in build.registered("leader").items() if issubclass(cls, StepLearner)}
FOLLOWERS = families()
GAMES = {}
for _name, _game in sorted(EVERY.items(), key=lambda item: (item[1].n_observations, item[0])):
    GAMES.setdefault(kind(_game), (_name, _game))
GAMES = dict(GAMES.values())
TRIPLES = list(itertools.product(LEARNERS, GAMES, FOLLOWERS))
# Some of all, so that each learner, each game and each follower is there several times.
SOME = [
    (list(LEARNERS)[(k + j // 8) % len(LEARNERS)], game, follower)
    for (k, game), (j, follower) in itertools.product(enumerate(GAMES), enumerate(FOLLOWERS))
    if (k + j) % 8 == 0
]


def ready(followers: Follower, game: Game) -> Follower:
    """The followers, with networks as they are before training where they need some."""
    if not isinstance(followers, Trained):
        return followers
    networks = followers.untrained(game, jax.random.key(0))
    return followers.having(jax.tree.map(lambda leaf: leaf[None], networks))


def test_there_is_a_game_of_every_kind() -> None:
    spaces = {(type(game.leader_space), game.leader_space.continuous) for game in EVERY.values()}
    assert {(type(game.leader_space), game.leader_space.continuous) for game in GAMES.values()} == spaces
    assert {game.followers_act for game in GAMES.values()} == {"once", "every step"}
    assert any(game.has_chance for game in GAMES.values())
    assert len(LEARNERS) >= 5
    assert {f.name for f in FOLLOWERS.values()} == set(build.registered("followers"))
    assert [set(part) for part in zip(*SOME, strict=True)] == [set(LEARNERS), set(GAMES), set(FOLLOWERS)]


def refusal(leader: StepLearner, game: Game, followers: Follower) -> str | None:
    """Why the three do not fit, or nothing."""
    try:
        leader.problem(game, followers)
    except InputError as why:
        assert str(why).strip()
        assert "\n" not in str(why)
        return str(why)
    return None


@pytest.mark.parametrize(("learner", "game", "follower"), SOME)
def test_an_update_of_several_seeds_can_be_built(learner: str, game: str, follower: str) -> None:
    leader, followers = LEARNERS[learner], ready(FOLLOWERS[follower], GAMES[game])
    if refusal(leader, GAMES[game], followers):
        return
    problem = leader.problem(GAMES[game], followers)
    states = jax.eval_shape(lambda: initial_states(problem, leader, 2, 0))
    after, metrics = jax.eval_shape(jax.vmap(lambda state: leader.update(problem, state)), states)
    assert jax.tree.all(jax.tree.map(lambda one, other: one.shape == other.shape, after, states))
    assert metrics.value.shape == (2,)


@pytest.mark.slow
@pytest.mark.parametrize(("learner", "game", "follower"), TRIPLES)
def test_they_work_together(learner: str, game: str, follower: str) -> None:
    leader, followers = LEARNERS[learner], ready(FOLLOWERS[follower], GAMES[game])
    why = refusal(leader, GAMES[game], followers)
    if why:
        with pytest.raises(InputError) as refused:
            design(GAMES[game], followers=followers, leader=leader, seeds=2)
        assert str(refused.value) == why
        return
    done = design(GAMES[game], followers=followers, leader=leader, seeds=2)
    low, high = GAMES[game].leader_payoff_range
    room = 1e-6 * (high - low)
    assert np.all((done.values >= low - room) & (done.values <= high + room))
    assert np.isfinite(done.history.value).all()


# `agrawal` is another instance of a market of prices; what is mixed or not without types is so with them. Bullets are
# long to compile.
_SLOW = (
    "agrawal",
    "bayesian-normal-form",
    "bullet-trade",
    "newsvendor",
    "normal-form 3x2x2x2 mixed",
    "normal-form 3x2x4",
    "security-schedules",
)


@pytest.mark.parametrize("game", [pytest.param(g, marks=pytest.mark.slow) if g in _SLOW else g for g in GAMES])
def test_a_batch_of_episodes_is_stepped_as_one_at_a_time(game: str) -> None:
    # Followers that reply within the episode, to decisions that differ from episode to episode.
    wanted_first = sorted(FOLLOWERS.values(), key=lambda followers: followers.asks(GAMES[game]) != 1)
    candidates = (ready(followers, GAMES[game]) for followers in wanted_first)
    followers = next(f for f in candidates if refusal(LEARNERS["reinforce"], GAMES[game], f) is None)
    env = StepLevel(StackelbergPOMDP(GAMES[game], followers, reward_episodes=2))
    head, keys = GAMES[game].leader_space.head(), jax.random.split(jax.random.key(1), 3)

    @jax.jit
    def decision(obs, key):
        noise = episode_noise(head, key, obs.leader)
        return head.action(head.draw(jnp.zeros(head.width), obs.mask, noise))

    decisions, reset, step = jax.jit(jax.vmap(decision)), jax.jit(env.reset), jax.jit(env.step)
    batched = jax.jit(jax.vmap(env.step))
    states, obs = jax.jit(jax.vmap(env.reset))(keys)
    singles = [reset(key) for key in keys]
    for _ in range(min(12, env.max_decisions)):
        states, obs, rewards, done = batched(states, decisions(obs, keys))
        alone = [step(state, decision(seen, key)) for (state, seen), key in zip(singles, keys, strict=True)]
        singles = [(state, seen) for state, seen, *_ in alone]
        together = (states.followers, states.time, states.exchange, states.episode, obs, rewards, done)
        for k, (state, *rest) in enumerate(alone):
            each = (state.followers, state.time, state.exchange, state.episode, *rest)
            for one, other in zip(jax.tree.leaves(each), jax.tree.leaves(together), strict=True):
                np.testing.assert_allclose(one, other[k], atol=1e-5)
