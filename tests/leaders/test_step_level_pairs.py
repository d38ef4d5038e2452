"""Every learner that decides one by one, in a game of every kind, with every family of followers.

Each runs, or is refused in one sentence before anything is trained. The lists come from the registry.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import EVERY

from firstmover import build, design
from firstmover.errors import InputError
from firstmover.followers import Follower
from firstmover.followers.trained import Trained
from firstmover.games import Game
from firstmover.leaders.step_learner import StepLearner
from firstmover.spaces import Branching
from firstmover.training import initial_states

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
# Every game with every follower, and each learner with each game and with each follower.
PAIRS = [
    (list(LEARNERS)[(k + j) % len(LEARNERS)], game, follower)
    for (k, game), (j, follower) in itertools.product(enumerate(GAMES), enumerate(FOLLOWERS))
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


def refusal(leader: StepLearner, game: Game, followers: Follower) -> str | None:
    """Why the three do not fit, or nothing."""
    try:
        leader.problem(game, followers)
    except InputError as why:
        assert str(why).strip()
        assert "\n" not in str(why)
        return str(why)
    return None


@pytest.mark.parametrize(("learner", "game", "follower"), PAIRS)
def test_an_update_of_several_seeds_can_be_built(learner: str, game: str, follower: str) -> None:
    leader, followers = LEARNERS[learner], ready(FOLLOWERS[follower], GAMES[game])
    if refusal(leader, GAMES[game], followers):
        return
    problem = leader.problem(GAMES[game], followers)
    states = jax.eval_shape(lambda: initial_states(problem, leader, 2, 0))
    after, metrics = jax.eval_shape(jax.vmap(lambda state: leader.update(problem, state)), states)
    assert jax.tree.map(lambda leaf: leaf.shape, after) == jax.tree.map(lambda leaf: leaf.shape, states)
    assert metrics.value.shape == (2,)


@pytest.mark.slow
@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize(("game", "follower"), list(itertools.product(GAMES, FOLLOWERS)))
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
