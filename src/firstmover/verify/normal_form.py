"""Normal-form games: a row, or a mixture of rows, and then a column for every follower."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .amounts import Json, Table, distribution, entries, entry, one_of, parameters, parts, shape, table, whole
from .finite import Finite
from .game import Baseline, Game, Range, finite_game, named_actions, span
from .limits import MAX_FOLLOWERS, at_most_so_many, total
from .names import actions_named, players_named
from .rules import Decided, Entries
from .wording import Wording

COMMITMENTS = ("deterministic", "mixed")


@dataclass(frozen=True)
class NormalForm(Game):
    """Tables of payoffs.

    Attributes:
        leader: the leader's payoffs, [rows, actions of follower 0, ...].
        followers: one such table for each follower.
        commitment: whether the leader commits to a row or to a mixture.
        names: of the leader's and of every follower's actions.
        players: what the leader and every follower are called, if they are called anything.
    """

    leader: Sequence[Table]
    followers: Sequence[Table]
    commitment: str
    names: list[list[str]]
    players: list[str] | None = None

    @classmethod
    def read(cls, given: Json) -> "NormalForm":
        """The game with these parameters.

        Raises:
            ValueError: there is none.
        """
        own = parameters(
            given,
            {"commitment": "deterministic", "action_names": None, "player_names": None},
            ("leader_payoffs", "follower_payoffs"),
        )
        leader = table(own["leader_payoffs"], "leader_payoffs")
        followers = table(own["follower_payoffs"], "follower_payoffs")
        sizes = shape(leader)
        if len(sizes) < 2 or 0 in sizes:
            raise ValueError("leader_payoffs must be a table of rows and of every follower's actions")
        at_most_so_many(len(sizes) - 1, MAX_FOLLOWERS, "followers")
        if len(sizes) == 2 and len(shape(followers)) == 2:
            followers = [followers]
        if shape(followers) != [len(sizes) - 1, *sizes]:
            raise ValueError("every follower needs a table of payoffs of the shape of the leader's, and nobody else")
        commitment = one_of(own["commitment"], COMMITMENTS, "commitment")
        players = None if own["player_names"] is None else players_named(own["player_names"], len(sizes))
        return cls(parts(leader), parts(followers), commitment, actions_named(own["action_names"], sizes), players)

    @property
    def sizes(self) -> list[int]:
        return shape(self.leader)[1:]

    @property
    def n_types(self) -> list[int]:
        return [1] * len(self.sizes)

    @property
    def n_type_profiles(self) -> int:
        return 1

    def decided(self, rule: Entries) -> list[Decided]:
        do = rule.decide({}, ["action" if self.commitment == "deterministic" else "mixture"])
        self.mixture(do)
        return [({}, do)]

    def mixture(self, do: Mapping[str, Json]) -> list[Fraction]:
        """The probabilities of rows; one row is a mixture too.

        Raises:
            ValueError: it is none.
        """
        rows, names = len(self.leader), self.names[0]
        if self.commitment == "deterministic":
            stated = do["action"]
            action = _row(stated, names) if isinstance(stated, str) else whole(stated, "the action", most=rows - 1)
            return [Fraction(k == action) for k in range(rows)]
        given = do["mixture"]
        if isinstance(given, dict):
            at = {_row(name, names): p for name, p in given.items()}
            given = [at.get(k, 0) for k in range(rows)]
        return distribution(given, rows, "the mixture")

    def finite(self, decided: Sequence[Decided]) -> Finite:
        mixture = self.mixture(decided[0][1])

        def mixed(payoffs: Sequence[Table], actions: tuple[int, ...]) -> Fraction:
            return total(p * entry(payoffs[k], actions) for k, p in enumerate(mixture) if p)

        return finite_game(
            [((0,) * len(self.sizes), Fraction(1))],
            self.n_types,
            self.sizes,
            lambda types, actions: (
                mixed(self.leader, actions),
                [mixed(parts(t), actions) for t in self.followers],
                None,
            ),
        )

    def ranges(self) -> tuple[Range, list[Range]]:
        return span(entries(self.leader)), [span(entries(own)) for own in self.followers]

    def sentence(self, decided: Decided, wording: Wording) -> str:
        mixture, names = self.mixture(decided[1]), wording.names(self.names[0])
        if self.commitment == "deterministic":
            return f"always play {names[mixture.index(Fraction(1))]}"
        parts = ((names[k], float(p)) for k, p in enumerate(mixture))
        return "play " + ", ".join(f"{name} with probability {p:.4f}" for name, p in parts if p >= 5e-5)

    def play_sentence(self, follower: int, type_: int, probabilities: Sequence[Fraction], wording: Wording) -> str:
        who = "the follower" if len(self.sizes) == 1 else f"follower {follower}"
        if self.players is not None:
            who = wording.names(self.players)[1 + follower]
        return f"{who} plays {named_actions(wording.names(self.names[1 + follower]), probabilities)}"

    def baseline(self) -> Baseline:
        mixed = NormalForm(self.leader, self.followers, "mixed", self.names, self.players)
        if self.commitment == "deterministic":
            return Baseline("uniform play", mixed, lambda decided, _: not_uniform(mixed.mixture(decided[0][1])))
        return Baseline(
            "the best deterministic commitment",
            mixed,
            lambda decided, _: not_the_best_row([self], [Fraction(1)], mixed.mixture(decided[0][1])),
        )


def not_uniform(mixture: Sequence[Fraction]) -> str | None:
    """Why a mixture is not the uniform one, up to the rounding of floats."""
    off = max(abs(p * len(mixture) - 1) for p in mixture)
    return None if off <= Fraction(1, 10**9) else "it is not uniform"


def not_the_best_row(games: Sequence[NormalForm], prior: Sequence[Fraction], mixture: Sequence[Fraction]) -> str | None:
    """Why a mixture is not the best row to commit to, against a follower of each type that breaks ties against it.

    Raises:
        NotImplementedError: there are several followers, whose equilibria are not searched here.
    """
    if 1 not in mixture:
        return "it is not one action"
    if len(games[0].sizes) > 1:
        raise NotImplementedError("which row is best against several followers is not checked")
    guaranteed = []
    for row in range(len(games[0].leader)):
        worth = Fraction(0)
        for game, p in zip(games, prior, strict=True):
            own = entries(parts(game.followers[0])[row])
            best = max(own)
            worth += p * min(x for x, y in zip(entries(game.leader[row]), own, strict=True) if y == best)
        guaranteed.append(worth)
    row = list(mixture).index(Fraction(1))
    if guaranteed[row] < max(guaranteed):
        return f"row {guaranteed.index(max(guaranteed))} guarantees more than row {row}"
    return None


def _row(name: str, names: Sequence[str]) -> int:
    """The number of the row with this name.

    Raises:
        ValueError: there is none, or there are several.
    """
    if list(names).count(name) != 1:
        raise ValueError(f"the rule has the action {name[:40]!r}, which is not one of the leader's")
    return list(names).index(name)


def published(payoffs: list[list[tuple[int, int]]]) -> Callable[[Json], NormalForm]:
    """How a two-player game is read whose payoffs are known by its name."""

    def read(given: Json) -> NormalForm:
        own = parameters(given, {"commitment": "deterministic"})
        leader, follower = ([[pair[k] for pair in row] for row in payoffs] for k in (0, 1))
        return NormalForm.read({"leader_payoffs": leader, "follower_payoffs": follower, **own})

    return read


ESCAPE = published([[(15, 15), (10, 10), (0, 0)], [(10, 10), (10, 10), (0, 0)], [(0, 0), (0, 0), (30, 30)]])
MAINTAIN = published([[(20, 15), (0, 0), (0, 0)], [(30, 0), (10, 5), (0, 0)], [(0, 0), (0, 0), (5, 10)]])
