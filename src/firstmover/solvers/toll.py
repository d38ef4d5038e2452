"""Tolls: the best deterministic rule by enumeration, and the table of states."""

import numpy as np

from firstmover.equilibria.markov import MarkovGame
from firstmover.errors import require
from firstmover.games.base import Ties
from firstmover.games.toll import Toll
from firstmover.solvers.enumeration import best_rule, stepped_table
from firstmover.solvers.registry import Baseline, baseline, optimum, state_table
from firstmover.solvers.solution import Solution

_MAX_ENTRIES = 5_000_000


@state_table.register(Toll)
def table_of_conditions(game: Toll) -> MarkovGame:
    """The states are pairs of a condition and a number of cars.

    Raises:
        InputError: the table would have more than five million entries.
    """
    size = float(game.n_obs[0]) * len(game.tolls) * 2.0**game.n_followers
    require(size <= _MAX_ENTRIES, f"a table of states is limited to {_MAX_ENTRIES} entries", f"{size:.3g}")
    return stepped_table(game, game.states(), game.index, symmetric=True)


@optimum.register(Toll)
def best_tolls(game: Toll, ties: Ties) -> Solution:
    """The best deterministic rule when drivers are in equilibrium in every stage.

    Raises:
        InputError: there are too many rules, or some rule leaves a stage without a pure equilibrium.
    """
    which = "best" if ties == "strong" else "worst"
    return best_rule(game, ties, f"a pure equilibrium of every stage, the {which} for the keeper")


@baseline.register(Toll)
def least_toll(game: Toll) -> Baseline:
    """No toll, or the one nearest to none."""
    least = int(np.argmin(np.abs(game.tolls)))
    name = "no toll" if game.tolls[least] == 0 else f"a toll of {game.tolls[least]:g}, always"
    return name, game, np.full(game.n_observations, least)
