"""The market as a PettingZoo environment: it passes that library's tests, and pays what the game pays."""

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_games import REGISTERED

pytest.importorskip("pettingzoo")

from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test
from pettingzoo.utils import parallel_to_aec

from firstmover import certify
from firstmover.catalogue import items
from firstmover.errors import InputError
from firstmover.games import Maintain, NormalForm
from firstmover.interop.pettingzoo import MarketParallelEnv

# One of each kind of action, and one of several steps; the others are slow.
QUICK = {"maintain", "security", "iterated-matrix"}


@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # the tests of that library warn of spaces that are no image
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in REGISTERED]
)
def test_every_registered_game_passes_the_tests_of_the_library(name: str) -> None:
    with redirect_stdout(io.StringIO()):
        env = MarketParallelEnv(REGISTERED[name])
        parallel_api_test(env, num_cycles=20)
        parallel_seed_test(lambda: MarketParallelEnv(REGISTERED[name]), num_cycles=10)
        api_test(parallel_to_aec(env), num_cycles=20)


def test_what_is_paid_is_what_the_game_pays() -> None:
    payoffs = np.random.default_rng(0).normal(1000.0, 1.0, (3, 2, 3, 2))
    env = MarketParallelEnv(NormalForm(payoffs[0], payoffs[1:]))
    for profile in np.ndindex(2, 3, 2):
        env.reset(seed=1)
        _, rewards, over, cut, _ = env.step(dict(zip(env.agents, profile, strict=True)))
        assert list(rewards.values()) == pytest.approx(payoffs[(slice(None), *profile)].tolist(), rel=1e-6)
        assert all(over.values()) and not any(cut.values()) and not env.agents


@pytest.mark.parametrize("name", ["patrol", "toll"])
def test_an_episode_is_a_sub_episode_whatever_the_seed(name: str) -> None:
    env = MarketParallelEnv(REGISTERED[name])
    totals: list[list[dict[str, float]]] = []
    for _ in range(2):
        env.reset(seed=7)
        steps: list[dict[str, float]] = []
        for agent in env.possible_agents:
            env.action_space(agent).seed(3)
        while env.agents:
            steps.append(env.step({agent: env.action_space(agent).sample() for agent in env.agents})[1])
        totals.append(steps)
    assert len(totals[0]) == REGISTERED[name].horizon
    assert totals[0] == totals[1]


def test_forbidden_actions_become_the_next_possible_ones() -> None:
    game = REGISTERED["sequential-price"]
    env = MarketParallelEnv(game)
    _, infos = env.reset(seed=0)
    acting: set[str] = set()
    while env.agents:
        acting |= {agent for agent in env.agents if infos[agent]["acts"]}
        infos = env.step({agent: env.action_space(agent).sample() for agent in env.agents})[4]
    assert acting == set(env.possible_agents)


def test_a_policy_comes_back_as_a_rule_and_mistakes_are_sentences() -> None:
    env = MarketParallelEnv(Maintain())
    certificate: dict[str, Any] = certify(env.rule(lambda seen, mask: 1), followers="best-response")
    assert certificate["exact"]
    with pytest.raises(InputError, match="must be reset"):
        env.step({})
    env.reset(seed=0)
    with pytest.raises(InputError, match="there is no action for follower_0"):
        env.step({"leader": 0})
    with pytest.raises(InputError, match=r"the action of follower_0 must be in Discrete\(3\); got 9"):
        env.step({"leader": 0, "follower_0": 9})


@pytest.mark.parametrize("name", sorted(set(items("game")) - {name.split()[0] for name in REGISTERED}))
def test_the_other_games_are_refused_in_a_sentence_and_listed(name: str) -> None:
    with pytest.raises(InputError, match="not played step by step"):
        MarketParallelEnv(items("game")[name].load()())
    assert f"`{name}`" in (Path(__file__).parents[2] / "docs" / "pettingzoo.md").read_text()
