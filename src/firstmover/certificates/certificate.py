"""The certificate of a rule: how far its followers are from equilibrium, and what the leader can count on.

Where the game that the rule induces is small enough, everything is computed in exact fractions, and every interval
carries a proof (`exact`). Where it can still be listed, it is computed in float64 and by linear programs. Otherwise the
regrets are bounded by sampling, with their confidence, and the value over equilibria is not bounded at all: a sample
bounds regret, never an extremum over equilibria.
"""

import json
import math
from dataclasses import asdict, dataclass, replace
from fractions import Fraction

import numpy as np

from firstmover import verify
from firstmover.certificates import exact
from firstmover.core.plays import Play
from firstmover.errors import NO_NUMBER, InputError, require
from firstmover.evaluators import EXACT, Judge, Judged, Status, judge_of
from firstmover.evaluators.base import Interval, Regrets
from firstmover.evaluators.listed import sets_of, sizes_of
from firstmover.games.base import Game
from firstmover.json_types import JsonObject, Parsed
from firstmover.rules.rule import Rule, in_sentences, play_text
from firstmover.solvers.registry import baseline


@dataclass(frozen=True)
class BaselineValue:
    """What the game's baseline rule can earn at most.

    Attributes:
        rule: its name.
        value: the most that it can earn, or None.
        over: what that is the most over.
        reason: why it is not known, where it is not.
        proof: of the value, where there is one.
    """

    rule: str
    value: float | None
    over: str | None = None
    reason: str | None = None
    proof: JsonObject | None = None

    def as_json(self) -> JsonObject:
        """As a certificate carries it: with the reason where there is no value, and otherwise with what it is over."""
        beside = {"reason": self.reason} if self.value is None else {"over": self.over}
        return {"rule": self.rule, "value": self.value, **beside, "proof": self.proof}


@dataclass(frozen=True)
class PayoffRange:
    """The least and the greatest payoff of the leader and of every follower in a game."""

    leader: Interval
    followers: list[Interval]

    @classmethod
    def of(cls, game: Game) -> "PayoffRange":
        """That of a game."""
        return cls(game.leader_payoff_range, list(game.follower_payoff_ranges))


@dataclass(frozen=True)
class Certificate:
    """What is proved about a rule and the play under it; payoffs in the game's units.

    Attributes:
        game, parameters, rule: the rule, as in a rule file.
        rule_text, play_text: the rule and the play that is certified, in sentences.
        followers: name and parameters of the model whose play it is, or null where the play was stated.
        value: the leader's expected payoff under the play that is certified.
        welfare: the followers' expected total payoff, plus the revenue.
        revenue: what the leader is expected to receive less what it pays, or null in games without money.
        epsilon: for each follower and type the most that it could gain by one fixed action in place of its play,
            conditional on its type.
        leader_value_bounds: least and greatest value of the leader over each equilibrium set of the induced game
            (`cce`, or `bcce` and `anf_cce` for games with types; `best_response` or `stage_equilibrium` where followers
            act in every step, see `replies`), or null with `reason`.
        leader_value_bounds_at_epsilon: the same where everybody may have a regret of up to `bounds_epsilon`.
        bounds_epsilon: `epsilon.most`, rounded up in the twelfth digit, or what was asked for.
        reason: why bounds, or a proof, are missing, or null.
        exact: whether everything was computed by enumeration; otherwise `epsilon` and `value` come from a sample (the
            value alone, where followers act in every step of a game without a table of states).
        confidence: of `epsilon` being an upper bound, where it was sampled, else null.
        payoff_range: the least and the greatest payoff of the leader and of every follower in the game.
        baseline: the game's baseline rule, the most that it can earn over the (tightest) equilibrium set, and a proof.
        gain: value minus the baseline's.
        sizes: type profiles, action profiles, and variables of each program.
        tolerance: of the intervals, relative to the leader's payoff range: what the proofs leave open (0 where they
            meet exactly), or the solver's where there are none.
        status: how well the `value`, the regrets (`epsilon`) and the `bounds` are known, with the reason where they are
            not exact; in files, `exact`, `confidence` and `reason` say it.
        proof: what `firstmover.verify` checks: the induced game and the play in fractions, and a proof of each
            interval; null where the game is too large to be written out.
        value_interval: the 95 % interval of the value where types are drawn; in files only there.
    """

    game: str
    parameters: JsonObject
    rule: list[JsonObject]
    rule_text: str
    play_text: str
    followers: JsonObject | None
    value: float
    welfare: float
    revenue: float | None
    epsilon: Regrets
    leader_value_bounds: dict[str, Interval] | None
    leader_value_bounds_at_epsilon: dict[str, Interval] | None
    bounds_epsilon: float | None
    reason: str | None
    exact: bool
    confidence: float | None
    payoff_range: PayoffRange
    baseline: BaselineValue
    gain: float | None
    sizes: dict[str, int | float]
    tolerance: float
    status: dict[str, Status]
    proof: JsonObject | None
    value_interval: Interval | None = None

    def as_json(self) -> Parsed:
        """The certificate as JSON values, the same as when it is read back from a file."""
        parts = {"epsilon": self.epsilon.as_json(), "baseline": self.baseline.as_json()}
        plain: Parsed = json.loads(json.dumps({**asdict(self), **parts}, allow_nan=False))
        del plain["status"]
        if self.value_interval is None:
            del plain["value_interval"]
        return plain


def summary(certificate: Parsed) -> JsonObject:
    """A certificate, as JSON values, without the rule and the proofs."""
    left_out = ("game", "parameters", "rule", "rule_text", "play_text", "followers", "proof")
    short = {k: v for k, v in certificate.items() if k not in left_out}
    return {**short, "baseline": {k: v for k, v in certificate["baseline"].items() if k != "proof"}}


def certify_play(
    game: Game,
    actions: np.ndarray,
    play: Play,
    *,
    followers: JsonObject | None = None,
    epsilon: float | None = None,
    samples: int | None = None,
    seed: int = 0,
) -> Certificate:
    """Certify the rule with these actions, and the followers' play under it.

    Args:
        game: the game.
        actions: the rule, shape [n_observations, ...]; what is certified is the rule as a rule file tells it.
        play: how the followers play, as learnt or assumed.
        followers: name and parameters of the model whose play it is, for the record; none if the play was stated.
        epsilon: the regret at which the value is bounded beside 0, at least 0, in units of the followers' payoffs; the
            measured one if not given.
        samples: sub-episodes per counterfactual where the game cannot be listed, at least 100; as many as the game says
            if None.
        seed: of the sample.

    Raises:
        InputError: epsilon is negative, or the game is not what it declares.

    Example:
        >>> from firstmover import design
        >>> from firstmover.games import Maintain
        >>> made = design(Maintain(), seeds=1)
        >>> made.certificate["exact"]
        True
    """
    require(epsilon is None or 0 <= epsilon < math.inf, "epsilon must be a number of at least 0", epsilon)
    rule = Rule(game, actions).as_told()
    judge = judge_of(game, samples=samples, seed=seed)
    judge.check(rule.actions)
    try:
        finite = _in_fractions(rule, judge)
    except NO_NUMBER as why:
        judged = _with_replies(
            judge.judged(rule.actions, play, epsilon=epsilon, unproved=str(why)), game.reply_gaps(rule.actions)
        )
        return _assembled(rule, play_text(game, play), judged, followers)
    judged, written = _proved(finite, play, epsilon)
    # As it is written down, so that the words are those of what is checked.
    return _assembled(rule, in_sentences(game, written), judged, followers)


def _in_fractions(rule: Rule, judge: Judge) -> verify.Finite:
    """The followers' game under a rule, for proofs.

    Raises:
        InputError: no proof is given, with the reason.
    """
    if rule.game.replying:
        raise InputError("no proof is given: followers choose in a Box, and their actions are not listed")
    listing = judge.listing(rule.actions)
    try:
        return exact.exact_game(rule, listing)
    except InputError as why:
        raise InputError(f"no proof is given: {why}") from None


def _with_replies(judged: Judged, gaps: list[list[float | None]] | None) -> Judged:
    """The same with the regrets of followers that choose in a `Box`, which no listing of actions tells."""
    if gaps is None:
        return judged
    known = [gap for own in gaps for gap in own if gap is not None]
    complete = len(known) == sum(map(len, gaps))
    status = Status("bounded", "a search of all replies") if complete else Status("unknown", "reply_gap is not given")
    return replace(
        judged,
        epsilon=Regrets(gaps, max(known) if complete else None, {"bound": complete}),
        leader_value_bounds_at_epsilon=None,
        bounds_epsilon=None,
        status={**judged.status, "epsilon": status},
    )


def _assembled(rule: Rule, words: str, judged: Judged, followers: JsonObject | None) -> Certificate:
    game = rule.game
    baseline = _baseline(game)
    return Certificate(
        **rule.as_file(),
        rule_text=rule.text,
        play_text=words,
        followers=followers,
        **vars(judged),
        payoff_range=PayoffRange.of(game),
        baseline=baseline,
        gain=None if baseline.value is None else judged.value - baseline.value,
    )


def _proved(finite: verify.Finite, play: Play, epsilon: float | None) -> tuple[Judged, list[np.ndarray]]:
    """Everything in fractions, as far as the sets are small enough, with its proof; and the play as it is written."""
    stored_play = exact.play_as_json(finite, play)
    joint, strategies = verify.play_of(finite, stored_play)
    gains = verify.regrets(finite, joint)
    most = max(Fraction(0), *gains.values())
    at = Fraction(repr(_rounded_up(most) if epsilon is None else epsilon))
    intervals: dict[Fraction, dict[str, Interval]] = {Fraction(0): {}, at: {}}
    proofs, reasons = [], []
    for point in intervals:
        for which in sets_of(exact.as_finite_game(finite)):
            try:
                proofs.append(exact.proved_interval(finite, which, point))
            except NO_NUMBER as why:
                reasons.append(str(why))
                continue
            found = proofs[-1]
            intervals[point][found.over] = (float(found.least.value), float(found.greatest.value))
    slacks = [end.slack for part in proofs for end in (part.least, part.greatest)]
    revenue = None if finite.revenue is None else verify.expected(finite, finite.revenue, joint)
    welfare = sum((verify.expected(finite, own, joint) for own in finite.followers), revenue or Fraction(0))
    by_follower = [
        [float(gains[i, t]) if (i, t) in gains else None for t in range(len(of_types))]
        for i, of_types in enumerate(finite.allowed)
    ]
    unbounded = Status("unknown", "; ".join(dict.fromkeys(reasons)))
    judged = Judged(
        value=float(verify.expected(finite, finite.leader, joint)),
        welfare=float(welfare),
        revenue=None if revenue is None else float(revenue),
        epsilon=Regrets(by_follower, float(most)),
        leader_value_bounds=intervals[Fraction(0)] or None,
        leader_value_bounds_at_epsilon=intervals[at] or None,
        bounds_epsilon=float(at),
        reason="; ".join(dict.fromkeys(reasons)) or None,
        exact=True,
        confidence=None,
        sizes=sizes_of(exact.as_finite_game(finite)),
        tolerance=float(max([Fraction(0), *slacks]) / (finite.spread() or 1)),
        proof={"induced": exact.as_json(finite), "play": stored_play, "intervals": [part.as_json() for part in proofs]},
        status={"value": EXACT, "epsilon": EXACT, "bounds": EXACT if intervals[Fraction(0)] else unbounded},
    )
    return judged, [np.array(own, float) for own in strategies]


def _rounded_up(value: Fraction) -> float:
    """The next float with twelve significant digits that is not below."""
    if value == 0:
        return 0.0
    unit = Fraction(10) ** (math.floor(math.log10(value)) - 11)
    return float(math.ceil(value / unit) * unit)


def _baseline(game: Game) -> BaselineValue:
    """The baseline rule and the most that it can earn over the tightest set, with a proof where there is one."""
    name = "the game's baseline rule"
    try:
        name, baseline_game, actions = baseline(game)
        rule = Rule(baseline_game, actions).as_told()
        judge = judge_of(rule.game)
    except NO_NUMBER as why:
        return BaselineValue(name, None, reason=str(why))
    try:
        if game.named_status_quo is not None:
            raise InputError("which rule somebody has named cannot be derived from the game")
        finite = _in_fractions(rule, judge)
        which = sets_of(exact.as_finite_game(finite))[-1]
        end = exact.proved_end(finite, which, "greatest", Fraction(0))
    except NO_NUMBER:
        try:
            value, over = judge.best(rule.actions)
        except NO_NUMBER as why:
            return BaselineValue(name, None, reason=str(why))
        return BaselineValue(name, value, over=over)
    over = which if len(finite.types) > 1 else "cce"
    proof = {**rule.as_file(), "induced": exact.as_json(finite), "set": over, "greatest": end.as_json()}
    return BaselineValue(name, float(end.value), over=f"the best {over}", proof=proof)
