"""A normal-form game for each type of the follower."""

from collections.abc import Mapping, Sequence
from typing import Any

from .derivation import distribution
from .finite import Finite
from .normal_form import normal_form


def bayesian_normal_form(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    """A normal-form game for each type of the follower, whose profiles are put together."""
    leader, follower = parameters["leader_payoffs"], parameters["follower_payoffs"]
    games = [
        normal_form({"leader_payoffs": a, "follower_payoffs": b}, rule) for a, b in zip(leader, follower, strict=True)
    ]
    prior = distribution(parameters["prior"], len(games), "the prior")
    support = [(t, p) for t, p in enumerate(prior) if p]
    (size,) = games[0].sizes
    return Finite(
        [(t,) for t, _ in support],
        [p for _, p in support],
        [[list(range(size))] * len(games)],
        [size],
        [games[t].leader[0] for t, _ in support],
        [[games[t].followers[0][0] for t, _ in support]],
    )
