"""The best rule of a market: all rules where they are few, else a grid of decisions and a polish of the best of them.

Against one follower a rule is worth what the best replies of all its types leave the leader; against several, the
greatest (ties strong) or the least (weak) value over the coarse correlated equilibria of the agent normal form.
What a grid finds is the best that was found, and called that.
"""

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from firstmover.equilibria import FiniteGame, value_bounds
from firstmover.errors import InputError
from firstmover.games.base import Ties
from firstmover.games.entries import read_entries
from firstmover.games.market import Market
from firstmover.json_types import JsonObject
from firstmover.solvers.affine_markets import upper_bound
from firstmover.solvers.registry import optimum, search
from firstmover.solvers.solution import Solution
from firstmover.spaces import Space
from firstmover.spaces.vectors import Vector

MOST_RULES = 1_000_000  # against one follower
MOST_PROGRAMS = 2_000  # against several, with a linear program for each rule
_CHUNK = 1024  # rules or decisions at once
_PROGRAMS_AT_ONCE = 64  # where each takes a linear program
_POINTS = 16_384  # of the grid
_CALLS = 50_000  # of plain Python for the grid and the polish, about
_CENTRES, _ROUNDS = 16, 60  # of the polish
_NARROWER = 0.72  # the polish in every round
_TIE = 1e-12  # share of the largest payoff of a type below which replies are equally good: rounding in 64 bit
_SAME = 1e-9  # share of the payoff range by which the leader would give way for a number that is shorter to write
_BESIDE_A_DESIGN = 20.0  # seconds
_AFTER_SEEING = "its leader decides on real numbers, after what it sees"

Progress = Callable[[str], None] | None


@dataclass(frozen=True)
class BestFound(Solution):
    """The best rule of a search that proves nothing.

    Attributes:
        best: what it earns.
        sampled: where types are drawn, what it earns over types drawn anew; then its 95 % interval.
    """

    best: float | None = None
    sampled: tuple[float, float, float] | None = None

    def details(self) -> JsonObject:
        if self.sampled is None:
            return {"best_found": self.best}
        value, *interval = self.sampled
        return {"best_found": self.best, "sampled_value": value, "sampled_interval": interval}


@optimum.register(Market)
def best_beside_a_design(market: Market, ties: Ties) -> Solution:
    """As `best_of_market`, for not too long.

    Raises:
        InputError: as `best_of_market`, or it takes a linear program for every real decision that is tried.
    """
    if market.decides.n_options is None and market.n_followers > 1:
        raise InputError(f"no search runs beside a design of {market.name}, as it takes long; use 'firstmover solve'.")
    return best_of_market(market, ties, time_limit=_BESIDE_A_DESIGN)


@search.register(Market)
def best_of_market(
    market: Market, ties: Ties, *, time_limit: float | None = None, progress: Progress = None, **options: object
) -> Solution:
    """The best rule of a market.

    Args:
        market: the market.
        ties: as in `registry.optimum`.
        time_limit: seconds after which the best rule so far is returned, with bounds.
        progress: told now and then how far the search is.
        options: none.

    Raises:
        InputError: there is no method for such a market, or it has such an option.
    """
    if options:
        raise InputError(f"the solver of {market.name} has no option {' or '.join(sorted(options))}.")
    until = math.inf if time_limit is None else time.monotonic() + time_limit
    if market.draws_types:
        return _over_drawn_types(market, ties, until, progress)
    if market.decides.n_options is not None:
        return _by_enumeration(market, market.decides.n_options, ties, until, progress)
    if market.sees:
        raise InputError(f"there is no exact method for {market.name}: {_AFTER_SEEING}; use 'firstmover design'.")
    return _by_grid(market, ties, until, progress)


def _over_drawn_types(market: Market, ties: Ties, until: float, progress: Progress) -> Solution:
    """The best rule over the types that were drawn to learn from, valued over types drawn anew: nothing is proved.

    Raises:
        InputError: there are several followers, or real decisions after what is seen.
    """
    if market.n_followers > 1:
        raise InputError(
            f"there is no search for {market.name}: the types of its several followers are drawn; use 'design'."
        )
    options = market.decides.n_options
    if options is None and market.sees:
        raise InputError(f"there is no search for {market.name}: {_AFTER_SEEING}; use 'firstmover design'.")
    found = (
        _by_grid(market, ties, until, progress)
        if options is None
        else _by_enumeration(market, options, ties, until, progress)
    )
    assert found.rule is not None
    known = found.value if found.bounds is None else found.bounds[0]
    fresh = market.drawn_anew()
    return BestFound(
        value=None,
        rule=found.rule,
        attained=True,
        method=f"{found.method}; over a sample of {market.n_types[0]} types, and valued over {fresh.n_types[0]} others",
        followers=found.followers,
        best=found.best if isinstance(found, BestFound) else known,
        sampled=_anew(cast(Market, fresh), ties, read_entries(market, found.rule)[1]),
    )


def _anew(fresh: Market, ties: Ties, table: np.ndarray) -> tuple[float, float, float]:
    """What a rule earns in a market whose types are a sample, by best replies, and its 95 % interval."""
    types, actions = fresh.possible_profiles()
    leader, followers = fresh.paid_at(types, actions, np.asarray(fresh.decides.played(table)))
    rows = fresh.rows(actions)[:, None]
    own = np.take_along_axis(followers[..., 0], rows, axis=1)
    earned = _by_type(fresh, ties, types[:, 0], np.take_along_axis(leader, rows, axis=1), own)[:, 0]
    half = 1.959963984540054 * float(np.std(earned, ddof=1)) / len(earned) ** 0.5
    return float(earned.mean()), float(earned.mean()) - half, float(earned.mean()) + half


# All rules, one after another.


def _by_enumeration(market: Market, options: int, ties: Ties, until: float, progress: Progress) -> Solution:
    types, actions = market.possible_profiles()
    leader, followers = market.paid_at(types, actions, np.arange(options, dtype=np.int32))
    rows = market.rows(actions)
    count = float(options) ** market.n_observations
    most = MOST_RULES if market.n_followers == 1 else MOST_PROGRAMS
    best, value, done = None, -math.inf, 0
    for rules in _chunks(itertools.product(range(options), repeat=market.n_observations), most):
        chosen = rules[:, rows]  # [rules, profiles]
        paid = np.take_along_axis(leader, chosen.T, axis=1)
        own = np.take_along_axis(followers, chosen.T[..., None], axis=1)
        for k, worth in enumerate(_worth(market, ties, types, actions, paid, own)):
            if worth > value:
                best, value = rules[k], float(worth)
            done += 1
            if time.monotonic() > until:
                break
        if progress is not None:
            progress(f"rule {done} of {count:.0f}, best so far {value:.6g}")
        if time.monotonic() > until:
            break
    assert best is not None
    complete = done == count
    bound = _no_better(market, types, leader)
    return Solution(
        value=value if complete else None,
        rule=market.rule(best),
        attained=True,
        method=f"{'all' if complete else 'the first'} {done} rules{'' if complete else f' of {count:.3g}'}",
        followers=_who(market, ties),
        bounds=(value, value) if complete else (value, max(bound, value)),
    )


def _chunks(rules: Iterator[tuple[int, ...]], most: int) -> Iterator[Int[np.ndarray, "rules observations"]]:
    """Rules in chunks, not more than so many in all; small chunks where each takes a linear program."""
    rules = itertools.islice(rules, most)
    while chunk := list(itertools.islice(rules, _CHUNK)):
        yield np.array(chunk, np.int32)


def _no_better(market: Market, types: np.ndarray, leader: Float[np.ndarray, "K options"]) -> float:
    """What no rule can exceed: the expectation of what is best for the leader at each type profile."""
    support, probs = market.types.profiles
    best = [leader[(types == profile).all(axis=1)].max() for profile in support]
    return float(probs @ np.array(best))


def _who(market: Market, ties: Ties) -> str:
    who = "best response" if market.n_followers == 1 else "coarse correlated equilibria of the agent normal form"
    return f"{who}, ties {ties}"


# What rules are worth once the followers have adapted.


def _worth(
    market: Market,
    ties: Ties,
    types: Int[np.ndarray, "K n"],
    actions: Int[np.ndarray, "K n"],
    leader: Float[np.ndarray, "K rules"],
    followers: Float[np.ndarray, "K rules n"],
) -> Iterator[float]:
    """The leader's value under each of these rules, from what they pay at all possible profiles."""
    if market.n_followers == 1:
        yield from _replied(market, ties, types[:, 0], leader, followers[..., 0])
        return
    support, probs = market.types.profiles
    shape = (len(support), *market.n_actions)
    number = np.array([int(np.flatnonzero((support == t).all(axis=1))[0]) for t in types])
    for k in range(leader.shape[1]):
        paid, own = np.zeros(shape), np.zeros((market.n_followers, *shape))
        paid[(number, *actions.T)] = leader[:, k]
        own[(slice(None), number, *actions.T)] = followers[:, k].T
        ends = value_bounds(FiniteGame(support, probs, paid, own, market.masks), "anf_cce")
        yield ends[1 if ties == "strong" else 0]


def _replied(
    market: Market,
    ties: Ties,
    types: Int[np.ndarray, "K"],
    leader: Float[np.ndarray, "K rules"],
    own: Float[np.ndarray, "K rules"],
) -> Float[np.ndarray, "rules"]:
    """What the best replies of the types of a single follower leave the leader."""
    values: np.ndarray = market.types.profiles[1] @ _by_type(market, ties, types, leader, own)
    return values


def _by_type(
    market: Market,
    ties: Ties,
    types: Int[np.ndarray, "K"],
    leader: Float[np.ndarray, "K rules"],
    own: Float[np.ndarray, "K rules"],
) -> Float[np.ndarray, "types rules"]:
    """The same type by type, of those that occur."""
    earned = []
    for (t,) in market.types.profiles[0]:
        its = types == t
        scale = np.abs(own[its]).max(axis=0)
        tied = own[its] >= own[its].max(axis=0) - _TIE * scale
        if ties == "strong":
            earned.append(np.where(tied, leader[its], -np.inf).max(axis=0))
        else:
            earned.append(np.where(tied, leader[its], np.inf).min(axis=0))
    return np.stack(earned)


# A grid and a polish.


def _by_grid(market: Market, ties: Ties, until: float, progress: Progress) -> Solution:
    types, actions = market.possible_profiles()
    space: Any = market.decides
    rng = np.random.default_rng(0)
    most = math.inf if market.calls is None else _CALLS / len(types)
    if market.n_followers > 1:
        most = min(most, MOST_PROGRAMS)

    def worth(decisions: Float[np.ndarray, "D size"]) -> Float[np.ndarray, "D"]:
        leader, followers = market.paid_at(types, actions, decisions)
        return np.array(list(_worth(market, ties, types, actions, leader, followers)))

    size = len(space.idle())
    grid = _in_shares(space, np.asarray(space.played(space.spread(int(min(_POINTS, most / 2))))))
    values = np.full(len(grid), -math.inf)
    chunk = _CHUNK if market.n_followers == 1 else _PROGRAMS_AT_ONCE
    for part in np.array_split(np.arange(len(grid)), max(1, len(grid) // chunk)):
        values[part] = worth(_decisions(space, grid[part]))
        if progress is not None:
            progress(f"decision {part[-1] + 1} of {len(grid)}, best so far {values.max():.6g}")
        if time.monotonic() > until:
            break
    centres_of = int(min(_CENTRES, max(1, most // (8 * _ROUNDS))))  # four moves around each, in every round
    order = np.argsort(-values, kind="stable")[:centres_of]
    centres, best = grid[order], values[order]
    around = max(2, int(min(_CHUNK, most / 2 / _ROUNDS) / len(centres)))
    width = 1.0 / max(2, len(grid) ** (1 / size))
    for number in range(_ROUNDS):
        if time.monotonic() > until:
            break
        moves = width * rng.standard_normal((len(centres), around, size))
        moves *= rng.random(moves.shape[:2])[..., None] < 2 / 3 if size == 1 else 1.0
        tried = np.clip(centres[:, None] + moves, 0, 1)
        earned = worth(_decisions(space, tried.reshape(-1, size))).reshape(len(centres), around)
        top = earned.argmax(axis=1)
        better = earned[np.arange(len(centres)), top] > best
        centres = np.where(better[:, None], tried[np.arange(len(centres)), top], centres)
        best = np.maximum(best, earned[np.arange(len(centres)), top])
        width *= _NARROWER
        if progress is not None:
            progress(f"polishing, round {number + 1} of {_ROUNDS}, best so far {best.max():.6g}")
    (decision,) = _decisions(space, centres[best.argmax()][None])
    value = float(best.max())
    bound = None if market.draws_types else upper_bound(market, until)
    if bound is not None and bound.decision is not None:
        at_bound = np.asarray(space.played(bound.decision))
        earned_there = float(worth(at_bound[None])[0])
        decision, value = (at_bound, earned_there) if earned_there > value else (decision, value)
    decision, value = _shortened(market, worth, decision, value)
    return BestFound(
        value=None,
        rule=market.rule(decision[None]),
        attained=True,
        method=f"the best found: a grid of {len(grid)} decisions, the best {len(centres)} of them polished; no proof",
        followers=_who(market, ties),
        upper_bounds={} if bound is None else {"real": max(bound.value, value)},
        best=value,
    )


def _in_shares(space: Space, decisions: Float[np.ndarray, "D size"]) -> Float[np.ndarray, "D size"]:
    """Decisions as shares of the box."""
    with jax.enable_x64(True):
        return np.asarray(jax.vmap(space.features)(jnp.asarray(decisions)))


def _decisions(space: Vector, shares: Float[np.ndarray, "D size"]) -> Float[np.ndarray, "D size"]:
    """What these shares of the box come to."""
    with jax.enable_x64(True):
        return np.asarray(space.played(jax.vmap(space.at)(jnp.asarray(shares))))


def _shortened(
    market: Market, worth: Callable[[np.ndarray], np.ndarray], decision: np.ndarray, value: float
) -> tuple[np.ndarray, float]:
    """The decision in as few digits as earn as much, up to `_SAME`: the polish ends a hair away from a round number."""
    low, high = market.leader_payoff_range
    for digits in range(9):
        rounded = np.round(decision, digits)
        if not np.allclose(market.decides.played(rounded), rounded, rtol=0, atol=1e-12):
            continue
        earned = float(worth(rounded[None])[0])
        if earned >= value - _SAME * (high - low):
            return rounded, earned
    return decision, value
