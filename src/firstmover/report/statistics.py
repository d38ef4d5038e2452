"""Means and fractions over independent seeds, with 95 % confidence intervals."""

import math

import numpy as np
from scipy.special import stdtrit

_Z = 1.959963984540054  # standard normal quantile at 0.975


def mean_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean, and the ends of its Student-t interval (the mean itself where there is one value only).

    Of those that are finite: a seed that has failed has no value.
    """
    values = np.asarray(values)[np.isfinite(values)]
    if not len(values):
        return math.nan, math.nan, math.nan
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, mean, mean
    half = float(stdtrit(len(values) - 1, 0.975) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half


def fraction_interval(count: int, n: int) -> tuple[float, float]:
    """Wilson's interval of a fraction `count / n`."""
    p, z2 = count / n, _Z**2
    centre, half = p + z2 / (2 * n), _Z * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return float((centre - half) / (1 + z2 / n)), float((centre + half) / (1 + z2 / n))
