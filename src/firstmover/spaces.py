"""What the leader may do in a decision (pick one of n, or a real vector in a box), and what it may see."""

from dataclasses import dataclass

from jaxtyping import Array, Int


@dataclass(frozen=True)
class Discrete:
    """One of `n` actions, an int32 scalar in 0..n-1; a mask says which are possible."""

    n: int


@dataclass(frozen=True)
class Box:
    """A real vector of `size` components, each in [low, high]."""

    size: int
    low: float = 0.0
    high: float = 1.0


Space = Discrete | Box


def observation_index(obs: Int[Array, "d"], sizes: tuple[int, ...]) -> Int[Array, ""]:
    """Row of an observation among all that have `sizes` values per component (the last varies fastest)."""
    index = obs[0]
    for k, size in enumerate(sizes[1:], start=1):
        index = index * size + obs[k]
    return index
