"""Results as text that a person reads, from the same JSON that a program gets."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from firstmover import catalogue
from firstmover.errors import on_one_line
from firstmover.wording import written

# What the leader's value holds for, set of equilibria by set: what followers may come to, in plain words.
_SETS = {
    "cce": "whatever followers who learn come to",
    "anf_cce": "whatever followers who learn independently come to",
    "bcce": "even if their play depended on types that they cannot know",
    "best_response": "whichever best reply is played",
}


def design(result: dict[str, Any], *, verbose: bool = False) -> str:
    """The outcome of a design: rule, value beside optimum, certificate, where it lies.

    Args:
        result: the design as JSON.
        verbose: whether parameters at their defaults, ranges of payoffs and numbers of steps are shown, too.
    """
    followers, leader, seconds = result["followers"], result["leader"], result["seconds"]
    payoffs = result["certificate"]["payoff_range"]["leader"]
    best, mean = written(result["best_value"], *payoffs), written(result["mean_learned_value"], *payoffs)
    value = f"value      {best} ({result['objective']}), best of {result['seeds']} seeds"
    mean = f"           mean learned {mean}, 95 % interval {_interval(result['mean_learned_value_interval'], payoffs)}"
    lines = [
        "",
        f"game       {_item(result['game'])}",
        f"followers  {_item(followers, '' if verbose else 'followers')}",
        *_trained(result),
        f"leader     {_item(leader, '' if verbose else 'leader')}",
        "",
        f"rule       {_lines(result['rule_text'])}",
        f"play       {_lines(result['play_text'])}",
        "",
        value,
        mean,
    ]
    if result["from_baseline"][result["best_seed"] - result["seed"]]:
        name = result["certificate"]["baseline"]["rule"]
        learned = max((value for value in result["learned_value"] if value is not None), default=None)
        learnt = (
            "no seed learned a rule" if learned is None else f"the best learned rule earns {written(learned, *payoffs)}"
        )
        lines.append(f"           the rule is the baseline, '{name}': {learnt}")
    for name, measure in result["measures"].items():
        lines.append(f"           {name} {measure['value']:.6g}")
    if sum(result["dropped"]):
        lines.append(f"           {sum(result['dropped'])} copies dropped: they ended in numbers that are not finite")
    if result["failed_seeds"]:
        lines.append(f"           no copy is left of seed {', '.join(map(str, result['failed_seeds']))}")
    if result["welfare_loss"] is not None:
        lines.append(f"           a welfare loss of {written(result['welfare_loss'], *payoffs)}")
    if result["worst_value"] is not None:
        worst = written(result["best_worst_value"], *payoffs)
        lines.append(f"worst case {worst} over anf_cce, what was designed for (best seed)")
    if result["optimum"] is not None:
        interval = ", ".join(f"{end:.0%}" for end in result["seeds_at_optimum_interval"])
        optimum = written(result["optimum"], *payoffs)
        lines.append(f"optimum    {optimum}, exact; followers: {result['optimum_followers']}")
        lines.append(
            f"           reached by {result['seeds_at_optimum']} of {result['seeds']} seeds (95 % interval {interval})"
        )
    elif result["optimum_reason"] is not None:
        lines.append(f"optimum    not computed: {result['optimum_reason']}")
    lines += _upper_bounds(result["upper_bounds"], payoffs)
    lines += ["", *certificate(result["certificate"], verbose=verbose), ""]
    spent = f"compiling {seconds['compile']:.1f}, training {seconds['train']:.2f}"
    steps = f"; {result['env_steps']:.3g} env steps, {result['simulated_steps']:.3g} simulated" if verbose else ""
    lines.append(f"took       {seconds['total']:.1f} s ({spent}){steps}")
    if result["run"] is not None:
        lines.append(f"run        {on_one_line(result['run'])}")
    return "\n".join(lines)


def _trained(result: dict[str, Any]) -> list[str]:
    """Where the followers of a design were trained, if that was not said by who asked for it."""
    if result["trained"] is None or result["run"] is None:
        return []
    folder = on_one_line(os.path.normpath(Path(result["run"]) / result["trained"]))
    own = not result["trained"].startswith("..")
    kept = "trained first, and kept for the next design of this game" if own else "trained before for this game"
    return [f"           {kept}: {folder}"]


def certificate(found: dict[str, Any], *, verbose: bool = False) -> list[str]:
    """What is proved, in lines."""
    epsilon, at, reason = found["epsilon"]["max"], found["bounds_epsilon"], found["reason"]
    payoffs = low, high = found["payoff_range"]["leader"]
    widest = max(top - bottom for bottom, top in found["payoff_range"]["followers"])
    sure = "" if found["confidence"] is None else f", with {found['confidence']:.0%} confidence"
    how = "exact, by enumeration" if found["exact"] else f"from a sample{sure}"
    if epsilon is None:
        mean = "exact" if found["exact"] else f"mean of {found['sizes']['samples']} sampled sub-episodes"
        lines = [f"certified  the value under the followers' play ({mean}); their regrets are not known"]
    else:
        what = "another action" if found["bounds_epsilon"] is not None else "another reply"
        lines = [f"certified  no follower gains more than {_regret(epsilon, widest)} by {what} ({how})"]
    known = found["leader_value_bounds"] or {}
    for name in sorted(known, key=[*_SETS, *known].index):
        lines.append(f"           value {_from_to(known[name], payoffs)} {_SETS.get(name, 'over every')} ({name})")
    noticeable = at is not None and at > 1e-9 * widest
    for name, bounds in (found["leader_value_bounds_at_epsilon"] or {}).items() if noticeable else ():
        lines.append(f"           value if all regrets are up to {at:.3g} ({name}): {_interval(bounds, payoffs)}")
    if reason is not None:
        lines.append(f"           left out: {reason}")
    money = "" if found["revenue"] is None else f", revenue {written(found['revenue'], *payoffs)}"
    lines.append(f"           welfare {written(found['welfare'], *_sums(found))}{money}")
    if verbose:
        least, most = written(low, low, high), written(high, low, high)
        lines.append(f"           the leader's payoffs range from {least} to {most}")
    baseline = found["baseline"]
    if baseline["value"] is None:
        lines.append(f"           baseline '{baseline['rule']}': not computed ({baseline['reason']})")
    else:
        lines.append(
            f"           baseline '{baseline['rule']}' earns {written(baseline['value'], *payoffs)} "
            f"({baseline['over']}): gain {_difference(found['gain'], low, high)}"
        )
    return lines


def written_certificate(found: dict[str, Any], path: Any, *, verbose: bool = False) -> str:
    """A certificate of its own, and where it lies."""
    game = _item({"name": found["game"], "parameters": found["parameters"]})
    kind = "" if verbose else "followers"
    followers = "the play was stated" if found["followers"] is None else _item(found["followers"], kind)
    play = f"play       {_lines(found['play_text'])}"
    value = f"value      {written(found['value'], *found['payoff_range']['leader'])} under this play"
    file = on_one_line(str(path))
    head = ["", f"game       {game}", f"followers  {followers}", play, value]
    lines = [*head, *certificate(found, verbose=verbose), f"written    {file}"]
    if found["proof"] is not None:
        lines.append(f"           with a proof in exact fractions: check it with 'firstmover verify {file}'")
    return "\n".join(lines)


def solution(result: dict[str, Any]) -> str:
    """An exact optimum, or bounds on it."""
    lines = ["", f"game       {_item(result['game'])}"]
    payoffs = result["payoff_range"]
    if result["rule"] is not None:
        lines.append(f"rule       {_lines(result['rule_text'])}")
    if result["optimum"] is not None:
        kind = "" if result["attained"] else " (a supremum, not attained: the rule comes within a millionth of it)"
        fraction = result.get("optimum_fraction")
        exactly = f" = {fraction}" if fraction is not None and "/" in fraction else ""
        lines.append(f"optimum    {written(result['optimum'], *payoffs)}{exactly}{kind}")
    elif result.get("best_found") is not None:
        lines.append(f"best found {written(result['best_found'], *payoffs)} (the optimum is not proved)")
    elif result["bounds"] is not None:
        low, high = result["bounds"]
        found = "the rule earns the least of it" if result["rule"] is not None else "no rule was found"
        lines.append(f"optimum    between {written(low, *payoffs)} and {written(high, *payoffs)}, proved; {found}")
    else:
        lines.append("optimum    not known: no exact method for this game; bounds on what a commitment can earn:")
    if result["welfare_loss"] is not None:
        lines.append(f"           a welfare loss of {written(result['welfare_loss'], *payoffs)}")
    lines += _upper_bounds(result["upper_bounds"], payoffs)
    lines.append(f"followers  {result['followers']}")
    if result["reply_text"] is not None:
        lines.append(f"reply      {_lines(result['reply_text'])}")
    if result["rests_on_ties"]:
        lines += _margin(result, payoffs)
    lines.append(f"method     {result['method']}")
    if "nash" in result:
        lines += _nash(result, payoffs)
    return "\n".join(lines)


_MOST_EQUILIBRIA = 10


def _nash(result: dict[str, Any], payoffs: Sequence[float]) -> list[str]:
    """What the Nash equilibria earn, in which nobody leads, and what leading adds."""
    found = result["nash"]["equilibria"]
    lines = ["nash       where nobody leads, the leader and the follower earn"]
    for equilibrium in found[:_MOST_EQUILIBRIA]:
        sides = (_mixed_words(equilibrium[f"{side}_mixture"]) for side in ("leader", "follower"))
        paid = f"{written(equilibrium['leader'], *payoffs)} and {equilibrium['follower']:.6g}"
        lines.append(f"           {paid} at {' / '.join(sides)}")
    if len(found) > _MOST_EQUILIBRIA:
        lines.append(f"           and {len(found) - _MOST_EQUILIBRIA} more (see --json)")
    if not result["nash"]["complete"]:
        lines.append("           (there may be more equilibria: the table is large, or has ties)")
    if found and result["optimum"] is not None:
        gains = [result["optimum"] - found[k]["leader"] for k in (0, -1)]
        lines.append(
            f"           leading earns {gains[0]:.6g} more than the best of them, {gains[1]:.6g} than the worst"
        )
    return lines


def _mixed_words(mixture: dict[str, float]) -> str:
    return ", ".join(name if p == 1 else f"{name} {p:.4f}" for name, p in mixture.items())


def _margin(result: dict[str, Any], payoffs: Sequence[float]) -> list[str]:
    """What an optimum that rests on ties is worth once it leaves none."""
    lines = ["           they might as well reply otherwise, and the leader would earn less"]
    if result["margin_value"] is None:
        return [*lines, "margin     none: the rule is written as it is"]
    cost = result["optimum"] - result["margin_value"]
    return [
        *lines,
        f"margin     a rule to which other replies are worse by {result['margin']:.3g} or more earns "
        f"{written(result['margin_value'], *payoffs)}: it costs {cost:.3g}",
        "           (it is the rule that --out writes)",
    ]


def pretrained(result: dict[str, Any]) -> str:
    """Trained followers, and how far their replies are from exact ones."""
    lines = [
        "",
        f"game       {_item(result['game'])}",
        f"followers  {_item(result['followers'])}",
        "training   " + ", ".join(f"{key}={value:g}" for key, value in result["settings"].items()),
    ]
    quality = result["quality"]
    if quality is None:
        lines.append("quality    not known: exact replies need a table of states and one follower")
    else:
        lines.append(f"quality    against {quality['rules']} leader rules, mean over {result['seeds']} seed(s)")
        who = {"memoryless": "best reply by own observation", "timed": "best reply that counts steps"}
        for kind, found in ((kind, quality[kind]) for kind in who if kind in quality):
            mean, share = (sum(found[key]) / len(found[key]) for key in ("mean_regret", "exact"))
            worst = max(found["worst_regret"])
            regret = f"regret {written(mean)} on average, {written(worst)} at worst"
            lines.append(f"           {who[kind]}: {regret}, exact for {share:.1%}")
    if result["failed_seeds"]:
        failed = ", ".join(map(str, result["failed_seeds"]))
        lines.append(f"           left out, since they ended in numbers that are not finite: seed {failed}")
    seconds = result["seconds"]
    lines.append(
        f"took       {seconds['compile']:.1f} s compiling, {seconds['train']:.2f} s training; "
        f"{result['env_steps']:.3g} env steps a seed"
    )
    model = result["followers"]
    use = " ".join(f"-f {key}={_written(value)}" for key, value in model["parameters"].items() if value)
    lines.append(f"written    {on_one_line(result['network'])}: use it with '--followers {model['name']} {use}'")
    return "\n".join(lines)


def _written(value: Any) -> str:
    """A parameter as the command line takes it."""
    return on_one_line(",".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def claims(found: dict[str, dict[str, str]]) -> str:
    """Figures, where they stand and what they claim."""
    return "\n".join(f"{name:22} {item['source']}: {item['claim']}" for name, item in found.items())


def verdicts(results: dict[str, Any]) -> str:
    """Claim by claim: published, ours, exact, agrees or not, and why."""
    lines = []
    for name, result in results.items():
        lines += ["", f"{name} ({result['source']}), {result['seeds']} seeds, {result['seconds']:.1f} s"]
        for verdict in result["verdicts"]:
            answer = {True: "agrees", False: "differs", None: "measured"}[verdict["agrees"]]
            lines += [
                f"  {answer:9} {verdict['claim']}",
                f"            published: {verdict['published']}",
                f"            ours:      {verdict['ours']}",
                f"            exact:     {verdict['exact']}",
                f"            why:       {verdict['why']}",
            ]
        lines.append(f"  curves and pictures in {on_one_line(result['folder'])}")
    total = sum(result["seconds"] for result in results.values())
    return "\n".join([*lines, "", f"{total:.1f} s in all"])


def _lines(text: str) -> str:
    """A sentence a line."""
    return text.replace(". ", ".\n" + " " * 11)


def _item(item: dict[str, Any], kind: str = "") -> str:
    """A name and its parameters; with the kind of a registered item those that are not at their defaults."""
    known = catalogue.items(kind).get(item["name"]) if kind else None
    defaults = {} if known is None else {name: _short(one.default) for name, one in known.parameters.items()}
    told = {name: _short(value) for name, value in item["parameters"].items()}
    settings = ", ".join(f"{name}={value}" for name, value in told.items() if value != defaults.get(name))
    return f"{item['name']} ({settings})" if settings else item["name"]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return written(value)
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], list | tuple):
            return "..."
        return "[" + ", ".join(map(_short, value)) + "]"
    return "..." if isinstance(value, dict) else on_one_line(str(value))


def _interval(bounds: Sequence[float], payoffs: Sequence[float]) -> str:
    return f"[{written(bounds[0], *payoffs)}, {written(bounds[1], *payoffs)}]"


def _from_to(bounds: Sequence[float], payoffs: Sequence[float]) -> str:
    """The two ends of an interval, or what both are."""
    low, high = (written(end, *payoffs) for end in bounds)
    return low if low == high else f"{low} to {high}"


def _upper_bounds(bounds: dict[str, float], payoffs: Sequence[float]) -> list[str]:
    return [
        f"at most    {written(bound, *payoffs)} by any {name.replace('_', ' ')} commitment (an upper bound)"
        for name, bound in bounds.items()
    ]


def _difference(value: float | int, low: float | int, high: float | int) -> str:
    """A difference of two payoffs: it is nothing where rounding them leaves as much."""
    return "0" if written(value, low, high) == "0" else written(value)


def _regret(epsilon: float | int, widest: float | int) -> str:
    """A bound on regrets: rounded up, and 0 only if it is."""
    if epsilon == 0:
        return "0"
    unit = 10.0 ** (math.floor(math.log10(epsilon)) - 2) if epsilon > 1e-300 else 1.0
    least = 1e-12 * (widest if math.isfinite(widest) and widest > 0 else 1.0)
    return f"{max(math.ceil(epsilon / unit - 1e-9) * unit, least):.3g}"


def _sums(found: dict[str, Any]) -> tuple[float, float]:
    """A range for the sum of everybody's payoffs."""
    ranges = [found["payoff_range"]["leader"], *found["payoff_range"]["followers"]]
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)
