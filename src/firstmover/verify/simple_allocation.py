"""Simple allocation: an item for every message."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .amounts import Json, distribution, parameters, whole
from .finite import Finite
from .game import Baseline, Game, Range, finite_game, named_actions
from .limits import MAX_SITUATIONS, at_most_so_many
from .rules import Decided, Entries
from .wording import Wording


@dataclass(frozen=True)
class SimpleAllocation(Game):
    """A participant who wants one of the items.

    Attributes:
        messages: how many it may send.
        prior: how likely each item is the wanted one.
    """

    messages: int
    prior: list[Fraction]

    @classmethod
    def read(cls, given: Json) -> "SimpleAllocation":
        """The game with these parameters.

        Raises:
            ValueError: there is none.
        """
        own = parameters(given, {"items": 3, "messages": 2, "prior": None})
        items, messages = whole(own["items"], "items", 1), whole(own["messages"], "messages", 1)
        at_most_so_many(items, MAX_SITUATIONS, "items")
        uniform = [Fraction(1, items)] * items
        return cls(messages, uniform if own["prior"] is None else distribution(own["prior"], items, "the prior"))

    @property
    def sizes(self) -> list[int]:
        return [self.messages]

    @property
    def n_types(self) -> list[int]:
        return [len(self.prior)]

    @property
    def n_type_profiles(self) -> int:
        return sum(p > 0 for p in self.prior)

    def decided(self, rule: Entries) -> list[Decided]:
        at_most_so_many(self.messages, MAX_SITUATIONS, "messages")
        situations = [{"message": message} for message in range(self.messages)]
        decided: list[Decided] = [(when, rule.decide(when, ["item"])) for when in situations]
        for _, do in decided:
            whole(do["item"], "the item", most=len(self.prior) - 1)
        return decided

    def finite(self, decided: Sequence[Decided]) -> Finite:
        given = [whole(do["item"], "the item") for _, do in decided]

        def pay(types: tuple[int, ...], actions: tuple[int, ...]) -> tuple[Fraction, list[Fraction], None]:
            served = Fraction(given[actions[0]] == types[0])
            return served, [served], None

        return finite_game((((t,), p) for t, p in enumerate(self.prior)), self.n_types, self.sizes, pay)

    def ranges(self) -> tuple[Range, list[Range]]:
        return (Fraction(0), Fraction(1)), [(Fraction(0), Fraction(1))]

    def sentence(self, decided: Decided, wording: Wording) -> str:
        return f"on message {decided[0]['message']}, give item {decided[1]['item']}"

    def play_sentence(self, follower: int, type_: int, probabilities: Sequence[Fraction], wording: Wording) -> str:
        sent = named_actions([f"message {m}" for m in range(self.messages)], probabilities)
        return f"a participant who wants item {type_} sends {sent}"

    def baseline(self) -> Baseline:
        def fault(decided: Sequence[Decided], _: Fraction) -> str | None:
            likeliest = self.prior[whole(decided[0][1]["item"], "the item")] == max(self.prior)
            return None if likeliest else "another item is likelier to be wanted"

        return Baseline("no messages: always the likeliest item", SimpleAllocation(1, self.prior), fault)
