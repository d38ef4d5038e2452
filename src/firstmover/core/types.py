"""Distributions of the followers' private types: independent, or any correlated table.

Conventions: a type is an index; `n` followers; `P` type profiles of positive probability.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.errors import InputError
from firstmover.exact_numbers import probabilities

# What games of any size that is asked for may list before anything is known of their use.
MAX_TYPES, MAX_FOLLOWERS = 200_000, 10_000
_MAX_PROFILES = 1_000_000


@dataclass(frozen=True, eq=False)
class TypeDistribution:
    """Joint distribution of the followers' types, as a chain of conditional tables.

    Attributes:
        tables: one per follower, follower k's probabilities conditional on the types of the followers before it,
            shape [T_0, ..., T_{k-1}, T_k]; or just [T_k] where it is independent of them.
        fractions: the same tables in exact fractions.
    """

    tables: tuple[np.ndarray, ...]
    fractions: tuple[np.ndarray, ...]

    @classmethod
    def independent(cls, marginals: Sequence[object]) -> "TypeDistribution":
        """One marginal per follower, each summing to 1.

        Raises:
            InputError: a marginal is not a probability distribution.
        """
        given = [probabilities(m, f"the types of follower {i}") for i, m in enumerate(marginals)]
        return cls(tuple(own.floats for own in given), tuple(own.fractions for own in given))

    @classmethod
    def correlated(cls, joint: object) -> "TypeDistribution":
        """Any joint table, shape [T_0, ..., T_{n-1}], summing to 1.

        Raises:
            InputError: the table is not a probability distribution.
        """
        joint = probabilities(joint, "the joint distribution of types", joint=True).fractions
        tables = []
        for k in range(joint.ndim):
            upto = joint.sum(axis=tuple(range(k + 1, joint.ndim)))
            before = np.asarray(upto.sum(axis=-1, keepdims=True))
            uniform = np.full(upto.shape, Fraction(1, upto.shape[-1]), object)
            # A prefix of probability zero is never drawn; any conditional will do.
            tables.append(np.where(before > 0, upto / np.where(before > 0, before, 1), uniform))
        return cls(tuple(table.astype(np.float64) for table in tables), tuple(tables))

    @property
    def n_types(self) -> tuple[int, ...]:
        """Number of types of each follower."""
        return tuple(table.shape[-1] for table in self.tables)

    def sample(self, u: Float[Array, "n"]) -> Int[Array, "n"]:
        """One type profile from `n` uniform numbers, by inversion of the conditional distribution functions."""
        first = self.tables[0]
        if all(table.ndim == 1 and table.shape == first.shape for table in self.tables):
            # All at once: the program does not grow with the number of followers.
            rows = jnp.asarray(np.cumsum(np.stack(self.tables), axis=-1)[:, :-1])
            return jnp.sum(u[:, None] >= rows, axis=1, dtype=jnp.int32)
        drawn: list[Array] = []
        for k, table in enumerate(self.tables):
            cdf = jnp.asarray(np.cumsum(table, axis=-1)[..., :-1])
            row = cdf if table.ndim == 1 else cdf[tuple(drawn)]
            drawn.append(jnp.sum(u[k] >= row, dtype=jnp.int32))
        return jnp.stack(drawn)

    def table(self) -> np.ndarray:
        """The joint distribution in exact fractions, an array of objects [T_0, ..., T_{n-1}]."""
        return self._joint(self.fractions)

    @functools.cached_property
    def profiles(self) -> tuple[np.ndarray, np.ndarray]:
        """Type profiles of positive probability, int32 [P, n], and their probabilities, float64 [P].

        Raises:
            InputError: there are more than a million type profiles.
        """
        joint = self._joint(self.tables)
        support = np.argwhere(joint > 0).astype(np.int32)
        return support, joint[tuple(support.T)]

    @functools.cached_property
    def profile_fractions(self) -> np.ndarray:
        """The probabilities of `profiles` as exact fractions, an array of objects [P].

        Raises:
            InputError: there are more than a million type profiles.
        """
        return np.asarray(self._joint(self.fractions)[tuple(self.profiles[0].T)])

    def _joint(self, tables: tuple[np.ndarray, ...]) -> np.ndarray:
        """The joint table that a chain of conditional tables amounts to."""
        if np.prod([float(t) for t in self.n_types]) > _MAX_PROFILES:
            raise InputError(f"{self.n_types} types make more than {_MAX_PROFILES} type profiles to enumerate.")
        n = len(tables)
        joint = np.ones(self.n_types, tables[0].dtype)
        for k, table in enumerate(tables):
            shape = (1,) * k + table.shape if table.ndim == 1 else table.shape
            joint = joint * table.reshape(shape + (1,) * (n - k - 1))
        return joint
