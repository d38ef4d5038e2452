"""The curve of a design over numbers of rows: which rules could be chosen, and what they are worth."""

import numpy as np

from firstmover.core.plays import Play
from firstmover.core.types import TypeDistribution
from firstmover.errors import NO_NUMBER
from firstmover.evaluation.holdout import play_on_rows
from firstmover.evaluation.rows_curve import RowsCurve, rows_curve
from firstmover.evaluators import judge_of
from firstmover.evaluators.aims import by_profile
from firstmover.followers.base import Follower
from firstmover.interop.observed_types import Observed
from firstmover.jobs.observed import Evidence
from firstmover.jobs.respond import respond, responder
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import baseline

_MOST_PURE = 24  # decisions that are all candidates


def rows_needed(
    rule: Rule, others: list[tuple[Rule, Play]], play: Play, followers: Follower, evidence: Evidence, seed: int
) -> RowsCurve | None:
    """The curve of a rule; None where no rows are known, or the game's profiles cannot be listed.

    Candidates are the rule, the others (those of other seeds), the status quo, and every single decision where a
    rule is one of few.

    Args:
        rule: that was designed, as a rule file tells it.
        others: more rules of the game, and how its followers play under them.
        play: how the followers play under the rule.
        followers: their model.
        evidence: the rows.
        seed: of responses and of draws.
    """
    if evidence.rows is None:
        return None
    rows = evidence.rows if evidence.held is None else evidence.rows.joined(evidence.held)
    game = rule.game
    try:
        candidates = [(rule, play), *others, *_pure(rule, followers, seed)]
        at, worths = _worths(candidates, rows, followers, seed)
    except NO_NUMBER:
        return None
    status_quo = None
    try:
        _, other, actions = baseline(game)
        rival = Rule(other, actions).as_told()
        worths = np.vstack([worths, _worths([(rival, respond(rival, followers, seed=seed))], rows, followers, seed)[1]])
        status_quo = len(worths) - 1
    except NO_NUMBER:
        pass
    return rows_curve(worths, at, np.array(rows.weights, float), 0, status_quo, seed)


def _pure(rule: Rule, followers: Follower, seed: int) -> list[tuple[Rule, Play]]:
    """Every single decision with the response to it, where a rule is one of at most `_MOST_PURE`."""
    try:
        decisions = list(rule.game.pure_decisions().values())
    except NO_NUMBER:
        return []
    if len(decisions) > _MOST_PURE:
        return []
    answer = responder(rule.game, followers, seed=seed)
    rules = [Rule(rule.game, np.asarray(decision)[None]) for decision in decisions]
    return [(one, answer(one)) for one in rules]


def _worths(
    candidates: list[tuple[Rule, Play]], rows: Observed, followers: Follower, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The type profile of every row [rows], and what each candidate earns at every type profile [rules, profiles]."""
    game = candidates[0][0].game
    seen = game.observed_with(TypeDistribution.correlated(rows.frequencies(game.n_types)))
    judge, support = judge_of(seen), seen.types.profiles[0]
    position = {tuple(profile): k for k, profile in enumerate(support.tolist())}
    worths = [
        by_profile(judge.listing(rule.actions).finite, play_on_rows(rule, play, followers, seen, seed))
        for rule, play in candidates
    ]
    return np.array([position[tuple(profile)] for profile in rows.profiles.tolist()]), np.stack(worths)
