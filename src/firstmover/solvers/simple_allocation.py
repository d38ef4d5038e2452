"""Simple allocation: the likeliest items, one per message (proof in `games.simple_allocation`)."""

import numpy as np

from firstmover.games.base import Ties
from firstmover.games.simple_allocation import SimpleAllocation
from firstmover.solvers.registry import Baseline, baseline, optimum
from firstmover.solvers.solution import Solution


@optimum.register(SimpleAllocation)
def likeliest_items(game: SimpleAllocation, ties: Ties) -> Solution:
    """Name the likeliest items, one per message; ties change nothing."""
    del ties
    best = np.argsort(-game.prior, kind="stable")
    table = best[np.arange(game.messages) % game.items]
    return Solution(
        value=float(game.stated_prior.fractions[best[: game.messages]].sum()),
        rule=game.rule(table),
        attained=True,
        method="sum of the largest prior probabilities, one per message",
        followers="every Bayesian coarse correlated equilibrium (all give this value)",
    )


@baseline.register(SimpleAllocation)
def without_messages(game: SimpleAllocation) -> Baseline:
    """Always the likeliest item."""
    silent = SimpleAllocation(game.items, 1, game.stated_prior)
    return "no messages: always the likeliest item", silent, np.array([np.argmax(game.prior)])
