"""What is certified where followers act in every step: how far a reply is from the best one, and what that leaves open.

The game is taken as a table of its states (`solvers.registry.state_table`), in float64. The certified reply is compared
with the best reply to the rule, which may know the state and the time. The interval of the leader's value is over best
replies: the worst and the best for the leader.
"""

import dataclasses
from typing import Any

import numpy as np

from firstmover.certificates.markov_check import check_markov
from firstmover.equilibria.markov import best_response, play_values
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.plays import Play
from firstmover.rule import Rule
from firstmover.solvers.registry import state_table


def certified_reply(rule: Rule, play: Play) -> dict[str, Any]:
    """The parts of a certificate (see `Certificate`) that depend on the play, by exact dynamic programming.

    Raises:
        InputError: the game has no table of states, or is not what it declares.
    """
    game = rule.game
    markov, actions = state_table(game), solvable(game, rule.actions)
    check_markov(game, markov, actions)
    joint = play.in_states(markov)
    value, *followers = play_values(markov, actions, joint).tolist()
    revenue = None
    if markov.transfers is not None:
        revenue = float(play_values(dataclasses.replace(markov, leader=markov.transfers), actions, joint)[0])
    bounds, reasons = None, ["no proof is given for followers that act in every step"]
    by_follower: list[list[float | None]] = [[None] for _ in followers]
    try:
        replies = {ties: best_response(markov, actions, ties) for ties in ("weak", "strong")}
        name = "best_response" if len(followers) == 1 else "stage_equilibrium"
        bounds = {name: (replies["weak"].leader, replies["strong"].leader)}
        if len(followers) == 1:
            by_follower = [[float(replies["strong"].followers[0]) - followers[0]]]
        else:
            reasons.append("regrets of several followers that act in every step are not computed")
    except InputError as why:
        reasons.append(str(why))
    known = [regret for row in by_follower for regret in row if regret is not None]
    return {
        "value": value,
        "welfare": float(sum(followers)) + (revenue or 0.0),
        "revenue": revenue,
        "epsilon": {"by_follower": by_follower, "max": max(0.0, *known) if known else None},
        "leader_value_bounds": bounds,
        "leader_value_bounds_at_epsilon": None,
        "bounds_epsilon": None,
        "reason": "; ".join(reasons),
        "exact": True,
        "confidence": None,
        "sizes": {"states": len(markov.start), "leader_observations": markov.n_observations},
        "tolerance": 1e-9,
        "proof": None,
    }


def missing_table(game: Game) -> str | None:
    """Why a game has no table of its states, or None where it has one."""
    try:
        state_table(game)
    except InputError as why:
        return str(why)
    return None


def solvable(game: Game, actions: np.ndarray) -> np.ndarray:
    """A rule's table as the exact solvers take it: an action for each observation, or a mixture of actions."""
    return np.stack([game.played(action) for action in actions]) if game.leader_space.continuous else actions
