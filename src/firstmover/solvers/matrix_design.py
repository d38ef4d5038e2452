"""Matrix design: the best payments over the best or the worst coarse correlated equilibrium."""

import numpy as np

from firstmover.equilibria.payments import optimal_payments
from firstmover.equilibria.polytopes import FiniteGame, value_bounds
from firstmover.games.base import Ties
from firstmover.games.matrix_design import MatrixDesign
from firstmover.solvers.registry import Baseline, baseline, optimum
from firstmover.solvers.solution import Solution


@optimum.register(MatrixDesign)
def best_payments(game: MatrixDesign, ties: Ties) -> Solution:
    """The best payments over the best (`ties` "strong") or the worst ("weak") coarse correlated equilibrium.

    For `tau` by going through them; for `per-follower` exactly where one profile reaches the upper bound.
    """
    which = f"the {'best' if ties == 'strong' else 'worst'} coarse correlated equilibrium"
    if game.payment_rule != "tau":
        return _per_follower(game, ties, which)
    ends = []
    for tau in range(game.max_payment + 1):
        payments = tau * game.paid_at
        leader = game.aims - payments.sum(axis=0) * game.charged
        induced = FiniteGame.without_types(leader, game.payoffs + payments)
        ends.append(value_bounds(induced, "bcce")[ties == "strong"])
    best = int(np.argmax(np.round(ends, 9)))
    return Solution(
        value=float(ends[best]),
        rule=game.rule(np.array([best])),
        attained=True,
        method="linear programs over coarse correlated equilibria, one per payment",
        followers=which,
    )


def _per_follower(game: MatrixDesign, ties: Ties, which: str) -> Solution:
    optimal = optimal_payments(game.payoffs, game.aims, float(game.max_payment), charged=game.charged, ties=ties)
    low, high = game.leader_payoff_range
    met = optimal.upper_bound - optimal.value <= 1e-9 * max(1.0, high - low)
    return Solution(
        value=optimal.value if met else None,
        rule=game.rule(optimal.payments.reshape(game.n_followers, -1).T),
        attained=optimal.attained,
        method="payments that make one profile an equilibrium, or dominant (Monderer and Tennenholtz 2003), and a "
        "linear program that bounds all others",
        followers=which,
        bounds=(optimal.value, optimal.upper_bound),
    )


@baseline.register(MatrixDesign)
def no_payments(game: MatrixDesign) -> Baseline:
    """The base game as it is."""
    idle = np.asarray(game.leader_space.idle())
    return "no payments", game, np.zeros((game.n_observations, *idle.shape), idle.dtype)
