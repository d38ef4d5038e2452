"""Heads: how a vector of outputs becomes a decision, with its likelihood, for every kind of decision.

A space of decisions says which head it needs (`Space.head`).
"""

from firstmover.heads.base import Branches, Head, Output, by_option, clipped_gain, likelihood_ratio
from firstmover.heads.branching import BranchingHead
from firstmover.heads.categorical import CategoricalHead
from firstmover.heads.gaussian import GaussianHead

__all__ = [
    "Branches",
    "BranchingHead",
    "CategoricalHead",
    "GaussianHead",
    "Head",
    "Output",
    "by_option",
    "clipped_gain",
    "likelihood_ratio",
]
