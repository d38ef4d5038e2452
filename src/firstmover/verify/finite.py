"""A finite game of followers, in fractions: its tables, what is played in it, and what that is worth."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .amounts import fraction

Joint = Sequence[Mapping[int, Fraction]]  # for every type profile, the probabilities of action profiles


@dataclass(frozen=True)
class Finite:
    """The followers' game under a rule; tables are indexed [type profile][action profile], the last action fastest.

    Attributes:
        types: type profiles of positive probability.
        probabilities: theirs.
        allowed: for each follower and type, the actions that it may take.
        sizes: number of actions of each follower.
        leader: the leader's payoffs.
        followers: each follower's.
        revenue: what the leader receives less what it pays, or None where the game knows no money.
    """

    types: list[tuple[int, ...]]
    probabilities: list[Fraction]
    allowed: list[list[list[int]]]
    sizes: list[int]
    leader: list[list[Fraction]]
    followers: list[list[list[Fraction]]]
    revenue: list[list[Fraction]] | None = None

    def switched(self, profile: int, i: int, action: int) -> int:
        """The action profile in which follower i plays this action instead."""
        stride = math.prod(self.sizes[i + 1 :])
        return profile + (action - profile // stride % self.sizes[i]) * stride

    def profile(self, actions: Sequence[int]) -> int:
        """Position of an action profile; the actions must be allowed somewhere."""
        position = 0
        for action, size in zip(actions, self.sizes, strict=True):
            position = position * size + action
        return position

    def pairs(self) -> list[tuple[int, int]]:
        """Every (follower, type) of positive probability, in order."""
        return sorted({(i, t) for row in self.types for i, t in enumerate(row)})

    def profiles(self, row: int) -> list[int]:
        """Positions of the action profiles that this type profile allows."""
        own = [self.allowed[i][t] for i, t in enumerate(self.types[row])]
        return [self.profile(actions) for actions in itertools.product(*own)]


def weight(game: Finite, i: int, t: int) -> Fraction:
    """Probability that follower i has type t."""
    return sum((p for row, p in zip(game.types, game.probabilities, strict=True) if row[i] == t), Fraction(0))


def gains(game: Finite, joint: Joint) -> dict[tuple[int, int, int], Fraction]:
    """What every follower of every type gains by an action in place of its play, times the type's probability."""
    found = {(i, t, a): Fraction(0) for i, t in game.pairs() for a in game.allowed[i][t]}
    for row, (types, chance) in enumerate(zip(game.types, game.probabilities, strict=True)):
        for profile, p in joint[row].items():
            for i, t in enumerate(types):
                own = game.followers[i][row]
                for a in game.allowed[i][t]:
                    found[i, t, a] += chance * p * (own[game.switched(profile, i, a)] - own[profile])
    return found


def regrets(game: Finite, joint: Joint) -> dict[tuple[int, int], Fraction]:
    """The most that every follower of every type gains by one action in place of its play, given its type."""
    found: dict[tuple[int, int], Fraction] = {}
    for (i, t, _), gain in gains(game, joint).items():
        gain /= weight(game, i, t)
        found[i, t] = max(found.get((i, t), gain), gain)
    return found


def expected(game: Finite, payoffs: Sequence[Sequence[Fraction]], joint: Joint) -> Fraction:
    """Expected payoff when this is played."""
    return sum(
        (
            chance * p * payoffs[row][profile]
            for row, chance in enumerate(game.probabilities)
            for profile, p in joint[row].items()
        ),
        Fraction(0),
    )


def joint_of_point(game: Finite, which: str, point: Sequence[tuple[Sequence[int], Fraction]]) -> Joint:
    """The play of a point of a set: weighted columns [type profile, actions...], or for `anf_cce` one action a pair.

    Raises:
        ValueError: weights are negative or do not sum to 1, or an action is not allowed.
    """
    joint: list[dict[int, Fraction]] = [{} for _ in game.types]

    def add(row: int, actions: Sequence[int], p: Fraction) -> None:
        if any(a not in game.allowed[i][t] for (i, t), a in zip(enumerate(game.types[row]), actions, strict=True)):
            raise ValueError("its point plays an action that is not allowed")
        profile = game.profile(actions)
        joint[row][profile] = joint[row].get(profile, Fraction(0)) + p

    if any(p < 0 for _, p in point):
        raise ValueError("its point has a negative probability")
    pairs = game.pairs()
    for column, p in point:
        if which == "anf_cce":
            played = dict(zip(pairs, column, strict=True))
            for row, types in enumerate(game.types):
                add(row, [played[i, t] for i, t in enumerate(types)], p)
        else:
            if column[0] not in range(len(game.types)):
                raise ValueError("its point names a type profile that there is not")
            add(column[0], column[1:], p)
    if any(sum(play.values()) != 1 for play in joint):
        raise ValueError("the probabilities of its point do not sum to 1")
    return joint


def game_of(stored: Mapping[str, Any]) -> Finite:
    """The finite game as a certificate carries it."""

    def fractions(table: Any) -> list[list[Fraction]]:
        return [[fraction(p) for p in row] for row in table]

    return Finite(
        [tuple(row) for row in stored["types"]],
        [fraction(p) for p in stored["probabilities"]],
        stored["allowed"],
        stored["sizes"],
        fractions(stored["leader"]),
        [fractions(table) for table in stored["followers"]],
        None if stored["revenue"] is None else fractions(stored["revenue"]),
    )


def joint_of_play(game: Finite, play: Mapping[str, Any]) -> Joint:
    """What is played, from strategies by type, or from the distribution at every type profile.

    Raises:
        ValueError: it is not a play of this game.
    """
    if "joint" in play:
        return joint_of_point(game, "bcce", [(column, fraction(p)) for column, p in play["joint"]])
    tables = [[[fraction(p) for p in row] for row in table] for table in play["strategies"]]
    point = []
    for row, types in enumerate(game.types):
        for actions in itertools.product(*map(range, game.sizes)):
            p = math.prod(
                (tables[i][t][a] for i, (t, a) in enumerate(zip(types, actions, strict=True))), start=Fraction(1)
            )
            if p:
                point.append(((row, *actions), p))
    return joint_of_point(game, "bcce", point)
