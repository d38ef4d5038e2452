"""What a certificate, and what is known from data, says in plain sentences."""

import math

from firstmover.json_types import Parsed
from firstmover.report.numbers import interval, number, share, signed
from firstmover.report.page import Statement

EXACT = "exact"  # in fractions, with a proof
# Who comes to which set of equilibria: what the interval over the set is good for.
_SETS = {
    "cce": "Whatever participants come to who learn from what they earn and end up with no regret (any coarse "
    "correlated equilibrium)",
    "anf_cce": "Whatever participants come to who learn independently, each type by itself, and end up with no regret "
    "(any coarse correlated equilibrium of the agent normal form)",
    "bcce": "Even if play could depend on types that participants cannot know (any Bayesian coarse correlated "
    "equilibrium)",
    "best_response": "Whichever best reply the participant plays",
    "stage_equilibrium": "Whichever equilibrium of the steps the participants play",
}


def statements(certificate: Parsed) -> list[Statement]:
    """What is exact of a rule, computed, sampled or not known, the strongest first.

    What is exact is proved once `checked` says that the certificate is confirmed.

    Args:
        certificate: as JSON, with or without its proof.
    """
    payoffs = tuple(certificate["payoff_range"]["leader"])
    if "one_round" in certificate:
        return _of_sessions(certificate, payoffs) + statements(
            {name: own for name, own in certificate.items() if name != "one_round"}
        )
    proved = EXACT if certificate.get("proof") is not None else "computed"
    known = proved if certificate["exact"] else "sampled"
    found = [Statement(known, f"Under the play above the leader earns {number(certificate['value'], *payoffs)}.")]
    found.append(_regret(certificate, known))
    bounds = certificate["leader_value_bounds"] or {}
    for name in sorted(bounds, key=[*_SETS, *bounds].index):
        who = _SETS.get(name, f"In every equilibrium of the set {name}")
        found.append(Statement(proved, f"{who}, the leader earns {interval(bounds[name], *payoffs)}."))
    if not bounds:
        found.append(Statement("not known", "What the leader earns in other equilibria than the play above."))
    if certificate["reason"] is not None:
        found.append(Statement("not known", f"Left out: {certificate['reason'].rstrip('.')}."))
    found.append(
        Statement("not known", "Whether the participants behave as any of these models: nobody can prove that.")
    )
    return found


def _of_sessions(certificate: Parsed, payoffs: tuple[float, ...]) -> list[Statement]:
    """What is said of participants who remember, before what is said of one round."""
    words = certificate["one_round"]
    about = Statement("not known", f"What one-round statements say of learning: {words[:1].lower()}{words[1:]}.")
    found = certificate.get("learnt_play")
    if not found:
        return [about]
    leader, widest = found["leader"], max((high - low for low, high in certificate["payoff_range"]["followers"]))
    gaps = ", ".join(number(own["mean"], 0.0, widest) for own in found["gaps"])
    return [
        Statement(
            "sampled",
            f"In {found['sessions']} sessions per type profile the leader earned {number(leader['mean'], *payoffs)}, "
            f"95 % interval {interval([leader['low'], leader['high']], *payoffs)}.",
        ),
        Statement(
            "computed",
            "The best reply to what the others have learnt, of any memory, gains a participant per round, in the mean "
            f"over these sessions: {gaps}; at most {number(max(found['largest_gaps']), 0.0, widest)}.",
        ),
        about,
    ]


def checked(found: list[Statement], verdict: str) -> list[Statement]:
    """The statements once an independent checker has looked at the certificate: only what it confirms is proved."""
    standing = {"confirmed": "proved", "refuted": "refuted"}.get(verdict, EXACT)
    return [one._replace(standing=standing) if one.standing == EXACT else one for one in found]


def _regret(certificate: Parsed, known: str) -> Statement:
    epsilon, money = certificate["epsilon"]["max"], certificate["payoff_range"]["followers"]
    widest = max((high - low for low, high in money), default=0.0)
    if epsilon is None:
        return Statement("not known", "How much a participant could gain by deviating from the play above.")
    if epsilon == 0:
        return Statement(known, "No participant gains anything by deviating from the play above.")
    sure = "" if certificate["confidence"] is None else f" (with {100 * certificate['confidence']:.0f} % confidence)"
    return Statement(
        known, f"No participant gains more than {_at_most(epsilon, widest)} by deviating from the play above{sure}."
    )


def _at_most(value: float | int, widest: float | int) -> str:
    """A number that is not below the value."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1) if value > 1e-300 else 1.0
    least = 1e-12 * (widest if math.isfinite(widest) and widest > 0 else 1.0)
    return number(max(math.ceil(value / unit - 1e-9) * unit, least))


def findings(certificate: Parsed, objective: str, optimum: float | int | None, attained: float | int) -> list[str]:
    """What the rule earns beside the optimum and the status quo.

    Args:
        certificate: as JSON.
        objective: what the leader is paid, in words.
        optimum: the exact optimum, if it is known.
        attained: by how much the two may differ and still be the same.
    """
    payoffs = tuple(certificate["payoff_range"]["leader"])
    value, baseline = certificate["value"], certificate["baseline"]
    found = [f"The rule earns {number(value, *payoffs)} ({objective})."]
    if optimum is not None:
        short = optimum - value
        if short > attained:
            found.append(f"That is {number(short, *payoffs)} less than the exact optimum, {number(optimum, *payoffs)}.")
        elif short < -attained:
            found.append(
                f"That is more than the optimum, {number(optimum, *payoffs)}, allows in equilibrium: it rests on "
                "participants that have not settled."
            )
        else:
            found.append(f"That is the exact optimum, {number(optimum, *payoffs)}.")
    if baseline["value"] is not None:
        gain = certificate["gain"]
        change = (
            "the same as the status quo"
            if number(gain, *payoffs) == "0"
            else f"{number(abs(gain), *payoffs)} {'more' if gain > 0 else 'less'} than the status quo"
        )
        found.append(
            f"That is {change}{in_brackets(baseline['rule'])}, which earns {number(baseline['value'], *payoffs)}."
        )
    return found


def in_brackets(status_quo: str) -> str:
    """What the status quo is, where it has a name of its own."""
    return "" if status_quo == "the status quo" else f" ({status_quo})"


def data_sentences(result: Parsed, payoffs: tuple[float | int, float | int]) -> list[str]:
    """What is known from rows that were kept out, and from other priors; nothing where there are none."""
    found = []
    holdout, robust = result.get("holdout"), result.get("robust")
    if holdout:
        ends = holdout.get("interval")
        spread = f" (95 % interval {interval(ends, *payoffs)})" if ends else ""
        rows = f"{holdout['rows']} rows" if isinstance(holdout.get("rows"), int) else "rows"
        found.append(
            f"On {rows} that were kept out of the estimate the rule earns {number(holdout['value'], *payoffs)}"
            f"{spread}; in sample it earns {number(holdout.get('in_sample', result.get('best_value')), *payoffs)}."
        )
        status_quo = _value(holdout.get("status_quo"))
        if status_quo is not None:
            gain = signed(holdout["value"] - status_quo, *payoffs)
            ends = holdout.get("gain_interval")
            spread = f" (95 % interval {interval(ends, *payoffs)})" if ends else ""
            found.append(f"There the status quo earns {number(status_quo, *payoffs)}: a change of {gain}{spread}.")
    if robust:
        found.append(
            f"If the prior is off by up to {robust['radius']:g} in total variation, the rule earns at least "
            f"{number(robust['value'], *payoffs)}."
        )
    return [*found, *rows_sentences(result.get("rows_curve"))]


def rows_sentences(curve: Parsed | None) -> list[str]:
    """How many rows are needed, from the JSON of the curve over their numbers; nothing where there is none."""
    if not curve:
        return []
    rows, sizes = curve["rows"], curve["sizes"]
    found = []
    if curve["enough"] is not None:
        more = "there are" if curve["enough"] <= rows else "there are only"
        found.append(
            f"About {curve['enough']:,} rows like these tell that the rule beats the status quo; {more} {rows:,}."
        )
    shown = {sizes[0], rows, sizes[-1]}
    shares = [f"{share(curve['right'][k])} of draws of {n:,}" for k, n in enumerate(sizes) if n in shown]
    found.append(f"Of {curve['candidates']} rules the right one is chosen in {', '.join(shares)} rows like these.")
    return found


def data_warnings(result: Parsed) -> list[str]:
    """What the data say against the rule."""
    holdout = result.get("holdout") or {}
    status_quo = _value(holdout.get("status_quo"))
    found = []
    if status_quo is not None and holdout["value"] < status_quo:
        found.append("On the rows that were kept out, the rule is worth less than the status quo.")
    for constraint in result.get("constraints") or ():
        if not constraint["holds"]:
            found.append(f"The constraint on {constraint['name']} does not hold.")
    return found


def _value(known: Parsed | float | None) -> float | int | None:
    """A number, or the number that an object has as its value."""
    return known.get("value") if isinstance(known, dict) else known
