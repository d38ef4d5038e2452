"""Commitments when payoffs are estimates: what a choice is worth over draws of the true payoffs, and the best for them.

The leader chooses x and knows only how the payoffs may be off; followers know the true ones, and reply best to x. What
x is worth jumps where a reply changes, and a linear program for each combination of replies over all draws is out of
reach. The search moves a population of choices by differences of its members (differential evolution), each as far as
the polytope reaches: every choice is feasible, and nothing is projected.

Sources: Storn and Price, "Differential evolution" (Journal of Global Optimization 1997); Shapiro, Dentcheva and
Ruszczynski, "Lectures on Stochastic Programming" (2009), chapter 5, for the average over a sample.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from firstmover.equilibria.margins import LinearGame
from firstmover.equilibria.reply_regions import Ties
from firstmover.equilibria.solver import minimum

_POPULATION, _ROUNDS, _PATIENCE = 48, 400, 80
_CORNERS = 64  # of the polytope, that the first choices are mixtures of
_TIE = 1e-9  # of what a type is paid at most
_ENTRIES = 4_000_000  # payoffs that are held at once
_GAIN = 1e-9  # of the range of the leader's payoffs; a gain below it is none


class Draws(NamedTuple):
    """One game under several draws of its payoffs, all linear in the leader's choice.

    Attributes:
        leader: per unit of the choice, by draw, the follower's type and its action.
        follower: the same for the follower.
        prior: probabilities of the types.
    """

    leader: Float[np.ndarray, "N K m a"]
    follower: Float[np.ndarray, "N K m a"]
    prior: Float[np.ndarray, "K"]


def values(draws: Draws, x: Float[np.ndarray, "X m"], ties: Ties = "weak") -> Float[np.ndarray, "X N"]:
    """What choices earn the leader in each draw, where every type replies best to the payoffs of that draw.

    Args:
        draws: the games.
        x: choices.
        ties: whether a type that is indifferent replies for the leader ("strong") or against it ("weak").
    """
    n, types, _, actions = draws.leader.shape
    chunk = max(1, _ENTRIES // (len(x) * types * actions))
    parts = [slice(start, start + chunk) for start in range(0, n, chunk)]
    found = []
    for part in parts:
        pays, earns = (np.einsum("xm,nkma->xnka", x, table[part], optimize=True) for table in draws[1::-1])
        best = pays.max(axis=-1, keepdims=True)
        among = pays >= best - _TIE * np.abs(pays).max(axis=-1, keepdims=True)
        for_leader = np.where(among, earns, -np.inf).max(axis=-1)
        against = np.where(among, earns, np.inf).min(axis=-1)
        found.append((for_leader if ties == "strong" else against) @ draws.prior)
    return np.concatenate(found, axis=1)


class Bounds(NamedTuple):
    """One game with all payoffs at their least, and with all at their greatest, linear in the leader's choice.

    A choice weighs every payoff by a number of at least 0, so that it pays between these two, whatever the payoffs are.
    """

    least: LinearGame
    greatest: LinearGame


def guaranteed(bounds: Bounds, x: Float[np.ndarray, "X m"]) -> Float[np.ndarray, "X"]:
    """What choices earn the leader at least, whatever payoffs within their bounds are the true ones.

    A type may play an action if its greatest payoff is no less than the least of every other action. Where no payoff
    counts for two types or two actions of the follower this is the exact worst case, ties against the leader.
    """
    low, high = (np.einsum("xm,kma->xka", x, game.follower) for game in bounds)
    earns = np.einsum("xm,kma->xka", x, bounds.least.leader)
    ordered = np.sort(low, axis=-1)
    second = ordered[..., -2:-1] if low.shape[-1] > 1 else low
    first = ordered[..., -1:]
    best_other = np.where((low == first) & ((low == first).sum(axis=-1, keepdims=True) == 1), second, first)
    tie = _TIE * np.maximum(np.abs(low), np.abs(high)).max(axis=-1, keepdims=True)
    may = (high >= best_other - tie) | (low.shape[-1] == 1)
    return np.where(may, earns, np.inf).min(axis=-1) @ bounds.least.prior


def best_choice(
    form: LinearGame,
    score: Callable[[Float[np.ndarray, "X m"]], Float[np.ndarray, "X"]],
    starts: Float[np.ndarray, "S m"],
    *,
    seed: int = 0,
) -> Float[np.ndarray, "m"]:
    """The choice of the largest score, as far as the search finds it; among pure choices it is exact.

    Args:
        form: what can be chosen.
        score: of choices; it may jump.
        starts: choices to begin with, besides mixtures of corners; what is found is no worse than any of them.
        seed: of the search.
    """
    if form.pure:
        pure = np.eye(len(form.upper))
        chosen: np.ndarray = pure[score(pure).argmax()]
        return chosen
    rng = np.random.default_rng(seed)
    x = rng.dirichlet(np.full(_CORNERS, 0.3), _POPULATION) @ _corners(form, rng)
    x[: len(starts)] = starts[:_POPULATION]
    scores, same = score(x), _GAIN * (float(np.ptp(form.leader)) or 1.0)
    reached, since = scores.max(), 0
    for _ in range(_ROUNDS):
        moved = _moved(form, x, x[scores.argmax()], rng)
        anew = score(moved)
        better = anew > scores
        x[better], scores[better] = moved[better], anew[better]
        since = 0 if scores.max() > reached + same else since + 1
        reached = max(reached, scores.max())
        if since >= _PATIENCE:
            break
    best: np.ndarray = x[scores.argmax()]
    return best


def _moved(
    form: LinearGame, x: Float[np.ndarray, "X m"], best: Float[np.ndarray, "m"], rng: np.random.Generator
) -> Float[np.ndarray, "X m"]:
    """Every choice after a step by a difference of two others: around the best, or from where it is towards it."""
    size = len(x)
    one, other = (rng.permutation(size) for _ in range(2))
    around = rng.random((size, 1)) < 0.5
    start = np.where(around, best, x)
    step = (x[one] - x[other]) * rng.uniform(0.3, 1.0, (size, 1))
    step = step + np.where(around, 0, (best - x) * rng.uniform(0.0, 0.8, (size, 1)))
    return start + _share(form, start, step) * step


def _share(
    form: LinearGame, start: Float[np.ndarray, "X m"], step: Float[np.ndarray, "X m"]
) -> Float[np.ndarray, "X 1"]:
    """How much of each step stays within the polytope, at most all of it."""
    slack = np.concatenate([form.upper - start, start, form.limits - start @ form.rows.T], axis=1)
    used = np.concatenate([step, -step, step @ form.rows.T], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(used > 1e-15, np.maximum(slack, 0) / used, 1.0)
    return np.minimum(shares.min(axis=1, keepdims=True), 1.0)


def _corners(form: LinearGame, rng: np.random.Generator) -> Float[np.ndarray, "corners m"]:
    """Corners of the polytope in random directions."""
    found = []
    for direction in rng.standard_normal((_CORNERS, len(form.upper))):
        end = minimum(
            direction,
            A_ub=form.rows if len(form.rows) else None,
            b_ub=form.limits if len(form.rows) else None,
            A_eq=form.total[None],
            b_eq=[1.0],
            bounds=np.stack([np.zeros_like(form.upper), form.upper], axis=1),
        )
        found.append(np.clip(end.x, 0, form.upper))
    return np.array(found)
