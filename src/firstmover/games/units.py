"""Payoffs without their units: what a player plays does not depend on where its payoffs start and how large they are.

Learning runs in 32-bit numbers, in which 10,000,001 and 10,000,000.5 are the same and 1e39 is infinite. So it runs on a
copy of the game (`Game.standardised`) whose payoffs were centred and scaled in 64 bit, each player's by itself:

    payoff in the copy = (payoff - offset) / scale

A leader is scaled by the range of its payoffs. A follower is scaled by what it has at stake: the range of its payoffs
too, unless some of its actions would cost it far more than it ever has to lose in choosing well (a forbidden cell).
Those weigh nothing in what it plays, but would make everything else look the same. What it has at stake is then the
largest regret that is ordinary: at most ten times the typical gap between a best and a second-best action.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from firstmover.core.trees import AnyArray
from firstmover.errors import InputError

_ORDINARY = 10.0  # times the typical gap
_LEAST_SHARE = 1e-12  # of the range; 32-bit numbers have to hold squares of what lies beyond
_ROUNDING = 1e-13  # of the largest payoff; a gap below is none


class Units(NamedTuple):
    """What the payoffs of a standardised copy are in units of the game it was made of, the leader's first.

    Attributes:
        offsets: of total payments in a sub-episode.
        scales: positive.
    """

    offsets: tuple[float, ...]
    scales: tuple[float, ...]

    def of_leader(self, payoffs: object) -> Any:
        """Payoffs of the leader, float64 [...], in the units of the game."""
        return self.offsets[0] + self.scales[0] * np.asarray(payoffs, np.float64)

    def counted(self, leader: Any, followers: Any, transfers: Any = None) -> tuple[Any, Any, Any]:
        """Payments to the leader [...] and the followers [..., n] in these units, and transfers in the leader's.

        JAX or NumPy arrays, as they come; transfers are scaled only, since nothing is nothing.
        """
        own = (followers - np.asarray(self.offsets[1:])) / np.asarray(self.scales[1:])
        money = None if transfers is None else transfers / self.scales[0]
        return (leader - self.offsets[0]) / self.scales[0], own, money


def centre(payoffs: Float[np.ndarray, "..."]) -> float:
    """The lower median: a payoff that is there, whatever a few extreme ones are."""
    ordered = np.sort(payoffs, axis=None)
    return float(ordered[(ordered.size - 1) // 2])


def spread(low: float, high: float, of: str) -> float:
    """The range of payoffs, or 1 where there is none.

    Raises:
        InputError: it is no finite number.
    """
    with np.errstate(over="ignore"):
        width = float(np.float64(high) - np.float64(low))
    if not np.isfinite(width):
        raise InputError(f"the payoffs of {of} range from {low:g} to {high:g}, farther than a float64 number reaches.")
    return width or 1.0


def stake(payoffs: Float[np.ndarray, "situations actions"], of: str) -> float:
    """What a follower has at stake where these are its payoffs for its own actions, in all situations.

    Affine in the payoffs: adding a number changes nothing, multiplying by a positive one multiplies.

    Raises:
        InputError: as `spread`.
    """
    width = spread(float(payoffs.min()), float(payoffs.max()), of)
    if payoffs.shape[1] < 2:
        return width
    regrets = np.sort(payoffs.max(axis=1, keepdims=True) - payoffs, axis=1)
    gaps = regrets[:, 1]
    gaps = gaps[gaps > _ROUNDING * np.abs(payoffs).max(axis=1)]
    if not gaps.size:
        return width
    ordinary = _ORDINARY * (1 + 1e-9) * centre(gaps)
    if regrets.max() <= ordinary:
        return width
    return max(float(regrets[regrets <= ordinary].max()), _LEAST_SHARE * width)


def own_last(payoffs: Float[np.ndarray, "leader *actions"], i_follower: int) -> Float[np.ndarray, "situations own"]:
    """A table [leader actions, actions of follower 1, ...] by what else is played, and the follower's own action."""
    moved = np.moveaxis(payoffs, 1 + i_follower, -1)
    return moved.reshape(-1, moved.shape[-1])


def in_units(payoffs: AnyArray, offset: float, scale: float) -> np.ndarray:
    """Payoffs centred and scaled, float64."""
    return (np.asarray(payoffs, np.float64) - offset) / scale
