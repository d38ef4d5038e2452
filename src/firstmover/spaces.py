"""What the leader may do in a decision, and what it may see.

A decision picks one of n, or a real vector in a box, or one of several options and then a vector for it.
"""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int


@dataclass(frozen=True)
class Discrete:
    """One of `n` actions, an int32 scalar in 0..n-1; a mask says which are possible."""

    n: int

    @property
    def mask_size(self) -> int:
        """Length of a mask: one entry per action."""
        return self.n

    @property
    def continuous(self) -> bool:
        """Whether some part of an action is a real number."""
        return False

    def idle(self) -> Array:
        """An action for when nobody looks."""
        return jnp.int32(0)

    @property
    def n_features(self) -> int:
        """Length of `features`."""
        return self.n

    def features(self, action: Int[Array, ""]) -> Float[Array, "features"]:
        """The action as numbers in [0, 1], one-hot."""
        return _one_hot(action, self.n)


@dataclass(frozen=True)
class Box:
    """A real vector of `size` components, each in [low, high]; its mask is not looked at."""

    size: int
    low: float = 0.0
    high: float = 1.0

    @property
    def mask_size(self) -> int:
        """Length of a mask: one entry per component, all true."""
        return self.size

    @property
    def continuous(self) -> bool:
        """Whether some part of an action is a real number."""
        return True

    def idle(self) -> Array:
        """An action for when nobody looks."""
        return jnp.zeros(self.size)

    @property
    def n_features(self) -> int:
        """Length of `features`."""
        return self.size

    def features(self, action: Float[Array, "size"]) -> Float[Array, "features"]:
        """The action as numbers in [0, 1], shares of the box."""
        return (action - self.low) / ((self.high - self.low) or 1.0)


@dataclass(frozen=True)
class Branching:
    """One of `options`, then `size` components for that option: an array [option, component, ...].

    A component is one of `levels` (an index 0..levels-1, the array is int32), or without levels a real number in
    [low, high] (the array is real, the option in it a whole number). A mask says which options are possible.
    """

    options: int
    size: int
    levels: int | None
    low: float = 0.0
    high: float = 1.0

    @property
    def mask_size(self) -> int:
        """Length of a mask: one entry per option."""
        return self.options

    @property
    def continuous(self) -> bool:
        """Whether some part of an action is a real number."""
        return self.levels is None

    def idle(self) -> Array:
        """An action for when nobody looks."""
        return jnp.zeros(1 + self.size, float if self.continuous else jnp.int32)

    @property
    def n_features(self) -> int:
        """Length of `features`."""
        return self.options + self.size * (self.levels or 1)

    def features(self, action: Array) -> Float[Array, "features"]:
        """The action as numbers in [0, 1]: the option one-hot, then each level one-hot, or its share of the range."""
        option = _one_hot(action[0], self.options)
        if self.levels is None:
            return jnp.append(option, (action[1:] - self.low) / ((self.high - self.low) or 1.0))
        return jnp.append(option, _one_hot(action[1:, None], self.levels))


Space = Discrete | Box | Branching


def _one_hot(index: Array, n: int) -> Float[Array, "*batch n"]:
    return (index == jnp.arange(n)).astype(float)


def mixture(weights: Any) -> Any:
    """The probabilities that weights in [0, 1] stand for: their shares, or all equal where there is none.

    JAX or NumPy arrays [..., actions], of the same kind and precision as they come.
    """
    weights = weights.clip(0)
    total = weights.sum(axis=-1, keepdims=True)
    none = total == 0
    return (weights + none) / (total + none * weights.shape[-1])


def observation_index(obs: Int[Array, "d"], sizes: tuple[int, ...]) -> Int[Array, ""]:
    """Row of an observation among all that have `sizes` values per component (the last varies fastest)."""
    index = obs[0]
    for k, size in enumerate(sizes[1:], start=1):
        index = index * size + obs[k]
    return index
