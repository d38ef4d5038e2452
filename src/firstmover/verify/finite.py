"""A finite game of followers, in fractions: its tables, what is played in it, and what that is worth."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .amounts import Json, UnreadableError, fraction, indices, keyed, listed
from .limits import MAX_FOLLOWERS, at_most_so_many, look_at_the_time, total

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

    def spread(self) -> Fraction:
        """Greatest less least payoff of the leader, of those that can be played."""
        playable = [self.leader[row][k] for row in range(len(self.types)) for k in self.profiles(row)]
        return max(playable) - min(playable)


def weight(game: Finite, i: int, t: int) -> Fraction:
    """Probability that follower i has type t."""
    return sum((p for row, p in zip(game.types, game.probabilities, strict=True) if row[i] == t), Fraction(0))


def gains(game: Finite, joint: Joint) -> dict[tuple[int, int, int], Fraction]:
    """What every follower of every type gains by an action in place of its play, times the type's probability."""
    terms: dict[tuple[int, int, int], list[Fraction]] = {
        (i, t, a): [] for i, t in game.pairs() for a in game.allowed[i][t]
    }
    for row, (types, chance) in enumerate(zip(game.types, game.probabilities, strict=True)):
        for profile, p in joint[row].items():
            look_at_the_time()
            for i, t in enumerate(types):
                own = game.followers[i][row]
                for a in game.allowed[i][t]:
                    if own[game.switched(profile, i, a)] != own[profile]:
                        terms[i, t, a].append(chance * p * (own[game.switched(profile, i, a)] - own[profile]))
    return {deviation: total(own) for deviation, own in terms.items()}


def regrets(game: Finite, joint: Joint) -> dict[tuple[int, int], Fraction]:
    """The most that every follower of every type gains by one action in place of its play, given its type."""
    most: dict[tuple[int, int], Fraction] = {}
    for (i, t, _), gain in gains(game, joint).items():
        most[i, t] = max(most.get((i, t), gain), gain)
    return {(i, t): gain / weight(game, i, t) for (i, t), gain in most.items()}


def expected(game: Finite, payoffs: Sequence[Sequence[Fraction]], joint: Joint) -> Fraction:
    """Expected payoff when this is played."""
    return total(
        chance * p * payoffs[row][profile]
        for row, chance in enumerate(game.probabilities)
        for profile, p in joint[row].items()
    )


def joint_of_point(game: Finite, which: str, point: Sequence[tuple[Sequence[int], Fraction]]) -> Joint:
    """The play of a point of a set: weighted columns [type profile, actions...], or for `anf_cce` one action a pair.

    Raises:
        ValueError: weights are negative or do not sum to 1, or an action is not allowed.
    """
    terms: list[dict[int, list[Fraction]]] = [{} for _ in game.types]

    def add(row: int, actions: Sequence[int], p: Fraction) -> None:
        if any(a not in game.allowed[i][t] for (i, t), a in zip(enumerate(game.types[row]), actions, strict=True)):
            raise ValueError("its point plays an action that is not allowed")
        terms[row].setdefault(game.profile(actions), []).append(p)

    if any(p < 0 for _, p in point):
        raise ValueError("its point has a negative probability")
    pairs = game.pairs()
    for column, p in point:
        look_at_the_time()
        if which == "anf_cce":
            played = dict(zip(pairs, column, strict=True))
            for row, types in enumerate(game.types):
                add(row, [played[i, t] for i, t in enumerate(types)], p)
        else:
            if not column or column[0] not in range(len(game.types)):
                raise ValueError("its point names a type profile that there is not")
            add(column[0], column[1:], p)
    joint = [{profile: total(own) for profile, own in play.items()} for play in terms]
    if any(total(play.values()) != 1 for play in joint):
        raise ValueError("the probabilities of its point do not sum to 1")
    return joint


def point_of(stored: Json) -> list[tuple[list[int], Fraction]]:
    """Weighted columns, as a certificate carries them.

    Raises:
        UnreadableError: they are something else.
    """
    return [(indices(column, "a column"), fraction(p)) for column, p in _pairs(stored, "a point")]


def _pairs(stored: Json, what: str) -> Iterator[tuple[Json, Json]]:
    for item in listed(stored, what):
        pair = listed(item, f"an entry of {what}")
        if len(pair) != 2:
            raise UnreadableError(f"an entry of {what} does not have two parts.")
        yield pair[0], pair[1]


def multipliers_of(stored: Json) -> dict[tuple[int, int, int], Fraction]:
    """Multipliers by follower, type and action, as a certificate carries them.

    Raises:
        UnreadableError: they are something else.
        ValueError: a deviation does not have three parts, or stands there twice.
    """
    found: dict[tuple[int, int, int], Fraction] = {}
    for deviation, m in _pairs(stored, "the multipliers"):
        i, t, a = indices(deviation, "a deviation")
        if (i, t, a) in found:
            raise ValueError("a multiplier stands there twice")
        found[i, t, a] = fraction(m)
    return found


def game_of(stored: Json) -> Finite:
    """The finite game as a certificate carries it; whether its tables fit together is not looked at.

    Raises:
        UnreadableError: it is something else.
    """
    parts = keyed(
        stored, ("types", "probabilities", "allowed", "sizes", "leader", "followers", "revenue"), "the induced game"
    )

    def fractions(table: Json) -> list[list[Fraction]]:
        look_at_the_time()
        return [[fraction(p) for p in listed(row, "a row of payoffs")] for row in listed(table, "a table of payoffs")]

    sizes = indices(parts["sizes"], "the numbers of actions")
    at_most_so_many(len(sizes), MAX_FOLLOWERS, "followers")
    return Finite(
        [tuple(indices(row, "a type profile")) for row in listed(parts["types"], "the type profiles")],
        [fraction(p) for p in listed(parts["probabilities"], "the probabilities")],
        [
            [indices(actions, "the allowed actions") for actions in listed(own, "the allowed actions of a follower")]
            for own in listed(parts["allowed"], "the allowed actions")
        ],
        sizes,
        fractions(parts["leader"]),
        [fractions(table) for table in listed(parts["followers"], "the followers' payoffs")],
        None if parts["revenue"] is None else fractions(parts["revenue"]),
    )


def fits_together(game: Finite) -> bool:
    """Whether the tables of a game are of one shape, and its probabilities are some."""
    profiles = math.prod(game.sizes)
    tables = [game.leader, *game.followers, *([] if game.revenue is None else [game.revenue])]
    return (
        len(game.sizes) > 0
        and profiles > 0
        and abs(total(game.probabilities) - 1) <= Fraction(1, 10**6)
        and all(p > 0 for p in game.probabilities)
        and len(set(game.types)) == len(game.types) == len(game.probabilities)
        and all(len(table) == len(game.types) and all(len(row) == profiles for row in table) for table in tables)
        and len(game.followers) == len(game.sizes) == len(game.allowed)
        and all(len(row) == len(game.sizes) for row in game.types)
        and all(
            0 < len(set(actions)) == len(actions) and max(actions) < size
            for own, size in zip(game.allowed, game.sizes, strict=True)
            for actions in own
        )
        and all(t < len(own) for row in game.types for t, own in zip(row, game.allowed, strict=True))
    )


def play_of(game: Finite, play: Json) -> tuple[Joint, list[list[list[Fraction]]]]:
    """What is played, and the probabilities of each follower's actions by type, which are 0 for types that never occur.

    Raises:
        UnreadableError: it is no play at all.
        ValueError: it is not a play of this game.
    """
    if not isinstance(play, dict) or set(play) not in ({"joint"}, {"strategies"}):
        raise ValueError("it must be strategies by type, or a distribution at every type profile")
    if "joint" in play:
        correlated = joint_of_point(game, "bcce", point_of(play["joint"]))
        return correlated, _marginals(game, correlated)
    tables = [
        [[fraction(p) for p in listed(row, "a strategy")] for row in listed(own, "the strategies of a follower")]
        for own in listed(play["strategies"], "the strategies")
    ]
    if [[len(row) for row in own] for own in tables] != [
        [size] * len(own) for size, own in zip(game.sizes, game.allowed, strict=True)
    ]:
        raise ValueError("its strategies are of other sizes than the game")
    for own, allowed in zip(tables, game.allowed, strict=True):
        for row, actions in zip(own, allowed, strict=True):
            if min(row) < 0 or total(row) != 1 or any(p for a, p in enumerate(row) if a not in actions):
                raise ValueError("a strategy is not a distribution over the actions that are allowed")
    joint: list[dict[int, Fraction]] = []
    for types in game.types:
        rows = [[(a, p) for a, p in enumerate(tables[i][t]) if p] for i, t in enumerate(types)]
        joint.append({})
        for choice in itertools.product(*rows):
            look_at_the_time()
            joint[-1][game.profile([a for a, _ in choice])] = math.prod((p for _, p in choice), start=Fraction(1))
    return joint, tables


def joint_of_play(game: Finite, play: Mapping[str, Json]) -> Joint:
    """What is played, from strategies by type, or from the distribution at every type profile.

    Raises:
        UnreadableError: it is no play at all.
        ValueError: it is not a play of this game.
    """
    return play_of(game, play)[0]


def _marginals(game: Finite, joint: Joint) -> list[list[list[Fraction]]]:
    """Of correlated play, each follower's own part."""
    tables = [[[Fraction(0)] * size for _ in own] for size, own in zip(game.sizes, game.allowed, strict=True)]
    for types, chance, play in zip(game.types, game.probabilities, joint, strict=True):
        for profile, p in play.items():
            look_at_the_time()
            for i, t in enumerate(types):
                stride = math.prod(game.sizes[i + 1 :])
                tables[i][t][profile // stride % game.sizes[i]] += chance * p
    for i, t in game.pairs():
        chance = weight(game, i, t)
        tables[i][t] = [p / chance for p in tables[i][t]]
    return tables
