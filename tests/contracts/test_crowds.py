"""Crowds go through the same episode as all followers do, and mean what plain loops over members say."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from crowds import WORTH, Ring

from firstmover.certificates import certify_play
from firstmover.core.commitment import table_of
from firstmover.core.crowd_play import CrowdPlay
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.evaluators import judge_of
from firstmover.evaluators.flow import gains_of
from firstmover.followers import BestResponse, MultiplicativeWeights, Population
from firstmover.games import Maintain, MeanFieldGame
from firstmover.jobs.designs import design, resume
from firstmover.leaders import PPO, CommitmentGradient
from firstmover.testing import check_game

TOLLS = np.array([[0.5, 0.0, 0.2, 0.0]])


def settled(game: MeanFieldGame, followers: Population, tolls: np.ndarray = TOLLS) -> tuple[CrowdPlay, float]:
    """The crowd's play under these tolls, and what an episode with it is rewarded."""
    with jax.enable_x64(True):
        problem = StackelbergPOMDP(game, followers)
        episode = jax.jit(lambda rule: problem.episode(table_of(game, rule), jax.random.key(0)))(jnp.asarray(tolls))
        return jax.tree.map(np.asarray, episode.strategy), float(episode.reward)


def by_hand(policy: np.ndarray, flow: np.ndarray, best: bool) -> np.ndarray:
    """What a life of as many periods as the flow has is worth in each cell, backwards in plain loops."""
    later = np.zeros(4)
    for t in range(len(flow) - 1, -1, -1):
        now = np.zeros(4)
        for cell in range(4):
            here = WORTH[cell] - 4 * flow[t, cell].sum() - TOLLS[0, cell]
            choices = [here + later[cell], here - 0.1 + (later[cell] + later[(cell + 1) % 4]) / 2]
            now[cell] = max(choices) if best else policy[t, cell, :, 0] @ choices
        later = now
    return later


def test_a_fixed_point_is_one_member_by_member() -> None:
    game = Ring()
    play, reward = settled(game, Population())
    masses = play.flow.sum((2, 3))
    assert np.allclose(masses[0], 0.25) and np.allclose(masses.sum(1), 1)
    for t in range(2):  # members come from the cell itself and from the one before
        walk = play.flow[t, :, 1, 0]
        assert np.allclose(masses[t + 1], masses[t] - walk / 2 + np.roll(walk, 1) / 2)
    # In the last period nothing follows, so that walking costs 0.1, and the odds say so at the temperature.
    assert np.allclose(play.policy[2, :, 1, 0] / play.policy[2, :, 0, 0], np.exp(-0.1 / 0.2))
    paid = sum(
        float(play.flow[t, c, m, 0]) * (WORTH[c] - 4 * masses[t, c] - 0.1 * m)
        for t in range(3)
        for c in range(4)
        for m in range(2)
    )
    assert reward == pytest.approx(paid, abs=1e-12)
    found = gains_of(game, TOLLS, play)
    own, best = (by_hand(play.policy, play.flow, best) for best in (False, True))
    assert np.allclose(found.gains, best - own, atol=1e-12) and found.gains.max() > 0.01
    assert found.residual < 1e-12


def test_a_flow_that_is_no_fixed_point_shows() -> None:
    game = Ring()
    play, _ = settled(game, Population())
    other = CrowdPlay(jnp.roll(jnp.asarray(play.flow), 1, axis=1), jnp.asarray(play.policy))
    assert gains_of(game, TOLLS, other).residual > 0.01


@pytest.mark.parametrize("method", ["fictitious-play", "mirror-descent"])
def test_learning_crowds_come_to_the_fixed_point(method: str) -> None:
    game = Ring(lasting=True)
    exact, reward = settled(game, Population())
    learnt, learnt_reward = settled(game, Population(method=method, rounds=600, rate=3.0))  # type: ignore[arg-type]
    assert np.abs(learnt.flow - exact.flow).max() < 5e-3
    assert learnt_reward == pytest.approx(reward, abs=0.01)


def test_a_crowd_that_lasts_is_stationary_and_repeats_its_values() -> None:
    game = Ring(lasting=True)
    play, _ = settled(game, Population())
    masses, walk = play.flow[0].sum((1, 2)), play.flow[0, :, 1, 0]
    assert np.allclose(walk, np.roll(walk, 1)) and masses.sum() == pytest.approx(1)
    values = np.zeros(4)
    for _ in range(400):
        here = WORTH - 4 * masses - TOLLS[0]
        values = np.maximum(here + 0.9 * values, here - 0.1 + 0.9 * (values + np.roll(values, -1)) / 2)
    walks = play.policy[0, :, 1, 0]
    moves = np.diag(1 - walks / 2) + np.diag(walks[:3] / 2, 1)
    moves[3, 0] = walks[3] / 2
    own = np.linalg.solve(np.eye(4) - 0.9 * moves, WORTH - 4 * masses - TOLLS[0] - 0.1 * walks)
    assert np.allclose(gains_of(game, TOLLS, play).gains, 0.1 * (values - own), atol=1e-9)


def test_tolls_are_designed_certified_and_resumed(tmp_path: Path) -> None:
    game, leader = Ring(), CommitmentGradient(updates=12, episodes=16, restarts=1)
    made = design(game, leader=leader, seeds=2, out=tmp_path / "run")
    free = settled(game, Population(), np.zeros((1, 4)))[1]
    assert made.value > free + 0.005
    assert made.certificate["epsilon"]["residual"] < 1e-9 and made.certificate["leader_value_bounds"] is None
    assert made.certificate["epsilon"]["max"] > 0.01  # members choose softly
    again = resume(tmp_path / "run", game=game)
    assert again.value == made.value and again.certificate == made.certificate
    certified = certify_play(game, made.rule.actions, made.play)
    assert certified.value == pytest.approx(judge_of(game).measured(made.rule.actions, made.play), abs=1e-6)


def test_who_does_not_fit_is_told_so() -> None:
    with pytest.raises(InputError, match="those of ring act as a crowd"):
        StackelbergPOMDP(Ring(), MultiplicativeWeights())
    with pytest.raises(InputError, match="use '--followers population'"):
        StackelbergPOMDP(Ring(), BestResponse())
    with pytest.raises(InputError, match="population needs followers that act as a crowd"):
        StackelbergPOMDP(Maintain(), Population())
    with pytest.raises(InputError, match="not sampled step by step"):
        StackelbergPOMDP(Ring(), Population(), reward_episodes=3)
    with pytest.raises(InputError, match="commitment-gradient"):
        design(Ring(), leader=PPO(updates=1), seeds=1)


def _undiscounted(self: Ring) -> None:
    Ring.__init__(self, lasting=True)
    self.discount = 1.0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"start": np.full(4, 0.3)}, "must have a share for each of 4 states"),
        (
            {"__init__": lambda self: Ring.__init__(self, lasting=True) or vars(self).update(discount=1.0)},
            "its discount must be below 1",
        ),
        ({"crowd": lambda self, mu, d: Ring.crowd(self, mu, d)._replace(chances=jnp.ones((4, 2, 2)))}, "sum to 1"),
        ({"payoff": lambda self, mu, d: mu}, "must return a number"),
    ],
)
def test_a_crowd_with_a_mistake_is_refused(changes: dict[str, Any], sentence: str) -> None:
    broken = type("Broken", (Ring,), changes)
    first = next(check for check in check_game(broken()) if not check.passed)
    assert sentence in first.why
