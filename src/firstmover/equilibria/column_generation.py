"""The ends of an objective over a set of the agent normal form that is too large to list.

Dantzig-Wolfe: a program over some profiles of maps gives multipliers, and the profiles that are cheapest at these
multipliers join it, until none is cheaper than what the program already attains. The cheapest are found exactly, with
no list of all profiles: once the maps of all followers but one are fixed, that one's best map is found type by type.
The result is certain, as in the program over all profiles: the multipliers prove it (`Extreme.bound`).
"""

import math

import numpy as np
import scipy
from jaxtyping import Float, Int, Shaped

from firstmover.equilibria.deviations import multiplied
from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.maps import choices, combinations, played, totals
from firstmover.equilibria.programs import MAX_VARIABLES, Extreme, column_values, n_variables, program, solve
from firstmover.equilibria.sets import EquilibriumSet
from firstmover.equilibria.solver import NoAnswerError
from firstmover.errors import InputError

MAX_PRICED = 4_000_000  # combinations of the maps of all followers but one, times that one's actions
_STOP = 1e-9  # how much cheaper a column must be to join, as a share of the objective's range
_ACCEPTED = 1e-7  # what may be left, as such a share, where rounding does not let it come that far
_BATCH = 100  # columns that join at a time

Table = Float[np.ndarray, "P *actions"]


def generated(game: FiniteGame, which: EquilibriumSet, objective: Table, *, epsilon: float = 0.0) -> Extreme:
    """The least value of an objective over `anf_cce` or `anf_ce`.

    Args:
        game: the game.
        which: the set.
        objective: at every type and action profile.
        epsilon: regret allowed to every (follower, type), conditional on the type, in payoff units; >= 0.

    Raises:
        InputError: there are more than `MAX_PRICED` combinations to look through for the cheapest profile.
        NoAnswerError: it came to no end.
    """
    last = mapped_last(game, which)
    span = float(np.ptp(objective)) or 1.0
    weighted = objective * game.probs.reshape(-1, *[1] * len(game.n_actions))
    rows = program(game, which, epsilon, plays=cheapest_maps(game, weighted, last)[1])
    # The first columns may hold no point of the set. Until they do, by how much constraints are exceeded is minimised.
    feasible = False
    while True:
        costs = column_values(game, which, rows.plays, objective)
        weights, multipliers, excess = solve(rows, costs, span, elastic=not feasible)
        if not feasible and excess == 0:
            feasible = True
            continue
        proof = dict(zip(rows.keys, multipliers.tolist(), strict=True))
        table = multiplied(game, which, proof)
        least, plays = cheapest_maps(game, table + weighted if feasible else table, last)
        value, unit = (float(costs @ weights), span) if feasible else (excess, 1.0)
        bound = least - float(multipliers @ rows.limits)
        new = plays[~(plays[:, None] == rows.plays).all(axis=2).any(axis=1)]
        if value - bound > _STOP * unit and len(new):
            added = program(game, which, epsilon, plays=new)
            rows = rows._replace(
                plays=np.vstack([rows.plays, new]),
                blocks=np.append(rows.blocks, added.blocks),
                gains=scipy.sparse.hstack([rows.gains, added.gains], format="csr"),
            )
        elif value - bound > _ACCEPTED * unit or (not feasible and excess > _STOP):
            raise NoAnswerError(f"columns were generated up to a gap of {value - bound:.2g} only; please report it.")
        elif feasible:
            used = weights > 0
            return Extreme(value, rows.plays[used], weights[used], proof, bound)
        else:
            feasible = True


def mapped_last(game: FiniteGame, which: EquilibriumSet) -> int:
    """The follower whose maps `cheapest_maps` finds type by type with the least work.

    Raises:
        InputError: there are more than `MAX_PRICED` combinations to look through.
    """
    size, last = min((_n_priced(game, i), i) for i in range(len(game.followers)))
    if size > MAX_PRICED:
        raise InputError(
            f"the program over {which} has {n_variables(game, which):.3g} variables, more than {MAX_VARIABLES[which]}, "
            f"and to generate them takes {size:.3g} combinations of maps of all followers but one, more than "
            f"{MAX_PRICED}."
        )
    return last


def _n_priced(game: FiniteGame, i: int) -> float:
    """Combinations of the others' maps, times the most actions of a type of follower i."""
    options = dict(zip(game.follower_types(), map(len, choices(game)), strict=True))
    others = math.prod(float(size) for pair, size in options.items() if pair[0] != i)
    return float(others) * max(size for pair, size in options.items() if pair[0] == i)


def cheapest_maps(
    game: FiniteGame, costs: Shaped[np.ndarray, "P *actions"], i: int
) -> tuple[float | int | np.integer, Int[np.ndarray, "batch pairs"]]:
    """The least cost of a profile of maps, and some of the cheapest profiles: best maps of i against others' maps.

    Costs are floats, or whole numbers of any size (dtype object).
    """
    pairs = list(game.follower_types())
    options = choices(game)
    total = sum(totals(game, costs, i, t).min(axis=1) for j, t in pairs if j == i).ravel()
    chosen = np.argpartition(total, _BATCH)[:_BATCH] if len(total) > _BATCH else np.arange(len(total))
    # Follower i's own maps start anywhere, since totals of its types are apart.
    plays = combinations([own if j != i else own[:1] for (j, _), own in zip(pairs, options, strict=True)], chosen)
    for k, (j, t) in enumerate(pairs):
        if j == i:
            at = game.support[:, i] == t
            replies = np.repeat(plays, len(options[k]), axis=0)
            replies[:, k] = np.tile(options[k], len(plays))
            actions = np.moveaxis(played(game, replies)[:, at], -1, 0)
            paid = costs[(np.flatnonzero(at), *actions)].sum(axis=1).reshape(len(plays), -1)
            plays[:, k] = options[k][paid.argmin(axis=1)]
    # Where others have few maps: what differs from the cheapest profile in one action, so that many can join.
    cheapest = plays[[total[chosen].argmin()]]
    near = [np.where(np.arange(len(pairs)) == k, a, cheapest) for k, own in enumerate(options) for a in own]
    return total.min(), np.unique(np.vstack([plays, *near]), axis=0)
