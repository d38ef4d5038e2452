"""Exact optimal sequential price mechanisms with messages, for two agents and one item."""

from firstmover.equilibria.mechanisms.optimum import SELECTIONS, OptimalMechanism, Selection, optimal_mechanism

__all__ = ["SELECTIONS", "OptimalMechanism", "Selection", "optimal_mechanism"]
