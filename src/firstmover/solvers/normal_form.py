"""Normal-form games: optimal commitments by linear programs (Conitzer and Sandholm 2006 for one follower)."""

import numpy as np

from firstmover.equilibria import commitments
from firstmover.equilibria.correlated_commitments import correlated_commitment
from firstmover.equilibria.margins import LinearGame, mixtures
from firstmover.games.base import Ties
from firstmover.games.normal_form import NormalForm
from firstmover.solvers.registry import Baseline, baseline, linear_form, optimum
from firstmover.solvers.solution import Solution


@optimum.register(NormalForm)
def optimal_commitment(game: NormalForm, ties: Ties) -> Solution:
    """The optimal commitment; with several followers, over their coarse correlated equilibria.

    A mixture against several followers has no exact method here: the solution then holds upper bounds only.
    """
    leader, followers = (part.fractions for part in game.tables)
    upper = {}
    if game.n_followers > 1:
        upper["coarse_correlated"] = correlated_commitment(leader, followers, coarse=True).value
    if game.n_followers > 1 and game.commitment == "mixed":
        return Solution(
            value=None,
            rule=None,
            attained=False,
            method="optimal correlated commitment (Conitzer and Korzhyk 2011), an upper bound",
            followers="correlated equilibria (Nash included), or coarse correlated ones, as each bound says",
            upper_bounds={"correlated": correlated_commitment(leader, followers).value, **upper},
        )
    if game.commitment == "deterministic":
        optimal = commitments.deterministic_commitment(leader, followers, ties)
    else:
        optimal = commitments.mixed_commitment(leader, followers[0], ties)
    return Solution(
        value=optimal.value,
        rule=game.rule(np.asarray(optimal.commitment)[None]),
        attained=optimal.attained,
        method=optimal.method,
        followers=f"best response, ties {ties}" if game.n_followers == 1 else f"coarse correlated, {ties}",
        upper_bounds=upper,
    )


@linear_form.register(NormalForm)
def over_mixtures(game: NormalForm) -> LinearGame | None:
    """The game over the leader's mixtures (or its rows), against one follower."""
    if game.n_followers > 1:
        return None
    pure = game.commitment == "deterministic"
    return mixtures(game.leader_payoffs[None], game.follower_payoffs, np.ones(1), pure=pure)


@baseline.register(NormalForm)
def other_kind_of_commitment(game: NormalForm) -> Baseline:
    """Uniform play for a leader that picks a row; the best row for one that mixes."""
    rows = game.leader_payoffs.shape[0]
    if game.commitment == "deterministic":
        mixed = NormalForm(*game.tables, "mixed", game.action_names, game.player_names)
        return "uniform play", mixed, np.full((1, rows), 1 / rows)
    leader, followers = (part.fractions for part in game.tables)
    best = commitments.deterministic_commitment(leader, followers, "weak")
    return "the best deterministic commitment", game, np.eye(rows)[[int(best.commitment)]]
