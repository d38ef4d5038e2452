"""Environments that live on the host, made to look like pure functions: what follows a seed and a history of actions.

An environment remembers where it stands, and cannot be copied in general. So one that stands where the next step
begins is kept under its seed and history; a sub-episode that goes straight on costs one call a step. Where none is
kept, one is begun anew with the seed and played up to there.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from firstmover.errors import InputError
from firstmover.games.host_calls import HostCalls

_MOST_KEPT = 4096  # places where environments stand
_Place = tuple[int, bytes, bytes]


class Shown(NamedTuple):
    """What an environment shows and pays after a step.

    Attributes:
        observations: of those who act on, by player.
        infos: the same, what else is said.
        rewards: by player; who is left out is paid nothing.
        over: whether nobody acts any more.
    """

    observations: Mapping[str, object]
    infos: Mapping[str, object]
    rewards: Mapping[str, float]
    over: bool


class Players:
    """An environment of several players, PettingZoo's parallel kind or Gymnasium's with a `Dict` of actions."""

    def __init__(self, environment: Any, leader: str):
        """The players of an environment.

        Raises:
            InputError: it is of another kind, or has no player of the leader's name.
        """
        self._own, self._leader = environment, leader
        if hasattr(environment, "agent_iter"):
            raise InputError(
                f"{type(environment).__name__} asks its agents in turn; wrap it with "
                "pettingzoo.utils.conversions.aec_to_parallel."
            )
        self._parallel = hasattr(environment, "possible_agents")
        actions: Any = getattr(environment, "action_space", None)
        if not self._parallel and not hasattr(actions, "spaces"):
            raise InputError(
                f"{type(environment).__name__} must be a PettingZoo ParallelEnv, or a Gymnasium environment whose "
                "action space is a Dict with an entry for every player."
            )
        self.names = list(environment.possible_agents if self._parallel else actions.spaces)
        if leader not in self.names or len(self.names) < 2:
            raise InputError(
                f"the leader {leader!r} must be one of at least two players; {type(environment).__name__} has "
                f"{', '.join(map(str, self.names))}."
            )

    def action_space(self, player: str) -> object:
        """What a player may do."""
        return self._own.action_space(player) if self._parallel else self._own.action_space.spaces[player]

    def observation_space(self, player: str) -> object:
        """What a player sees; in Gymnasium all see the same where there is no entry for each."""
        if self._parallel:
            return self._own.observation_space(player)
        return self._part(player, self._own.observation_space, getattr(self._own.observation_space, "spaces", {}))

    def reset(self, seed: int) -> Shown:
        """From the beginning."""
        observations, infos = self._own.reset(seed=seed)
        if self._parallel:
            return Shown(observations, infos, {}, not self._own.agents)
        return Shown(self._parts(observations), {player: infos for player in self.names}, {}, False)

    def step(self, actions: Mapping[str, object]) -> Shown:
        """One step of those who still act."""
        if self._parallel:
            still = {player: actions[player] for player in self._own.agents}
            observations, rewards, _, _, infos = self._own.step(still)
            return Shown(observations, infos, rewards, not self._own.agents)
        observation, reward, ended, cut, info = self._own.step(dict(actions))
        rewards = {**info.get("rewards", {}), self._leader: reward}
        return Shown(self._parts(observation), {player: info for player in self.names}, rewards, bool(ended or cut))

    def _parts(self, observation: Any) -> dict[str, object]:
        own = observation if hasattr(observation, "keys") else {}
        return {player: self._part(player, observation, own) for player in self.names}

    def _part(self, player: str, whole: object, parts: Mapping[str, object]) -> object:
        return parts[player] if set(self.names) <= set(parts) else whole


class Hosted:
    """Environments of one kind, by where they stand.

    Attributes:
        calls: of `reset` and `step`, counted.
    """

    def __init__(self, make: Callable[[], Players], calls: HostCalls):
        """Environments that `make` makes."""
        self._make, self.calls = make, calls
        self._free: list[Players] = []
        self._kept: OrderedDict[_Place, list[Players]] = OrderedDict()
        self._turn = threading.Lock()

    def reset(self, seed: int) -> Shown:
        """What a sub-episode with this seed begins with."""
        with self._turn:
            environment, shown = self._begun(seed)
            self._keep(environment, (seed, b"", b""), shown.over)
            return shown

    def step(
        self, seed: int, decisions: np.ndarray, actions: np.ndarray, play: Callable[..., Mapping[str, object]]
    ) -> Shown:
        """What the last of these steps shows and pays.

        Args:
            seed: of the sub-episode.
            decisions: of the leader, [steps, ...].
            actions: of the followers, [steps, n].
            play: the actions by player, from a row of each.
        """
        with self._turn:
            before = (seed, decisions[:-1].tobytes(), actions[:-1].tobytes())
            standing = self._kept.get(before)
            if standing:
                environment = standing.pop()
                if not standing:
                    del self._kept[before]
            else:
                environment, _ = self._begun(seed)
                for decision, action in zip(decisions[:-1], actions[:-1], strict=True):
                    self.calls(environment.step, play(decision, action))
            shown: Shown = self.calls(environment.step, play(decisions[-1], actions[-1]))
            self._keep(environment, (seed, decisions.tobytes(), actions.tobytes()), shown.over)
            return shown

    def _begun(self, seed: int) -> tuple[Players, Shown]:
        environment = self._free.pop() if self._free else self._make()
        return environment, self.calls(environment.reset, seed)

    def _keep(self, environment: Players, place: _Place, over: bool) -> None:
        if over:
            self._free.append(environment)
            return
        self._kept.setdefault(place, []).append(environment)
        if len(self._kept) > _MOST_KEPT:
            self._free += self._kept.popitem(last=False)[1]


def finite(payment: Any, player: str) -> float:
    """A payment as a number.

    Raises:
        InputError: it is none, or not finite.
    """
    try:
        number = float(payment)
    except (TypeError, ValueError):
        raise InputError(f"the environment pays {player} {payment!r}, which is no number.") from None
    if not math.isfinite(number):
        raise InputError(f"the environment pays {player} {number}, not a finite number.")
    return number
