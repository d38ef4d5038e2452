"""Security games: how likely every target is to be covered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .amounts import Json, distribution, entries, matrix, number, parameters, shape, table
from .finite import Finite
from .game import Baseline, Game, Range, finite_game, named_actions, span
from .rules import Decided, Entries
from .wording import Wording

COLUMNS = ("defender_covered", "defender_uncovered", "attacker_covered", "attacker_uncovered")
_ROUNDING = Fraction(1, 10**9)  # by which coverage may exceed the resources, and be scaled down


@dataclass(frozen=True)
class Security(Game):
    """A defender and an attacker, of one type or of several.

    Attributes:
        names: of the targets.
        attackers: the names of the types.
        payoffs: for each type a row of four for each target, as in `COLUMNS`.
        prior: probabilities of the types.
        resources: how many targets can be covered at once.
    """

    names: list[str]
    attackers: list[str]
    payoffs: list[list[list[Fraction]]]
    prior: list[Fraction]
    resources: Fraction

    @classmethod
    def read(cls, given: Json) -> "Security":
        """The game with these parameters.

        Raises:
            ValueError: there is none.
        """
        own = parameters(given, {"resources": 1, "prior": None}, ("targets",))
        names, attackers, payoffs = read_targets(own["targets"])
        resources = number(own["resources"], "resources")
        if not 0 < resources <= len(names):
            raise ValueError("resources must be more than 0 and at most the number of targets")
        return cls(names, attackers, payoffs, read_prior(own["prior"], len(attackers)), resources)

    @property
    def sizes(self) -> list[int]:
        return [len(self.names)]

    @property
    def n_types(self) -> list[int]:
        return [len(self.attackers)]

    @property
    def n_type_profiles(self) -> int:
        return sum(p > 0 for p in self.prior)

    def decided(self, rule: Entries) -> list[Decided]:
        do = rule.decide({}, ["coverage"])
        self.coverage(do)
        return [({}, do)]

    def coverage(self, do: Mapping[str, Json]) -> list[Fraction]:
        """How likely each target is to be covered.

        Raises:
            ValueError: it cannot be.
        """
        coverage = self._stated(do)
        if any(not 0 <= c <= 1 for c in coverage) or sum(coverage) > self.resources + _ROUNDING:
            raise ValueError("the coverage must be in [0, 1] for every target, and use no more than all resources")
        scale = self.resources / max(sum(coverage), self.resources)
        return [c * scale for c in coverage]

    def _stated(self, do: Mapping[str, Json]) -> list[Fraction]:
        stated = do["coverage"]
        if not isinstance(stated, list) or len(stated) != len(self.names):
            raise ValueError("the coverage must be a number for every target")
        return [number(c, "the coverage") for c in stated]

    def finite(self, decided: Sequence[Decided]) -> Finite:
        coverage = self.coverage(decided[0][1])
        expected = [
            [
                [row[k + 1] + c * (row[k] - row[k + 1]) for c, row in zip(coverage, payoffs, strict=True)]
                for payoffs in self.payoffs
            ]
            for k in (0, 2)
        ]
        return finite_game(
            [((t,), p) for t, p in enumerate(self.prior)],
            self.n_types,
            self.sizes,
            lambda types, a: (expected[0][types[0]][a[0]], [expected[1][types[0]][a[0]]], None),
        )

    def ranges(self) -> tuple[Range, list[Range]]:
        rows = [row for payoffs in self.payoffs for row in payoffs]
        return span(x for row in rows for x in row[:2]), [span(x for row in rows for x in row[2:])]

    def sentence(self, decided: Decided, wording: Wording) -> str:
        stated = zip(wording.names(self.names), map(float, self._stated(decided[1])), strict=True)
        covered = [f"{name} with probability {p:.4f}" for name, p in stated if p >= 5e-5]
        return f"cover {', '.join(covered) or 'nothing'}"

    def play_sentence(self, follower: int, type_: int, probabilities: Sequence[Fraction], wording: Wording) -> str:
        who = attacker_called(self.attackers, type_, wording)
        return f"{who} attacks {named_actions(wording.names(self.names), probabilities)}"

    def baseline(self) -> Baseline:
        share = self.resources / len(self.names)

        def fault(decided: Sequence[Decided], _: Fraction) -> str | None:
            off = max(abs(c - share) for c in self.coverage(decided[0][1]))
            return None if off <= _ROUNDING else "its coverage is not uniform"

        return Baseline("uniform coverage", self, fault)


def read_targets(given: Json) -> tuple[list[str], list[str], list[list[list[Fraction]]]]:
    """Names of the targets, names of the types of attackers, and for each type a row of four payoffs for each target.

    Raises:
        ValueError: there are none, or the types have other targets.
    """
    rows: Json = given
    names: Json = None
    types: Json = None
    if isinstance(given, dict):
        if set(given) - {"target", "type"} != set(COLUMNS):
            raise ValueError(f"targets must have the columns {', '.join(COLUMNS)}")
        columns = [table(given[column], column) for column in COLUMNS]
        names, types = given.get("target"), given.get("type")
        if any(len(shape(column)) != 1 or shape(column) != shape(columns[0]) for column in columns):
            raise ValueError("the columns of targets must be lists of one length")
        rows = [list(row) for row in zip(*map(entries, columns), strict=True)]
    stated = table(rows, "targets")
    if len(shape(stated)) != 2 or shape(stated)[1] != len(COLUMNS):
        raise ValueError("targets must be rows of four payoffs")
    payoffs = matrix(stated)
    of_rows = ["attacker"] * len(payoffs) if types is None else _texts(types, len(payoffs))
    kinds = list(dict.fromkeys(of_rows))
    own = [[row for row, kind in zip(payoffs, of_rows, strict=True) if kind == one] for one in kinds]
    if names is None:
        called = [[str(k) for k in range(len(part))] for part in own]
    else:
        named = _texts(names, len(payoffs))
        called = [[name for name, kind in zip(named, of_rows, strict=True) if kind == one] for one in kinds]
    if len(kinds) == 1:
        return called[0], kinds, own
    by_name = [dict(zip(there, part, strict=True)) for there, part in zip(called, own, strict=True)]
    if any(sorted(there) != sorted(called[0]) or len(set(there)) < len(there) for there in called):
        raise ValueError("every type of attacker needs one row for every target")
    return called[0], kinds, [[part[name] for name in called[0]] for part in by_name]


def read_prior(given: Json, kinds: int) -> list[Fraction]:
    """Probabilities of the types, all equal where none are given.

    Raises:
        ValueError: they are none.
    """
    return [Fraction(1, kinds)] * kinds if given is None else distribution(given, kinds, "the prior")


def attacker_called(attackers: Sequence[str], type_: int, wording: Wording) -> str:
    """What a type of attacker is called in a sentence."""
    return "the attacker" if len(attackers) == 1 else f"attacker {wording.names(attackers)[type_]}"


def _texts(given: Json, n: int) -> list[str]:
    names = [name for name in given if type(name) is str] if isinstance(given, list) else []
    if not isinstance(given, list) or not len(names) == len(given) == n:
        raise ValueError("every row of targets needs a name, a text")
    return names
