"""What followers reply to an optimal rule, whether its value rests on ties, and a rule that leaves them none."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from firstmover.equilibria import FiniteGame, Sense, best_response
from firstmover.equilibria.margins import LinearGame, StrictCommitment, best_replies, firmest, strict_commitment
from firstmover.equilibria.rational_ends import rational_end
from firstmover.errors import NO_NUMBER
from firstmover.evaluators import induced_game, solvable
from firstmover.evaluators.forms import by_form
from firstmover.games.base import Game, Ties
from firstmover.json_types import JsonObject
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import linear_form, state_table
from firstmover.solvers.solution import Margin, Solution

MARGIN = 1e-3  # by default, as a share of the followers' payoff range
_SAME = 1e-9  # share of the leader's payoff range by which values may differ and be the same
_SENSES: tuple[Sense, ...] = ("least", "greatest")
_TIES: tuple[Ties, ...] = ("strong", "weak")
_MAX_PROFILES = 2_000  # of a game among several followers whose reply is looked for


def with_reply(game: Game, solution: Solution, ties: Ties, margin: float) -> Solution:
    """A solution together with the followers' reply, and a rule with a margin where it rests on ties.

    Of rules that earn the same, one to which the reply is strictly best takes the place of one that rests on ties.

    Args:
        game: the game that the solution is for.
        solution: of an exact solver.
        ties: that it assumes.
        margin: by how much every other reply must be worse to the second rule, in units of the followers' payoffs.
    """
    if solution.rule is None or game.draws_types:
        return solution
    if solution.play is not None:
        return replace(solution, reply=solution.play)
    linear = linear_form(game)
    if linear is not None and solution.value is not None:
        return _strict(game, linear, solution, solution.value, margin)
    try:
        actions = Rule.read(game, solution.rule).actions
        known = by_form(game, once=_at_once, every_step=_by_step)(game, actions, ties)
    except NO_NUMBER:  # too large, or without a table
        return solution
    return solution if known is None else replace(solution, reply=known[0], rests_on_ties=known[1])


def _strict(game: Game, linear: LinearGame, solution: Solution, value: float, margin: float) -> Solution:
    """The reply, and the margin where the optimum rests on ties, of a game whose payoffs are linear."""
    assert solution.rule is not None
    x = linear.choice(np.asarray(Rule.read(game, solution.rule).actions[0]))
    replies, guaranteed = best_replies(linear, x, margin)
    same = _SAME * (float(np.ptp(linear.leader)) or 1.0)
    if guaranteed >= value - same:
        return replace(solution, reply=_certain(game, replies), rests_on_ties=False)
    found = strict_commitment(linear, replies, margin) if margin > 0 else None
    # A rule that earns as much, and leaves no tie.
    firm = found if found is not None and found.value >= value - same else firmest(linear, replies, value)
    if solution.attained and firm is not None and best_replies(linear, firm.x)[1] >= value - same:
        solution = replace(solution, rule=_entries(game, linear, firm))
        replies = firm.replies
        if best_replies(linear, firm.x, margin)[1] >= value - same:
            return replace(solution, reply=_certain(game, replies), rests_on_ties=False)
    better = None
    if found is not None:
        better = Margin(found.value, _entries(game, linear, found), found.margin, _certain(game, found.replies))
    return replace(solution, reply=_certain(game, replies), rests_on_ties=True, margin=better)


def _entries(game: Game, linear: LinearGame, found: StrictCommitment) -> list[JsonObject]:
    """The entries of a rule file for a commitment."""
    return game.rule(linear.decision(found.x)[None])


def _certain(game: Game, replies: tuple[int, ...]) -> list[list[list[float]]]:
    """The reply of one follower as play; of types that never occur, its first action."""
    chosen = dict(zip(np.unique(game.types.profiles[0][:, 0]).tolist(), replies, strict=True))
    return [[np.eye(game.n_actions[0])[chosen.get(t, 0)].tolist() for t in range(game.n_types[0])]]


def _at_once(game: Game, actions: np.ndarray, ties: Ties) -> tuple[list[list[list[float]]] | None, bool] | None:
    """The equilibrium that is best, or worst, for the leader, if it is pure; and whether it matters which it is."""
    finite = induced_game(game, actions)
    if finite.leader.size > _MAX_PROFILES:
        return None
    rounded = _rounded(finite)
    least, greatest = (rational_end(rounded, "bcce", s, Fraction(0)) for s in _SENSES)
    found, rests = greatest if ties == "strong" else least, _differ(finite.leader, least.value, greatest.value)
    tables = [np.eye(a)[np.argmax(allowed, axis=1)] for a, allowed in zip(game.n_actions, finite.allowed, strict=True)]
    played: dict[tuple[int, int], int] = {}
    for profile, *acts in found.plays.tolist():
        for i, (t, action) in enumerate(zip(finite.support[profile].tolist(), acts, strict=True)):
            if played.setdefault((i, t), action) != action:
                return None, rests
            tables[i][t] = np.eye(game.n_actions[i])[action]
    return [table.tolist() for table in tables], rests


def _differ(leader: np.ndarray, one: Fraction | float, other: Fraction | float) -> bool:
    return abs(float(one) - float(other)) > _SAME * (float(np.ptp(leader)) or 1.0)


def _rounded(finite: FiniteGame) -> FiniteGame:
    """The game with its followers' payoffs rounded to nine digits of their range: ties up to rounding are ties."""
    scale = max(1.0, float(np.abs(finite.followers).max()))

    def digits(p: float) -> Fraction:
        return Fraction(round(p / scale * 10**9), 10**9)

    probs, leader, _ = finite.fractions
    return replace(finite, given=(probs, leader, np.vectorize(digits, otypes=[object])(finite.followers)))


def _by_step(game: Game, actions: np.ndarray, ties: Ties) -> tuple[list[list[int]] | None, bool]:
    """What every follower does in each step of the play of the exact reply, and whether ties matter to its value."""
    markov = state_table(game)
    rule = solvable(game, actions)
    replies = {which: best_response(markov, rule, which) for which in _TIES}
    rests = abs(replies["strong"].leader - replies["weak"].leader) > _SAME * markov.spans[0]
    if markov.start.max() < 1 or markov.chance is not None or rule.ndim > 1:
        return None, bool(rests)
    play, state, taken = replies[ties].play, int(markov.start.argmax()), []
    for step in range(markov.horizon):
        taken.append(int(play[step, state]))
        state = int(markov.next_states[state, rule[markov.leader_obs[state]], taken[-1]])
    return [own.tolist() for own in np.unravel_index(np.array(taken), markov.n_actions)], bool(rests)
