"""The exact optimum of a game, and how it is told: as JSON, and as a rule file that can be certified."""

import math
from collections.abc import Callable

import jax.numpy as jnp

from firstmover.core.plays import Strategies
from firstmover.errors import require
from firstmover.evaluators.forms import by_form
from firstmover.games.base import Game, Ties
from firstmover.jobs import build
from firstmover.jobs.intended_replies import MARGIN, with_reply
from firstmover.json_types import JsonObject
from firstmover.rules.rule import play_text
from firstmover.solvers.registry import search
from firstmover.solvers.solution import Solution

_MOST_LINES = 100  # of a reply in words; a longer one is in `reply` only


def solve(
    game: Game | str,
    *,
    ties: Ties = "strong",
    time_limit: float | None = None,
    margin: float | None = None,
    progress: Callable[[str], None] | None = None,
    **options: object,
) -> Solution:
    """The exact optimum of a game, the followers' reply to it, and what a rule is worth that leaves them no tie.

    Args:
        game: the game, or its name.
        ties: whether indifferent followers go for the leader ("strong") or against it ("weak").
        time_limit: seconds; none if not given.
        margin: by how much other replies must be worse in a rule that takes the place of one that rests on ties, in
            units of the followers' payoffs, at least 0; a thousandth of their range if not given.
        progress: told now and then how far the search is.
        options: those of the game's own solver (`solvers.options`), such as `selection` of price mechanisms.

    Raises:
        InputError: there is no exact method, or the game is too large for it.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import Maintain
        >>> solution = solve(Maintain("mixed"))
        >>> solution.value, solution.rule, solution.rests_on_ties
        (27.5, [{'when': {}, 'do': {'mixture': [0.25, 0.75, 0.0]}}], True)
    """
    played: Game = build.given("game", game)
    require(ties in ("strong", "weak"), 'ties must be "strong" or "weak"', repr(ties))
    if time_limit is not None:
        require(0 < time_limit < math.inf, "the time limit must be a positive number of seconds", time_limit)
    if margin is not None:
        require(0 <= margin < math.inf, "the margin must be a number of at least 0", margin)
    found = search(played, ties, time_limit=time_limit, progress=progress, **options)
    by = MARGIN * played.follower_payoff_scale if margin is None else margin
    return with_reply(played if found.game is None else found.game, found, ties, by)


def as_json(game: Game, solution: Solution, ties: Ties) -> JsonObject:
    """What `firstmover solve --json` prints: a superset of a rule file."""
    told = game if solution.game is None else solution.game
    text = None
    if solution.rule is not None:
        text = " ".join(f"{s[:1].upper()}{s[1:]}." for s in map(told.sentence, solution.rule))
    loss = game.value_is_loss and solution.value is not None
    return {
        "game": build.description(told),
        "optimum": solution.value,
        "welfare_loss": -float(solution.value or 0.0) if loss else None,
        "bounds": solution.bounds if solution.value is None else (solution.value, solution.value),
        "rule": solution.rule,
        "rule_text": text,
        "play": solution.play,
        "reply": solution.reply,
        "reply_text": None
        if solution.reply is None or sum(map(len, solution.reply)) > _MOST_LINES
        else by_form(told, once=_strategies_text, every_step=_steps_text)(told, solution.reply),
        "rests_on_ties": solution.rests_on_ties,
        "margin": None if solution.margin is None else solution.margin.margin,
        "margin_value": None if solution.margin is None else solution.margin.value,
        "margin_rule": None if solution.margin is None else solution.margin.rule,
        "payoff_range": told.leader_payoff_range,
        "ties": ties,
        "attained": solution.attained,
        "exact": solution.value is not None,
        "method": solution.method,
        "followers": solution.followers,
        "upper_bounds": solution.upper_bounds,
        # Keys of version 0.1.0, for every game.
        **{"optimum_fraction": None, "prices": None, **solution.details()},
    }


def as_file(game: Game, solution: Solution) -> JsonObject:
    """A solution's rule as a rule file, with a margin where it rests on ties, and the play that is meant."""
    played = game if solution.game is None else solution.game
    told = build.description(played)
    rule, reply = solution.rule, solution.reply
    if solution.margin is not None:
        rule, reply = solution.margin.rule, solution.margin.reply
    content = {"game": told["name"], "parameters": told["parameters"], "rule": rule}
    # A rule file states no play by the step.
    return content | ({} if reply is None else by_form(played, once={"play": reply}, every_step={}))


def _strategies_text(game: Game, reply: list[list[list[float]]]) -> str:
    """The reply of followers that act once, in words."""
    return play_text(game, Strategies(tuple(jnp.asarray(table, float) for table in reply)))


def _steps_text(game: Game, reply: list[list[int]]) -> str:
    """The reply of followers that act in every step, in words."""
    parts = []
    for i, actions in enumerate(reply):
        who = "the follower" if game.n_followers == 1 else f"follower {i}"
        parts.append(f"{who} takes action {', '.join(map(str, actions))} in the steps of the play")
    return ". ".join(parts).capitalize() + "."
