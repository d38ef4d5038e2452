"""How many rows a rule needs: against the binomial distribution, and from a design."""

import json
import math

import numpy as np
import pytest

from firstmover.evaluation.rows_curve import rows_curve
from firstmover.report.sentences import rows_sentences

# A price of 1 earns 1 of everybody; a price of 8 earns 8 of one in five rows.
WORTHS = np.array([[0.0, 8.0], [1.0, 1.0], [0.0, 0.0]])
PROFILES = np.array([0] * 32 + [1] * 8)


def _chance_of_more(n: int) -> float:
    """That more than an eighth of n rows, each one of the fifth, pay the price of 8."""
    return sum(math.comb(n, k) * 0.2**k * 0.8 ** (n - k) for k in range(n + 1) if 8 * k > n or (8 * k == n))


def test_the_curve_is_what_the_binomial_distribution_says() -> None:
    found = rows_curve(WORTHS, PROFILES, np.ones(40), 0, 1)
    assert found.rows == 40
    assert found.candidates == 3
    assert found.sizes == (10, 20, 40, 50, 100)
    for n, right, value in zip(found.sizes, found.right, found.value, strict=True):
        chance = _chance_of_more(n)
        assert right == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / 1000) + 1e-9)
        assert value == pytest.approx(1.6 * right + 1.0 * (1 - right))
    # The promise is too good, the less the more rows there are.
    optimism = np.subtract(found.promised, found.value)
    assert optimism[0] > 0.3
    assert optimism[0] > optimism[1] > optimism[-1] > 0
    assert found.interval[0] == (1.0, 1.6)
    # A gain of 0.6, whose rows have a standard deviation of 8 * 0.4: (1.96 * 3.2 / 0.6)^2 rows.
    assert found.enough == math.ceil((1.959963984540054 * 3.2 / 0.6) ** 2)
    assert "About 110 rows" in rows_sentences(found.as_json())[0]
    assert "there are only 40" in rows_sentences(found.as_json())[0]


def test_a_row_of_weight_two_counts_as_two_in_means_and_a_loss_needs_no_rows() -> None:
    one = rows_curve(WORTHS, PROFILES, np.ones(40), 1, 0)
    assert one.enough is None
    heavy = rows_curve(WORTHS, PROFILES, np.where(PROFILES, 2.0, 1.0), 0, 1)
    assert heavy.value[-1] == pytest.approx(8 * 16 / 48, abs=0.05)
    assert rows_curve(WORTHS, PROFILES, np.ones(40), 0, None).enough is None
    json.dumps(heavy.as_json(), allow_nan=False)
