"""Games of a crowd: the fixed points that searches come to, and the best rule that is known, from a grid.

There is no exact method: neither are all equilibria of a crowd known, nor is what they earn concave in the rule.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float

from firstmover.equilibria.crowd_fixed_points import exact, ladder, least_temperature
from firstmover.equilibria.crowds import Reply
from firstmover.errors import InputError
from firstmover.games.base import Ties
from firstmover.games.mean_field import MeanFieldGame
from firstmover.json_types import Parsed
from firstmover.solvers.registry import Baseline, baseline, search
from firstmover.solvers.solution import Solution

_GRID = 33
_REFINEMENTS = 60  # rules that a search looks at beyond the grid, for each number of a decision


@dataclass(frozen=True)
class BestKnown(Solution):
    """The best rule that was found; nothing says that there is no better one.

    Attributes:
        best_known: what it earns at the best fixed point that was found.
        grid: rules that were looked at first, as decisions, and what each earns.
    """

    best_known: float | None = None
    grid: tuple[tuple[list[float], float], ...] = ()

    def details(self) -> Parsed:
        return {"best_known": self.best_known, "grid": [list(row) for row in self.grid]}


def temperatures(game: MeanFieldGame) -> Float[Array, "levels"]:
    """What a search for a fixed point goes down through."""
    scale = game.follower_payoff_scale
    return jnp.asarray(ladder(game.temperature or scale, max(game.temperature, least_temperature(scale))))


def settled(game: MeanFieldGame, decision: Array, start: Float[Array, "T k"]) -> Reply:
    """The fixed point to which a search comes from these aggregates.

    Batches are worked off one by one: none waits for the slowest, and searches within searches that were
    batched twice (episodes, seeds) were seen to crash compiled programs.
    """

    @jax.custom_batching.sequential_vmap
    def found(decision: Array, start: Array) -> Reply:
        return exact(game.under(decision), temperatures(game), start)

    reply: Reply = found(decision, start)
    return reply


@functools.lru_cache(maxsize=16)
def fixed_points(game: MeanFieldGame) -> Callable[[Array], tuple[Reply, Array]]:
    """A compiled function of a decision: the fixed point that each of the game's starts leads to, and what it earns."""

    def found(decision: Array) -> tuple[Reply, Array]:
        reply = jax.lax.map(lambda start: settled(game, decision, start), game.starts(decision))
        return reply, jax.vmap(lambda flow: game.leader_earns(flow, decision))(reply.flow)

    return jax.jit(found)


@functools.lru_cache(maxsize=16)
def _first(game: MeanFieldGame) -> Callable[[Array], Array]:
    """As `fixed_points`, what the first start leads to earns."""

    def earned(decision: Array) -> Array:
        return game.leader_earns(settled(game, decision, game.starts(decision)[0]).flow, decision)

    return jax.jit(earned)


def earns(game: MeanFieldGame, decision: np.ndarray) -> float:
    """What a decision earns at the fixed point that a search comes to from the game's first start, in 64 bit."""
    with jax.enable_x64(True):
        return float(_first(game)(jnp.asarray(game.played(np.asarray(decision, np.float64)), float)))


def crowd_under(game: MeanFieldGame, decision: np.ndarray) -> Reply:
    """The fixed point that a search comes to from the game's first start, in 64 bit, as NumPy arrays."""
    with jax.enable_x64(True):
        reply, _ = fixed_points(game)(jnp.asarray(game.played(np.asarray(decision, np.float64)), float))
        return jax.tree.map(lambda leaf: np.asarray(leaf[0]), reply)


@baseline.register(MeanFieldGame)
def status_quo(game: MeanFieldGame) -> Baseline:
    """The game's `status_quo`.

    Raises:
        InputError: it names none.
    """
    if game.status_quo is None:
        raise InputError(f"{game.name} names no status quo.")
    (entry,) = game.status_quo
    return "the status quo", game, np.asarray(game.decision(entry["when"], entry["do"]))[None]


@search.register(MeanFieldGame)
def best_known(
    game: MeanFieldGame,
    ties: Ties,
    *,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> BestKnown:
    """The best rule of a grid, refined from there by the simplex search of Nelder and Mead (1965).

    Raises:
        InputError: a decision is no vector of numbers, or the leader sees something.
    """
    del time_limit
    space = game.leader_space
    if not space.continuous or game.n_observations > 1:
        raise InputError(f"rules of {game.name} are no vectors of numbers, so that there is no grid of them.")
    points = np.unique(space.played(np.asarray(space.spread(_GRID), np.float64)), axis=0)
    values = []
    for k, point in enumerate(points):
        values.append(earns(game, point))
        if progress is not None:
            progress(f"rule {k + 1} of {len(points)} on the grid, best {max(values):.6g}")
    start = points[int(np.argmax(values))]
    return refined(game, start, tuple(zip(points.tolist(), values, strict=True)), progress)


def refined(
    game: MeanFieldGame,
    start: np.ndarray,
    grid: tuple[tuple[list[float], float], ...],
    progress: Callable[[str], None] | None,
    upper_bounds: dict[str, float] | None = None,
) -> BestKnown:
    """The best rule in the neighbourhood of this one."""
    looked = 0

    def loss(decision: np.ndarray) -> float:
        nonlocal looked
        looked += 1
        if progress is not None:
            progress(f"rule {looked} near the best of the grid")
        return -earns(game, decision)

    options = {"maxfev": _REFINEMENTS * len(start), "xatol": 1e-6, "fatol": 1e-12}
    found = scipy.optimize.minimize(loss, start, method="Nelder-Mead", options=options)
    decision = np.asarray(game.played(found.x if -found.fun >= -loss(start) else start))
    entries = game.rule(decision[None])
    with jax.enable_x64(True):
        told = game.decision(entries[0]["when"], entries[0]["do"])
        values = np.asarray(fixed_points(game)(jnp.asarray(told, float))[1])
    return BestKnown(
        value=None,
        rule=entries,
        attained=False,
        method=f"best known: a grid of {len(grid)} rules and {looked} near the best of it; no optimum is claimed",
        followers=f"a fixed point of the crowd; from {len(values)} starts it earns {values.min():.9g} to "
        f"{values.max():.9g}",
        upper_bounds=upper_bounds or {},
        best_known=float(values.max()),
        grid=grid,
    )
