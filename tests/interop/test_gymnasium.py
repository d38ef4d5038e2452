"""Gymnasium environments: the same episodes as the problem's own, whatever a learner outside does."""

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv
from tiny_games import CROWDS, REGISTERED, Visits

from firstmover.catalogue import items
from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.followers import BestResponse, MultiplicativeWeights
from firstmover.games import Maintain, NormalForm, SequentialPrice, SimpleAllocation
from firstmover.interop.gymnasium import StackelbergEnv, StackelbergVectorEnv
from firstmover.jobs.certifications import certify
from firstmover.rules.rule import Rule
from firstmover.spaces import Discrete

SAMPLED = MultiplicativeWeights(rounds=4, epsilon=0.5, update="sampled")
# One of each kind of action and observation; the others are slow.
QUICK = {"simple-allocation", "security", "sequential-price"}


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in REGISTERED]
)
def test_every_registered_game_passes_the_checker(name: str) -> None:
    check_env(StackelbergEnv(REGISTERED[name], BestResponse(), reward_episodes=2))  # warnings are errors


PRICED = SequentialPrice(
    agents=2,
    items=1,
    prices="continuous",
    values={"values": [[[30.0], [80.0]], [[20.0], [100.0]]], "probabilities": [[0.5, 0.5], [0.3, 0.7]]},
)
# Actions of every kind; payoffs that start elsewhere than at 0, prices in money.
TWO_VIEWS = {
    "maintain": Maintain(),
    "normal-form mixed": NormalForm([[13.0, 10.0], [11.0, 14.0]], [[0.0, 1.0], [1.0, 0.0]], "mixed"),
    "agrawal": REGISTERED["agrawal"],
    "sequential-price": PRICED,
    "visits": Visits(),
}


def drawn_anew(env: StackelbergEnv, seed: int) -> tuple[float, Rule, int]:
    """An episode of actions drawn anew in every step: what it pays, the rule of those first taken, and how many else.

    Nothing may be paid before the reward phase, and no action taken that the mask forbids.
    """
    observation, info = env.reset(seed=seed)
    env.action_space.seed(seed)
    first: dict[tuple[int, ...], Any] = {}
    total, others, done = 0.0, 0, False
    while not done:
        seen, mask, rewarding = key_of(observation), info["action_mask"], info["phase"]
        np.testing.assert_array_equal(mask, env.action_masks())
        observation, reward, done, cut, info = env.step(env.action_space.sample())
        taken = numbers(info["action"])
        assert not cut and (rewarding or not reward)
        assert not mask.size or mask[int(taken[0])]
        others += taken != numbers(first.setdefault(seen, info["action"]))
        total += reward
    default = env.action_space.sample()
    return total, env.rule(lambda seen, mask: first.get(key_of(seen), default)), others


def key_of(observation: Any) -> tuple[int, ...]:
    return tuple(np.ravel(observation).tolist())


def numbers(action: Any) -> list[float]:
    parts = [action["option"], action["components"]] if isinstance(action, dict) else [action]
    return [number for part in parts for number in np.ravel(part).tolist()]


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("normal-form mixed", "sequential-price") else pytest.param(name, marks=pytest.mark.slow)
        for name in TWO_VIEWS
    ],
)
def test_an_episode_is_the_one_of_the_rule_that_was_held(name: str) -> None:
    game = TWO_VIEWS[name]
    env = StackelbergEnv(game, SAMPLED, reward_episodes=3)
    problem = StackelbergPOMDP(game, SAMPLED, reward_episodes=3)
    episode = jax.jit(problem.episode)
    low, high = game.leader_payoff_range
    returns = set()
    for seed in range(4):
        total, rule, others = drawn_anew(env, seed)
        assert not others  # the first action at an observation is held
        own = episode(table_of(game, jnp.asarray(rule.actions)), jax.random.key(env.episode_seed))
        assert total == pytest.approx(float(own.reward), abs=1e-5 * (high - low))
        returns.add(round(total, 6))
    assert len(returns) > 1


def test_without_the_map_actions_are_taken_as_they_come_where_they_are_possible() -> None:
    env = StackelbergEnv(Visits(), BestResponse(), reward_episodes=2, action_map=False)
    assert drawn_anew(env, 0)[2]
    env.reset(seed=0)
    done, replaced = False, set()
    while not done:
        mask = env.action_masks()
        asked, options = int(np.argmin(mask)), np.flatnonzero(mask)
        _, _, done, _, info = env.step(asked)
        assert info["action"] == next((k for k in options if k >= asked), options[0])
        replaced.add((asked, int(info["action"])))
    assert any(asked != taken for asked, taken in replaced)


# Agents are served until the item is sold, so that episodes have different lengths.
UNEVEN = SequentialPrice(agents=3, items=1, messages=1, prices=3, types=2)


def test_many_environments_are_as_many_single_ones() -> None:
    """Also where they are not in step with each other, over several episodes each."""
    asked = {"followers": BestResponse(), "reward_episodes": 2}
    ours = StackelbergVectorEnv(UNEVEN, num_envs=3, **asked)
    single = StackelbergEnv(UNEVEN, **asked)
    others = [StackelbergEnv.__new__(StackelbergEnv) for _ in range(3)]
    for other in others:
        vars(other).update(vars(single))  # shares what is compiled
    theirs = SyncVectorEnv([lambda other=other: other for other in others])
    assert ours.action_space == theirs.action_space
    assert ours.observation_space == theirs.observation_space
    ours.action_space.seed(0)
    outcomes = [env.reset(seed=7) for env in (ours, theirs)]
    ends: list[set[int]] = [set() for _ in range(3)]
    for step in range(400):
        observations, infos = zip(*[(out[0], out[-1]) for out in outcomes], strict=True)
        np.testing.assert_array_equal(*observations)
        for name in ("action_mask", "critic", "phase"):
            np.testing.assert_array_equal(infos[0][name], infos[1][name])
        if step:
            np.testing.assert_allclose(outcomes[0][1], outcomes[1][1], atol=1e-6)
            for part in (2, 3):
                np.testing.assert_array_equal(outcomes[0][part], outcomes[1][part])
            for k in np.flatnonzero(outcomes[0][2]):
                ends[k].add(step)
        actions = ours.action_space.sample()
        outcomes = [env.step(actions) for env in (ours, theirs)]
    assert min(map(len, ends)) > 1
    assert len(set(map(frozenset, ends))) > 1

    def paid(seed: int) -> list[float]:
        ours.reset(seed=seed)
        return np.concatenate([ours.step(np.full_like(actions, 1))[1] for _ in range(100)]).tolist()

    assert paid(1) == paid(1) != paid(2)


def test_a_policy_comes_back_as_a_rule_that_is_certified() -> None:
    game = SimpleAllocation(items=3, messages=2)
    env = StackelbergEnv(game, BestResponse())
    rule = env.rule(np.array([2, 1]))
    assert rule.entries == [{"when": {"message": m}, "do": {"item": 2 - m}} for m in range(2)]
    asked = env.rule(lambda seen, mask: [2, 1][seen] if mask.all() else 0)
    np.testing.assert_array_equal(asked.actions, rule.actions)
    certificate = certify(rule, followers=env.followers)
    assert certificate["value"] == pytest.approx(2 / 3)


def test_the_page_lists_every_registered_game() -> None:
    page = (Path(__file__).parents[2] / "docs" / "gymnasium.md").read_text()
    listed = set(re.findall(r"`([a-z-]+)`", " ".join(re.findall(r"^\| (`.*?) \|", page, re.M))))
    crowds = {game.name for game in CROWDS.values()}
    assert all(f"`{name}`" in page for name in crowds)  # which are refused
    assert set(items("game")) - crowds <= listed
    assert {game.name for game in REGISTERED.values()} == set(items("game")) - crowds  # all of which are checked


class Unlike(Discrete):
    """A space that does not say what its values are made of."""

    parts = None


def test_what_has_no_counterpart_is_refused() -> None:
    game = Visits()
    game.leader_space = Unlike(4)
    with pytest.raises(InputError, match=r"a decision in tiny is not made of .* no counterpart of it"):
        StackelbergEnv(game, BestResponse())


def test_bad_input_is_refused_in_a_sentence() -> None:
    game = SimpleAllocation(3, 2)
    env = StackelbergEnv(game, BestResponse())
    for call in (env.action_masks, lambda: env.step(0)):
        with pytest.raises(InputError, match="must be reset before"):
            call()
    env.reset(seed=0)
    for action in (3, -1, 0.5, "left", [0, 1], None, float("nan")):
        with pytest.raises(InputError, match=r"an action must be in Discrete\(3\); got"):
            env.step(action)
    with pytest.raises(InputError, match="reward_episodes must be at least 1; got 0"):
        StackelbergEnv(game, BestResponse(), reward_episodes=0)
    with pytest.raises(InputError, match="num_envs must be at least 1; got 0"):
        StackelbergVectorEnv(game, BestResponse(), num_envs=0)
    with pytest.raises(InputError, match="an action must be in"):
        env.rule([0])
    priced = StackelbergEnv(PRICED, BestResponse())
    with pytest.raises(InputError, match="an action must be in Dict"):
        priced.rule(lambda seen, mask: 0)


def test_without_gymnasium_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    monkeypatch.delitem(sys.modules, "firstmover.interop.gymnasium")
    with pytest.raises(InputError, match=r"needs gymnasium: pip install 'firstmover\[interop\]'\.$"):
        importlib.import_module("firstmover.interop.gymnasium")
