"""Exact solvers on plain NumPy arrays: optimal commitments and the equilibria that a rule induces."""

from typing import TYPE_CHECKING

from firstmover.source import lazily

if TYPE_CHECKING:
    from firstmover.equilibria.deviations import regrets, swap_regrets
    from firstmover.equilibria.entropy import MaxEntropy, max_entropy
    from firstmover.equilibria.finite_game import FiniteGame
    from firstmover.equilibria.markov import MarkovGame
    from firstmover.equilibria.markov_commitments import MarkovCommitment, markov_commitment
    from firstmover.equilibria.markov_replies import Response, best_response, memoryless_response, play_values
    from firstmover.equilibria.membership import Violation, violation
    from firstmover.equilibria.polytopes import extreme, value_bounds
    from firstmover.equilibria.programs import MAX_VARIABLES, Extreme, Sense, joint_play, n_variables
    from firstmover.equilibria.pure import pure_equilibria
    from firstmover.equilibria.sets import EquilibriumSet

__all__ = [
    "MAX_VARIABLES",
    "EquilibriumSet",
    "Extreme",
    "FiniteGame",
    "MarkovCommitment",
    "MarkovGame",
    "MaxEntropy",
    "Response",
    "Sense",
    "Violation",
    "best_response",
    "extreme",
    "joint_play",
    "markov_commitment",
    "max_entropy",
    "memoryless_response",
    "n_variables",
    "play_values",
    "pure_equilibria",
    "regrets",
    "swap_regrets",
    "value_bounds",
    "violation",
]

__getattr__, __dir__ = lazily(__name__)
