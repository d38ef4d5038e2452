"""A game as its name and its parameters state it: which rules it admits, and what follows from one."""

import abc
import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .finite import Finite
from .limits import look_at_the_time
from .rules import Decided, Entries
from .wording import Wording

Range = tuple[Fraction, Fraction]


class Game(abc.ABC):
    """A game that is known here; what it reads from its parameters are its fields, payoffs in fractions."""

    @property
    @abc.abstractmethod
    def sizes(self) -> list[int]:
        """Number of actions of each follower."""

    @property
    @abc.abstractmethod
    def n_types(self) -> list[int]:
        """Number of types of each follower."""

    @property
    @abc.abstractmethod
    def n_type_profiles(self) -> int:
        """Number of type profiles of positive probability."""

    @abc.abstractmethod
    def decided(self, rule: Entries) -> list[Decided]:
        """What the rule does in every situation that it can come to, in the order in which the game tells them.

        Raises:
            ValueError: there is no such rule in this game.
        """

    @abc.abstractmethod
    def finite(self, decided: Sequence[Decided]) -> Finite:
        """The game that a rule leaves the followers."""

    @abc.abstractmethod
    def ranges(self) -> tuple[Range, list[Range]]:
        """Least and greatest payoff of the leader, and of every follower, whatever the rule."""

    @abc.abstractmethod
    def sentence(self, decided: Decided, wording: Wording) -> str:
        """What the rule does in a situation, in words, without a full stop."""

    @abc.abstractmethod
    def play_sentence(self, follower: int, type_: int, probabilities: Sequence[Fraction], wording: Wording) -> str:
        """What a follower of this type does, in words, without a full stop."""

    @abc.abstractmethod
    def baseline(self) -> "Baseline":
        """The rule that others are compared with."""


@dataclass(frozen=True)
class Baseline:
    """The rule that others are compared with.

    Attributes:
        name: its name.
        game: the game that it is a rule of.
        fault: why a rule of that game, which earns this at most, is another one; None if it is it.
    """

    name: str
    game: Game
    fault: Callable[[Sequence[Decided], Fraction], str | None]


def finite_game(
    types: Iterable[tuple[tuple[int, ...], Fraction]],
    n_types: Sequence[int],
    sizes: Sequence[int],
    pay: Callable[[tuple[int, ...], tuple[int, ...]], tuple[Fraction, list[Fraction], Fraction | None]],
) -> Finite:
    """A game from what it pays (leader, followers, revenue) at every type and action profile."""
    support = [(row, p) for row, p in types if p > 0]
    paid: list[list[tuple[Fraction, list[Fraction], Fraction | None]]] = []
    for row, _ in support:
        paid.append([])
        for actions in itertools.product(*map(range, sizes)):
            look_at_the_time()
            paid[-1].append(pay(row, actions))
    revenue = [[p[2] for p in row if p[2] is not None] for row in paid]  # nothing where the game knows no money
    return Finite(
        [row for row, _ in support],
        [p for _, p in support],
        [[list(range(size))] * n for n, size in zip(n_types, sizes, strict=True)],
        list(sizes),
        [[p[0] for p in row] for row in paid],
        [[[p[1][i] for p in row] for row in paid] for i in range(len(sizes))],
        revenue if all(revenue) else None,
    )


def alike(one: object, other: object) -> bool:
    """Whether two games, or parts of them, are the same up to the rounding of their numbers to floats."""
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return abs(one - other) <= Fraction(1, 10**12) * max(abs(one), abs(other))
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other, strict=True))
    if dataclasses.is_dataclass(one):
        parts = [f.name for f in dataclasses.fields(one) if f.compare]
        return type(one) is type(other) and all(alike(getattr(one, f), getattr(other, f)) for f in parts)
    return type(one) is type(other) and bool(one == other)


def named_actions(names: Sequence[str], probabilities: Sequence[Fraction]) -> str:
    """Actions with their shares, without what is as good as never played."""
    shares = [float(p) for p in probabilities]
    return " or ".join(f"{name} ({p:.0%})" for name, p in zip(names, shares, strict=True) if p >= 0.005)


def capitalised(sentence: str) -> str:
    """With a capital letter."""
    return sentence[:1].upper() + sentence[1:]


def rule_text(game: Game, decided: Sequence[Decided], wording: Wording) -> str:
    """A rule in sentences."""
    return " ".join(capitalised(game.sentence(entry, wording)) + "." for entry in decided)


def span(numbers: Iterable[Fraction]) -> Range:
    """Least and greatest."""
    listed = list(numbers)
    return min(listed), max(listed)


def n_maps(game: Finite) -> int:
    """Number of profiles of type -> action maps."""
    return math.prod(len(game.allowed[i][t]) for i, t in game.pairs())
