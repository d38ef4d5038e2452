"""Who gains and who loses by a rule: what each type of each follower earns under it and under the status quo."""

from typing import NamedTuple

import numpy as np

from firstmover.core.plays import Play
from firstmover.errors import NO_NUMBER
from firstmover.evaluators import judge_of
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.jobs.certifications import respond
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import baseline


class Earned(NamedTuple):
    """What a follower earns.

    Attributes:
        follower: what it is called.
        type: what its type is called, or nothing where it has one only.
        chance: of the type.
        rule: its expected payoff under the rule, given its type.
        status_quo: the same under the status quo; None where that is not known.
    """

    follower: str
    type: str
    chance: float
    rule: float
    status_quo: float | None


class Gains(NamedTuple):
    """Who earns what.

    Attributes:
        rows: of every follower and type that occurs.
        status_quo: what it is compared with.
        reason: why there is nothing to compare with.
    """

    rows: list[Earned]
    status_quo: str | None
    reason: str | None


def gains_by_type(rule: Rule, play: Play, followers: Follower, *, seed: int = 0) -> Gains:
    """What each type of each follower earns, under a rule and under the status quo of its game.

    Args:
        rule: the rule.
        play: the followers' play under it.
        followers: who respond to the status quo.
        seed: of that response.

    Raises:
        InputError: what each type earns under the rule is not known, with the reason.
    """
    game = rule.game
    earned = judge_of(game).by_type(rule.actions, play)
    name = reason = None
    before = [np.full(own.shape, np.nan) for own in earned]
    try:
        name, other, actions = baseline(game)
        status_quo = Rule(other, actions)
        before = judge_of(other).by_type(actions, respond(status_quo, followers, seed=seed))
    except NO_NUMBER as why:
        name, reason = None, str(why)
    if [own.shape for own in before] != [own.shape for own in earned]:
        name, reason = None, "the status quo has other participants."
    rows = []
    for i, own in enumerate(earned):
        labels, chances = _types(game, i) if len(own) > 1 else ([""], np.ones(1))
        for t in np.flatnonzero(np.isfinite(own)):
            then = float(before[i][t]) if name is not None and np.isfinite(before[i][t]) else None
            rows.append(Earned(game.player_labels()[1 + i], labels[t], float(chances[t]), float(own[t]), then))
    return Gains(rows, name, reason)


def _types(game: Game, follower: int) -> tuple[list[str], np.ndarray]:
    """What a follower's types are called, and their chances."""
    support, probs = game.types.profiles
    return game.type_labels(follower), np.bincount(support[:, follower], probs, game.n_types[follower])
