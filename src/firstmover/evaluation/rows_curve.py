"""How many rows a rule needs: what is chosen by fewer rows, or by more rows like these, and what that is worth.

The rows that there are stand for the population. From them as many are drawn as are asked about, with replacement,
again and again; on each draw that rule is taken which earns most there, of some candidates, and valued on all rows.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float, Int

from firstmover.json_types import JsonObject

_DRAWS = 1_000  # of rows, for each number of them
_SIZES = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_BEYOND = 4  # times the rows that there are, up to which numbers of rows are looked at
_NORMAL = 1.959963984540054  # the 97.5 % quantile
_SAME = 1e-9  # of the spread of what the candidates are worth


@dataclass(frozen=True)
class RowsCurve:
    """What so many rows like these are good for.

    Attributes:
        rows: how many there are.
        candidates: rules that were chosen from.
        sizes: numbers of rows that were looked at.
        promised: what the chosen rule earns on the rows that it was chosen by, on average, for each size.
        value: what it earns on all rows, on average.
        interval: 95 % of the draws lie there with what it earns on all rows.
        right: how often it is one that is best on all rows.
        enough: so many rows tell the design from the status quo: the 95 % interval of its gain then leaves 0 out; None
            if it gains nothing, or there is no status quo.
    """

    rows: int
    candidates: int
    sizes: tuple[int, ...]
    promised: tuple[float, ...]
    value: tuple[float, ...]
    interval: tuple[tuple[float, float], ...]
    right: tuple[float, ...]
    enough: int | None

    def as_json(self) -> JsonObject:
        """As JSON values."""
        return {key: list(own) if isinstance(own, tuple) else own for key, own in asdict(self).items()}


def rows_curve(
    worths: Float[np.ndarray, "rules P"],
    profiles: Int[np.ndarray, "rows"],
    weights: Float[np.ndarray, "rows"],
    own: int,
    status_quo: int | None,
    seed: int = 0,
) -> RowsCurve:
    """The curve of some rules.

    Args:
        worths: what each rule earns the leader at each type profile.
        profiles: the type profile of every row.
        weights: how much each row counts.
        own: which rule was designed.
        status_quo: which is the status quo, if there is one.
        seed: of the draws.
    """
    kinds, counts = np.unique(np.stack([profiles, weights], axis=1), axis=0, return_counts=True)
    paid, weight = worths[:, kinds[:, 0].astype(int)], kinds[:, 1]  # [rules, kinds]
    chances = counts / counts.sum()
    over_all = paid @ (weight * chances) / (weight @ chances)
    best = over_all >= over_all.max() - _SAME * max(float(np.ptp(worths)), 1e-300)
    rng, n = np.random.default_rng(seed), int(counts.sum())
    sizes = sorted({size for size in _SIZES if size <= _BEYOND * n} | {n})
    promised, value, interval, right = [], [], [], []
    for size in sizes:
        drawn = rng.multinomial(size, chances, _DRAWS) * weight
        means = drawn @ paid.T / drawn.sum(axis=1, keepdims=True)  # [draws, rules]
        chosen = means.argmax(axis=1)
        promised.append(float(means.max(axis=1).mean()))
        value.append(float(over_all[chosen].mean()))
        low, high = np.quantile(over_all[chosen], [0.025, 0.975])
        interval.append((float(low), float(high)))
        right.append(float(best[chosen].mean()))
    enough = None if status_quo is None else _enough(paid[own] - paid[status_quo], weight, chances)
    return RowsCurve(n, len(worths), tuple(sizes), tuple(promised), tuple(value), tuple(interval), tuple(right), enough)


def _enough(
    gain: Float[np.ndarray, "kinds"], weight: Float[np.ndarray, "kinds"], chances: Float[np.ndarray, "kinds"]
) -> int | None:
    """The number of rows at which the mean of a gain is 1.96 standard errors from 0, if it is positive."""
    total = float(weight @ chances)
    mean = float((gain * weight) @ chances) / total
    if mean <= 0:
        return None
    variance = float((weight * (gain - mean)) ** 2 @ chances) / total**2
    return max(2, math.ceil(_NORMAL**2 * variance / mean**2))
