"""docs/data.md and docs/constraints.md."""

import re

from claimed.claim import ROOT, Claim
from claimed.measurements import Command, Python

DATA, CONSTRAINTS = "docs/data.md", "docs/constraints.md"


def _optimism() -> dict[tuple[int, float], float]:
    """By how much the price that is best in sample promises too much, by rows and radius."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from firstmover.evaluators.aims import least_nearby

    worth = np.arange(1, 9.0)
    tail = 1 / worth
    prior, earns = tail - np.append(tail[1:], 0), worth[:, None] * (worth[None] >= worth[:, None])
    found = {}
    with jax.enable_x64(True):
        of_prices = jax.vmap(least_nearby, (0, None, None))
        robust = jax.jit(jax.vmap(of_prices, (None, 0, None)))
        for rows, radius in ((50, 0.0), (200, 0.0), (1_000, 0.0), (50, 0.1)):
            tables = np.random.default_rng(rows).multinomial(rows, prior, 2_000) / rows
            chosen = np.asarray(robust(jnp.asarray(earns), jnp.asarray(tables), radius)).argmax(axis=1)
            found[rows, radius] = float(np.mean((tables * earns[chosen]).sum(axis=1) - (earns @ prior)[chosen]))
    return found


def _kept() -> list[float]:
    """What the worst type has in every seed of a design that is to leave it half a unit."""
    from firstmover import design
    from firstmover.evaluation.measures import measures
    from firstmover.jobs.settling import of_seed
    from firstmover.leaders import CommitmentGradient
    from firstmover.templates.market import OwnMarket

    learner = CommitmentGradient(updates=200, at_least=("worst type's utility=0.5",))
    made = design(OwnMarket(), leader=learner, seeds=25, optimum=False)
    found = [measures(made.game, table, of_seed(made.plays, k)) for k, table in enumerate(made.tables)]
    return [own["worst type's utility"].value for own in found]


OPTIMISM = Python("the optimism of the best price in sample, over 2,000 tables", _optimism)
KEPT = Python("a constraint that binds, in 25 seeds", _kept, seconds=60.0)
_MARKET = re.search(r"```python\n(import jax.*?)```", (ROOT / DATA).read_text(), re.DOTALL)
_ASKED = {1: 22, 2: 9, 3: 3, 4: 2, 5: 1, 7: 1, 8: 12}
TICKETS = Command(
    "design tickets.py:Tickets --types visitors.csv --holdout 0.4 --robust 0.1 --seeds 5 --out run",
    (
        ("tickets.py", "" if _MARKET is None else _MARKET[1]),
        ("visitors.csv", "visitor\n" + "".join(f"{worth}\n" * often for worth, often in _ASKED.items())),
    ),
    seconds=60.0,
)
_NOMINAL = "promises 0.22 too much at 50 rows, 0.11 at 200 and 0.05 at 1,000"

CLAIMS = (
    Claim(DATA, _NOMINAL, OPTIMISM, lambda found: found[50, 0.0], 0.22, 0.015),
    Claim(DATA, _NOMINAL, OPTIMISM, lambda found: found[200, 0.0], 0.11, 0.015),
    Claim(DATA, _NOMINAL, OPTIMISM, lambda found: found[1_000, 0.0], 0.05, 0.01),
    Claim(DATA, "promises 0.07 too much at 50 rows", OPTIMISM, lambda found: found[50, 0.1], 0.07, 0.015),
    Claim(DATA, "hold-out   0.8 on 20 rows", TICKETS, lambda made: made["holdout"]["value"], 0.8, 1e-6, quick=False),
    Claim(DATA, "robust     1.86667", TICKETS, lambda made: made["robust"]["value"], 1.86667, 1e-4, quick=False),
    Claim(DATA, "About 53 rows like these", TICKETS, lambda made: made["rows_curve"]["enough"], 53, 0, quick=False),
    Claim(CONSTRAINTS, "25 of 25 seeds keep it, and leave", KEPT,
          lambda found: sum(value >= 0.5 - 1e-5 for value in found), 25, quick=False),
    Claim(CONSTRAINTS, "at most 0.5025", KEPT, max, 0.5025, sense="at most", quick=False),
)  # fmt: skip
