"""One small game for each feature that the contract has to carry, and instances of every registered game."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from firstmover.core.commitment import draw_table
from firstmover.core.types import TypeDistribution
from firstmover.games import (
    Agrawal,
    BayesianNormalForm,
    BulletTrade,
    BuyBox,
    CrowdToll,
    Escape,
    Game,
    IteratedMatrix,
    Maintain,
    MatrixDesign,
    Newsvendor,
    NormalForm,
    Patrol,
    Rewards,
    SecurityGame,
    SecuritySchedules,
    SequentialPrice,
    SimpleAllocation,
    Tax,
    Toll,
    Turn,
)
from firstmover.spaces import Discrete


class _State(NamedTuple):
    time: Int[Array, ""]
    types: Int[Array, "n"]
    said: Int[Array, "n"]
    left: Int[Array, ""]
    luck: Array


class _Tiny(Game):
    """Defaults of what the tests do not look at."""

    name = "tiny"
    followers_act = "once"
    has_chance = False
    leader_payoff_range = (0.0, 3.0)
    objective = "a test"
    status_quo = 0

    def parameters(self) -> dict[str, Any]:
        return {}

    def entry(self, observation: Any, action: np.ndarray) -> dict[str, Any]:
        return {"when": {"obs": list(observation)}, "do": {"action": int(action)}}

    def decision(self, when: dict[str, Any], do: dict[str, Any]) -> np.ndarray:
        return np.asarray(do["action"])

    def sentence(self, entry: dict[str, Any]) -> str:
        return str(entry)

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        return f"{follower} {type_} {probabilities}"


class Visits(_Tiny):
    """Correlated types, unequal sizes, masks, and two decisions of a leader that sees the messages but no type.

    Each of two followers sends a message (follower 0: 2 types, 2 messages; follower 1: 3 types, 3 messages, of which
    type 0 cannot send the last). The leader visits one follower, then must visit the other; it may serve the visited
    one (odd actions) or not. A served follower is paid 1 if its message was its type, else 0.25; the leader is paid
    the types it served, the first one double.
    """

    horizon = 3

    def __init__(self) -> None:
        self.types = TypeDistribution.correlated([[0.3, 0.1, 0.1], [0.05, 0.15, 0.3]])
        self.n_obs, self.n_actions = (2, 3), (2, 3)
        self.leader_space = Discrete(4)  # 2 * follower + whether it is served
        self.leader_obs_sizes = (2, 3, 3)  # messages; who is left: both, follower 0, follower 1
        self.leader_payoff_range = (0.0, 5.0)
        self.follower_payoff_ranges = ((0.0, 1.0), (0.0, 1.0))

    def reset(self, types: Array, key: Array) -> _State:
        return _State(jnp.int32(0), types, jnp.zeros(2, jnp.int32), jnp.int32(0), jnp.zeros(()))

    def observe(self, state: _State) -> Turn:
        limits = jnp.stack([jnp.int32(2), jnp.where(state.types[1] == 0, 2, 3)])
        return Turn(
            leader_obs=jnp.append(state.said, state.left),
            leader_acts=(state.time > 0) & (state.time < 3),
            follower_obs=state.types,
            followers_act=jnp.full(2, state.time == 0),
            follower_mask=jnp.arange(3) < limits[:, None],
        )

    def leader_mask(self, obs: Array) -> Array:
        who = jnp.arange(4) // 2
        return (obs[2] == 0) | (who == obs[2] - 1)

    def step(self, state: _State, action: Array, follower_actions: Array, key: Array) -> tuple[_State, Rewards]:
        said = jnp.where(state.time == 0, follower_actions, state.said)
        acting = (state.time > 0) & (state.time < 3)
        who, served = action // 2, action % 2
        left = jnp.where(acting, 2 - who, state.left)
        gain = acting * served * jnp.where(said[who] == state.types[who], 1.0, 0.25)
        leader = acting * served * state.types[who] * jnp.where(state.time == 1, 2.0, 1.0)
        followers = jnp.where(jnp.arange(2) == who, gain, 0.0)
        return _State(state.time + 1, state.types, said, left, state.luck), Rewards(leader, followers)


class Lottery(_Tiny):
    """Chance: the follower bets on a side that the leader makes likelier, in a step that is random."""

    horizon = 1
    has_chance = True

    def __init__(self) -> None:
        self.types = TypeDistribution.independent([[0.5, 0.5]])
        self.n_obs, self.n_actions = (2,), (2,)
        self.leader_space = Discrete(2)
        self.leader_obs_sizes = (1,)
        self.leader_payoff_range = (0.0, 1.0)
        self.follower_payoff_ranges = ((0.0, 1.0),)

    def reset(self, types: Array, key: Array) -> _State:
        luck = jax.random.uniform(key, dtype=jnp.float32)
        return _State(jnp.int32(0), types, jnp.zeros(1, jnp.int32), jnp.int32(0), luck)

    def observe(self, state: _State) -> Turn:
        return Turn(
            leader_obs=jnp.zeros(1, jnp.int32),
            leader_acts=state.time == 0,
            follower_obs=state.types,
            followers_act=(state.time == 0)[None],
            follower_mask=jnp.ones((1, 2), bool),
        )

    def step(self, state: _State, action: Array, follower_actions: Array, key: Array) -> tuple[_State, Rewards]:
        shock = jax.random.uniform(key, dtype=jnp.float32)
        side = ((state.luck + shock) / 2 < jnp.where(action == 0, 0.3, 0.6)).astype(jnp.int32)
        won = ((follower_actions[0] == side) & (state.time == 0)).astype(float)
        return state._replace(time=state.time + 1), Rewards(won, won[None])


class Copying(_Tiny):
    """Followers that act in every step, with the leader: both see the last joint action."""

    horizon = 4
    followers_act = "every step"

    def __init__(self) -> None:
        self.types = TypeDistribution.independent([[1.0]])
        self.n_obs, self.n_actions = (5,), (2,)
        self.leader_space = Discrete(2)
        self.leader_obs_sizes = (5,)
        self.leader_payoff_range = (0.0, 4.0)
        self.follower_payoff_ranges = ((0.0, 4.0),)

    def reset(self, types: Array, key: Array) -> _State:
        return _State(jnp.int32(0), types, jnp.zeros(1, jnp.int32), jnp.int32(0), jnp.zeros(()))

    def observe(self, state: _State) -> Turn:
        return Turn(
            leader_obs=state.left[None],
            leader_acts=state.time < 4,
            follower_obs=state.left[None],
            followers_act=(state.time < 4)[None],
            follower_mask=jnp.ones((1, 2), bool),
        )

    def step(self, state: _State, action: Array, follower_actions: Array, key: Array) -> tuple[_State, Rewards]:
        same = (action == follower_actions[0]).astype(float)
        playing = (state.time < 4).astype(float)
        last = 1 + 2 * action + follower_actions[0]
        return state._replace(time=state.time + 1, left=last.astype(jnp.int32)), Rewards(
            playing * same, playing * (1 - same[None])
        )


def some_rule(game: Game, seed: int = 3) -> np.ndarray:
    """Actions that the game allows, drawn at random at every observation."""
    head, observations = game.leader_space.head(), jnp.asarray(game.observations())
    outputs = jnp.zeros((game.n_observations, head.width))
    raw = draw_table(head, outputs, jax.vmap(game.leader_mask)(observations), observations, jax.random.key(seed))
    return np.asarray(jax.vmap(head.action)(raw))


def _random_game(shape: tuple[int, ...], commitment: str) -> NormalForm:
    payoffs = np.random.default_rng(5).normal(size=(len(shape), *shape))
    return NormalForm(payoffs[0], payoffs[1:], commitment)


def _bayesian_game(commitment: str) -> BayesianNormalForm:
    leader, follower = np.random.default_rng(6).normal(size=(2, 2, 3, 4))
    return BayesianNormalForm(leader, follower, (0.3, 0.7), commitment)


REGISTERED = {
    "escape": Escape(),
    "maintain": Maintain(),
    "maintain mixed": Maintain("mixed"),
    "normal-form 3x2x4": _random_game((3, 2, 4), "deterministic"),
    "normal-form 3x2x2x2 mixed": _random_game((3, 2, 2, 2), "mixed"),
    "bayesian-normal-form": _bayesian_game("deterministic"),
    "bayesian-normal-form mixed": _bayesian_game("mixed"),
    "bullet-trade": BulletTrade(wave=2, trades=1, steps=4, prices=(0.3, 0.6, 1.0)),
    "buy-box": BuyBox(prices=(1.05, 1.27, 1.7)),
    "security": SecurityGame([[1, -2, -1, 2], [2, -1, -2, 1], [0.5, -3, -1, 1.5]], 1.25),
    "security-schedules": SecuritySchedules(
        {
            "type": ["thief"] * 3 + ["vandal"] * 3,
            "target": ["bank", "mint", "park"] * 2,
            "defender_covered": [1, 2, 0.5, 1, 0, 0],
            "defender_uncovered": [-2, -1, -3, -1, -2, -1],
            "attacker_covered": [-1, -2, -1, -1, -1, 0],
            "attacker_uncovered": [2, 1, 1.5, 0.5, 1, 2],
        },
        {"schedule": ["north", "ring"], "covers": [["bank"], ["mint", "park"]], "cost": [1, 2]},
        resources=2,
        budget=2,
        prior=[0.75, 0.25],
    ),
    "simple-allocation": SimpleAllocation(3, 3),
    "simple-allocation skewed": SimpleAllocation(4, 2, (0.1, 0.2, 0.3, 0.4)),
    "newsvendor": Newsvendor(),
    "matrix-design": MatrixDesign(),
    "matrix-design per-follower": MatrixDesign(rule="per-follower", objective="welfare-minus-payments"),
    "agrawal": Agrawal(),
    "sequential-price": SequentialPrice(items=2, types=2, units=(1, 2), prices="continuous", history="left"),
    "iterated-matrix": IteratedMatrix("chicken", steps=4),
    "iterated-matrix 2x3": IteratedMatrix(
        leader_payoffs=[[1, 0, 2], [3, -1, 0]],
        follower_payoffs=[[0, 2, 1], [1, 1, -2]],
        steps=3,
        memory=2,
        discount=0.5,
    ),
    "patrol": Patrol((2.0, 1.0, 3.0, 0.0), (1.0, 3.0, 2.0, 0.5), length=3, guards=2, sight="both"),
    "toll": Toll(drivers=2, levels=3, tolls=(0.0, 1.5), steps=3, sight="both", objective="revenue"),
}
# Crowds are not stepped: what holds of games that are is not asked of them (see contracts/test_crowds.py).
CROWDS = {"crowd-toll": CrowdToll("parallel", temperature=0.1), "tax": Tax(schedule="hsv")}
ONCE = {name: game for name, game in REGISTERED.items() if game.followers_act == "once"}
ONCE |= {"visits": Visits(), "lottery": Lottery()}
EVERY = {**REGISTERED, **ONCE, "copying": Copying()}
LISTABLE = {name: game for name, game in ONCE.items() if not game.has_chance}
