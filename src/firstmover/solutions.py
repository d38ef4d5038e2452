"""The exact optimum of a game, and how it is told: as JSON, and as a rule file that can be certified."""

import math
from collections.abc import Callable
from typing import Any

from firstmover import build
from firstmover.errors import require
from firstmover.games.base import Game, Search, Selection, Solution, Ties


def solve(
    game: Game,
    *,
    ties: Ties = "strong",
    selection: Selection = "best",
    threshold: bool = False,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Solution:
    """The exact optimum of a game.

    Args:
        game: the game.
        ties: whether indifferent followers go for the leader ("strong") or against it ("weak").
        selection: for price mechanisms with messages, see `games.base.Search`, and so are the next three.
        threshold: whether messages mean intervals of values.
        time_limit: seconds; none if not given.
        progress: told now and then how far the search is.

    Raises:
        InputError: there is no exact method, or the game is too large for it.
    """
    if time_limit is not None:
        require(0 < time_limit < math.inf, "the time limit must be a positive number of seconds", time_limit)
    return game.search(ties, Search(selection, threshold, time_limit, progress))


def as_json(game: Game, solution: Solution, ties: Ties) -> dict[str, Any]:
    """What `firstmover solve --json` prints: a superset of a rule file."""
    told = game if solution.game is None else solution.game
    text = None
    if solution.rule is not None:
        text = " ".join(f"{s[:1].upper()}{s[1:]}." for s in map(told.sentence, solution.rule))
    loss = game.value_is_loss and solution.value is not None
    return {
        "game": build.description(told),
        "optimum": solution.value,
        "optimum_fraction": solution.fraction,
        "welfare_loss": -float(solution.value or 0.0) if loss else None,
        "bounds": solution.bounds if solution.value is None else (solution.value, solution.value),
        "rule": solution.rule,
        "rule_text": text,
        "prices": solution.prices,
        "play": solution.play,
        "payoff_range": told.leader_payoff_range,
        "ties": ties,
        "attained": solution.attained,
        "exact": solution.value is not None,
        "method": solution.method,
        "followers": solution.followers,
        "upper_bounds": solution.upper_bounds,
    }


def as_file(game: Game, solution: Solution) -> dict[str, Any]:
    """A solution's rule as a rule file, with the play if the solver found it."""
    told = build.description(game if solution.game is None else solution.game)
    content = {"game": told["name"], "parameters": told["parameters"], "rule": solution.rule}
    return content | ({} if solution.play is None else {"play": solution.play})
