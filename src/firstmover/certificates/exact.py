"""The followers' game in exact fractions, and proofs of its intervals that `firstmover.verify` can check.

Where the family of games is known to `verify`, the game is derived there from the rule and its parameters, and compared
with what the game's own code pays in float64: two codes that share nothing but the rule. Elsewhere the floats are taken
as the fractions that they are.

A proof of an end of an interval starts from the linear program's solution in floats. Its point is a vertex, so its
weights solve a square system of constraints that hold with equality: that system is solved again in fractions. Its
multipliers may be any non-negative numbers, so they are rounded to simple fractions. Nothing is handed out that
`verify` does not confirm.
"""

import itertools
import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from firstmover import verify
from firstmover.certificates.induced import induced_game
from firstmover.equilibria import EquilibriumSet, FiniteGame, Sense, extreme
from firstmover.errors import InputError
from firstmover.rollout import JointPlay, Strategies
from firstmover.rule import Rule
from firstmover.verify import Finite

MAX_PROFILES = 20_000  # (type, action) profiles of a game that is written out in fractions
_AGREE = 1e-9  # share of the payoff range by which the game's own code may differ, in float64
_PLAY = 10**12  # probabilities of play are rounded to this denominator
_DENOMINATORS = (10**2, 10**4, 10**6, 10**9, 10**12, 10**15)  # of multipliers, tried in turn
_SMALL = 1e-9


def exact_game(rule: Rule) -> Finite:
    """The followers' game under a rule, in fractions.

    Raises:
        InputError: it cannot be listed, or has more than `MAX_PROFILES` profiles.
    """
    finite = induced_game(rule.game, rule.actions)
    if finite.leader.size > MAX_PROFILES:
        raise InputError(f"its {finite.leader.size} profiles are more than the {MAX_PROFILES} that are written out")
    try:
        derived = verify.derive(verify.read(json.dumps(rule.as_file())))
    except verify.LimitError as why:
        raise InputError(f"a check of it goes no further: {why}") from None
    if derived is None:
        return _as_fractions(finite)
    ours = as_floats(derived)
    scale = max(1.0, float(np.abs(finite.leader).max()), float(np.abs(finite.followers).max()))
    same = np.array_equal(ours.support, finite.support) and all(
        np.allclose(a, b, rtol=0, atol=_AGREE * scale)
        for a, b in ((ours.probs, finite.probs), (ours.leader, finite.leader), (ours.followers, finite.followers))
    )
    if not same:
        raise RuntimeError(f"two derivations of the game under a rule of {rule.game.name} differ; please report it.")
    return derived


def _as_fractions(finite: FiniteGame) -> Finite:
    def table(payoffs: np.ndarray) -> list[list[Fraction]]:
        return [[Fraction(repr(p)) for p in row] for row in payoffs.reshape(len(finite.support), -1).tolist()]

    return Finite(
        [tuple(row) for row in finite.support.tolist()],
        [Fraction(repr(p)) for p in finite.probs.tolist()],
        [[np.flatnonzero(own).tolist() for own in allowed] for allowed in finite.allowed],
        list(finite.n_actions),
        table(finite.leader),
        [table(own) for own in finite.followers],
    )


def as_floats(game: Finite) -> FiniteGame:
    """The same game in float64."""
    shape = (len(game.types), *game.sizes)
    allowed = tuple(
        np.array([[a in own for a in range(size)] for own in of_types])
        for of_types, size in zip(game.allowed, game.sizes, strict=True)
    )
    return FiniteGame(
        np.array(game.types, np.int32),
        np.array(game.probabilities, float),
        np.array(game.leader, float).reshape(shape),
        np.array(game.followers, float).reshape(-1, *shape),
        allowed,
    )


def as_json(game: Finite) -> dict[str, Any]:
    """A game as a certificate carries it: fractions as strings."""

    def words(table: list[list[Fraction]]) -> list[list[str]]:
        return [[str(p) for p in row] for row in table]

    return {
        "types": [list(row) for row in game.types],
        "probabilities": [str(p) for p in game.probabilities],
        "allowed": game.allowed,
        "sizes": game.sizes,
        "leader": words(game.leader),
        "followers": [words(table) for table in game.followers],
        "revenue": None if game.revenue is None else words(game.revenue),
    }


def play_as_json(game: Finite, play: Strategies | JointPlay) -> dict[str, Any]:
    """Play in fractions that sum to 1, each rounded to a multiple of 1e-12."""
    if isinstance(play, Strategies):
        return {"strategies": [[_rounded(row) for row in np.asarray(t, float).tolist()] for t in play.tables]}
    columns = list(itertools.product(*map(range, game.sizes)))
    joint = [_rounded(row) for row in np.asarray(play.probabilities, float).reshape(len(game.types), -1).tolist()]
    point = [[[r, *columns[k]], p] for r, row in enumerate(joint) for k, p in enumerate(row) if p != "0"]
    return {"joint": point}


def _rounded(row: list[float]) -> list[str]:
    """A distribution in fractions: the largest probability makes up for the rounding of the others."""
    total = sum(row)
    whole = [round(p / total * _PLAY) for p in row]
    whole[whole.index(max(whole))] += _PLAY - sum(whole)
    return [str(Fraction(p, _PLAY)) for p in whole]


def proved_interval(game: Finite, which: EquilibriumSet, epsilon: Fraction) -> dict[str, Any]:
    """The least and the greatest value of the leader over a set, each end with its proof.

    Raises:
        InputError: the set is too large, or an end could not be proved.
    """
    return {
        "set": "cce" if which == "bcce" and len(game.types) == 1 else which,
        "epsilon": str(epsilon),
        "least": proved_end(game, which, "least", epsilon),
        "greatest": proved_end(game, which, "greatest", epsilon),
    }


def proved_end(game: Finite, which: EquilibriumSet, sense: Sense, epsilon: Fraction) -> dict[str, Any]:
    """One end: its `value`, a `point` of the set that reaches it, and `multipliers` that prove it.

    `slack` is the distance between the two proofs, 0 where they meet exactly.

    Raises:
        InputError: as `proved_interval`.
    """
    if which == "anf_cce" and verify.maps_to_go_through(game)[1] > verify.MAX_MAPS:
        raise InputError(
            f"the maps of all followers but one are more than the {verify.MAX_MAPS} that a check goes through"
        )
    found = extreme(as_floats(game), which, sense, epsilon=float(epsilon))
    weighted = [(tuple(map(int, c)), float(w)) for c, w in zip(found.plays, found.weights, strict=True) if w > _SMALL]
    multipliers = {(i, t, a): m for (i, t, a), m in found.multipliers.items()}
    point = _vertex(game, which, epsilon, weighted, multipliers)
    if point is None:
        raise InputError(f"the {sense} value over {which} could not be proved in exact arithmetic")
    reached = verify.expected(game, game.leader, verify.joint_of_point(game, which, point))
    sign = 1 if sense == "least" else -1
    best: tuple[Fraction, dict[Any, Fraction]] | None = None
    for denominator in _DENOMINATORS:
        rounded = {d: Fraction(max(0.0, m)).limit_denominator(denominator) for d, m in multipliers.items()}
        rounded = {d: m for d, m in rounded.items() if m}
        value = verify.bound(game, which, sense, epsilon, rounded)
        if best is None or sign * (value - best[0]) > 0:
            best = value, rounded
        if value == reached:
            break
    assert best is not None
    end = {
        "value": str(best[0]),
        "slack": str(abs(reached - best[0])),
        "point": [[list(column), str(p)] for column, p in point],
        "multipliers": [[list(deviation), str(m)] for deviation, m in best[1].items()],
    }
    why = verify.why_not_end(game, which, sense, epsilon, end)
    if why is not None:
        raise InputError(f"the {sense} value over {which} could not be proved in exact arithmetic: {why}")
    return end


def _vertex(
    game: Finite,
    which: EquilibriumSet,
    epsilon: Fraction,
    weighted: list[tuple[tuple[int, ...], float]],
    multipliers: Mapping[tuple[int, int, int], float],
) -> list[tuple[tuple[int, ...], Fraction]] | None:
    """The weights of these columns in fractions, from the constraints that hold with equality; None if there are none.

    A constraint with a positive multiplier is sure to hold with equality; others are taken in the order of their slack.
    """
    blocks: dict[int, list[int]] = {}
    for k, (column, _) in enumerate(weighted):
        blocks.setdefault(0 if which == "anf_cce" else column[0], []).append(k)
    # A column that is alone in its block has weight 1.
    free = [k for own in blocks.values() if len(own) > 1 for k in own]
    rows = [[Fraction(k in own) for k in free] + [Fraction(1)] for own in blocks.values() if len(own) > 1]
    effects = [_gains(game, which, column) for column, _ in weighted]
    constraints = []
    for deviation in effects[0]:
        i, t, _ = deviation
        limit = epsilon * verify.weight(game, i, t)
        slack = float(limit) - sum(float(own[deviation]) * w for own, (_, w) in zip(effects, weighted, strict=True))
        alone = sum((own[deviation] for k, own in enumerate(effects) if k not in free), Fraction(0))
        row = [effects[k][deviation] for k in free] + [limit - alone]
        constraints.append((multipliers.get(deviation, 0.0) <= _SMALL, slack, row))
    rows += [row for _, _, row in sorted(constraints, key=lambda item: item[:2])]
    weights = _solution(rows, len(free))
    if weights is None or min(weights, default=Fraction(0)) < 0:
        return None
    exact = dict(zip(free, weights, strict=True))
    return [(column, exact.get(k, Fraction(1))) for k, (column, _) in enumerate(weighted)]


def _gains(game: Finite, which: EquilibriumSet, column: tuple[int, ...]) -> dict[tuple[int, int, int], Fraction]:
    """What every deviation gains when this column is played."""
    if which == "anf_cce":
        return verify.gains(game, verify.joint_of_point(game, which, [(column, Fraction(1))]))
    only: list[dict[int, Fraction]] = [{} for _ in game.types]
    only[column[0]] = {game.profile(column[1:]): Fraction(1)}
    return verify.gains(game, only)


def _solution(rows: Iterable[list[Fraction]], unknowns: int) -> list[Fraction] | None:
    """The solution of the first rows [coefficients, right-hand side] that determine it, by elimination."""
    reduced: dict[int, list[Fraction]] = {}  # by pivot
    for given in rows:
        if len(reduced) == unknowns:
            break
        row = list(given)
        for pivot, other in reduced.items():
            if row[pivot]:
                factor = row[pivot]
                row = [x - factor * y if y else x for x, y in zip(row, other, strict=True)]
        pivot = next((k for k in range(unknowns) if row[k]), -1)
        if pivot < 0:
            continue
        row = [x / row[pivot] for x in row]
        for k, other in reduced.items():
            if other[pivot]:
                factor = other[pivot]
                reduced[k] = [x - factor * y if y else x for x, y in zip(other, row, strict=True)]
        reduced[pivot] = row
    if len(reduced) < unknowns:
        return None
    return [reduced[k][-1] for k in range(unknowns)]
