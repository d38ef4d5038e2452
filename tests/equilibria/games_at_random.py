"""Random finite games of many kinds, as plain arrays."""

import itertools
from typing import NamedTuple

import numpy as np

from firstmover.equilibria import FiniteGame

KINDS = ("real", "integers", "equal", "twins", "dominated", "forbidden")


class Arrays(NamedTuple):
    """What `FiniteGame.with_types` is made of."""

    prior: np.ndarray
    leader: np.ndarray
    followers: np.ndarray
    allowed: list[np.ndarray]

    @property
    def game(self) -> FiniteGame:
        return FiniteGame.with_types(*self)

    @property
    def types(self) -> tuple[int, ...]:
        return self.prior.shape

    @property
    def actions(self) -> tuple[int, ...]:
        return self.leader.shape[self.prior.ndim :]

    @property
    def profiles(self) -> list[tuple[int, ...]]:
        return [profile for profile in np.ndindex(*self.types) if self.prior[profile] > 0]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        return sorted({(i, t) for profile in self.profiles for i, t in enumerate(profile)})

    def choices(self, i: int, t: int) -> list[int]:
        return [a for a in range(self.actions[i]) if self.allowed[i][t, a]]

    def maps(self) -> list[dict[tuple[int, int], int]]:
        found = itertools.product(*(self.choices(i, t) for i, t in self.pairs))
        return [dict(zip(self.pairs, actions, strict=True)) for actions in found]


def random_game(seed: int, kind: str, *, types: bool, most: int = 400) -> Arrays:
    """A game of 2 to 4 followers with 2 to 4 actions each, of at most this many columns in every program."""
    rng = np.random.default_rng(seed)
    while True:
        n = int(rng.integers(2, 5))
        sizes = tuple(rng.integers(1, 4, n).tolist()) if types else (1,) * n
        actions = tuple(rng.integers(2, 5, n).tolist())
        maps = np.prod([float(a) ** t for a, t in zip(actions, sizes, strict=True)])
        if (max(sizes) > 1) == types and max(maps, np.prod(sizes) * np.prod(actions)) <= most:
            break
    shape = sizes + actions
    payoffs = rng.normal(size=(n, *shape)) if kind in ("real", "forbidden") else rng.integers(0, 3, (n, *shape)) * 1.0
    leader = rng.integers(-2, 3, shape) * 1.0
    i = int(rng.integers(n))
    own = np.moveaxis(payoffs[i], n + i, 0)
    if kind == "equal":
        payoffs[:] = rng.integers(0, 2)
    elif kind == "twins":
        own[1] = own[0]
    elif kind == "dominated":
        own[1] = own[0] - rng.integers(0, 2)
    prior = rng.dirichlet(np.ones(int(np.prod(sizes)))).reshape(sizes)
    if types and rng.random() < 0.5:
        prior *= rng.random(sizes) < 0.7
        prior = prior / prior.sum() if prior.sum() > 0 else np.full(sizes, 1 / prior.size)
    allowed = [np.ones((t, a), bool) for t, a in zip(sizes, actions, strict=True)]
    if kind == "forbidden":
        for mask in allowed:
            mask[np.arange(len(mask)), rng.integers(mask.shape[1], size=len(mask))] = False
    return Arrays(prior, leader, payoffs, allowed)
