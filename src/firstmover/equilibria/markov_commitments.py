"""The best deterministic memoryless rule of the leader of a finite Markov game, by enumeration.

Every rule is tried that differs from the others where some play comes to; the followers' reply to each is exact, as
`markov` says. Rules are worked on together, so that 100,000 of them take seconds. No better method is known in general:
the optimum is hard to find (Letchford et al., "Computing optimal strategies to commit to in stochastic games", AAAI
2012).
"""

import functools
import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from firstmover.equilibria.markov import MarkovGame, check_work, induced
from firstmover.equilibria.markov_replies import (
    CHUNK,
    TOLERANCE,
    as_good,
    by_backward_induction,
    memoryless_policies,
    preferred,
)
from firstmover.equilibria.reply_regions import Ties
from firstmover.errors import InputError, require

Reply = Literal["exact", "memoryless"]


class MarkovCommitment(NamedTuple):
    """An optimal deterministic memoryless rule.

    Attributes:
        value: the leader's optimal expected total payoff.
        rule: an action for each of the leader's observations: the first optimal rule in lexical order, with action 0
            wherever no play comes to.
        n_optimal: how many rules are optimal, of those that differ where some play comes to.
        n_rules: how many rules differ there.
    """

    value: float
    rule: Int[np.ndarray, "O"]
    n_optimal: int
    n_rules: int


def markov_commitment(
    game: MarkovGame, ties: Ties, reply: Reply = "exact", *, tolerance: float = TOLERANCE
) -> MarkovCommitment:
    """The best deterministic memoryless rule, by enumeration of all that differ where some play comes to.

    Args:
        game: the game.
        ties: "strong" or "weak", see the module.
        reply: how the followers reply, "exact" or "memoryless" (one follower only).
        tolerance: as in `best_response`; rules this close to the best count as optimal.

    Raises:
        InputError: there are too many rules to go through, some rule leaves the followers a stage without a pure
            equilibrium, or a memoryless reply of several followers is asked for.

    Example:
        >>> from firstmover.equilibria import markov_commitment
        >>> from firstmover.games import IteratedMatrix
        >>> from firstmover.solvers.registry import state_table
        >>> table = state_table(IteratedMatrix("prisoners_dilemma", steps=4))
        >>> markov_commitment(table, "strong").value
        1.0
    """
    states, actions, joint = game.leader.shape
    varied = np.unique(game.leader_obs[game.reachable()])
    players = 1 + len(game.n_actions)
    if reply == "memoryless":
        require(game.chance is None, "memoryless replies are tried in games without chance", "chance")
        policies = memoryless_policies(game)
        each = len(policies) * int((game.start > 0).sum())
        earned = functools.partial(_against_memoryless, game, policies, ties, tolerance)
    else:
        each = states * joint
        earned = functools.partial(_against_exact, game, ties, tolerance)
    size = math.prod([float(actions)] * len(varied))
    check_work(game, f"{actions}^{len(varied)} rules of the leader", size * each * game.horizon * players)
    count = actions ** len(varied)
    parts = [earned(rules) for rules in _rules(game, varied, max(1, CHUNK // (each * players)))]
    values, sizes = (np.concatenate(part) for part in zip(*parts, strict=True))
    missing = int(np.isnan(values).sum())
    if missing:
        raise InputError(
            f"{missing} of {count} rules leave the followers a stage without a pure equilibrium; no optimum is known."
        )
    optimal = as_good(values, sizes, tolerance)
    first = int(np.argmax(optimal))
    rule = next(_rules(game, varied, 1, first))[0]
    return MarkovCommitment(float(values[first]), rule, int(optimal.sum()), count)


def _against_exact(
    game: MarkovGame, ties: Ties, tolerance: float, rules: Int[np.ndarray, "R O"]
) -> tuple[Float[np.ndarray, "R"], Float[np.ndarray, "R"]]:
    """What the leader expects under each rule if followers reply exactly, and the sizes of the payments in it.

    NaN where a stage has no pure equilibrium.
    """
    values, sizes, _ = by_backward_induction(game, induced(game, rules), ties, tolerance)
    begins = game.start > 0
    return values[0][:, begins] @ game.start[begins], sizes[0][:, begins] @ game.start[begins]


def _against_memoryless(
    game: MarkovGame, policies: Int[np.ndarray, "P _obs"], ties: Ties, tolerance: float, rules: Int[np.ndarray, "R O"]
) -> tuple[Float[np.ndarray, "R"], Float[np.ndarray, "R"]]:
    """What the leader expects under each rule if the follower replies by the best of these tables: all pairs played.

    Returns:
        That, and the sizes of the payments in it.
    """
    leader, follower, leader_sizes, follower_sizes = np.zeros((4, len(policies), len(rules)))
    rows, columns = np.arange(len(policies))[:, None], np.arange(len(rules))
    for begin in np.flatnonzero(game.start):
        state = np.full(leader.shape, begin)
        for t in range(game.horizon):
            weight = game.start[begin] * game.discount**t
            at = state, rules[columns, game.leader_obs[state]], policies[rows, game.follower_obs[0, state]]
            for total, size, paid in (
                (leader, leader_sizes, game.leader[at]),
                (follower, follower_sizes, game.followers[0][at]),
            ):
                total += weight * paid
                size += weight * np.abs(paid)
            state = game.next_states[at]
    best = as_good(follower, follower_sizes, tolerance)
    chosen = preferred(leader, leader_sizes, best, ties, tolerance), np.arange(len(rules))
    return leader[chosen], leader_sizes[chosen]


def _rules(
    game: MarkovGame, varied: Int[np.ndarray, "_varied"], size: int, begin: int = 0
) -> Iterator[Int[np.ndarray, "_chunk O"]]:
    """Rules in lexical order from the one with number `begin` on, `size` at a time."""
    actions = game.leader.shape[1]
    count = actions ** len(varied)
    powers = actions ** np.arange(len(varied) - 1, -1, -1)
    for low in range(begin, count, size):
        numbers = np.arange(low, min(low + size, count))
        rules = np.zeros((len(numbers), game.n_observations), np.int64)
        rules[:, varied] = numbers[:, None] // powers % actions
        yield rules
