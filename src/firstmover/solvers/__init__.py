"""Which exact method answers for which game, beside those that a game brings itself."""

from firstmover.solvers.enumeration import best_rule

__all__ = ["best_rule"]
