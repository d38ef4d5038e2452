"""Every kind of leader with every follower that acts in every step, at both levels."""

import jax
import numpy as np
import pytest

from firstmover import design
from firstmover.followers import BestResponse, Contextual, Meta, PolicyGradient, QLearning
from firstmover.followers.trained import Trained
from firstmover.games import IteratedMatrix, Patrol, Toll
from firstmover.leaders import DQN, CommitmentGradient, Evolution, RandomSearch, Reinforce

pytestmark = pytest.mark.slow  # thirty compilations

GAMES = [IteratedMatrix("chicken", steps=3), Patrol(length=2), Toll(drivers=2, levels=2, steps=2)]
FOLLOWERS = [
    BestResponse(),
    Contextual(),
    Meta(episodes=2),
    PolicyGradient(rounds=3, batch=4),
    PolicyGradient(rounds=3, batch=4, clip=0.2, epochs=2),
    QLearning(rounds=5),
]
LEADERS = [
    CommitmentGradient(updates=2, episodes=10),
    Evolution(updates=2, population=4),
    RandomSearch(updates=2, episodes=4),
    Reinforce(updates=2, steps=40),
    DQN(updates=2, steps=40, memory=2, gradient_steps=2),
]


@pytest.mark.parametrize("followers", FOLLOWERS, ids=lambda item: item.name)
@pytest.mark.parametrize("leader", LEADERS, ids=lambda item: item.name)
def test_they_work_together(leader, followers) -> None:
    game = GAMES[(LEADERS.index(leader) + FOLLOWERS.index(followers)) % len(GAMES)]
    if isinstance(followers, Trained):
        networks = followers.untrained(game, jax.random.key(0))
        followers = followers.having(jax.tree.map(lambda leaf: leaf[None], networks))
    made = design(game, followers=followers, leader=leader, seeds=1)
    low, high = game.leader_payoff_range
    assert np.all((made.values >= low - 1e-6) & (made.values <= high + 1e-6))
    assert made.certificate["exact"]
