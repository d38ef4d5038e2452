"""A normal-form game for each type of the follower."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .amounts import Json, Table, distribution, entries, one_of, parameters, parts, shape, table
from .finite import Finite
from .game import Baseline, Game, Range, span
from .normal_form import COMMITMENTS, NormalForm, not_the_best_row, not_uniform
from .rules import Decided, Entries
from .wording import Wording


@dataclass(frozen=True)
class BayesianNormalForm(Game):
    """Normal-form games against one follower.

    Attributes:
        games: one for each type.
        prior: the types' probabilities.
    """

    games: list[NormalForm]
    prior: list[Fraction]

    @classmethod
    def read(cls, given: Json) -> "BayesianNormalForm":
        """The game with these parameters.

        Raises:
            ValueError: there is none.
        """
        own = parameters(
            given,
            {"prior": None, "commitment": "deterministic", "action_names": None},
            ("leader_payoffs", "follower_payoffs"),
        )
        one_of(own["commitment"], COMMITMENTS, "commitment")
        tables = []
        for side in ("leader_payoffs", "follower_payoffs"):
            stated = table(own[side], side)
            by_type: Table = [stated] if len(shape(stated)) == 2 else stated
            if len(shape(by_type)) != 3 or 0 in shape(by_type):
                raise ValueError(f"{side} must be a table of rows and columns for each type")
            tables.append(parts(by_type))
        leader, follower = tables
        n = max(len(leader), len(follower))
        if not {len(leader), len(follower)} <= {1, n} or shape(leader)[1:] != shape(follower)[1:]:
            raise ValueError("leader_payoffs and follower_payoffs must be tables of one shape, one for each type")
        prior = [Fraction(1, n)] * n if own["prior"] is None else distribution(own["prior"], n, "the prior")
        games = [
            NormalForm.read(
                {
                    "leader_payoffs": leader[k % len(leader)],
                    "follower_payoffs": follower[k % len(follower)],
                    "commitment": own["commitment"],
                    "action_names": own["action_names"],
                }
            )
            for k in range(n)
        ]
        return cls(games, prior)

    @property
    def sizes(self) -> list[int]:
        return self.games[0].sizes

    @property
    def n_types(self) -> list[int]:
        return [len(self.games)]

    @property
    def n_type_profiles(self) -> int:
        return sum(p > 0 for p in self.prior)

    def decided(self, rule: Entries) -> list[Decided]:
        return self.games[0].decided(rule)

    def finite(self, decided: Sequence[Decided]) -> Finite:
        support = [t for t, p in enumerate(self.prior) if p]
        games = [self.games[t].finite(decided) for t in support]
        return Finite(
            [(t,) for t in support],
            [self.prior[t] for t in support],
            [[list(range(self.sizes[0]))] * len(self.games)],
            self.sizes,
            [game.leader[0] for game in games],
            [[game.followers[0][0] for game in games]],
        )

    def ranges(self) -> tuple[Range, list[Range]]:
        return (
            span(x for game in self.games for x in entries(game.leader)),
            [span(x for game in self.games for x in entries(game.followers))],
        )

    def sentence(self, decided: Decided, wording: Wording) -> str:
        return self.games[0].sentence(decided, wording)

    def play_sentence(self, follower: int, type_: int, probabilities: Sequence[Fraction], wording: Wording) -> str:
        told = self.games[type_].play_sentence(follower, 0, probabilities, wording)
        return told.replace("the follower", f"type {type_}", 1)

    def baseline(self) -> Baseline:
        mixed = BayesianNormalForm(
            [NormalForm(game.leader, game.followers, "mixed", game.names) for game in self.games], self.prior
        )
        if self.games[0].commitment == "deterministic":
            return Baseline(
                "uniform play", mixed, lambda decided, _: not_uniform(mixed.games[0].mixture(decided[0][1]))
            )
        return Baseline(
            "the best deterministic commitment",
            mixed,
            lambda decided, _: not_the_best_row(self.games, self.prior, mixed.games[0].mixture(decided[0][1])),
        )
