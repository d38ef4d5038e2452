"""What a certificate states, and what comes of checking it."""

import json
import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from .amounts import UnreadableError, fraction, in_words
from .families import derive
from .finite import Finite, Joint, expected, game_of, joint_of_play, regrets
from .proofs import why_not_end


class Claim(NamedTuple):
    """One thing that a certificate states, and what came of checking it."""

    claim: str
    verdict: str  # confirmed, refuted or unchecked
    why: str


def read(content: str) -> dict[str, Any]:
    """A certificate from its text; decimals are read as the fractions that they are.

    Raises:
        UnreadableError: it is not JSON, or not an object.
    """

    def refuse(word: str) -> None:
        raise ValueError(word)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key stands twice in an object")
        return dict(pairs)

    try:
        value = json.loads(content, parse_float=fraction, parse_constant=refuse, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise UnreadableError("the certificate is not JSON with finite numbers and no key twice.") from None
    if not isinstance(value, dict):
        raise UnreadableError("the certificate is not a JSON object.")
    return value


def check(certificate: Mapping[str, Any]) -> list[Claim]:
    """Every claim of a certificate, confirmed or refuted.

    Raises:
        UnreadableError: it carries no proof, or is malformed.
    """
    try:
        if certificate["proof"] is None:
            raise UnreadableError(f"the certificate carries no proof: {certificate['reason']}.")
        return list(_claims(certificate))
    except UnreadableError:
        raise
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, ArithmeticError) as error:
        raise UnreadableError(f"the certificate is malformed ({type(error).__name__}: {error}).") from None


def _claims(certificate: Mapping[str, Any]) -> Iterator[Claim]:
    proof = certificate["proof"]
    game = yield from _game_claims("the game", certificate, proof["induced"])
    if game is None:
        return
    try:
        joint = joint_of_play(game, proof["play"])
    except ValueError as why:
        yield Claim("the play", "refuted", str(why))
        return
    yield from _play_claims(certificate, game, joint)
    intervals = {(part["set"], fraction(part["epsilon"])): part for part in proof["intervals"]}
    for key, epsilon in (("leader_value_bounds", Fraction(0)), ("leader_value_bounds_at_epsilon", None)):
        at = fraction(certificate["bounds_epsilon"]) if epsilon is None else epsilon
        for which, shown in (certificate[key] or {}).items():
            claim = f"the value over {which} at epsilon {float(at):.6g}"
            yield _interval_claim(claim, game, which, at, shown, intervals.get((which, at)))
    yield from _baseline_claims(certificate["baseline"], certificate["gain"], certificate["value"])


def _game_claims(
    claim: str, rule: Mapping[str, Any], induced: Mapping[str, Any]
) -> Generator[Claim, None, Finite | None]:
    """The stored game is a game, and is what the rule and the parameters lead to.

    Returns:
        The stored game; None if it is none, so that nothing can be computed from it.
    """
    game = game_of(induced)
    profiles = math.prod(game.sizes)
    tables = [game.leader, *game.followers, *([] if game.revenue is None else [game.revenue])]
    sound = (
        abs(sum(game.probabilities, Fraction(-1))) <= Fraction(1, 10**6)
        and all(p > 0 for p in game.probabilities)
        and len(set(game.types)) == len(game.types) == len(game.probabilities)
        and all(len(table) == len(game.types) and all(len(row) == profiles for row in table) for table in tables)
        and len(game.followers) == len(game.sizes) == len(game.allowed)
        and all(len(row) == len(game.sizes) for row in game.types)
        and all(
            t in range(len(game.allowed[i]))
            and game.allowed[i][t]
            and all(a in range(size) for a in game.allowed[i][t])
            for row in game.types
            for i, (t, size) in enumerate(zip(row, game.sizes, strict=True))
        )
    )
    if not sound:
        yield Claim(claim, "refuted", "its tables do not fit together, or its probabilities are none")
        return None
    try:
        derived = derive(rule)
    except ValueError as why:
        yield Claim(claim, "refuted", str(why))
        return game
    if derived is None:
        yield Claim(claim, "unchecked", f"{rule['game']!r} is not known here, so its link to the rule is not checked")
    elif derived == game:
        yield Claim(claim, "confirmed", "derived again from the rule and the parameters")
    else:
        yield Claim(claim, "refuted", "it is not what the rule and the parameters lead to")
    return game


def _play_claims(certificate: Mapping[str, Any], game: Finite, joint: Joint) -> Iterator[Claim]:
    """Epsilon, by follower and type, and the value, welfare and revenue under the play."""
    found, stated = regrets(game, joint), certificate["epsilon"]
    yield _shown("the largest epsilon", stated["max"], max(Fraction(0), *found.values()))
    for i, row in enumerate(stated["by_follower"]):
        for t, shown in enumerate(row):
            yield _shown(f"epsilon of follower {i}, type {t}", shown, found.pop((i, t), None))
    if found:
        yield Claim("epsilon", "refuted", f"it is missing for {sorted(found)}")
    yield _shown("the value", certificate["value"], expected(game, game.leader, joint))
    revenue = None if game.revenue is None else expected(game, game.revenue, joint)
    total = sum((expected(game, table, joint) for table in game.followers), Fraction(0))
    yield _shown("welfare", certificate["welfare"], total + (revenue or 0))
    yield _shown("revenue", certificate["revenue"], revenue)


def _shown(claim: str, shown: Any, proved: Fraction | None) -> Claim:
    """A number as it is shown is the float next to what is proved."""
    if (shown is None) != (proved is None) or (proved is not None and float(shown) != float(proved)):
        return Claim(claim, "refuted", f"it is {in_words(proved)}, not {in_words(shown)}")
    return Claim(claim, "confirmed", in_words(proved))


def _interval_claim(
    claim: str, game: Finite, which: str, epsilon: Fraction, shown: Sequence[Any], part: Mapping[str, Any] | None
) -> Claim:
    if part is None:
        return Claim(claim, "refuted", "there is no proof of it")
    if which not in ("cce", "bcce", "anf_cce") or (which == "cce" and len(game.types) > 1) or epsilon < 0:
        return Claim(claim, "refuted", "there is no such set in this game")
    for sense, number in zip(("least", "greatest"), shown, strict=True):
        why = why_not_end(game, which, sense, epsilon, part[sense])
        if why is None and float(number) != float(fraction(part[sense]["value"])):
            why = f"{in_words(Fraction(part[sense]['value']))} is proved, {in_words(number)} is shown"
        if why is not None:
            return Claim(claim, "refuted", f"its {sense} end: {why}")
    return Claim(claim, "confirmed", f"[{part['least']['value']}, {part['greatest']['value']}]")


def _baseline_claims(baseline: Mapping[str, Any], gain: Any, value: Any) -> Iterator[Claim]:
    """The baseline's value is the greatest over a set of its own game, and the gain is the difference."""
    if baseline["value"] is None:
        yield _shown("the gain over the baseline", gain, None)
        return
    if baseline["proof"] is None:
        yield Claim("the value of the baseline", "unchecked", "it carries no proof")
    else:
        part = baseline["proof"]
        game = yield from _game_claims("the baseline's game", part, part["induced"])
        if game is None:
            return
        why = why_not_end(game, part["set"], "greatest", Fraction(0), part["greatest"])
        if why is None:
            yield _shown("the value of the baseline", baseline["value"], fraction(part["greatest"]["value"]))
        else:
            yield Claim("the value of the baseline", "refuted", why)
    yield _shown("the gain over the baseline", gain, Fraction(float(value)) - Fraction(float(baseline["value"])))


def verdict(claims: Sequence[Claim]) -> str:
    """Refuted if one claim is, else confirmed: of what is unchecked nothing is said."""
    return "refuted" if any(claim.verdict == "refuted" for claim in claims) else "confirmed"
