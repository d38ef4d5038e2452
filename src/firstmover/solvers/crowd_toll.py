"""Tolls for a crowd: travellers whom the authority assigns, and the tolls that make them go there by themselves.

Assigning all travellers is a program in the shares x of every class on every road: least mean of v (a + b x). Where all
value time alike it is convex, and its value bounds what any tolls earn; otherwise it has local optima, and bounds
nothing. At each of them, tolls of what one more traveller costs the others make it an equilibrium, since all classes
pay in the same money (Cole, Dodis and Roughgarden 2003 have other cases).
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from firstmover.games.base import Ties
from firstmover.games.crowd_toll import CrowdToll
from firstmover.solvers.mean_field import best_known as of_grid
from firstmover.solvers.mean_field import earns, refined
from firstmover.solvers.registry import search
from firstmover.solvers.solution import Solution

_STARTS = 12


def assigned(game: CrowdToll) -> Float[np.ndarray, "classes roads"]:
    """The best assignment that is found from several starts, shares of all travellers."""
    classes, roads = len(game.shares), len(game.free)
    values, shares = game.time_values[:, None], game.shares

    def cost(x: np.ndarray) -> tuple[float, np.ndarray]:
        flows = x.reshape(classes, roads)
        delays, weighted = game.free + game.slope * flows.sum(0), (values * flows).sum(0)
        return float(weighted @ delays), (values * delays + game.slope * weighted).ravel()

    everybody = {
        "type": "eq",
        "fun": lambda x: x.reshape(classes, roads).sum(1) - shares,
        "jac": lambda _: np.kron(np.eye(classes), np.ones(roads)),
    }
    starts = np.random.default_rng(0).dirichlet(np.ones(roads), (_STARTS, classes)) * shares[:, None]
    found = [
        minimize(
            cost,
            start.ravel(),
            jac=True,
            method="SLSQP",
            bounds=[(0, 1)] * (classes * roads),
            constraints=everybody,
            options={"ftol": 1e-14, "maxiter": 500},
        )
        for start in starts
    ]
    return min(found, key=lambda result: result.fun).x.reshape(classes, roads)


def tolls_for(game: CrowdToll, flows: Float[np.ndarray, "classes roads"]) -> Float[np.ndarray, "roads"]:
    """What one more traveller on a road costs all the others on it."""
    return np.clip(game.slope * (game.time_values[:, None] * flows).sum(0), 0, game.most)


@search.register(CrowdToll)
def best_known_tolls(
    game: CrowdToll,
    ties: Ties,
    *,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Solution:
    """For welfare the tolls of the best assignment, and what assigning earns as a bound where all value time alike."""
    if game.pays_revenue:
        return of_grid(game, ties, time_limit=time_limit, progress=progress)
    flows = assigned(game)
    tolls = tolls_for(game, flows)
    value = earns(game, tolls)
    bound = -float((game.time_values[:, None] * flows).sum(0) @ (game.free + game.slope * flows.sum(0)))
    bounds = {"assigning": bound} if np.ptp(game.time_values) == 0 else {}
    return refined(game, tolls, ((tolls.tolist(), value),), progress, bounds)
