"""Rules that are networks: stored as arrays, called with NumPy alone.

A file holds the weights of a tanh network and, in words, what goes in and what comes out. Nothing in it is executed.
"""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from firstmover import files
from firstmover.array_files import read_arrays
from firstmover.errors import InputError
from firstmover.json_types import JsonObject, Parsed

NETWORK = "network.npz"
FORMAT = 1
_LOT = 1e-4  # as `core.policies`: how much a lot counts between agents of the same score


class NetworkRule:
    """A rule that scores options with a network: `act(situation)` is what it does.

    Attributes:
        about: what goes in and what comes out.
        conditions: the keys of a situation.
    """

    def __init__(self, about: Parsed, layers: list[tuple[np.ndarray, np.ndarray]]):
        """A rule from what its file says.

        Raises:
            InputError: it is no such rule.
        """
        self.about, self._layers = dict(about), layers
        self.conditions = ("messages", "remaining", "items")
        try:
            self._agents, self._messages = int(about["agents"]), int(about["messages"])
            self._units = np.array(about["units"], np.float32)
            self._alike, self._levels = bool(about["alike"]), [float(price) for price in about["prices"]]
            sizes = [weight.shape[1] for weight, _ in layers] + [len(layers[-1][1])]
            own = 3 * self._messages + len(self._units) + (0 if self._alike else self._agents)
            fits = sizes[0] == own and sizes[-1] == 1 + len(self._units) * len(self._levels)
            chained = all(weight.shape == (b, a) for (weight, _), a, b in zip(layers, sizes, sizes[1:], strict=False))
            if not fits or not chained or any(bias.shape != (len(weight),) for weight, bias in layers):
                raise ValueError("sizes")
        except (KeyError, TypeError, ValueError, IndexError):
            raise InputError("the file is damaged: its network is not the one that it describes.") from None

    def __call__(self, situation: Mapping[str, object], rng: Any = None) -> Parsed:
        """The agent to visit and its prices.

        Args:
            situation: "messages" of all agents, the numbers of those "remaining", and units left of all "items".
            rng: what lots between agents of the same score are drawn with, by its `random()`; by default `random`.

        Raises:
            InputError: the situation is none.
        """
        messages, waiting, left = self._read(situation)
        scores, prices = self.outputs(messages, waiting, left)
        draw = random.random if rng is None else rng.random
        scores = scores + _LOT * np.array([draw() for _ in range(self._agents)])
        agent = int(np.argmax(np.where(waiting, scores, -np.inf)))
        return {"agent": agent, "prices": [self._levels[k] for k in np.argmax(prices[agent], axis=-1).tolist()]}

    def _read(self, situation: Mapping[str, object]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        try:
            messages, remaining, left = (np.array(situation[key], np.int64).ravel() for key in self.conditions)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise InputError(f"a situation has {', '.join(self.conditions)}, lists of whole numbers.") from None
        n = self._agents
        if (
            len(messages) != n
            or len(left) != len(self._units)
            or np.any((messages < 0) | (messages >= self._messages))
            or np.any((left < 0) | (left > self._units))
            or not len(remaining)
            or np.any((remaining < 0) | (remaining >= n))
        ):
            raise InputError(
                f"the rule is for {n} agents with messages 0 to {self._messages - 1}, at least one of them remaining, "
                f"and units of up to {self._units.astype(int).tolist()}."
            )
        return messages, np.isin(np.arange(n), remaining), left

    def outputs(
        self, messages: np.ndarray, waiting: np.ndarray, left: np.ndarray
    ) -> tuple[Float[np.ndarray, "agents"], Float[np.ndarray, "agents items levels"]]:
        """The scores of all agents, and the logits of their prices."""
        out = self.features(messages, waiting, left)
        for k, (weight, bias) in enumerate(self._layers):
            out = out @ weight.T + bias
            out = np.tanh(out) if k + 1 < len(self._layers) else out
        return out[:, 0], out[:, 1:].reshape(self._agents, len(self._units), -1)

    def features(
        self, messages: np.ndarray, waiting: np.ndarray, left: np.ndarray
    ) -> Float[np.ndarray, "agents features"]:
        """As `SequentialPrice.option_features`."""
        n = self._agents
        own = (messages[:, None] == np.arange(self._messages)).astype(np.float32)
        sent = own * waiting[:, None]
        everybody, scale = sent.sum(axis=0), np.float32(2 / n)
        stock = np.broadcast_to((left / self._units).astype(np.float32), (n, len(left)))
        parts = [own, (everybody - sent) * scale, np.broadcast_to(everybody * scale, own.shape), stock]
        return np.concatenate(parts if self._alike else [*parts, np.eye(n, dtype=np.float32)], axis=1)


def stored(about: JsonObject, layers: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays of a file."""
    held = {"about": np.array(json.dumps({"format": FORMAT, **about}, allow_nan=False))}
    for k, (weight, bias) in enumerate(layers):
        held |= {f"weight_{k}": np.asarray(weight, np.float32), f"bias_{k}": np.asarray(bias, np.float32)}
    return held


def read_network(path: str | Path) -> NetworkRule:
    """The rule of a network's file, or of the run folder that it lies in.

    Raises:
        InputError: there is none, or it is damaged.
    """
    file = Path(path) / NETWORK if files.is_folder(path) else Path(path)
    damaged = f"{file} is damaged: it is not the network of a rule."
    held = read_arrays(file, damaged=damaged)
    try:
        about = json.loads(str(held["about"]))
        layers = [(held[f"weight_{k}"], held[f"bias_{k}"]) for k in range((len(held) - 1) // 2)]
        known = about["format"] == FORMAT and all(np.isfinite(part).all() for layer in layers for part in layer)
    except (KeyError, ValueError, TypeError):
        raise InputError(damaged) from None
    if not known or not layers:
        raise InputError(damaged)
    return NetworkRule(about, layers)
