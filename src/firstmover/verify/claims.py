"""What comes of checking a certificate, claim by claim."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from .amounts import Json, UnreadableError, exactly, fraction, in_words, keyed, listed
from .baselines import baseline_claims
from .finite import Finite, Joint, expected, play_of, regrets
from .game import capitalised, n_maps, rule_text
from .limits import MAX_SECONDS, LimitError, at_most
from .proofs import sets_of, why_not_end
from .statement import Claim, Statement, read_game, read_statement, shown, shown_number, within_limits
from .wording import FIRST, NOW

KEYS = (
    "game",
    "parameters",
    "rule",
    "rule_text",
    "play_text",
    "followers",
    "value",
    "welfare",
    "revenue",
    "epsilon",
    "leader_value_bounds",
    "leader_value_bounds_at_epsilon",
    "bounds_epsilon",
    "reason",
    "exact",
    "confidence",
    "payoff_range",
    "baseline",
    "gain",
    "sizes",
    "tolerance",
    "proof",
)
# What objects inside it may hold; `reason` and `over` are those of a baseline without and with a value.
PARTS = {
    "epsilon": ("by_follower", "max", "unseen", "bound", "estimated", "mean", "residual"),
    "payoff_range": ("leader", "followers"),
    "baseline": ("rule", "value", "over", "reason", "proof"),
    "sizes": ("type_profiles", "action_profiles", "bcce_variables", "anf_cce_variables", "samples"),
    "proof": ("induced", "play", "intervals"),
}
_PERCENT = Fraction(1, 10**6)  # by which the shares of a play that is told in words may be rounded otherwise


def check(certificate: Mapping[str, Json]) -> list[Claim]:
    """Every claim of a certificate, and what came of checking it.

    Raises:
        UnreadableError: it is malformed.
    """
    found: list[Claim] = []
    try:
        with at_most(MAX_SECONDS):
            for claim in _claims(keyed(certificate, KEYS, "the certificate")):
                found.append(claim)
    except LimitError as why:
        found.append(Claim("everything else", "unchecked", f"not checked: {why}"))
    except UnreadableError:
        raise
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise UnreadableError(f"the certificate is malformed ({type(error).__name__}).") from None
    return found


def verdict(claims: Sequence[Claim]) -> str:
    """Refuted if one claim is; else incomplete if one is unchecked; else confirmed."""
    verdicts = {claim.verdict for claim in claims}
    if "refuted" in verdicts:
        return "refuted"
    return "incomplete" if "unchecked" in verdicts or not claims else "confirmed"


def _claims(certificate: Mapping[str, Json]) -> Iterator[Claim]:
    yield from _unknown_keys(certificate)
    statements: list[Statement] = []
    for claim in read_statement("the rule", certificate, statements):
        yield claim
        if claim.verdict == "refuted":
            return  # of a rule that there is not, nothing else can be true
    statement = statements[0] if statements else None
    if certificate["proof"] is None:
        yield Claim("the proof", "unchecked", "the certificate carries none, so that its numbers are not checked")
    else:
        yield from _proved(certificate, statement)
    yield from within_limits("the words", lambda: _words(certificate, statement))
    yield from baseline_claims(statement, certificate)
    yield _model(certificate["followers"])


def _unknown_keys(certificate: Mapping[str, Json]) -> Iterator[Claim]:
    """What stands there beside what a certificate holds is not read here, and may say anything."""
    unknown = [key for key in certificate if key not in KEYS]
    for part, keys in PARTS.items():
        stated = certificate[part]
        if isinstance(stated, dict):
            unknown += [f"{part}.{key}" for key in stated if key not in keys]
    if unknown:
        said = ", ".join(key if len(key) <= 40 else f"{key[:40]}..." for key in unknown[:5])
        yield Claim("other keys", "unchecked", f"{said} {'is' if len(unknown) == 1 else 'are'} not known here")


def _proved(certificate: Mapping[str, Json], statement: Statement | None) -> Iterator[Claim]:
    proof = keyed(certificate["proof"], PARTS["proof"], "the proof")
    games: list[Finite] = []
    yield from read_game("the game", statement, proof["induced"], games)
    if not games:
        return
    (game,) = games
    try:
        joint, strategies = play_of(game, proof["play"])
    except UnreadableError:
        raise
    except ValueError as why:
        yield Claim("the play", "refuted", str(why))
        return
    yield from _play_claims(certificate, game, joint)
    yield _play_text(certificate["play_text"], statement, strategies)
    yield from _kind_claims(certificate, game)
    yield from _interval_claims(certificate, game, listed(proof["intervals"], "the intervals"))


def _play_claims(certificate: Mapping[str, Json], game: Finite, joint: Joint) -> Iterator[Claim]:
    """Epsilon, by follower and type, and the value, welfare and revenue under the play."""
    measured = regrets(game, joint)
    stated = keyed(certificate["epsilon"], ("by_follower", "max"), "epsilon")
    yield shown("the largest epsilon", stated["max"], max(Fraction(0), *measured.values()))
    by_follower = [listed(row, "epsilon of a follower") for row in listed(stated["by_follower"], "epsilon by follower")]
    if [len(row) for row in by_follower] != [len(own) for own in game.allowed]:
        yield Claim("epsilon", "refuted", "it is not stated for every follower and type, and no other")
        return
    for i, row in enumerate(by_follower):
        for t, epsilon in enumerate(row):
            yield shown(f"epsilon of follower {i}, type {t}", epsilon, measured.get((i, t)))
    for key in (key for key in PARTS["epsilon"][2:] if key in stated):
        yield Claim("epsilon", "refuted", f"nothing is {key} where everything is enumerated")
    yield shown("the value", certificate["value"], expected(game, game.leader, joint))
    revenue = None if game.revenue is None else expected(game, game.revenue, joint)
    total = sum((expected(game, table, joint) for table in game.followers), Fraction(0))
    yield shown("welfare", certificate["welfare"], total + (revenue or 0))
    yield shown("revenue", certificate["revenue"], revenue)


def _kind_claims(certificate: Mapping[str, Json], game: Finite) -> Iterator[Claim]:
    """It is exact, and of this size."""
    exact = certificate["exact"] is True and certificate["confidence"] is None
    said = "everything is enumerated, nothing is sampled"
    yield Claim("how it was computed", "confirmed" if exact else "refuted", said)
    pairs = len(game.types) * math.prod(game.sizes)
    sizes = {
        "type_profiles": len(game.types),
        "action_profiles": math.prod(game.sizes),
        "bcce_variables": pairs,
        "anf_cce_variables": min(n_maps(game), 10**300),
    }
    stated = keyed(certificate["sizes"], sizes, "sizes")
    right = set(stated) == set(sizes) and all(_near(stated[key], Fraction(size)) for key, size in sizes.items())
    yield Claim("the sizes", "confirmed" if right else "refuted", ", ".join(map(in_words, sizes.values())))


def _near(value: Json, right: Fraction) -> bool:
    """Whether a number is shown up to the rounding of products of floats."""
    try:
        return abs(Fraction(shown_number(value)) - right) <= Fraction(1, 10**12) * abs(right)
    except (OverflowError, ValueError):
        return False


def _interval_claims(certificate: Mapping[str, Json], game: Finite, intervals: Sequence[Json]) -> Iterator[Claim]:
    """Every interval that is shown is proved, and none is left out without a word."""
    proofs: dict[tuple[str, Fraction], dict[str, Json]] = {}
    for interval in intervals:
        part = keyed(interval, ("set", "epsilon", "least", "greatest"), "an interval")
        which, at = part["set"], fraction(part["epsilon"])
        if type(which) is not str or (which, at) in proofs:
            yield Claim("the intervals", "refuted", "one is proved twice, or bears no name")
            return
        proofs[which, at] = part
    shown_number(certificate["bounds_epsilon"])  # a number, not a text
    epsilon = fraction(certificate["bounds_epsilon"])
    if epsilon < 0:
        yield Claim("the intervals", "refuted", "their epsilon is negative")
        return
    named, slacks, missing = set(), [Fraction(0)], []
    for shown_as, at in (("leader_value_bounds", Fraction(0)), ("leader_value_bounds_at_epsilon", epsilon)):
        bounds: Mapping[str, Json] = {} if certificate[shown_as] is None else keyed(certificate[shown_as], (), shown_as)
        missing += [f"{which} at epsilon {in_words(at)}" for which in sets_of(game) if which not in bounds]
        for which, ends in bounds.items():
            claim = f"the value over {which[:20]} at epsilon {in_words(at)}"
            if which not in sets_of(game):
                yield Claim(claim, "refuted", "there is no such set in this game, or another name for it")
            elif (which, at) not in proofs:
                yield Claim(claim, "refuted", "there is no proof of it")
            else:
                part = proofs[which, at]
                named.add((which, at))
                yield from within_limits(claim, _interval(claim, game, which, at, ends, part))
                slacks += [_of_end(part, sense, "slack") for sense in ("least", "greatest")]
    if set(proofs) - named:
        yield Claim("the intervals", "refuted", "one is proved and not shown")
    yield _left_out(certificate["reason"], missing)
    yield shown("the tolerance", certificate["tolerance"], max(slacks) / (game.spread() or 1))


def _left_out(reason: Json, missing: Sequence[str]) -> Claim:
    """What is left out, and whether that is said."""
    if reason is not None and type(reason) is not str:
        raise UnreadableError("the reason is not a text.")
    if not missing:
        if reason is None:
            return Claim("what is left out", "confirmed", "nothing is")
        return Claim("what is left out", "refuted", "nothing is, and it says that something is")
    if reason is None:
        return Claim("what is left out", "refuted", f"{', '.join(missing)}, without a reason")
    return Claim("what is left out", "unchecked", f"{', '.join(missing)}; the reason that is stated is not checked")


def _interval(
    claim: str, game: Finite, which: str, epsilon: Fraction, ends: Json, part: Mapping[str, Json]
) -> Callable[[], Iterator[Claim]]:
    def claims() -> Iterator[Claim]:
        two = listed(ends, "an interval")
        if len(two) != 2:
            yield Claim(claim, "refuted", "it does not have two ends")
            return
        for sense, number in zip(("least", "greatest"), two, strict=True):
            why = why_not_end(game, which, sense, epsilon, part[sense])
            if why is None:
                end = shown(claim, number, _of_end(part, sense, "value"))
                why = None if end.verdict == "confirmed" else end.why
            if why is not None:
                yield Claim(claim, "refuted", f"its {sense} end: {why}")
                return
        low, high = (exactly(_of_end(part, sense, "value")) for sense in ("least", "greatest"))
        yield Claim(claim, "confirmed", f"[{low}, {high}]")

    return claims


def _of_end(interval: Mapping[str, Json], sense: str, part: str) -> Fraction:
    return fraction(keyed(interval[sense], (part,), "an end of an interval")[part])


# What is said in words, and about the game as a whole.


def _words(certificate: Mapping[str, Json], statement: Statement | None) -> Iterator[Claim]:
    """The rule in sentences, and the range of payoffs."""
    for key in ("rule_text", "play_text"):
        if type(certificate[key]) is not str:
            raise UnreadableError(f"{key} is not a text.")
    if statement is None:
        yield Claim("the rule in words", "unchecked", "how a rule of this game is told is not known here")
        yield Claim("the range of payoffs", "unchecked", "it is not known for this game")
        return
    game, decided = statement
    texts = [rule_text(game, decided, wording) for wording in (NOW, FIRST)]
    yield _in_words("the rule in words", certificate["rule_text"] in texts, texts[0])
    leader, followers = game.ranges()
    stated = keyed(certificate["payoff_range"], ("leader", "followers"), "payoff_range")
    stated_ranges = [stated["leader"], *listed(stated["followers"], "the followers' ranges")]
    rows = [listed(row, "a range") for row in stated_ranges]
    ranges = [leader, *followers]
    holds = [len(row) for row in rows] == [2] * len(ranges) and all(
        _near_range(row, own) for row, own in zip(rows, ranges, strict=True)
    )
    said = f"the leader's from {in_words(leader[0])} to {in_words(leader[1])}"
    yield Claim("the range of payoffs", "confirmed" if holds else "refuted", said)


def _near_range(row: Sequence[Json], own: tuple[Fraction, Fraction]) -> bool:
    try:
        ends = [Fraction(shown_number(value)) for value in row]
    except (OverflowError, ValueError):
        return False
    scale = max(abs(own[0]), abs(own[1]))
    return all(abs(end - right) <= Fraction(1, 10**12) * scale for end, right in zip(ends, own, strict=True))


def _play_text(told: Json, statement: Statement | None, strategies: Sequence[Sequence[Sequence[Fraction]]]) -> Claim:
    """The play in sentences; shares that lie between two percentages may be rounded to either."""
    if statement is None:
        return Claim("the play in words", "unchecked", "how a play of this game is told is not known here")
    texts = [
        " ".join(
            capitalised(statement.game.play_sentence(i, t, [p + shift for p in row], wording)) + "."
            for i, own in enumerate(strategies)
            for t, row in enumerate(own)
        )
        for wording in (NOW, FIRST)
        for shift in (Fraction(0), _PERCENT, -_PERCENT)
    ]
    return _in_words("the play in words", told in texts, texts[0])


def _in_words(claim: str, right: bool, text: str) -> Claim:
    said = text if len(text) <= 300 else f"{text[:290]}..."
    return Claim(claim, "confirmed" if right else "refuted", said if right else f"it must be: {said}")


def _model(followers: Json) -> Claim:
    """Whose play it is cannot be seen from the play, and nothing rests on it."""
    if followers is None:
        return Claim("whose play it is", "stated", "nobody's: the play was stated")
    model = keyed(followers, ("name", "parameters"), "followers")
    if type(model["name"]) is not str or set(model) != {"name", "parameters"}:
        raise UnreadableError("the followers are not a name and parameters.")
    return Claim("whose play it is", "stated", f"not checked: {model['name'][:60]!r}, and no number here rests on it")
