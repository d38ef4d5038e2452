"""Bayesian normal-form games: by enumeration of the actions, or a mixture by a mixed-integer program."""

import numpy as np

from firstmover.equilibria.bayesian_commitments import bayesian_commitment, deterministic_bayesian_commitment
from firstmover.equilibria.margins import LinearGame, mixtures
from firstmover.games.base import Ties
from firstmover.games.bayesian_normal_form import BayesianNormalForm
from firstmover.solvers.registry import Baseline, baseline, linear_form, optimum
from firstmover.solvers.solution import Solution


@optimum.register(BayesianNormalForm)
def optimal_commitment(game: BayesianNormalForm, ties: Ties) -> Solution:
    """The optimal commitment against a follower of a private type."""
    find = bayesian_commitment if game.commitment == "mixed" else deterministic_bayesian_commitment
    optimal = find(*game.fractions, game.stated_prior.fractions, ties)
    return Solution(
        value=optimal.value,
        rule=game.rule(np.asarray(optimal.commitment)[None]),
        attained=optimal.attained,
        method=optimal.method,
        followers=f"best response of every type, ties {ties}",
    )


@linear_form.register(BayesianNormalForm)
def over_mixtures(game: BayesianNormalForm) -> LinearGame:
    """The game over the leader's mixtures (or its rows), with the types that occur."""
    (support, prior), pure = game.types.profiles, game.commitment == "deterministic"
    possible = support[:, 0]
    return mixtures(game.leader_payoffs[possible], game.follower_payoffs[possible], prior, pure=pure)


@baseline.register(BayesianNormalForm)
def other_kind_of_commitment(game: BayesianNormalForm) -> Baseline:
    """Uniform play for a leader that picks a row; the best row for one that mixes."""
    leader, follower = game.fractions
    rows = len(game.games[0].action_names[0])
    if game.commitment == "deterministic":
        mixed = BayesianNormalForm(leader, follower, game.stated_prior, "mixed", game.action_names)
        return "uniform play", mixed, np.full((1, rows), 1 / rows)
    best = deterministic_bayesian_commitment(leader, follower, game.stated_prior.fractions, "weak")
    return "the best deterministic commitment", game, np.eye(rows)[[int(best.commitment)]]
