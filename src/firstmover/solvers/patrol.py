"""Patrols: the best deterministic rule by enumeration, and the table of states."""

import numpy as np

from firstmover.equilibria.markov import MarkovGame
from firstmover.errors import require
from firstmover.games.base import Ties
from firstmover.games.patrol import Patrol
from firstmover.solvers.enumeration import best_rule, stepped_table
from firstmover.solvers.registry import Baseline, baseline, optimum, state_table
from firstmover.solvers.solution import Solution

_MAX_STATES = 100_000


@state_table.register(Patrol)
def table_of_places(game: Patrol) -> MarkovGame:
    """The states are the places before each row, and one behind the last.

    Raises:
        InputError: there are more than 100,000 of them.
    """
    size = game.length * len(game.values)
    require(size < _MAX_STATES, f"a table of states is limited to {_MAX_STATES} states", size + 1)
    return stepped_table(game, game.states(), game.index)


@optimum.register(Patrol)
def best_patrol(game: Patrol, ties: Ties) -> Solution:
    """The best deterministic rule against a crosser that replies exactly."""
    return best_rule(game, ties, f"best response, ties {ties}")


@baseline.register(Patrol)
def dearest_lanes(game: Patrol) -> Baseline:
    """Always the lanes in which the most is lost."""
    dearest = sorted(np.argsort(-game.losses, kind="stable")[: game.guards].tolist())
    return "always the dearest lanes", game, np.full(game.n_observations, game.covers.index(dearest))
