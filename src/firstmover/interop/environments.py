"""An environment of somebody else's as a game: PettingZoo's or Gymnasium's, one of whose players leads.

The environment runs on the host, in whole batches, and is played from a seed; all values are means of sub-episodes.
"""

import abc
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Key

from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.host_calls import HostCalls, as_bits, from_bits, to_bits
from firstmover.interop.hosted import Hosted, Players, Shown, finite
from firstmover.spaces import Box, Discrete, Space
from firstmover.user_code import source_file

try:
    from gymnasium import spaces
except ModuleNotFoundError:
    raise InputError("firstmover.interop.environments needs gymnasium: pip install 'firstmover[interop]'.") from None

_Arrays = tuple[np.ndarray, ...]


class _State(NamedTuple):
    """A sub-episode: all that it follows from, and what the environment shows now."""

    seed: Int[Array, ""]
    time: Int[Array, ""]
    over: Bool[Array, ""]
    decisions: Array
    actions: Int[Array, "H n"]
    turn: Turn


class EnvironmentGame(Game):
    """A game that is played in an environment: subclasses say who leads, for how long, for how much, and `make` it.

    Observations of a `Discrete`, `MultiDiscrete` or `MultiBinary` are counted; of others the subclass says to which of
    how many sorts one belongs (`sorts` and `sort`). Followers' actions are `Discrete`; the leader's may be a `Box` too.
    A dictionary with `observation` and `action_mask`, or a mask in the infos, masks a follower's actions.

    Attributes:
        leader: the name of the player who commits to a rule.
        horizon: steps of a sub-episode; the environment is cut off there.
        leader_payoff_range, follower_payoff_ranges: least and greatest sum of rewards, the followers' in the order of
            the environment's players.
        sorts: number of sorts of observations, for players whose observations cannot be counted.
        samples: sub-episodes with which a finished rule is valued.

    Example:
        >>> from firstmover.games import Escape
        >>> from firstmover.interop.pettingzoo import MarketParallelEnv
        >>> class Outside(EnvironmentGame):
        ...     leader, horizon = "leader", 1
        ...     leader_payoff_range, follower_payoff_ranges = (0.0, 30.0), ((0.0, 30.0),)
        ...     def make(self):
        ...         return MarketParallelEnv(Escape())
        >>> Outside().n_actions
        (3,)
    """

    leader: ClassVar[str]
    horizon: ClassVar[int]  # type: ignore[misc]
    sorts: ClassVar[dict[str, int]] = {}
    samples: ClassVar[int] = 400
    has_chance = True
    usual_followers = "policy-gradient"

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            cls.name = cls.__name__

    def __init__(self) -> None:
        """The game of an environment.

        Raises:
            InputError: it lacks something, or has spaces that are no game's here.
        """
        for name in ("leader", "horizon", "leader_payoff_range", "follower_payoff_ranges"):
            if not hasattr(type(self), name) and name not in vars(self):
                raise InputError(f"{type(self).__name__} must say its {name}.")
        first = Players(self.make(), self.leader)
        self.players = [player for player in first.names if player != self.leader]
        self.calls = HostCalls(lambda call, *given: call(*given), f"environment {self.name}", source_file(type(self)))
        self._hosted = Hosted(lambda: Players(self.make(), self.leader), self.calls)
        self._first = first
        self.leader_space = _decisions(first.action_space(self.leader), self.leader)
        seen = self._sizes(self.leader)
        self.sees = tuple(Discrete(n, f"observation {k}") for k, n in enumerate(seen)) if seen != (1,) else ()
        self.knows = tuple(Discrete(int(np.prod(self._sizes(player))), "observation") for player in self.players)
        self.acts = tuple(Discrete(_choices(first.action_space(player), player), player) for player in self.players)
        self.types = TypeDistribution.independent([[1.0]] * len(self.players))
        alone = self.horizon == 1 and all(n == 1 for n in self.n_obs)
        self.followers_act = "once" if alone else "every step"
        if len(self.follower_payoff_ranges) != len(self.players):
            raise InputError(
                f"follower_payoff_ranges must have a range for each of {', '.join(self.players)}; got "
                f"{len(self.follower_payoff_ranges)}."
            )

    @abc.abstractmethod
    def make(self) -> object:
        """A new environment: PettingZoo's `ParallelEnv`, or Gymnasium's with a `Dict` of all players' actions.

        In Gymnasium the reward is the leader's, and `info["rewards"]` has the followers' by name.
        """

    def sort(self, player: str, observation: Any) -> int:
        """To which of the `sorts` an observation of this player belongs, from 0."""
        raise InputError(f"{type(self).__name__} must say by 'sort' what {player} sees.")

    def reset(self, types: Int[Array, "n"], key: Key[Array, ""]) -> _State:
        del types
        seed = jax.random.randint(key, (), 0, 2**31 - 1, jnp.int32)
        turn = jax.pure_callback(self._begin, self._shapes(), seed, vmap_method="broadcast_all")
        idle = self.leader_space.idle()
        decisions = jnp.zeros((self.horizon, *idle.shape), idle.dtype)
        actions = jnp.zeros((self.horizon, self.n_followers), jnp.int32)
        return _State(seed, jnp.int32(0), turn[0], decisions, actions, Turn(*turn[1]))

    def observe(self, state: _State) -> Turn:
        going = ~state.over
        return state.turn._replace(
            leader_acts=state.turn.leader_acts & going, followers_act=state.turn.followers_act & going
        )

    def step(
        self, state: _State, action: Array, follower_actions: Int[Array, "n"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key  # all chance follows from the seed
        decisions = state.decisions.at[state.time].set(action)
        actions = state.actions.at[state.time].set(follower_actions)
        dtype = jnp.result_type(float)

        def go_on(*given: Array | np.ndarray) -> tuple[np.ndarray, _Arrays, np.ndarray]:
            over, turn, payments = self._go_on(*map(np.asarray, given))
            return over, turn, to_bits(payments, dtype)

        over, turn, bits = jax.pure_callback(
            go_on,
            (*self._shapes(), as_bits((1 + self.n_followers,), dtype)),
            state.seed,
            state.time,
            state.over,
            decisions,
            actions,
            vmap_method="broadcast_all",
        )
        time = state.time + 1
        after = _State(state.seed, time, over | (time >= self.horizon), decisions, actions, Turn(*turn))
        payments = from_bits(bits, dtype)
        return after, Rewards(payments[0], payments[1:])

    # On the host.

    def _shapes(self) -> tuple[jax.ShapeDtypeStruct, tuple[jax.ShapeDtypeStruct, ...]]:
        """Whether it is over, and a turn."""
        n, most = self.n_followers, max(self.n_actions)
        flag = jax.ShapeDtypeStruct((), bool)
        turn = (
            jax.ShapeDtypeStruct((len(self.leader_obs_sizes),), jnp.int32),
            flag,
            jax.ShapeDtypeStruct((n,), jnp.int32),
            jax.ShapeDtypeStruct((n,), bool),
            jax.ShapeDtypeStruct((n, most), bool),
        )
        return flag, turn

    def _begin(self, seeds: Array | np.ndarray) -> tuple[np.ndarray, _Arrays]:
        seeds = np.asarray(seeds)
        rows = [self._turn(self._hosted.reset(int(seed))) for seed in seeds.ravel()]
        return _stacked(rows, seeds.shape)

    def _go_on(
        self, seeds: np.ndarray, times: np.ndarray, over: np.ndarray, decisions: np.ndarray, actions: np.ndarray
    ) -> tuple[np.ndarray, _Arrays, np.ndarray]:
        times, over = times.ravel(), over.ravel()
        own = decisions.reshape(seeds.size, self.horizon, *self.leader_space.idle().shape)
        theirs = actions.reshape(seeds.size, self.horizon, self.n_followers)
        paid = np.zeros((seeds.size, 1 + self.n_followers))
        rows = []
        for k, (seed, time) in enumerate(zip(seeds.ravel(), times, strict=True)):
            if over[k] or time >= self.horizon:
                rows.append(self._turn(Shown({}, {}, {}, True)))
                continue
            until = slice(0, int(time) + 1)
            shown = self._hosted.step(int(seed), own[k, until], theirs[k, until], self._by_player)
            everybody = [self.leader, *self.players]
            paid[k] = [
                self._hosted.calls.uncounted(finite, shown.rewards.get(player, 0.0), player) for player in everybody
            ]
            rows.append(self._turn(shown))
        return *_stacked(rows, seeds.shape), paid.reshape((*seeds.shape, -1))

    def _by_player(self, decision: np.ndarray | np.number, actions: np.ndarray) -> dict[str, np.ndarray | int]:
        def counted(player: str, action: np.ndarray | np.number) -> int:
            return int(action) + int(getattr(self._first.action_space(player), "start", 0))

        own = np.asarray(decision, np.float32) if self.leader_space.continuous else counted(self.leader, decision)
        return {self.leader: own} | {
            player: counted(player, action) for player, action in zip(self.players, actions, strict=True)
        }

    def _turn(self, shown: Shown) -> tuple[bool, tuple[np.ndarray, ...]]:
        n, most = self.n_followers, max(self.n_actions)
        seen, mask = np.zeros(n, np.int32), np.arange(most)[None] < np.array(self.n_actions)[:, None]
        acts = np.array([player in shown.observations for player in self.players])
        for i, player in enumerate(self.players):
            if acts[i]:
                observation, allowed = _unmasked(shown.observations[player], shown.infos.get(player, {}))
                parts = self._counted(player, observation)
                seen[i] = np.ravel_multi_index(tuple(parts), self._sizes(player))
                if allowed is not None:
                    mask[i, : self.n_actions[i]] &= np.asarray(allowed, bool)
        leads = self.leader in shown.observations
        own = np.zeros(len(self.leader_obs_sizes), np.int32)
        if leads:
            own[:] = self._counted(self.leader, _unmasked(shown.observations[self.leader], {})[0])
        return shown.over, (own, np.array(leads), seen, acts, mask)

    # What is seen, in whole numbers.

    def _sizes(self, player: str) -> tuple[int, ...]:
        """Number of values of each component of what a player sees."""
        if player in self.sorts:
            return (self.sorts[player],)
        space = self._first.observation_space(player)
        match _unmasked(getattr(space, "spaces", space), {})[0]:
            case spaces.Discrete() as own:
                return (int(own.n),)
            case spaces.MultiDiscrete() as own:
                return tuple(int(n) for n in own.nvec.ravel())
            case spaces.MultiBinary() as own:
                return (2,) * int(np.prod(own.shape))
        raise InputError(
            f"what {player} sees, {space}, cannot be counted: say its number of sorts in 'sorts' and the sort of an "
            "observation in 'sort'."
        )

    def _counted(self, player: str, observation: Any) -> np.ndarray:
        sizes = self._sizes(player)
        if player in self.sorts:
            counted = np.array([self._hosted.calls.uncounted(lambda: int(self.sort(player, observation)))])
        else:
            space = self._first.observation_space(player)
            inner = _unmasked(getattr(space, "spaces", space), {})[0]
            counted = np.ravel(observation).astype(int) - np.ravel(getattr(inner, "start", 0)).astype(int)
        if counted.shape != (len(sizes),) or np.any(counted < 0) or np.any(counted >= sizes):
            self._hosted.calls.error = InputError(
                f"{self.name} shows {player} {observation}, which is not one of what it may see ({sizes})."
            )
            raise self._hosted.calls.error
        return counted


def _unmasked(observation: Any, info: Any) -> tuple[Any, Any]:
    """An observation without its mask, and the mask; None where there is none."""
    parts = observation if hasattr(observation, "keys") else {}
    if "observation" in parts and "action_mask" in parts:
        return parts["observation"], parts["action_mask"]
    return observation, info.get("action_mask") if hasattr(info, "get") else None


def _stacked(rows: list[tuple[bool, tuple[np.ndarray, ...]]], batch: tuple[int, ...]) -> tuple[np.ndarray, _Arrays]:
    over = np.array([row[0] for row in rows]).reshape(batch)
    parts = [np.stack(part) for part in zip(*(row[1] for row in rows), strict=True)]
    return over, tuple(part.reshape((*batch, *part.shape[1:])) for part in parts)


def _decisions(space: object, leader: str) -> Space:
    if isinstance(space, spaces.Discrete):
        return Discrete(int(space.n), "action")
    if isinstance(space, spaces.Box) and len(space.shape) == 1 and np.all(np.isfinite([space.low, space.high])):
        names = [f"component {k}" for k in range(space.shape[0])]
        return Box(names, space.low.astype(float).tolist(), space.high.astype(float).tolist())
    raise InputError(f"the leader {leader} must act in a Discrete or a bounded Box of one axis; got {space}.")


def _choices(space: object, player: str) -> int:
    if isinstance(space, spaces.Discrete):
        return int(space.n)
    raise InputError(f"the follower {player} must act in a Discrete; got {space}.")
