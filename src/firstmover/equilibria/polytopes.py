"""Equilibrium sets of a finite game with private types, and the least and greatest value of an objective over them.

Two sets, both without any assumption on how types are correlated (epsilon = 0 unless given, and always conditional on
the type, as in Definition 3.3 of Brero et al., "Stackelberg POMDP"):

- `bcce`, Bayesian coarse correlated equilibria (their Definition 3.2): for every type profile a distribution over
  action profiles, so that no follower of any type gains by switching to one action before it is told its own. An
  action may be correlated with the types of others, which its player cannot know.
- `anf_cce`, coarse correlated equilibria of the agent normal form (Forges 1993 names the form): a distribution over
  profiles of type -> action maps, every (follower, type) pair a player. It is what the time average of independent
  no-regret learners tends to, and is contained in `bcce`.

In a game without private types both are the coarse correlated equilibria, `cce`.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import linprog
from scipy.sparse import csr_array

from firstmover.errors import InputError

EquilibriumSet = Literal["bcce", "anf_cce"]

MAX_VARIABLES = {"bcce": 100_000, "anf_cce": 50_000}


@dataclass(frozen=True, eq=False)
class FiniteGame:
    """A finite game among n followers, its leader's payoff beside it.

    Attributes:
        support: type profiles of positive probability.
        probs: their probabilities, summing to 1.
        leader: the leader's payoff at every type and action profile.
        followers: every follower's payoff.
        allowed: for each follower, which actions each of its types may take.
    """

    support: Int[np.ndarray, "P n"]
    probs: Float[np.ndarray, "P"]
    leader: Float[np.ndarray, "P *actions"]
    followers: Float[np.ndarray, "n P *actions"]
    allowed: tuple[Bool[np.ndarray, "_types _actions"], ...]

    @classmethod
    def without_types(
        cls, leader: Float[np.ndarray, "*actions"], followers: Float[np.ndarray, "n *actions"]
    ) -> "FiniteGame":
        """A game of complete information."""
        n = len(followers)
        allowed = tuple(np.ones((1, size), bool) for size in leader.shape)
        return cls(np.zeros((1, n), np.int64), np.ones(1), leader[None], followers[:, None], allowed)

    @property
    def n_actions(self) -> tuple[int, ...]:
        """Number of actions of each follower."""
        return self.leader.shape[1:]

    @property
    def has_types(self) -> bool:
        """Whether some follower has more than one type."""
        return len(self.support) > 1

    def follower_types(self) -> Iterator[tuple[int, int]]:
        """Every (follower, type) pair of positive probability."""
        for i in range(len(self.followers)):
            for t in np.unique(self.support[:, i]):
                yield i, int(t)

    def gains(self, i: int, deviation: int) -> Float[np.ndarray, "P *actions"]:
        """What follower i loses at every profile by playing `deviation` instead: negative where it would gain."""
        axis = i + 1
        deviated = np.take(self.followers[i], [deviation], axis=axis)
        return self.followers[i] - deviated


def n_variables(game: FiniteGame, which: EquilibriumSet) -> float:
    """Number of variables of the linear program over a set; 1e300 stands for anything larger."""
    if which == "bcce":
        return float(len(game.support) * math.prod(game.n_actions))
    return min(math.prod(float(game.allowed[i][t].sum()) for i, t in game.follower_types()), 1e300)


def regrets(game: FiniteGame, joint: Float[np.ndarray, "P *actions"]) -> dict[tuple[int, int], float]:
    """What each (follower, type) could gain at most by one action in place of its play, conditional on the type.

    Args:
        game: the game.
        joint: for every type profile, the distribution over action profiles that is played.
    """
    axes = tuple(range(1, joint.ndim))
    found = {}
    for i, t in game.follower_types():
        rows = game.support[:, i] == t
        weights = game.probs[rows] / game.probs[rows].sum()
        found[i, t] = max(
            float(-weights @ (joint * game.gains(i, a))[rows].sum(axis=axes))
            for a in np.flatnonzero(game.allowed[i][t]).tolist()
        )
    return found


def swap_regrets(game: FiniteGame, joint: Float[np.ndarray, "P *actions"]) -> dict[tuple[int, int], float]:
    """What each (follower, type) could gain at most by another action whenever it plays a certain one.

    The gain is an expectation over all its play, conditional on the type but not on the action that is replaced. All
    are at most 0 if and only if the play is a correlated equilibrium of the agent normal form. Also known as: internal
    regret. Never below `regrets` divided by the number of actions.

    Args:
        game: the game.
        joint: for every type profile, the distribution over action profiles that is played.
    """
    found = {}
    for i, t in game.follower_types():
        rows = game.support[:, i] == t
        weights = game.probs[rows] / game.probs[rows].sum()
        others = tuple(axis for axis in range(1, joint.ndim) if axis != i + 1)
        gains = [
            -weights @ (joint * game.gains(i, instead))[rows].sum(axis=others)  # by the action that is replaced
            for instead in np.flatnonzero(game.allowed[i][t]).tolist()
        ]
        found[i, t] = float(np.max(gains))
    return found


def value_bounds(game: FiniteGame, which: EquilibriumSet, *, epsilon: float = 0.0) -> tuple[float, float]:
    """The leader's least and greatest expected payoff over an equilibrium set.

    Args:
        game: the game.
        which: "bcce" or "anf_cce".
        epsilon: regret allowed to every (follower, type), conditional on the type, in payoff units; >= 0.

    Raises:
        InputError: the program is larger than `MAX_VARIABLES`.
    """
    size = n_variables(game, which)
    if size > MAX_VARIABLES[which]:
        raise InputError(
            f"the program over {which} has at least {size:.3g} variables, more than {MAX_VARIABLES[which]}"
        )
    objective, constraints, limits, equalities = _program(game, which, epsilon)
    ends = [
        float(
            solved(
                linprog(
                    sign * objective,
                    A_ub=constraints,
                    b_ub=limits,
                    A_eq=equalities,
                    b_eq=np.ones(equalities.shape[0]),
                    method="highs",
                )
            ).fun
        )
        * sign
        for sign in (1.0, -1.0)
    ]
    return ends[0], max(ends)


def _program(game: FiniteGame, which: EquilibriumSet, epsilon: float) -> tuple[np.ndarray, Any, np.ndarray, Any]:
    """Objective, deviation constraints (<=) and their limits, and the equalities (= 1), of a set's program."""
    pairs = [(i, t, a) for i, t in game.follower_types() for a in np.flatnonzero(game.allowed[i][t]).tolist()]
    scale = max(float(np.ptp(game.followers)), 1e-300)
    weights = {(i, t): np.where(game.support[:, i] == t, game.probs, 0) for i, t in game.follower_types()}
    limits = np.array([epsilon * weights[i, t].sum() / scale for i, t, _ in pairs])
    gains = {(i, a): game.gains(i, a) for i, _, a in pairs}
    if which == "bcce":
        possible = _possible(game)
        columns = possible.ravel()
        shape = (-1,) + (1,) * (possible.ndim - 1)
        position = np.cumsum(columns).reshape(possible.shape) - 1
        entries = []
        for k, (i, t, a) in enumerate(pairs):
            mine = np.flatnonzero(weights[i, t])
            kept = possible[mine]
            lost = -weights[i, t][mine].reshape(shape) * gains[i, a][mine] / scale
            entries.append((lost[kept], np.full(kept.sum(), k), position[mine][kept]))
        values, row_of, column_of = map(np.concatenate, zip(*entries, strict=True))
        rows = csr_array((values, (row_of, column_of)), shape=(len(pairs), int(columns.sum())))
        profile = np.broadcast_to(np.arange(len(game.support)).reshape(shape), possible.shape).ravel()[columns]
        equalities = csr_array((np.ones(profile.size), (profile, np.arange(profile.size))))
        objective = (game.probs.reshape(shape) * game.leader).ravel()[columns]
        return objective, rows, limits, equalities
    maps = _maps(game)  # [maps, P, n]: what is played at every type profile
    index = (np.arange(len(game.support)), *np.moveaxis(maps, -1, 0))
    objective = game.leader[index] @ game.probs
    rows = [-(gains[i, a][index] @ weights[i, t]) / scale for i, t, a in pairs]
    return objective, csr_array(np.array(rows)), limits, csr_array(np.ones((1, len(maps))))


def _possible(game: FiniteGame) -> Bool[np.ndarray, "P *actions"]:
    """Action profiles that every follower's type allows, at every type profile."""
    possible = np.ones(game.leader.shape, bool)
    for i, allowed in enumerate(game.allowed):
        own = allowed[game.support[:, i]]
        shape = [len(game.support)] + [1] * len(game.n_actions)
        shape[i + 1] = own.shape[1]
        possible &= own.reshape(shape)
    return possible


def _maps(game: FiniteGame) -> Int[np.ndarray, "maps P n"]:
    """Every profile of (type -> allowed action) maps, as the actions played at every type profile."""
    pairs = list(game.follower_types())
    choices = [np.flatnonzero(game.allowed[i][t]) for i, t in pairs]
    maps = np.array(list(itertools.product(*choices)), np.int64).reshape(-1, len(pairs))
    position = {pair: k for k, pair in enumerate(pairs)}
    columns = [[position[i, int(t)] for i, t in enumerate(row)] for row in game.support]
    return maps[:, np.array(columns)]


def solved(result: Any) -> Any:
    """A solver's result that must be optimal: the sets here are never empty and never unbounded.

    Raises:
        RuntimeError: it is not; an internal error.
    """
    if result.status != 0:
        raise RuntimeError(f"a linear program that has a solution was not solved ({result.message}); please report it.")
    return result
