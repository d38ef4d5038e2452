"""Iterated matrix games: the best deterministic rule by enumeration, and the table of states."""

import numpy as np

from firstmover.equilibria.commitments import deterministic_commitment
from firstmover.equilibria.markov import MarkovGame
from firstmover.games.base import Ties
from firstmover.games.iterated_matrix import IteratedMatrix
from firstmover.solvers.enumeration import best_rule, stepped_table
from firstmover.solvers.registry import Baseline, baseline, memory_optimum, optimum, state_table
from firstmover.solvers.solution import Solution


@state_table.register(IteratedMatrix)
def table_of_histories(game: IteratedMatrix) -> MarkovGame:
    """The states are the histories that are remembered; of a leader that mixes, the table is that of its pure play."""
    if game.commitment == "mixed":
        return state_table(game.pure)
    return stepped_table(game, game.states(), lambda state: state.seen, game.discount)


@optimum.register(IteratedMatrix)
def against_exact_replies(game: IteratedMatrix, ties: Ties) -> Solution:
    """The best deterministic rule against a follower that replies exactly, and may count the steps."""
    return best_rule(game, ties, f"best response that may count the steps, ties {ties}")


@memory_optimum.register(IteratedMatrix)
def against_tables(game: IteratedMatrix, ties: Ties) -> Solution:
    """The best deterministic rule against a follower that replies by a table over its own observations.

    Raises:
        InputError: there are too many pairs of a rule and a table.
    """
    return best_rule(game, ties, f"best table of one action per observation, ties {ties}", "memoryless")


@baseline.register(IteratedMatrix)
def one_action(game: IteratedMatrix) -> Baseline:
    """The best single action, always."""
    once = deterministic_commitment(game.leader_payoffs, game.follower_payoffs[None], "weak")
    return "the best single action, always", game.pure, np.full(game.n_observations, once.commitment)
