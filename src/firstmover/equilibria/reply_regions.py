"""Commitments with payoffs linear in the leader's choice: where replies are best, and what the leader earns there.

The leader commits to a vector x of a polytope: a mixture of its actions, or how well it covers each target. One
follower, whose private type is drawn from a prior, sees x and replies. Every payoff is linear in x, so the vectors to
which given replies are best ones (a reply region) form a polytope again, and the best vector in a region is a linear
program. With strong ties the optimum is the best over all regions. With weak ties only regions with an inside count,
where the replies are the only best ones (up to replies that always pay the follower the same, the worst of which
counts): these fill all but the borders, and nowhere on a border is the worst best reply better for the leader than
every region that meets there. Their best value is a supremum, attained or not.

What is a tie, and which region is empty, is decided in fractions (`exact_programs`): no tolerance makes two payoffs
equal. The programs are those of `region_programs`.

Sources: von Stengel and Zamir, "Leadership games with convex strategy sets" (Games and Economic Behavior 2010), for
polytopes and weak ties.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple, Protocol, TypeVar

import numpy as np

from firstmover.equilibria.exact_programs import Exact, TooLargeError
from firstmover.equilibria.region_programs import MARGIN, CommitmentGame, Region, Replies, zeros
from firstmover.equilibria.solver import NoAnswerError, attempt
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions

Ties = Literal["strong", "weak"]
Item = TypeVar("Item")
Solved = TypeVar("Solved", bound="_Valued")
STEP = Fraction(1, 10**6)  # of what is at stake, that a commitment may lose where it steps off a border
LISTED = 400  # payoffs of a game all of whose candidates are computed in fractions
_STEPS = 3  # in the search for a commitment that attains a value, in larger games
_CLEAR = 1e-6  # of the leader's payoff range
MOST_EQUAL = 10  # replies of equal value that are compared


class Candidate(NamedTuple):
    """The best commitment of a reply region.

    Attributes:
        value: what the leader earns.
        x: the commitment.
        replies: to which it is a best one, of each type.
        exact: whether it was computed in fractions; otherwise, in large games, in floats.
    """

    value: Fraction
    x: Exact
    replies: Replies
    exact: bool = True


class Choice(NamedTuple):
    """A commitment that is shown.

    Attributes:
        value: the optimum, or its supremum.
        x: the commitment.
        attained: whether it earns the value, ties broken as was asked for.
    """

    value: Fraction
    x: Exact
    attained: bool


def over_mixtures(leader: Exact, follower: Exact, prior: Exact) -> tuple[CommitmentGame, Fraction]:
    """The game of a leader that commits to a mixture, and the least payoff, which was taken off the leader's."""
    leader, follower, prior = (as_fractions(part) for part in (leader, follower, prior))
    m, low = leader.shape[1], leader.min()
    one = Fraction(1)
    polytope = zeros(0, m), zeros(0), np.full((1, m), one, object), np.array([one], object)
    return CommitmentGame(leader - low, follower, prior, *polytope), low


def reply_classes(game: CommitmentGame, ties: Ties) -> list[list[tuple[int, ...]]]:
    """For each type, its replies: every action alone, or with weak ties those together that always pay it the same."""
    classes: list[list[tuple[int, ...]]] = []
    for payoffs in game.follower:
        columns = [tuple(column) for column in payoffs.T.tolist()]
        alike: list[tuple[int, ...]] = [(k,) for k in range(len(columns))]
        if ties == "weak":
            alike = [tuple(k for k, c in enumerate(columns) if c == own) for own in dict.fromkeys(columns)]
        classes.append(alike)
    return classes


def all_candidates(game: CommitmentGame, ties: Ties) -> Iterator[Candidate]:
    """The candidates of every combination of replies, one for each type, the best first: one linear program each.

    In games of more than `LISTED` payoffs a solver in floats goes ahead: what it finds to be worth less than the best
    by more than `_CLEAR` of the payoff range is not computed in fractions.
    """
    combinations = list(itertools.product(*reply_classes(game, ties)))
    if game.leader.size <= LISTED:
        found = [best_in_region(game, replies) for replies in combinations]
        yield from sorted((c for c in found if c is not None), key=lambda c: -c.value)
        return
    floats = in_units(game)
    guesses = [(_guess(floats, replies), replies) for replies in combinations]
    possible = [(guess, replies) for guess, replies in guesses if guess is not None]
    yield from best_first(possible, lambda replies: best_in_region(game, replies), float(game.leader.max()) or 1.0)


def candidates_by(
    best: Callable[[Sequence[Replies], bool], Replies | None], game: CommitmentGame, ties: Ties
) -> Iterator[Candidate]:
    """The candidates of the combinations of replies that a program finds, the best first.

    Args:
        best: the best combination but for those seen, None if none is left; if it is asked for strict ones, of those
            that are strictly best together somewhere.
        game: whose regions they are.
        ties: with weak ones only those count that are strictly best together somewhere.
    """
    seen: list[Replies] = []
    strict = False
    while (replies := best(seen, strict)) is not None:
        seen.append(replies)
        candidate = best_in_region(game, replies)
        if candidate is None:
            continue
        if ties == "weak" and not has_inside(game, replies):
            strict = True  # there may be many of these
            continue
        yield candidate


class _Valued(Protocol):
    @property
    def value(self) -> Fraction: ...


def best_first(
    guesses: Iterable[tuple[float, Item]], solve: Callable[[Item], Solved | None], unit: float
) -> Iterator[Solved]:
    """What is solved exactly, the best first; only what may still be the best is solved.

    Args:
        guesses: what each item may be worth at most in units of `unit`, up to rounding, and the item.
        solve: the exact answer for an item, or None if it has none.
        unit: of the guesses.
    """
    ready: list[Solved] = []
    for guess, item in sorted(guesses, key=lambda guess: -guess[0]):
        ready.sort(key=lambda c: -c.value)
        while ready and float(ready[0].value) / unit > guess + _CLEAR:
            yield ready.pop(0)
        solved = solve(item)
        if solved is not None:
            ready.append(solved)
    yield from sorted(ready, key=lambda c: -c.value)


def in_units(game: CommitmentGame) -> CommitmentGame:
    """The game in floats, the leader's payoffs in units of their range, the follower's of that of its type."""
    spans = np.array([[[own.max() - own.min() or Fraction(1)]] for own in game.follower], object)
    least = np.array([[[own.min()]] for own in game.follower], object)
    scaled = game._replace(
        leader=game.leader / (game.leader.max() or Fraction(1)), follower=(game.follower - least) / spans
    )
    return CommitmentGame(*(np.asarray(part, np.float64) for part in scaled))


def _guess(game: CommitmentGame, replies: Replies) -> float | None:
    """What the leader earns at most while the replies of all types are best ones, in floats; None if never."""
    K = len(replies)
    rows, limits = [np.hstack([game.upper, np.zeros((len(game.upper), K))])], [game.limits]
    for k, reply in enumerate(replies):
        own = list(reply)
        gains = np.delete(game.follower[k] - game.follower[k][:, own[:1]], own, axis=1).T
        size = np.maximum(np.abs(gains).max(axis=1, initial=0), 1e-300)
        paid = np.zeros((len(own), K))
        paid[:, k] = 1
        rows += [np.hstack([gains / size[:, None], np.zeros((len(gains), K))])]
        rows += [np.hstack([-game.leader[k][:, own].T, paid])]
        limits.append(np.zeros(len(gains) + len(own)))
    equal = np.hstack([game.equal, np.zeros((len(game.equal), K))])
    objective = np.r_[np.zeros(game.leader.shape[1]), -game.prior]
    try:
        result = attempt(objective, A_ub=np.vstack(rows), b_ub=np.concatenate(limits), A_eq=equal, b_eq=game.sums)
    except NoAnswerError:
        return np.inf
    return None if result.status != 0 else -float(result.fun)


def optimal(game: CommitmentGame, candidates: Iterable[Candidate], ties: Ties) -> Choice:
    """The optimum among the candidates of all replies.

    Of commitments of equal value, the one is shown that guarantees the most if ties are broken against the leader (in
    games of up to `LISTED` payoffs; at most `MOST_EQUAL` replies are compared). With weak ties one that guarantees the
    value itself attains it; where there is none, the commitment that is shown falls short of the value by `STEP` of
    what is at stake in it.

    Args:
        game: the game.
        candidates: of all replies (of `reply_classes` with these ties), the best first.
        ties: "strong" or "weak".

    Raises:
        InputError: with weak ties, no reply is strictly best anywhere.
    """
    best: tuple[Fraction, Choice] | None = None  # what is guaranteed, and the choice
    for candidate in itertools.islice(_equal(game, candidates, ties), MOST_EQUAL):
        if not candidate.exact:
            x = candidate.x if ties == "strong" else _inside(game, candidate)
            return Choice(candidate.value, x, ties == "strong")
        attained = _attaining(game, candidate)
        if attained is not None:
            return Choice(candidate.value, attained, True)
        x = _safest(game, candidate) if ties == "strong" else _inside(game, candidate)
        sure = guaranteed(game, x)
        if best is None or sure > best[0]:
            best = sure, Choice(candidate.value, x, ties == "strong")
    if best is None:
        raise InputError("no reply of the follower is strictly best anywhere.")
    return best[1]


def _equal(game: CommitmentGame, candidates: Iterable[Candidate], ties: Ties) -> Iterator[Candidate]:
    """The candidates of the greatest value; with weak ties, of those whose region has an inside."""
    value = None
    for candidate in candidates:
        if value is not None and candidate.value < value:
            return
        if ties == "strong" or has_inside(game, candidate.replies):
            value = candidate.value
            yield candidate


def best_in_region(game: CommitmentGame, replies: Replies) -> Candidate | None:
    """The commitment that earns most while the replies are best ones; None if they are so nowhere."""
    region, m = Region(game, replies), game.leader.shape[1]
    try:
        found = region.greatest(replies)
    except TooLargeError as error:
        x = region.scaled(as_fractions(error.near[:m]))
        paid = np.array([min((x @ game.leader[k])[list(own)]) for k, own in enumerate(replies)], object)
        return Candidate(game.prior @ paid, x, replies, exact=False)
    return None if found is None else Candidate(-found.value, found.point[:m], replies)


def has_inside(game: CommitmentGame, replies: Replies) -> bool:
    """Whether the replies are somewhere better than all others, every type's at once."""
    try:
        inside = Region(game, replies).most_interior(replies)
    except TooLargeError as error:
        return bool(error.near[-1] > MARGIN)
    return inside is not None and inside.margin > 0


def guaranteed(game: CommitmentGame, x: Exact) -> Fraction:
    """What the leader earns if every type plays the worst of its best replies."""
    total = Fraction(0)
    for share, leader, follower in zip(game.prior, game.leader, game.follower, strict=True):
        pays = x @ follower
        total += share * min((x @ leader)[pays == pays.max()])
    return total


def _attaining(game: CommitmentGame, candidate: Candidate) -> Exact | None:
    """A commitment of the region that guarantees its best value, ties broken against the leader; None if none does.

    Rivals that tie with the replies wherever these earn the value must pay the leader that much too, and so must those
    that tie wherever they do, and so on: until the rest can be made strictly worse, or nothing is left. In games of
    more than `LISTED` payoffs that is given up after some steps.
    """
    if guaranteed(game, candidate.x) >= candidate.value:
        return candidate.x
    region, counted = Region(game, candidate.replies), candidate.replies
    for _ in range(game.leader.size if game.leader.size <= LISTED else _STEPS):
        try:
            most = region.greatest(counted)
            if most is None or -most.value < candidate.value:
                return None
            found = region.most_interior(counted, candidate.value)
        except TooLargeError:
            return None
        if found is None or found.margin > 0:
            return None if found is None else found.x
        counted = _joined(counted, found.binding)
    return None


def _safest(game: CommitmentGame, candidate: Candidate) -> Exact:
    """Of the commitments at which single replies earn their best value, one that guarantees most, or almost.

    In games of more than `LISTED` payoffs the candidate's own.

    What ties with the replies at all of these commitments cannot be avoided; the best that it leaves is approached from
    where nothing else ties.
    """
    if game.leader.size > LISTED:
        return candidate.x
    region = Region(game, candidate.replies, candidate.value)
    tied, inside = candidate.replies, region.most_interior(candidate.replies)
    while inside is not None and inside.margin <= 0:
        tied = _joined(tied, inside.binding)
        inside = region.most_interior(tied)
    found = region.greatest(tied)
    if found is None or inside is None:
        return candidate.x
    x = found.point[: game.leader.shape[1]]
    return x if guaranteed(game, x) >= -found.value else _towards(game, x, inside.x, tied)


def _inside(game: CommitmentGame, candidate: Candidate) -> Exact:
    """A commitment near the candidate's to which its replies are strictly best."""
    inside = Region(game, candidate.replies).most_interior(candidate.replies)
    return candidate.x if inside is None else _towards(game, candidate.x, inside.x, candidate.replies)


def _towards(game: CommitmentGame, x: Exact, inside: Exact, replies: Replies) -> Exact:
    """A commitment that steps from x into a region, and loses `STEP` of what is at stake at x or less."""
    at_x, at_inside = (
        sum(
            p * min((y @ game.leader[k])[list(own)]) for k, (p, own) in enumerate(zip(game.prior, replies, strict=True))
        )
        for y in (x, inside)
    )
    loss = at_x - at_inside
    used = [game.leader[k][x != 0][:, list(own)] for k, own in enumerate(replies)]
    stake = max(part.max() - part.min() for part in used) or loss
    step = STEP * min(Fraction(1), stake / loss if loss > 0 else Fraction(1))
    return (1 - step) * x + step * inside


def _joined(replies: Replies, more: Iterable[tuple[int, int]]) -> Replies:
    extra = list(more)
    return tuple((*own, *(a for k, a in extra if k == t and a not in own)) for t, own in enumerate(replies))
