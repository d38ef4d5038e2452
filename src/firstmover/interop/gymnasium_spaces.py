"""Decisions and observations as Gymnasium's spaces have them, one by one or in batches (leading axes)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from jaxtyping import Array, Bool

from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.interop.decisions import Decided, parts_of
from firstmover.spaces import Parts

OPTION, COMPONENTS = "option", "components"
Observation = np.ndarray | np.int64
Policy = Callable[[Any, Bool[np.ndarray, "values"]], object]  # its author knows what an observation is
Action = Observation | dict[str, Observation]  # as it was taken; what is given is any that NumPy makes numbers of


@dataclass(frozen=True)
class Layout:
    """How the decisions and observations of a game are laid out.

    A decision is a `Discrete`, a `MultiDiscrete`, a `Box` of shares of the ranges, or, of both kinds, a `Dict`. An
    observation is a `Discrete`, or with several components a `MultiDiscrete`.

    Attributes:
        parts: what a decision is made of.
        sizes: number of values of each component of an observation.
    """

    parts: Parts
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, game: Game) -> "Layout":
        """The layout for a game.

        Raises:
            InputError: its decisions have no counterpart.
        """
        return cls(parts_of(game), game.leader_obs_sizes)

    @property
    def action_space(self) -> gymnasium.Space[Any]:
        """The space of decisions."""
        spaces = {}
        if self.parts.counts:
            spaces[OPTION] = _whole_numbers(self.parts.counts)
        if self.parts.reals:
            spaces[COMPONENTS] = gymnasium.spaces.Box(0.0, 1.0, (self.parts.reals,), np.float32)
        return gymnasium.spaces.Dict(spaces) if len(spaces) > 1 else next(iter(spaces.values()))

    @property
    def observation_space(self) -> gymnasium.Space[Any]:
        """The space of what the leader sees."""
        return _whole_numbers(self.sizes)

    def decided(self, action: Any, batch: tuple[int, ...] = ()) -> Decided:
        """An action as plain numbers; shares beyond [0, 1] are clipped.

        Raises:
            InputError: it is not in the space.
        """
        counts, reals = self.parts
        given = action if counts and reals else {OPTION: action, COMPONENTS: action}
        try:
            whole = np.asarray(given[OPTION] if counts else np.zeros((*batch, 0)), np.float64)
            shares = np.asarray(given[COMPONENTS] if reals else np.zeros((*batch, 0)), np.float32)
        except (KeyError, TypeError, ValueError, IndexError):
            raise self._refusal(action) from None
        whole = whole[..., None] if len(counts) == 1 and whole.shape == batch else whole
        fits = whole.shape == (*batch, len(counts)) and shares.shape == (*batch, reals) and np.all(np.isfinite(shares))
        if not fits or np.any(whole != np.clip(np.rint(whole), 0, np.asarray(counts) - 1)):
            raise self._refusal(action)
        # NumPy's arrays, which a compiled step takes as they are.
        return Decided(whole.astype(np.int32), np.clip(shares, 0, 1))  # type: ignore[arg-type]

    def _refusal(self, action: object) -> InputError:
        return InputError(f"an action must be in {self.action_space}; got {action!r}.")

    def action(self, decided: Decided) -> Action:
        """Plain numbers as an action."""
        # Copies: what an environment has returned is its caller's.
        whole, shares = np.array(decided.whole, np.int64), np.array(decided.reals, np.float32)
        option = whole[..., 0][()] if len(self.parts.counts) == 1 else whole
        if self.parts.counts and self.parts.reals:
            return {OPTION: option, COMPONENTS: shares}
        return option if self.parts.counts else shares

    def observation(self, leader: Array | np.ndarray) -> Observation:
        """What the leader sees, int32 [..., d], as an observation."""
        seen = np.array(leader, np.int64)
        return seen[..., 0][()] if len(self.sizes) == 1 else seen

    def mask(self, mask: Array | np.ndarray) -> Bool[np.ndarray, "*batch values"]:
        """The masks of all whole numbers of a decision, one after the other; none of real ones."""
        mask = np.array(mask, bool)
        counts = self.parts.counts
        return np.concatenate([mask[..., : sum(counts[:1])], np.ones((*mask.shape[:-1], sum(counts[1:])), bool)], -1)


def _whole_numbers(counts: tuple[int, ...]) -> gymnasium.Space[Any]:
    return gymnasium.spaces.Discrete(counts[0]) if len(counts) == 1 else gymnasium.spaces.MultiDiscrete(list(counts))
