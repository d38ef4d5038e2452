"""Rules of sequential price mechanisms as people read and write them: situations, prices, sentences."""

import abc
import itertools
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float

from firstmover.core.trees import SameArray
from firstmover.errors import InputError
from firstmover.exact_numbers import exact
from firstmover.games.base import Game
from firstmover.games.goods import Goods
from firstmover.json_types import Parsed
from firstmover.spaces import Branching
from firstmover.wording import written

_GRID = 1e-6  # a price this close to one of the grid, in steps, is meant to be it


class PriceRules(Game):
    """What is said about a sequential price mechanism.

    Attributes:
        goods: what is sold.
        items: number of items.
        bundles: what an agent may take, [bundles, items].
        values: of every agent's types, [types, items] each.
        messages: number of messages of an agent.
        history: whether the leader sees who bought what ("sold"), or only who and what is left ("left").
        prices: points of the price grid, or "continuous".
        agent_names, item_names: those of the values, if they have any.
    """

    leader_space: Branching
    goods: Goods
    items: int
    bundles: np.ndarray
    values: tuple[np.ndarray, ...]
    messages: int
    history: Literal["sold", "left"]
    prices: int | Literal["continuous"]
    agent_names: Sequence[str] | None
    item_names: Sequence[str] | None

    @abc.abstractmethod
    def with_settings(self, **changes: object) -> "PriceRules":
        """The same market with other settings."""

    def prices_of(self, parts: SameArray) -> Float[SameArray, "... items"]:
        """What the price components of an action come to."""
        return self.leader_space.values(parts)

    def situation(self, obs: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Who (1 for every agent not yet visited) and what (units) is left; units below 0 where it cannot occur."""
        n = self.n_followers
        remaining = tuple(int(s == 0) for s in obs[n : 2 * n])
        if self.history == "left":
            return remaining, tuple(obs[2 * n :])
        sold = sum(self.bundles[s - 1] for s in obs[n : 2 * n] if s > 0)
        return remaining, tuple((np.array(self.goods.units) - sold).tolist())

    def reached(self, table: np.ndarray) -> Iterator[tuple[Sequence[int], int]]:
        """The situations that the rule can come to, visit by visit for every message profile."""
        n = self.n_followers
        for messages in itertools.product(range(self.messages), repeat=n):
            reached = [messages + (0,) * n + (() if self.history == "sold" else self.goods.units)]
            known = set(reached)
            for obs in reached:  # grows on the way
                remaining, left = self.situation(obs)
                if not any(remaining) or not any(left):
                    continue
                row = int(np.ravel_multi_index(obs, self.leader_obs_sizes))
                yield obs, row
                agent = int(table[row][0])
                for b in self._possible_bundles(agent, np.asarray(table[row]), left):
                    after = list(obs)
                    after[n + agent] = 1 + b if self.history == "sold" else 1
                    if self.history == "left":
                        after[2 * n :] = (np.array(left) - self.bundles[b]).tolist()
                    if tuple(after) not in known:
                        known.add(tuple(after))
                        reached.append(tuple(after))

    def _possible_bundles(self, agent: int, action: np.ndarray, left: Sequence[int]) -> list[int]:
        """What some type of an agent takes at these prices."""
        prices = self.prices_of(np.asarray(action[1:], np.float64))
        return np.unique(self.goods.taken(self.values[agent], prices, np.array(left), np)).tolist()

    def played(self, action: np.ndarray) -> np.ndarray:
        do = self.leader_space.entry(action)
        return np.array([do["agent"], *do["prices"]])

    def conditions(self, observation: Sequence[int]) -> Parsed:
        n = self.n_followers
        remaining, left = self.situation(observation)
        when: Parsed = {
            "messages": [int(m) for m in observation[:n]],
            "remaining": [i for i, r in enumerate(remaining) if r],
            "items": list(left),
        }
        if self.history == "sold":
            when["sold"] = [self.bundles[s - 1].tolist() if s > 0 else None for s in observation[n : 2 * n]]
        return when

    def playing(self, entries: Sequence[Parsed]) -> Game:
        """The game with prices of any size, where the rule has a price that is not on the grid."""
        if self.prices == "continuous":
            return self
        told = [price for entry in entries for price in _listed(entry["do"].get("prices"))]
        parts = [price / self.leader_space.step for price in map(_number, told) if price is not None]
        if all(abs(part - round(part)) <= _GRID for part in parts):
            return self
        return self.with_settings(prices="continuous")

    def decision(self, when: Parsed, do: Parsed) -> np.ndarray:
        visit = self.leader_space.read(do)
        if visit[0] not in when["remaining"]:
            left = when["remaining"]
            raise InputError(f"agent {visit[0]:.0f} was visited already; those left to visit are {left}.")
        return visit

    def sentence(self, entry: Parsed) -> str:
        when, do = entry["when"], entry["do"]
        words = []
        if self.messages > 1:
            words.append(f"after messages {', '.join(map(str, when['messages']))}")
        gone = [i for i in range(self.n_followers) if i not in when["remaining"]]
        if gone:
            words.append("with " + ", ".join(f"{self._agent(i)} {self._bought(when, i)}" for i in gone))
        if self.history == "left" and max(len(self.goods.units), *self.goods.units) > 1:
            words.append(f"with units {', '.join(map(str, when['items']))} left")
        prices = " and ".join(self._written(price) for j, price in enumerate(do["prices"]) if when["items"][j] > 0)
        offer = f"visit {self._agent(do['agent'])} at {'price' if ' ' not in prices else 'prices'} {prices}"
        return ", ".join([*words, offer])

    def _written(self, price: float) -> str:
        every = np.concatenate([table.ravel() for table in self.values])
        return written(price, float(every.min()), float(every.max()))

    def _bought(self, when: Parsed, agent: int) -> str:
        if "sold" not in when:
            return "gone"
        taken = [j for j, units in enumerate(when["sold"][agent]) if units]
        if not taken:
            return "gone without buying"
        if self.item_names is not None:
            return f"served with {' and '.join(self.item_names[j] for j in taken)}"
        return f"served with item {' and '.join(map(str, taken))}"

    def _agent(self, agent: int) -> str:
        return f"agent {agent}" if self.agent_names is None else self.agent_names[agent]

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        worth = ", ".join(self._written(value) for value in self.values[follower][type_])
        return f"{self._agent(follower)} with value {worth} sends {self.acts[follower].mixed(probabilities)}"

    def player_labels(self) -> list[str]:
        return ["seller", *map(self._agent, range(self.n_followers))]

    def type_labels(self, follower: int) -> list[str]:
        """What an agent's types are worth to it."""
        return [", ".join(self._written(value) for value in row) for row in self.values[follower]]

    def action_labels(self, follower: int) -> list[str]:
        return [f"message {m}" for m in range(self.messages)]


def _number(value: object) -> float | None:
    """A price of a rule file, or nothing where it is none, which is said where it decides."""
    try:
        return float(exact(value, "a price"))
    except InputError:
        return None


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
