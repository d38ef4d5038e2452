"""Learned beside exact in Markov games: two iterated matrix games and a patrol.

Contextual followers of each matrix game are trained once; then a leader learns against them. In the patrol the crosser
replies best, by planning. Everything learned stands beside what enumerating all rules of the leader gives. Run it with

    python examples/markov_design.py
"""

from typing import NamedTuple

import numpy as np

import firstmover
from firstmover.equilibria.markov_replies import best_response
from firstmover.followers import BestResponse
from firstmover.games import IteratedMatrix, Patrol
from firstmover.leaders import CommitmentGradient
from firstmover.solvers.registry import memory_optimum, optimum, state_table

SEEDS = 3


class Row(NamedTuple):
    """A line of the table.

    Attributes:
        game, followers: what was learned against.
        learned: the leader's value by every seed, from the followers that it learned against.
        exact: the optimum against exact replies of the same kind, by enumeration.
        learned_counted: the worth of every seed's rule against an exact reply that knows the state and the time.
        exact_counted: the optimum against such replies.
    """

    game: str
    followers: str
    learned: np.ndarray
    exact: float
    learned_counted: np.ndarray
    exact_counted: float


def iterated(name: str) -> Row:
    """A matrix game played ten times, against contextual followers that were trained once."""
    game = IteratedMatrix(name)
    trained = firstmover.pretrain(game, seeds=SEEDS)
    made = firstmover.design(game, followers=trained.followers, leader=CommitmentGradient(updates=30), seeds=SEEDS)
    counted = np.array([best_response(state_table(game), rule, "strong").leader for rule in made.tables])
    by_own_observations = memory_optimum(game, "strong").value
    return Row(name, "contextual", made.learned_values, by_own_observations, counted, optimum(game, "strong").value)


def patrol() -> Row:
    """Guards against a crosser that knows where it is, and replies best."""
    game = Patrol()
    made = firstmover.design(game, followers=BestResponse(), leader=CommitmentGradient(restarts=8), seeds=SEEDS)
    counted = np.array([best_response(state_table(game), rule, "strong").leader for rule in made.tables])
    best = optimum(game, "strong").value
    return Row("patrol", "best-response", made.learned_values, best, counted, best)


def rows() -> list[Row]:
    """The whole table."""
    return [iterated("prisoners_dilemma"), iterated("chicken"), patrol()]


def line(row: Row) -> str:
    """A row in words and numbers; of the seeds it shows the mean, and how many are at the optimum."""
    reached = int(np.sum(np.abs(row.learned - row.exact) < 1e-3))
    return (
        f"{row.game:18} {row.followers:14} {row.learned.mean():8.3f} {row.exact:7.3f} {reached:5} of {SEEDS}"
        f" {row.learned_counted.mean():12.3f} {row.exact_counted:7.3f}"
    )


def main() -> None:
    """Print the table."""
    print(f"{'':33} {'the same followers':>24} {'replies that count steps':>26}")
    print(f"{'game':18} {'followers':14} {'learned':>8} {'exact':>7} {'reached':>10} {'learned':>12} {'exact':>7}")
    for row in rows():
        print(line(row))


if __name__ == "__main__":
    main()
