"""Environments of others as games: played as they would be outside, by seeds, and refused in sentences."""

import runpy
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import Env
from gymnasium.spaces import Box, Dict, Discrete

from firstmover.cli import main
from firstmover.core.commitment import table_of
from firstmover.core.plays import Strategies
from firstmover.core.rollout import Query, answer
from firstmover.errors import InputError
from firstmover.followers import QLearning
from firstmover.interop.environments import EnvironmentGame
from firstmover.interop.hosted import Hosted, Players
from firstmover.jobs.designs import design
from firstmover.leaders import CommitmentGradient

ROOT = Path(__file__).parents[2]


EXAMPLE = runpy.run_path(str(ROOT / "examples" / "harbour_environment.py"))
HarbourEnv: Any = EXAMPLE["HarbourEnv"]
SHIPS = EXAMPLE["SHIPS"]


class Harbour(EXAMPLE["Harbour"]):  # type: ignore[misc]
    """The example's game, of whatever environment a test wants."""

    environment: type = HarbourEnv

    def make(self) -> Any:
        return self.environment()


def test_sub_episodes_are_those_of_the_environment() -> None:
    """The port asks for more the fuller it was; ship 0 enters, ship 1 enters where one was inside."""
    game, fees = Harbour(), np.array([1, 2, 0])
    tables = tuple(jnp.asarray(np.eye(2)[choices]) for choices in ([1, 1, 1], [0, 1, 0]))
    query = Query(jnp.zeros((4, 2), jnp.int32), Strategies(tables), jnp.full((4, 3, 2), 0.5), jnp.arange(4))
    rule = table_of(game, jnp.asarray(fees))
    outcome = jax.jit(lambda key: answer(game, rule, query, key))(jax.random.key(3))
    assert game.calls is not None and game.calls.made == 4 * (1 + 3)  # a reset and a call for every step, none again
    states = [
        game.reset(jnp.zeros(2, jnp.int32), jax.random.fold_in(jax.random.fold_in(jax.random.key(3), k), 0))
        for k in range(4)
    ]
    for k, state in enumerate(states):
        env, inside, paid = HarbourEnv(), 0, np.zeros(3)
        env.reset(seed=int(state.seed))
        for _ in range(3):
            ships = {"ship_0": 1, "ship_1": int(inside == 1)}
            seen, rewards, *_ = env.step({"port": int(fees[inside]), **ships})
            inside = seen["port"]
            paid += [rewards[player] for player in ("port", *SHIPS)]
        np.testing.assert_allclose([outcome.leader[k], *outcome.followers[k]], paid, rtol=1e-6)
    assert len({int(state.seed) for state in states}) == 4


def test_what_follows_a_history_is_the_same_whoever_stood_there() -> None:
    game = Harbour()
    hosted = Hosted(lambda: Players(HarbourEnv(), "port"), game.calls)
    fees, ships = np.array([1, 2]), np.array([[1, 0], [1, 1]], np.int32)
    hosted.reset(7)
    first = hosted.step(7, fees[:1], ships[:1], game._by_player)
    straight = hosted.step(7, fees, ships, game._by_player)
    made = game.calls.made
    branch = hosted.step(7, np.array([1, 0]), ships, game._by_player)  # nobody stands there: from the seed again
    assert game.calls.made == made + 3
    again = hosted.step(7, fees, ships, game._by_player)
    assert first.observations["port"] == 1 and again.rewards == straight.rewards != branch.rewards


class Shop(Env):
    """A seller names a price, and a buyer who saw it not takes it or leaves it."""

    action_space = Dict({"seller": Box(0.0, 1.0, (1,)), "buyer": Discrete(2)})
    observation_space = Discrete(1)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return 0, {}

    def step(self, action: Any) -> Any:
        price = float(action["seller"][0]) * action["buyer"]
        return 0, price, True, False, {"rewards": {"buyer": 0.8 * action["buyer"] - price}}


class Selling(EnvironmentGame):
    """Gymnasium's kind, with a price."""

    leader, horizon = "seller", 1
    leader_payoff_range, follower_payoff_ranges = (0.0, 1.0), ((-0.2, 0.8),)

    def make(self) -> Any:
        return Shop()


def test_gymnasium_and_prices() -> None:
    game = Selling()
    assert game.followers_act == "once" and game.n_actions == (2,) and game.leader_space.continuous
    with jax.enable_x64(True):
        state = game.reset(jnp.zeros(1, jnp.int32), jax.random.key(0))
        after, paid = game.step(state, jnp.array([0.3]), jnp.array([1], jnp.int32), jax.random.key(0))
    assert bool(after.over) and not bool(game.observe(after).leader_acts)
    assert float(paid.leader) == pytest.approx(0.3) and float(paid.followers[0]) == pytest.approx(0.5)


class Blind(HarbourEnv):
    def observation_space(self, agent: str) -> Any:
        return Box(0.0, 1.0, (4,))


class Turns(HarbourEnv):
    def agent_iter(self) -> None:
        """As environments whose agents act in turn."""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"environment": Blind}, "cannot be counted: say its number of sorts"),
        ({"environment": Turns}, "aec_to_parallel"),
        ({"leader": "mayor"}, "must be one of at least two players; HarbourEnv has port, ship_0, ship_1"),
        ({"follower_payoff_ranges": ((0.0, 1.0),)}, "a range for each of ship_0, ship_1"),
        ({"environment": Shop, "leader": "buyer"}, "the follower seller must act in a Discrete"),
    ],
)
def test_what_is_no_game_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        type("Other", (Harbour,), changes)()


@pytest.mark.slow
def test_a_port_learns_a_fee_with_stated_calls_and_a_bound() -> None:
    game = Harbour()
    leader = CommitmentGradient(updates=5, episodes=10, restarts=1, reward_episodes=4)
    made = design(game, followers=QLearning(rounds=40), leader=leader, seeds=1)
    assert 0 <= made.value <= 4.9 and made.certificate["exact"] is False
    with pytest.raises(InputError, match="more than --max-calls 10"):
        design(game, followers=QLearning(rounds=40), leader=leader, seeds=1, max_calls=10)


@pytest.mark.slow
def test_the_example_runs_from_the_command_line(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "harbour.py").write_text((ROOT / "examples/harbour_environment.py").read_text())
    assert main(["check", "harbour.py:Harbour"]) == 0
    few = ["-f", "rounds=20", "--seeds", "1"]
    for setting in ("reward_episodes=2", "updates=2", "episodes=10", "restarts=1"):
        few += ["-l", setting]
    assert main(["design", "harbour.py:Harbour", "--followers", "q-learning", *few]) == 0
    assert "will be called at most" in capsys.readouterr().err
