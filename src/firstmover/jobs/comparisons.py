"""What leading is worth: the Nash equilibria of a table, where nobody leads, beside the optimum of a commitment."""

from collections.abc import Sequence

from firstmover.equilibria.nash import NashEquilibrium, nash_equilibria
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.jobs.exports import strategic_form
from firstmover.json_types import JsonObject


def compare_nash(game: Game) -> JsonObject:
    """The Nash equilibria of a game of two players, as JSON values.

    Returns:
        `equilibria`, best for the leader first: `leader` and `follower` (what they earn), `leader_mixture` and
        `follower_mixture` (probabilities by the names of actions) and `pure`; `complete`, whether these are all; and
        `follower_range`, what the follower may earn.

    Raises:
        InputError: the game has no table of two players, it is too large, or nashpy is missing.

    Example:
        >>> from firstmover.games import NormalForm
        >>> found = compare_nash(NormalForm([[1, 3], [0, 2]], [[1, 0], [0, 1]]))
        >>> found["equilibria"][0]["leader_mixture"], found["complete"]
        ({'A': 1.0}, True)
    """
    if game.n_followers != 1:
        raise InputError(f"Nash equilibria are compared for two players; {game.name} has {game.n_followers} followers.")
    form = strategic_form(game)
    found, complete = nash_equilibria(form.payoffs[0], form.payoffs[1])
    return {
        "equilibria": [_as_json(equilibrium, form.strategies) for equilibrium in found],
        "complete": complete,
        "follower_range": game.follower_payoff_ranges[0],
    }


def _as_json(equilibrium: NashEquilibrium, names: Sequence[Sequence[str]]) -> JsonObject:
    mixtures = [
        {name: float(p) for name, p in zip(own, probabilities, strict=True) if p > 0}
        for own, probabilities in zip(names, (equilibrium.leader, equilibrium.follower), strict=True)
    ]
    leader, follower = equilibrium.values
    return {
        "leader": leader,
        "follower": follower,
        "leader_mixture": mixtures[0],
        "follower_mixture": mixtures[1],
        "pure": equilibrium.pure,
    }
