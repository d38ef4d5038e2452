"""What is claimed, and the statement of a certificate: a game that there is, and a rule that it admits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from .amounts import Decimal, Json, UnreadableError, in_words
from .families import FAMILIES
from .finite import Finite, fits_together, game_of
from .game import Game
from .limits import LimitError, total
from .rules import Decided, Entries

_ROUNDED = Fraction(1, 10**14)  # by which the probabilities of version 0.1.0, rounded to floats, may miss 1


class Claim(NamedTuple):
    """One thing that a certificate states, and what came of checking it.

    Attributes:
        claim: what it is about.
        verdict: `confirmed` or `refuted`; `unchecked`, where a link is missing; `stated`, where there is nothing to
            check and nothing rests on it.
        why: what was proved, or why not.
    """

    claim: str
    verdict: Literal["confirmed", "refuted", "unchecked", "stated"]
    why: str


class Statement(NamedTuple):
    """A game that is known here, and what a rule of it does."""

    game: Game
    decided: Sequence[Decided]


def shown(claim: str, value: Json, proved: Fraction | None) -> Claim:
    """A number as it is shown is the float next to what is proved."""
    if (value is None) != (proved is None):
        return Claim(claim, "refuted", f"it is {in_words(proved)}, and {_cut(value)} is shown")
    if proved is None:
        return Claim(claim, "confirmed", "none")
    try:
        if shown_number(value) == float(proved):
            return Claim(claim, "confirmed", in_words(proved))
    except OverflowError:
        return Claim(claim, "refuted", "it is beyond the numbers of 64 bits")
    return Claim(claim, "refuted", f"it is {float(proved)!r}, and {_cut(value)} is shown")


def shown_number(value: Json) -> float:
    """A number as a certificate shows it, in 64 bits.

    Raises:
        UnreadableError: it is not a number.
        OverflowError: it is beyond them.
    """
    if type(value) is not int and not isinstance(value, Decimal):
        raise UnreadableError(f"{_cut(value)} stands where a number is shown.")
    return float(value)


def _cut(value: Json) -> str:
    said = "none" if value is None else str(value) if isinstance(value, Decimal) else _short(value)
    return said if len(said) <= 60 else f"{said[:50]}..."


def _short(value: Json) -> str:
    if type(value) is int:
        return in_words(value)
    return repr(value) if isinstance(value, str | bool) else f"a {type(value).__name__}"


def within_limits(claim: str, claims: Callable[[], Iterator[Claim]]) -> Iterator[Claim]:
    """Claims, of which those that take too much time or memory are left unchecked."""
    try:
        yield from claims()
    except LimitError as why:
        yield Claim(claim, "unchecked", f"not checked: {why}")


def read_statement(claim: str, content: Mapping[str, Json], found: list[Statement]) -> Iterator[Claim]:
    """The game is one that there is, and has such a rule; then they are added to what is found."""
    name = content["game"]
    if type(name) is not str:
        raise UnreadableError("the name of a game is not a text.")
    if name not in FAMILIES:
        yield Claim(claim, "unchecked", f"{_cut(name)} is not a game that is known here")
        return
    try:
        game = FAMILIES[name](content["parameters"])
        # Where something is proved, and where it is the proof of a baseline, there is a rule.
        if content["rule"] == [] and content.get("proof", "a baseline's") is None:
            yield Claim(
                claim, "unchecked", "it is not written out, as where it is a network, and nothing of it is proved"
            )
            return
        found.append(Statement(game, game.decided(Entries(content["rule"]))))
    except LimitError as why:
        yield Claim(claim, "unchecked", f"not checked: {why}")
    except ValueError as why:
        yield Claim(claim, "refuted", f"there is no such rule or no such game: {_cut_sentence(why)}")
    else:
        yield Claim(claim, "confirmed", f"{name} with these parameters has such a rule")


def _cut_sentence(why: Exception) -> str:
    said = str(why)
    return said if len(said) <= 300 else f"{said[:290]}..."


def read_game(claim: str, statement: Statement | None, induced: Json, found: list[Finite]) -> Iterator[Claim]:
    """The stored game is a game, and is what the rule and the parameters lead to; then it is added to what is found."""
    stored = game_of(induced)
    if not fits_together(stored):
        yield Claim(claim, "refuted", "its tables do not fit together, or its probabilities are none")
        return
    if statement is None:
        found.append(stored)
        yield Claim(claim, "unchecked", "what it is derived from is not known here")
        return
    game, decided = statement
    # Sizes first: nothing is derived that is larger than what the file itself holds.
    if (game.sizes, game.n_types, game.n_type_profiles) != (
        stored.sizes,
        [len(own) for own in stored.allowed],
        len(stored.types),
    ):
        yield Claim(claim, "refuted", "it is of another size than the rule and the parameters lead to")
        return
    derived = game.finite(decided)
    if derived == stored:
        found.append(stored)
        yield Claim(claim, "confirmed", "derived again from the rule and the parameters")
        return
    # Version 0.1.0 wrote probabilities down as floats, so that they may miss 1 in the last digit.
    scale = total(stored.probabilities)
    shares = [p / scale for p in stored.probabilities]
    if abs(scale - 1) <= _ROUNDED and derived == Finite(
        stored.types, shares, stored.allowed, stored.sizes, stored.leader, stored.followers, stored.revenue
    ):
        found.append(stored)
        yield Claim(claim, "confirmed", "derived again from the rule and the parameters, but for the rounding of 1")
        return
    yield Claim(claim, "refuted", "it is not what the rule and the parameters lead to")
