"""Matrix design: payments on top of the payoffs of a game."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .amounts import Json, Table, entries, entry, indices, number, one_of, parameters, parts, shape, table, whole
from .finite import Finite
from .game import Baseline, Game, Range, finite_game, named_actions, span
from .limits import MAX_FOLLOWERS, MAX_SITUATIONS, at_most_so_many
from .names import actions_named, players_named
from .rules import Decided, Entries
from .wording import Wording

OBJECTIVES = ("different", "welfare", "welfare-minus-payments", "minus-payments")
_FIRST_EXAMPLE = [[[3, 6], [4, 2]], [[3, 4], [6, 2]]]  # of Monderer and Tennenholtz, "k-Implementation"
_DEFAULTS: dict[str, Json] = {
    "payoffs": _FIRST_EXAMPLE,
    "rule": "tau",
    "objective": "different",
    "max_payment": 10,
    "action_names": None,
    "player_names": None,
}


@dataclass(frozen=True)
class MatrixDesign(Game):
    """A base game, and what the leader may pay.

    Attributes:
        payoffs: a table for each follower.
        tau: whether one number is paid, at the profiles in which all play the same; otherwise any payments.
        objective: what the leader is paid.
        most: the largest payment.
        names: of every follower's actions, if they have any.
        players: the names of the followers, if they have any.
    """

    payoffs: Sequence[Table]
    tau: bool
    objective: str
    most: int
    names: list[list[str]] | None = None
    players: list[str] | None = None

    @classmethod
    def read(cls, given: Json) -> "MatrixDesign":
        """The game with these parameters.

        Raises:
            ValueError: there is none.
        """
        own = parameters(given, _DEFAULTS)
        payoffs = table(own["payoffs"], "payoffs")
        sizes = shape(payoffs)
        if len(sizes) < 2 or len(sizes) != sizes[0] + 1 or 0 in sizes:
            raise ValueError("payoffs must be a table for each follower, with an axis for each follower")
        at_most_so_many(sizes[0], MAX_FOLLOWERS, "followers")
        kind = one_of(own["rule"], ("tau", "per-follower"), "rule")
        objective = one_of(own["objective"], OBJECTIVES, "objective")
        names = None if own["action_names"] is None else actions_named(own["action_names"], sizes[1:])
        players = None if own["player_names"] is None else players_named(own["player_names"], sizes[0])
        return cls(parts(payoffs), kind == "tau", objective, whole(own["max_payment"], "max_payment"), names, players)

    @property
    def sizes(self) -> list[int]:
        return shape(self.payoffs)[1:]

    @property
    def n_types(self) -> list[int]:
        return [1] * len(self.payoffs)

    @property
    def n_type_profiles(self) -> int:
        return 1

    def decided(self, rule: Entries) -> list[Decided]:
        if self.tau:
            do = rule.decide({}, ["tau"])
            self._tau(do)
            return [({}, do)]
        profiles = list(itertools.product(*map(range, self.sizes)))
        at_most_so_many(len(profiles), MAX_SITUATIONS, "action profiles")
        situations: list[dict[str, Json]] = [{"actions": list(actions)} for actions in profiles]
        decided: list[Decided] = [(when, rule.decide(when, ["payments"])) for when in situations]
        for _, paid in decided:
            self._payments(paid)
        return decided

    def _tau(self, do: Mapping[str, Json]) -> int:
        return whole(do["tau"], "tau", most=self.most)

    def _payments(self, do: Mapping[str, Json]) -> list[Fraction]:
        n, stated = len(self.payoffs), do["payments"]
        if not isinstance(stated, list) or len(stated) != n:
            raise ValueError(f"payments must be {n} numbers")
        paid = [number(p, "a payment") for p in stated]
        if any(not 0 <= p <= self.most for p in paid):
            raise ValueError(f"payments must lie from 0 to {self.most}")
        return paid

    def finite(self, decided: Sequence[Decided]) -> Finite:
        n = len(self.payoffs)
        paid = {} if self.tau else {_profile(when): self._payments(do) for when, do in decided}
        tau = Fraction(self._tau(decided[0][1])) if self.tau else Fraction(0)

        def pay(types: tuple[int, ...], actions: tuple[int, ...]) -> tuple[Fraction, list[Fraction], Fraction]:
            payments = [tau * (actions == (i,) * n) for i in range(n)] if self.tau else paid[actions]
            base = self._base(actions)
            leader = self._aim(actions, base)
            if self.objective.endswith("minus-payments"):
                leader -= sum(payments)
            return leader, [u + p for u, p in zip(base, payments, strict=True)], -sum(payments, Fraction(0))

        return finite_game([((0,) * n, Fraction(1))], self.n_types, self.sizes, pay)

    def _base(self, actions: Sequence[int]) -> list[Fraction]:
        return [entry(own, actions) for own in self.payoffs]

    def _aim(self, actions: Sequence[int], base: Sequence[Fraction]) -> Fraction:
        """What the leader is paid, payments apart."""
        if self.objective.startswith("welfare"):
            return sum(base, Fraction(0))
        return Fraction(self.objective == "different" and len(set(actions)) > 1)

    def ranges(self) -> tuple[Range, list[Range]]:
        profiles = list(itertools.product(*map(range, self.sizes)))
        low, high = span(self._aim(actions, self._base(actions)) for actions in profiles)
        if self.objective.endswith("minus-payments"):
            low -= self.most * (1 if self.tau else len(self.payoffs))  # tau is paid to one follower at most
        spans = [span(entries(own)) for own in self.payoffs]
        return (low, high), [(least, most + self.most) for least, most in spans]

    def sentence(self, decided: Decided, wording: Wording) -> str:
        when, do = decided
        if self.tau:
            return f"pay tau = {self._tau(do)}"
        payments = ", ".join(wording.number(p, Fraction(0), Fraction(self.most), 4) for p in self._payments(do))
        actions = [str(a) for a in _profile(when)]
        if self.names is not None:
            actions = [wording.names(own)[a] for own, a in zip(self.names, _profile(when), strict=True)]
        return f"at actions {', '.join(actions)}, pay {payments}"

    def play_sentence(self, follower: int, type_: int, probabilities: Sequence[Fraction], wording: Wording) -> str:
        actions = [f"action {a}" for a in range(self.sizes[follower])]
        if self.names is not None:
            actions = wording.names(self.names[follower])
        who = f"follower {follower}" if self.players is None else wording.names(self.players)[follower]
        return f"{who} plays {named_actions(actions, probabilities)}"

    def baseline(self) -> Baseline:
        def fault(decided: Sequence[Decided], _: Fraction) -> str | None:
            paid = [x for _, do in decided for x in ([Fraction(self._tau(do))] if self.tau else self._payments(do))]
            return "it makes payments" if any(paid) else None

        return Baseline("no payments", self, fault)


def _profile(when: Mapping[str, Json]) -> tuple[int, ...]:
    return tuple(indices(when["actions"], "the actions"))
