"""Security games: how likely every target is to be covered."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .amounts import number, parameters, shape, table
from .finite import Finite
from .game import Baseline, Game, Range, finite_game, named_actions, span
from .rules import Decided, Entries
from .wording import Wording

COLUMNS = ("defender_covered", "defender_uncovered", "attacker_covered", "attacker_uncovered")
_ROUNDING = Fraction(1, 10**9)  # by which coverage may exceed the resources, and be scaled down


@dataclass(frozen=True)
class Security(Game):
    """A defender and an attacker.

    Attributes:
        names: of the targets.
        payoffs: a row of four for each target, as in `COLUMNS`.
        resources: how many targets can be covered at once.
    """

    names: list[str]
    payoffs: list[list[Fraction]]
    resources: Fraction

    @classmethod
    def read(cls, given: Any) -> "Security":
        """The game with these parameters.

        Raises:
            ValueError: there is none.
        """
        own = parameters(given, {"resources": 1}, ("targets",))
        rows, names = own["targets"], None
        if isinstance(rows, dict):
            if set(rows) - {"target"} != set(COLUMNS):
                raise ValueError(f"targets must have the columns {', '.join(COLUMNS)}")
            columns, names = [table(rows[column], column) for column in COLUMNS], rows.get("target")
            if any(len(shape(column)) != 1 or shape(column) != shape(columns[0]) for column in columns):
                raise ValueError("the columns of targets must be lists of one length")
            rows = [list(row) for row in zip(*columns, strict=True)]
        payoffs = table(rows, "targets")
        if len(shape(payoffs)) != 2 or not payoffs or len(payoffs[0]) != len(COLUMNS):
            raise ValueError("targets must be rows of four payoffs")
        if names is None:
            names = [str(k) for k in range(len(payoffs))]
        if not isinstance(names, list) or any(type(name) is not str for name in names):
            raise ValueError("the names of targets must be texts")
        if len(names) != len(payoffs):
            raise ValueError("every target needs a name")
        resources = number(own["resources"], "resources")
        if not 0 < resources <= len(payoffs):
            raise ValueError("resources must be more than 0 and at most the number of targets")
        return cls(names, payoffs, resources)

    @property
    def sizes(self) -> list[int]:
        return [len(self.payoffs)]

    @property
    def n_types(self) -> list[int]:
        return [1]

    @property
    def n_type_profiles(self) -> int:
        return 1

    def decided(self, rule: Entries) -> list[Decided]:
        do = rule.decide({}, ["coverage"])
        self.coverage(do)
        return [({}, do)]

    def coverage(self, do: Any) -> list[Fraction]:
        """How likely each target is to be covered.

        Raises:
            ValueError: it cannot be.
        """
        if not isinstance(do["coverage"], list) or len(do["coverage"]) != len(self.payoffs):
            raise ValueError("the coverage must be a number for every target")
        coverage = [number(c, "the coverage") for c in do["coverage"]]
        if any(not 0 <= c <= 1 for c in coverage) or sum(coverage) > self.resources + _ROUNDING:
            raise ValueError("the coverage must be in [0, 1] for every target, and use no more than all resources")
        scale = self.resources / max(sum(coverage), self.resources)
        return [c * scale for c in coverage]

    def finite(self, decided: Sequence[Decided]) -> Finite:
        coverage = self.coverage(decided[0][1])
        expected = [
            [row[k + 1] + c * (row[k] - row[k + 1]) for c, row in zip(coverage, self.payoffs, strict=True)]
            for k in (0, 2)
        ]
        return finite_game(
            [((0,), Fraction(1))], [1], self.sizes, lambda _, a: (expected[0][a[0]], [expected[1][a[0]]], None)
        )

    def ranges(self) -> tuple[Range, list[Range]]:
        return span(x for row in self.payoffs for x in row[:2]), [span(x for row in self.payoffs for x in row[2:])]

    def sentence(self, decided: Decided, wording: Wording) -> str:
        parts = (
            (name, float(Fraction(p)))
            for name, p in zip(wording.names(self.names), decided[1]["coverage"], strict=True)
        )
        covered = [f"{name} with probability {p:.4f}" for name, p in parts if p >= 5e-5]
        return f"cover {', '.join(covered) or 'nothing'}"

    def play_sentence(self, follower: int, type_: int, probabilities: Sequence[Fraction], wording: Wording) -> str:
        return f"the attacker attacks {named_actions(wording.names(self.names), probabilities)}"

    def baseline(self) -> Baseline:
        share = self.resources / len(self.payoffs)

        def fault(decided: Sequence[Decided], _: Fraction) -> str | None:
            off = max(abs(c - share) for c in self.coverage(decided[0][1]))
            return None if off <= _ROUNDING else "its coverage is not uniform"

        return Baseline("uniform coverage", self, fault)
