"""Names of the pytrees that pass through the core: what one holds is known to the part that makes it.

They are one type to a checker and many to a reader, and say whose a tree is that is handed on.
"""

from typing import TypeAlias, TypeVar

from jaxtyping import PyTree

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
