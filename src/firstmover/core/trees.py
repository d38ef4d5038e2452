"""Names of the pytrees and arrays that pass through: what a tree holds is known to the part that makes it.

They are one type to a checker and many to a reader, and say whose a tree is that is handed on.
"""

from typing import TypeAlias, TypeVar

import numpy as np
from jaxtyping import Array, PyTree

GameState: TypeAlias = PyTree
"""Of a game in play; what `reset` and `step` return."""
FollowerState: TypeAlias = PyTree
"""Of followers between exchanges; what `init` and `tell` return."""
Memory: TypeAlias = PyTree
"""Of a play within a sub-episode; what `begin`, `act` and `learn` return."""
LeaderState: TypeAlias = PyTree
"""Of a learner; what `init` and `update` return."""
Networks: TypeAlias = PyTree
"""What is learnt of a learner's state."""
OptState: TypeAlias = PyTree
"""Of an optimiser."""

Tree = TypeVar("Tree")
"""A pytree that comes back with the structure it had."""

AnyArray: TypeAlias = Array | np.ndarray
"""Of JAX or of NumPy, where the code asks only what both have."""
AnyNumber: TypeAlias = AnyArray | np.number | float | int
"""The same, or one number."""
SameArray = TypeVar("SameArray", Array, np.ndarray)
"""An array of one of the two, which comes back as an array of the same."""
