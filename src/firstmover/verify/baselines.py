"""What a rule is compared with: the baseline of the same game, and the most that it can earn."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from .amounts import Json, UnreadableError, fraction, keyed
from .finite import Finite
from .game import alike
from .limits import LimitError
from .proofs import why_not_end
from .statement import Claim, Statement, read_game, read_statement, shown, shown_number, within_limits


def baseline_claims(statement: Statement | None, certificate: Mapping[str, Json]) -> Iterator[Claim]:
    """The baseline is the one of this game, its value is the greatest over a set of its equilibria, and so the gain."""
    baseline, gain = keyed(certificate["baseline"], ("rule", "value", "proof"), "the baseline"), certificate["gain"]
    if type(baseline["rule"]) is not str:
        raise UnreadableError("the name of the baseline is not a text.")
    if baseline["value"] is None:
        yield Claim("the baseline", "unchecked", "its value is left out; the reason that is stated is not checked")
        yield shown("the gain over the baseline", gain, None)
        return
    try:
        difference = Fraction(shown_number(certificate["value"])) - Fraction(shown_number(baseline["value"]))
    except (OverflowError, ValueError):
        yield Claim("the gain over the baseline", "refuted", "it is beyond the numbers of 64 bits")
        return
    sure = certificate["proof"] is not None
    for claim in _value_claims(statement, baseline):
        yield claim
        sure = sure and claim.verdict == "confirmed"
    claim = shown("the gain over the baseline", gain, difference)
    if claim.verdict == "confirmed" and not sure:
        claim = claim._replace(verdict="unchecked", why="a difference of values that are not both checked")
    yield claim


def _value_claims(statement: Statement | None, baseline: Mapping[str, Json]) -> Iterator[Claim]:
    if baseline["proof"] is None:
        yield Claim("the value of the baseline", "unchecked", "it carries no proof")
        return
    yield from within_limits("the value of the baseline", lambda: _proved(statement, baseline))


def _proved(statement: Statement | None, baseline: Mapping[str, Json]) -> Iterator[Claim]:
    part = keyed(
        baseline["proof"], ("game", "parameters", "rule", "induced", "set", "greatest"), "the proof of the baseline"
    )
    statements: list[Statement] = []
    yield from read_statement("the baseline's rule", part, statements)
    own = statements[0] if statements else None
    expected = None if statement is None else statement.game.baseline()
    if expected is not None:
        if own is None:
            return
        if not alike(expected.game, own.game):
            yield Claim(
                "the baseline", "refuted", "it is a rule of another game than the rule that it is compared with"
            )
            return
        if baseline["rule"] != expected.name:
            yield Claim("the baseline", "refuted", f"the baseline of this game is {expected.name!r}")
            return
    elif own is not None:
        yield Claim("the baseline", "unchecked", "whether it is a rule of the same game is not known here")
    games: list[Finite] = []
    yield from read_game("the baseline's game", own, part["induced"], games)
    if not games:
        return
    (game,) = games
    tightest = "cce" if len(game.types) == 1 else "anf_cce"
    if part["set"] != tightest or baseline.get("over") != f"the best {tightest}":
        yield Claim("the value of the baseline", "refuted", f"the set that it is the greatest over must be {tightest}")
        return
    why = why_not_end(game, tightest, "greatest", Fraction(0), part["greatest"])
    if why is not None:
        yield Claim("the value of the baseline", "refuted", why)
        return
    value = fraction(keyed(part["greatest"], ("value",), "an end of an interval")["value"])
    yield shown("the value of the baseline", baseline["value"], value)
    if expected is not None and own is not None:
        try:
            fault = expected.fault(own.decided, value)
        except (LimitError, NotImplementedError) as why_not:
            yield Claim("the baseline", "unchecked", f"whether it is {expected.name!r} is not checked: {why_not}")
        else:
            said = fault or f"it is {expected.name!r} of the same game"
            yield Claim("the baseline", "refuted" if fault else "confirmed", said)
