"""The followers' game in exact fractions, and proofs of its intervals that `firstmover.verify` can check.

Where the family of games is known to `verify`, the game is derived there from the rule and its parameters, and compared
with what the game's own code pays in float64: two codes that share nothing but the rule. A game of
a user's own may say in fractions what it pays (`Game.in_fractions`). Elsewhere the floats are taken as the fractions
that they are.

A proof of an end of an interval starts from the linear program's solution in floats, and ends in fractions
(`equilibria.rational_ends`), so that near-ties are decided as they are. Nothing is handed out that `verify` does not
confirm.
"""

import itertools
import json
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from firstmover import verify
from firstmover.core.plays import Play
from firstmover.equilibria import EquilibriumSet, FiniteGame, Sense
from firstmover.equilibria.polytopes import float_extreme
from firstmover.equilibria.rational_ends import rational_end
from firstmover.equilibria.solver import NoAnswerError
from firstmover.errors import InputError
from firstmover.evaluators.base import Listing
from firstmover.json_types import JsonObject
from firstmover.rules.rule import Rule
from firstmover.verify import Finite

MAX_PROFILES = 20_000  # (type, action) profiles of a game that is written out in fractions
_AGREE = 1e-9  # share of the payoff range by which the game's own code may differ, in float64
_PLAY = 10**12  # probabilities of play are rounded to this denominator
_DIGITS = 4_000  # of a fraction, written out; what is longer is not read back
_DENOMINATOR = 10**15  # of multipliers that would be longer: they may be any numbers, at the cost of some slack


def exact_game(rule: Rule, listing: Listing) -> Finite:
    """The followers' game under a rule, in fractions.

    Args:
        rule: the rule.
        listing: the same game in float64, as an evaluator lists it.

    Raises:
        InputError: it has more than `MAX_PROFILES` profiles.
    """
    finite, transfers = listing
    if finite.leader.size > MAX_PROFILES:
        raise InputError(f"its {finite.leader.size} profiles are more than the {MAX_PROFILES} that are written out")
    try:
        derived = verify.derive(verify.read(json.dumps(rule.as_file())))
    except verify.LimitError as why:
        raise InputError(f"a check of it goes no further: {why}") from None
    own = None if derived is not None else rule.game.in_fractions(rule.actions)
    derived = derived or own
    if derived is None:
        return _as_fractions(finite, transfers)
    ours = as_finite_game(derived)
    scale = max(1.0, float(np.abs(finite.leader).max()), float(np.abs(finite.followers).max()))
    pairs = [(ours.probs, finite.probs), (ours.leader, finite.leader), (ours.followers, finite.followers)]
    if transfers is not None:
        pairs.append((np.array(derived.revenue, float).reshape(-1), transfers.reshape(-1)))
    same = np.array_equal(ours.support, finite.support) and (derived.revenue is None) == (transfers is None)
    same = same and all(a.shape == b.shape and np.allclose(a, b, rtol=0, atol=_AGREE * scale) for a, b in pairs)
    if not same and own is not None:
        raise InputError(f"exact_payoff and payoff of {rule.game.name} differ under the rule {rule.entries}.")
    if not same:
        raise RuntimeError(f"two derivations of the game under a rule of {rule.game.name} differ; please report it.")
    return derived


def _as_fractions(finite: FiniteGame, transfers: np.ndarray | None) -> Finite:
    def table(payoffs: np.ndarray) -> list[list[Fraction]]:
        return [[Fraction(repr(p)) for p in row] for row in payoffs.reshape(len(finite.support), -1).tolist()]

    return Finite(
        [tuple(row) for row in finite.support.tolist()],
        [Fraction(repr(p)) for p in finite.probs.tolist()],
        [[np.flatnonzero(own).tolist() for own in allowed] for allowed in finite.allowed],
        list(finite.n_actions),
        table(finite.leader),
        [table(own) for own in finite.followers],
        None if transfers is None else table(transfers),
    )


def as_finite_game(game: Finite) -> FiniteGame:
    """The same game as arrays: of float64, with the fractions beside them."""
    shape = (len(game.types), *game.sizes)
    allowed = tuple(
        np.array([[a in own for a in range(size)] for own in of_types])
        for of_types, size in zip(game.allowed, game.sizes, strict=True)
    )
    given = (
        np.array(game.probabilities, object),
        np.array(game.leader, object).reshape(shape),
        np.array(game.followers, object).reshape(-1, *shape),
    )
    probs, leader, followers = (part.astype(np.float64) for part in given)
    return FiniteGame(np.array(game.types, np.int32), probs, leader, followers, allowed, given)


def as_json(game: Finite) -> JsonObject:
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


def play_as_json(game: Finite, play: Play) -> JsonObject:
    """Play in fractions that sum to 1, each rounded to a multiple of 1e-12."""
    return play.in_fractions(_rounded, list(itertools.product(*map(range, game.sizes))))


def _rounded(row: list[float]) -> list[str]:
    """A distribution in fractions: the largest probability makes up for the rounding of the others."""
    total = sum(row)
    whole = [round(p / total * _PLAY) for p in row]
    whole[whole.index(max(whole))] += _PLAY - sum(whole)
    return [str(Fraction(p, _PLAY)) for p in whole]


@dataclass(frozen=True)
class ProvedEnd:
    """One end of an interval, and its two proofs.

    Attributes:
        value: the end.
        slack: the distance between the two proofs, 0 where they meet exactly.
        point: of the set, which reaches the end: columns with their weights.
        multipliers: which prove it, by follower, type and action.
    """

    value: Fraction
    slack: Fraction
    point: list[tuple[tuple[int, ...], Fraction]]
    multipliers: dict[tuple[int, int, int], Fraction]

    def as_json(self) -> JsonObject:
        """As a certificate carries it: fractions as strings."""
        return {
            "value": str(self.value),
            "slack": str(self.slack),
            "point": [[list(column), str(p)] for column, p in self.point],
            "multipliers": [[list(deviation), str(m)] for deviation, m in self.multipliers.items()],
        }


@dataclass(frozen=True)
class ProvedInterval:
    """The least and the greatest value of the leader over an equilibrium set at a regret, each end proved."""

    over: str
    epsilon: Fraction
    least: ProvedEnd
    greatest: ProvedEnd

    def as_json(self) -> JsonObject:
        """As a certificate carries it."""
        return {
            "set": self.over,
            "epsilon": str(self.epsilon),
            "least": self.least.as_json(),
            "greatest": self.greatest.as_json(),
        }


def proved_interval(game: Finite, which: EquilibriumSet, epsilon: Fraction) -> ProvedInterval:
    """The least and the greatest value of the leader over a set, each end with its proof.

    Raises:
        InputError: the set is too large, or an end could not be proved.
    """
    return ProvedInterval(
        "cce" if which == "bcce" and len(game.types) == 1 else which,
        epsilon,
        proved_end(game, which, "least", epsilon),
        proved_end(game, which, "greatest", epsilon),
    )


def proved_end(game: Finite, which: EquilibriumSet, sense: Sense, epsilon: Fraction) -> ProvedEnd:
    """One end, with a point of the set that reaches it, and multipliers that prove it.

    Raises:
        InputError: as `proved_interval`.
    """
    if which == "anf_cce" and verify.maps_to_go_through(game)[1] > verify.MAX_MAPS:
        raise InputError(
            f"the maps of all followers but one are more than the {verify.MAX_MAPS} that a check goes through"
        )
    finite = as_finite_game(game)
    try:
        start = float_extreme(finite, which, sense, epsilon=float(epsilon))
    except NoAnswerError:
        start = None
    optimum = rational_end(finite, which, sense, epsilon, start)
    point = [(tuple(column), weight) for column, weight in zip(optimum.plays.tolist(), optimum.weights, strict=True)]
    if any(len(str(weight)) > _DIGITS for _, weight in point):
        raise InputError(f"the {sense} value over {which} takes fractions of more than {_DIGITS} digits")
    value, multipliers = optimum.value, {(i, t, a): m for (i, t, a), m in optimum.multipliers.items()}
    if any(len(str(m)) > _DIGITS for m in multipliers.values()):
        multipliers = {d: m.limit_denominator(_DENOMINATOR) for d, m in multipliers.items()}
        value = verify.bound(game, which, sense, epsilon, multipliers)
    end = ProvedEnd(value, abs(optimum.value - value), point, multipliers)
    why = verify.why_not_end(game, which, sense, epsilon, end.as_json())
    if why is not None:
        raise InputError(f"the {sense} value over {which} could not be proved in exact arithmetic: {why}")
    return end
