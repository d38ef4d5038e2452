"""A finite game among followers with private types, its leader's payoff beside it, as plain NumPy arrays."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from firstmover.equilibria.exact_programs import Exact
from firstmover.errors import InputError, require
from firstmover.exact_numbers import as_fractions

_SUM_TOLERANCE = 1e-6  # how far from 1 the sum of given probabilities may be


@dataclass(frozen=True, eq=False)
class FiniteGame:
    """A finite game among n followers, its leader's payoff beside it.

    The constructor checks nothing; `without_types` and `with_types` do.

    Attributes:
        support: type profiles of positive probability.
        probs: their probabilities, summing to 1.
        leader: the leader's payoff at every type and action profile.
        followers: every follower's payoff.
        allowed: for each follower, which actions each of its types may take.
        given: probabilities and payoffs as exact fractions, in the same shapes; None where the floats say it all.

    Example:
        >>> from firstmover.equilibria import FiniteGame
        >>> chicken = FiniteGame.without_types([[12, 9], [9, 0]], [[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
        >>> chicken.probs, chicken.leader.shape
        (array([1.]), (1, 2, 2))
    """

    support: Int[np.ndarray, "P n"]
    probs: Float[np.ndarray, "P"]
    leader: Float[np.ndarray, "P *actions"]
    followers: Float[np.ndarray, "n P *actions"]
    allowed: tuple[Bool[np.ndarray, "_types _actions"], ...]
    given: tuple[Exact, Exact, Exact] | None = None

    @classmethod
    def without_types(cls, leader: object, followers: object) -> "FiniteGame":
        """A game of complete information.

        Args:
            leader: the leader's payoffs, shape [A_0, ..., A_{n-1}]; any array of numbers.
            followers: the followers' payoffs, shape [n, A_0, ..., A_{n-1}].

        Raises:
            InputError: a payoff is not a finite number, or a shape does not fit.
        """
        payoffs = numbers("the leader's payoffs", leader)
        n = payoffs.ndim
        require(n > 0 and payoffs.size > 0, "every follower needs an action", f"payoffs of shape {payoffs.shape}")
        table = numbers("the followers' payoffs", followers, (n, *payoffs.shape))
        allowed = tuple(np.ones((1, size), bool) for size in payoffs.shape)
        given = None
        if object in (np.asarray(leader).dtype, np.asarray(followers).dtype):
            given = as_fractions(np.ones(1)), as_fractions(leader)[None], as_fractions(followers)[:, None]
        return cls(np.zeros((1, n), np.int64), np.ones(1), payoffs[None], table[:, None], allowed, given)

    @classmethod
    def with_types(
        cls, prior: object, leader: object, followers: object, allowed: Sequence[object] | None = None
    ) -> "FiniteGame":
        """A game in which each of n followers has a private type.

        Args:
            prior: the probability of every type profile, shape [T_0, ..., T_{n-1}]. What rounding leaves of the sum
                is divided out.
            leader: the leader's payoffs, shape [T_0, ..., T_{n-1}, A_0, ..., A_{n-1}].
            followers: the followers' payoffs, shape [n, T_0, ..., T_{n-1}, A_0, ..., A_{n-1}].
            allowed: for each follower, which actions each of its types may take, shape [T_i, A_i]; all if None.

        Raises:
            InputError: a number is not finite, a shape does not fit, a probability is negative, they do not sum to 1
                (within 1e-6), or a type has no action.
        """
        chances = numbers("the prior", prior)
        types, n = chances.shape, chances.ndim
        require(n > 0 and chances.size > 0, "every follower needs a type", f"a prior of shape {types}")
        require(bool((chances >= 0).all()), "probabilities must be at least 0", chances.min())
        require(bool(abs(chances.sum() - 1) <= _SUM_TOLERANCE), "the prior must sum to 1", chances.sum())
        payoffs = numbers("the leader's payoffs", leader)
        shape = payoffs.shape
        fits = len(shape) == 2 * n and shape[:n] == types and payoffs.size > 0
        require(fits, f"the leader's payoffs must have shape {types} + one size for each follower's actions", shape)
        table = numbers("the followers' payoffs", followers, (n, *shape))
        support = np.argwhere(chances > 0)
        at = tuple(support.T)
        masks = _masks(types, shape[n:], allowed)
        stacked = np.stack([payoff[at] for payoff in table])
        given = None
        if object in {np.asarray(part).dtype for part in (prior, leader, followers)}:
            shares = as_fractions(prior)[at]
            own = np.stack([table[at] for table in as_fractions(followers)])
            given = shares / sum(shares.tolist()), as_fractions(leader)[at], own
        return cls(support, chances[at] / chances.sum(), payoffs[at], stacked, masks, given)

    @property
    def n_actions(self) -> tuple[int, ...]:
        """Number of actions of each follower."""
        return self.leader.shape[1:]

    @functools.cached_property
    def fractions(self) -> tuple[Exact, Exact, Exact]:
        """Probabilities, the leader's payoffs and the followers', as exact fractions."""
        if self.given is not None:
            return self.given
        probs = as_fractions(self.probs)
        return probs / sum(probs.tolist()), as_fractions(self.leader), as_fractions(self.followers)

    @property
    def has_types(self) -> bool:
        """Whether some follower has more than one type."""
        return len(self.support) > 1

    @property
    def payoff_ranges(self) -> Float[np.ndarray, "n"]:
        """Greatest less least payoff of each follower; 1 where that is 0, so that one can divide by it."""
        spans = np.ptp(self.followers.reshape(len(self.followers), -1), axis=1)
        return np.where(spans > 0, spans, 1.0)

    def follower_types(self) -> Iterator[tuple[int, int]]:
        """Every (follower, type) pair of positive probability."""
        for i in range(len(self.followers)):
            for t in np.unique(self.support[:, i]):
                yield i, int(t)

    def possible(self) -> Bool[np.ndarray, "P *actions"]:
        """Action profiles that every follower's type allows, at every type profile."""
        possible = np.ones(self.leader.shape, bool)
        for i, allowed in enumerate(self.allowed):
            own = allowed[self.support[:, i]]
            shape = [len(self.support)] + [1] * len(self.n_actions)
            shape[i + 1] = own.shape[1]
            possible &= own.reshape(shape)
        return possible


def numbers(what: str, values: object, shape: tuple[int, ...] | None = None) -> Float[np.ndarray, "..."]:
    """The values as an array of float64, checked.

    Raises:
        InputError: they are not finite numbers, or not of this shape.
    """
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as why:
        raise InputError(f"{what} must be an array of numbers ({why}).") from why
    require(bool(np.isfinite(array).all()), f"{what} must be finite numbers", "NaN or infinity")
    if shape is not None:
        require(array.shape == shape, f"{what} must have shape {shape}", array.shape)
    return array


def _masks(
    types: tuple[int, ...], actions: tuple[int, ...], allowed: Sequence[object] | None
) -> tuple[np.ndarray, ...]:
    """What each type of each follower may do, checked."""
    shapes = list(zip(types, actions, strict=True))
    if allowed is None:
        return tuple(np.ones(shape, bool) for shape in shapes)
    require(len(allowed) == len(shapes), f"allowed actions must be given for {len(shapes)} followers", len(allowed))
    masks = tuple(np.asarray(mask, bool) for mask in allowed)
    for i, (mask, shape) in enumerate(zip(masks, shapes, strict=True)):
        require(mask.shape == shape, f"the allowed actions of follower {i} must have shape {shape}", mask.shape)
        without = np.flatnonzero(~mask.any(axis=1))
        require(without.size == 0, f"every type of follower {i} must be allowed an action", f"none for {without}")
    return masks
