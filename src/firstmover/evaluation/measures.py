"""What else came of a rule: the measures that a game names beside the leader's payoff, in expectation over its play."""

from typing import Any

import numpy as np

from firstmover.core.plays import Play
from firstmover.errors import InputError
from firstmover.evaluators import play_distribution
from firstmover.games.base import Game


def measured(game: Game, actions: np.ndarray, play: Play) -> dict[str, dict[str, Any]]:
    """The expectation of every measure under a rule and its play; none where the game names none.

    Args:
        game: the game.
        actions: of the rule, [observations, ...].
        play: how the followers play.

    Returns:
        By name `{"value": x, "interval": [x, x]}`: an expectation over all profiles is exact.

    Raises:
        InputError: a measure is not a finite number.
    """
    if not game.has_measures:
        return {}
    support, probs = game.types.profiles
    weights = (probs[:, None] * play_distribution(game, play).reshape(len(support), -1)).ravel()
    every = np.indices(game.n_actions).reshape(game.n_followers, -1).T.astype(np.int32)
    types, acts = np.repeat(support, len(every), axis=0), np.tile(every, (len(support), 1))
    played = weights > 0
    found = game.measured(actions, types[played], acts[played])
    results = {}
    for name, values in found.items():
        mean = float(weights[played] @ values)
        if not np.isfinite(mean):
            raise InputError(f"the measure {name!r} of {game.name} is {mean}, not a finite number.")
        results[name] = {"value": mean, "interval": [mean, mean]}
    return results
