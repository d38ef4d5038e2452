"""docs/crowds.md."""

from collections.abc import Sequence

import numpy as np

from claimed.claim import Claim, Rows, Table
from claimed.measurements import Python
from firstmover.games import Tax
from firstmover.reproduce.crowd_charts import CROWDS_OF, Households, at_prices_without_tax, households, scatter
from firstmover.solvers.mean_field import earns

PAGE = "docs/crowds.md"
_TAXES = (0.0, 0.1, 0.2, 0.3)
_COLUMNS = ("capital", "labour", "output", "interest", "welfare")


def _row(tax: float, found: Households) -> dict[str, str]:
    """A row of the table of equilibria."""
    told = found.statistics | {"welfare": earns(Tax(), np.array([tax]))}
    return (
        {"tax": f"{tax:g}"}
        | {name: f"{told[name]:.5f}" for name in _COLUMNS}
        | {"Gini of wealth": f"{told['gini of wealth']:.3f}", "of consumption": f"{told['gini of consumption']:.3f}"}
    )


def _equilibria() -> Rows:
    return [_row(tax, households(tax)) for tax in _TAXES]


def _schedules() -> list[float]:
    """What schedules earn in the larger economy: no tax, flat, the brackets, two parameters."""
    rules: Sequence[tuple[str, list[float]]] = (
        ("flat", [0.0]), ("flat", [0.125]), ("brackets", [1.0]), ("hsv", [0.2, -0.1])
    )  # fmt: skip
    return [earns(Tax("large", schedule), np.array(decision)) for schedule, decision in rules]  # type: ignore[arg-type]


EQUILIBRIA = Python("the economy of 'tax' at its fixed points", _equilibria, seconds=20.0)
ALONE = Python("households at the prices without a tax", lambda: at_prices_without_tax(0.3), seconds=10.0)
FREE = Python("households without a tax", lambda: households(0.0), seconds=10.0)
NEAR = Python("crowds of 100, 1,000 and 10,000", lambda: [scatter(n) for n in CROWDS_OF], seconds=40.0)
SCHEDULES = Python("taxes of the larger economy", _schedules, seconds=60.0)

_ALONE = "14.8 % of households would own nothing in place of 7.8 %, and the Gini of wealth would be 0.552"
_NEAR = "off by 7.35 % with 100 households, 2.50 % with 1,000 and 0.64 % with 10,000"
_SCHEDULES = (
    "-0.45004 without a tax, -0.44354 at the flat tax 0.125, -0.44686 under the brackets, and -0.44279 at the tax 0.2"
)

CLAIMS = (
    Claim(PAGE, _ALONE, ALONE, lambda found: 100 * found.with_nothing, 14.8, 0.05, quick=False),
    Claim(PAGE, _ALONE, FREE, lambda found: 100 * found.with_nothing, 7.8, 0.05, quick=False),
    Claim(PAGE, _ALONE, ALONE, lambda found: found.statistics["gini of wealth"], 0.552, 5e-4, quick=False),
    *(
        Claim(PAGE, _NEAR, NEAR, lambda found, k=k: 100 * found[k], claimed, 0.01, quick=False)
        for k, claimed in enumerate((7.35, 2.5, 0.64))
    ),
    *(
        Claim(PAGE, _SCHEDULES, SCHEDULES, lambda found, k=k: found[k], claimed, 6e-6, quick=False)
        for k, claimed in enumerate((-0.45004, -0.44354, -0.44686, -0.44279))
    ),
)
TABLES = (
    Table("tax-equilibria", PAGE, EQUILIBRIA, lambda rows: rows,
          dict.fromkeys(_COLUMNS, 1.1e-5) | {"Gini of wealth": 6e-4, "of consumption": 6e-4}),
)  # fmt: skip
