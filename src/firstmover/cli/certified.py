"""Certificates as text that a person reads."""

from collections.abc import Sequence
from pathlib import Path

from firstmover.cli.phrases import difference, from_to, interval, item, regret, sentences, sums
from firstmover.errors import on_one_line
from firstmover.json_types import Parsed
from firstmover.wording import written

# What the leader's value holds for, set of equilibria by set: what followers may come to, in plain words.
_SETS = {
    "cce": "whatever followers who learn come to",
    "anf_cce": "whatever followers who learn independently come to",
    "bcce": "even if their play depended on types that they cannot know",
    "best_response": "whichever best reply is played",
}


def certificate(found: Parsed, *, verbose: bool = False) -> list[str]:
    """What is proved, in lines."""
    epsilon, at, reason = found["epsilon"]["max"], found["bounds_epsilon"], found["reason"]
    payoffs = low, high = found["payoff_range"]["leader"]
    widest = max(top - bottom for bottom, top in found["payoff_range"]["followers"])
    sure = "" if found["confidence"] is None else f", with {found['confidence']:.0%} confidence"
    how = "exact, by enumeration" if found["exact"] else f"from a sample{sure}"
    if found["epsilon"].get("bound"):
        how = "a proved bound, by a search of its own"
    if "value_interval" in found:
        how = f"over {found['sizes']['type_profiles']} type profiles drawn anew, a sample"
    if epsilon is None:
        mean = "exact" if found["exact"] else f"mean of {found['sizes']['samples']} sampled sub-episodes"
        lines = [f"certified  the value under the followers' play ({mean}); their regrets are not known"]
    else:
        what = "another action" if found["bounds_epsilon"] is not None else "another reply"
        lines = [f"certified  no follower gains more than {regret(epsilon, widest)} by {what} ({how})"]
    if "value_interval" in found:
        lines.append(
            f"           value {written(found['value'], *payoffs)} over these, 95 % interval "
            f"{interval(found['value_interval'], payoffs)}"
        )
    known = found["leader_value_bounds"] or {}
    for name in sorted(known, key=[*_SETS, *known].index):
        lines.append(f"           value {from_to(known[name], payoffs)} {_SETS.get(name, 'over every')} ({name})")
    noticeable = at is not None and at > 1e-9 * widest
    for name, bounds in (found["leader_value_bounds_at_epsilon"] or {}).items() if noticeable else ():
        lines.append(f"           value if all regrets are up to {at:.3g} ({name}): {interval(bounds, payoffs)}")
    if "one_round" in found:
        lines = [
            line.replace("certified ", "one round ", 1).replace("who learn", "who learn to play one round")
            for line in lines
        ]
        lines.append(f"           {found['one_round']}")
        lines += _learnt(found["learnt_play"], payoffs, widest) if found.get("learnt_play") else []
    if reason is not None:
        lines.append(f"           left out: {reason}")
    money = "" if found["revenue"] is None else f", revenue {written(found['revenue'], *payoffs)}"
    lines.append(f"           welfare {written(found['welfare'], *sums(found))}{money}")
    if verbose:
        least, most = written(low, low, high), written(high, low, high)
        lines.append(f"           the leader's payoffs range from {least} to {most}")
    baseline = found["baseline"]
    if baseline["value"] is None:
        lines.append(f"           baseline '{baseline['rule']}': not computed ({baseline['reason']})")
    else:
        lines.append(
            f"           baseline '{baseline['rule']}' earns {written(baseline['value'], *payoffs)} "
            f"({baseline['over']}): gain {difference(found['gain'], low, high)}"
        )
    return lines


def _learnt(found: Parsed, payoffs: Sequence[float], widest: float) -> list[str]:
    """What came of sessions of followers who remember, in lines."""
    value = written(found["leader"]["mean"], *payoffs)
    ends = interval([found["leader"]["low"], found["leader"]["high"]], payoffs)
    gaps = ", ".join(regret(own["mean"], widest) for own in found["gaps"])
    most = regret(max(found["largest_gaps"]), widest)
    return [
        f"sessions   value {value} {ends} (mean and 95 % interval of {found['sessions']} sessions per type profile)",
        f"           the best reply to what the others have learnt gains {gaps} a round in the mean, at most {most} "
        "(exact, by value iteration, for strategies of any memory)",
    ]


def written_certificate(found: Parsed, path: str | Path, *, verbose: bool = False) -> str:
    """A certificate of its own, and where it lies."""
    game = item({"name": found["game"], "parameters": found["parameters"]})
    kind = "" if verbose else "followers"
    followers = "the play was stated" if found["followers"] is None else item(found["followers"], kind)
    play = f"play       {sentences(found['play_text'])}"
    value = f"value      {written(found['value'], *found['payoff_range']['leader'])} under this play"
    file = on_one_line(str(path))
    head = ["", f"game       {game}", f"followers  {followers}", play, value]
    lines = [*head, *certificate(found, verbose=verbose), f"written    {file}"]
    if "loss_to_manipulation" in found:
        lines.insert(-1, _manipulation(found["loss_to_manipulation"], found["payoff_range"]["leader"]))
    if found["proof"] is not None:
        lines.append(f"           with a proof in exact fractions: check it with 'firstmover verify {file}'")
    return "\n".join(lines)


def _manipulation(exact: Parsed, payoffs: list[float]) -> str:
    """What a leader that learned in the game, and committed to nothing, would lose to a follower that manipulates."""
    (se, _), (fbm, _) = exact["se"], exact["fbm"]
    return (
        f"learning   a leader that only learns earns {written(se, *payoffs)} from honest replies and "
        f"{written(fbm, *payoffs)} if the follower manipulates: a loss of {difference(exact['loss'], *payoffs)}"
    )
