"""Nash equilibria of a game of two players in which nobody leads: the pure ones, and the mixed ones of a library.

Pure equilibria are decided in fractions. Mixed ones are the vertices of the best-response polytopes that nashpy
enumerates (`pip install 'firstmover[nash]'`; von Stengel 2007); what it finds is checked. They are not looked for in
tables with more than some 8 x 8 actions.
"""

import importlib
import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from firstmover.errors import InputError

_MOST_PAIRS = 20_000  # of supports of one size
_SURE = 1e-9  # of the range of payoffs, by which a mixed equilibrium's replies may be short of the best
_SAME = 1e-7  # of a probability


@dataclass(frozen=True)
class NashEquilibrium:
    """A Nash equilibrium.

    Attributes:
        leader: probabilities of the first player's actions.
        follower: of the second player's.
        values: what they earn.
        pure: whether each plays one action for certain.
    """

    leader: Float[np.ndarray, "m"]
    follower: Float[np.ndarray, "k"]
    values: tuple[float, float]
    pure: bool


def nash_equilibria(leader: object, follower: object) -> tuple[list[NashEquilibrium], bool]:
    """The Nash equilibria of a game of two players, best for the leader first, and whether these are all there are.

    Args:
        leader: the first player's payoffs [m, k], fractions or numbers.
        follower: the second player's.

    Raises:
        InputError: nashpy is not installed.

    Example:
        >>> found, complete = nash_equilibria([[2, 0], [0, 1]], [[1, 0], [0, 2]])
        >>> [(e.pure, tuple(round(v, 3) for v in e.values)) for e in found], complete
        ([(True, (2.0, 1.0)), (True, (1.0, 2.0)), (False, (0.667, 0.667))], True)
    """
    tables = np.asarray(leader, object), np.asarray(follower, object)
    best = (tables[0] == tables[0].max(axis=0)) & (tables[1] == tables[1].max(axis=1, keepdims=True))
    floats = [table.astype(np.float64) for table in tables]
    m, k = floats[0].shape
    found = [_equilibrium(floats, np.eye(m)[row], np.eye(k)[column]) for row, column in np.argwhere(best)]
    scaled = [1 + (table - table.min()) / ((table.max() - table.min()) or 1.0) for table in floats]
    few = math.comb(m + k, m) <= _MOST_PAIRS
    if few and min(m, k) > 1:
        found += [_equilibrium(floats, x, y) for x, y in _mixed(scaled) if min(x.max(), y.max()) < 1 - _SAME]
    # A game that is not degenerate has an odd number of equilibria, with no more best replies than actions in use.
    complete = few and len(found) % 2 == 1 and not any(_is_degenerate(scaled, e) for e in found)
    return sorted(found, key=lambda e: -e.values[0]), complete


def _equilibrium(floats: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> NashEquilibrium:
    values = tuple(float(x @ table @ y) for table in floats)
    return NashEquilibrium(x, y, (values[0], values[1]), bool(x.max() == 1 and y.max() == 1))


def _is_degenerate(scaled: list[np.ndarray], found: NashEquilibrium) -> bool:
    """Whether a player has more best replies than the other has actions in use, so that there may be a continuum."""
    paid = scaled[0] @ found.follower, found.leader @ scaled[1]
    used = (found.follower > _SAME).sum(), (found.leader > _SAME).sum()
    return any((own >= own.max() - _SURE).sum() > count for own, count in zip(paid, used, strict=True))


def _mixed(scaled: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Equilibria that the library finds, pure ones too, in a game whose payoffs are from 1 to 2."""
    try:
        nashpy = importlib.import_module("nashpy")
    except ImportError:
        raise InputError("mixed equilibria need nashpy: pip install 'firstmover[nash]'.") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _checked(scaled, nashpy.Game(*scaled).vertex_enumeration())
        except RuntimeError:  # Qhull's, where it cannot tell vertices apart
            return []


def _checked(
    scaled: list[np.ndarray], given: Iterable[tuple[np.ndarray, np.ndarray]]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The equilibria among what was found, once each."""
    sure: list[tuple[np.ndarray, np.ndarray]] = []
    for x, y in given:
        if x.shape != scaled[0].shape[:1] or y.shape != scaled[0].shape[1:]:
            continue
        if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y)) and min(x.min(), y.min()) >= -_SURE):
            continue
        x, y = (np.where(part > _SURE, part, 0) / part[part > _SURE].sum() for part in (x, y))
        gains = (scaled[0] @ y).max() - x @ scaled[0] @ y, (x @ scaled[1]).max() - x @ scaled[1] @ y
        new = not any(np.allclose(x, a, atol=_SAME) and np.allclose(y, b, atol=_SAME) for a, b in sure)
        if max(gains) <= _SURE and new:
            sure.append((x, y))
    return sure
