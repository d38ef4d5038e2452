"""Spaces: what a decision of the leader is, what followers do, and what they know of themselves.

A decision picks one of n, or a real vector in a box, or a mixture of options, or one of several options and then
components for it. Spaces read and write the entries of rule files and put values into words; they say how values are
drawn, learnt (`head`) and listed. Nothing asks which kind a space is.
"""

from firstmover.spaces.base import Parts, Space, asked
from firstmover.spaces.box import Box
from firstmover.spaces.branching import Branching
from firstmover.spaces.discrete import Discrete, one_or_several
from firstmover.spaces.mixture import Mixture, mixed_words, mixture
from firstmover.spaces.observations import Image, Reals, observation_index

__all__ = [
    "Box",
    "Branching",
    "Discrete",
    "Image",
    "Mixture",
    "Parts",
    "Reals",
    "Space",
    "asked",
    "mixed_words",
    "mixture",
    "observation_index",
    "one_or_several",
]
