"""Results as text that a person reads, from the same JSON that a program gets."""

import os
from collections.abc import Sequence
from pathlib import Path

from firstmover.cli.certified import certificate
from firstmover.cli.phrases import difference, interval, item, sentences
from firstmover.errors import on_one_line
from firstmover.json_types import Parsed
from firstmover.report.sentences import rows_sentences
from firstmover.wording import written


def design(result: Parsed, *, verbose: bool = False) -> str:
    """The outcome of a design: rule, value beside optimum, certificate, where it lies.

    Args:
        result: the design as JSON.
        verbose: whether parameters at their defaults, ranges of payoffs and numbers of steps are shown, too.
    """
    followers, leader, seconds = result["followers"], result["leader"], result["seconds"]
    payoffs = result["certificate"]["payoff_range"]["leader"]
    best, mean = written(result["best_value"], *payoffs), written(result["mean_learned_value"], *payoffs)
    sampled = ", over the types that it was learnt from" if "value_interval" in result["certificate"] else ""
    value = f"value      {best} ({result['objective']}{sampled}), best of {result['seeds']} seeds"
    mean = f"           mean learned {mean}, 95 % interval {interval(result['mean_learned_value_interval'], payoffs)}"
    lines = [
        "",
        f"game       {item(result['game'])}",
        f"followers  {item(followers, '' if verbose else 'followers')}",
        *_trained(result),
        f"leader     {item(leader, '' if verbose else 'leader')}",
        "",
        f"rule       {sentences(result['rule_text'])}",
        *_told(result, payoffs),
        f"play       {sentences(result['play_text'])}",
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
    lines += measured(result["measures"], result["constraints"], verbose=verbose)
    lines += held_out(result["holdout"], result["robust"], payoffs)
    lines += [
        f"{'' if k else 'rows':10} {sentence}" for k, sentence in enumerate(rows_sentences(result.get("rows_curve")))
    ]
    if sum(result["dropped"]):
        lines.append(f"           {sum(result['dropped'])} copies dropped: they ended in numbers that are not finite")
    if result["failed_seeds"]:
        lines.append(f"           no copy is left of seed {', '.join(map(str, result['failed_seeds']))}")
    if result["welfare_loss"] is not None:
        lines.append(f"           a welfare loss of {written(result['welfare_loss'], *payoffs)}")
    if result["worst_value"] is not None:
        worst = written(result["best_worst_value"], *payoffs)
        parameters = leader["parameters"]
        over = "worst case {} over anf_cce, what was designed for (best seed)"
        if parameters["target"] == "behaviours":
            kind = "mean" if parameters["over"] == "mean" else "worst case"
            over = f"{kind:10} {{}} over the behaviours, what was designed for (best seed)"
        lines.append(over.format(worst))
    if result["optimum"] is not None:
        share = ", ".join(f"{end:.0%}" for end in result["seeds_at_optimum_interval"])
        optimum = written(result["optimum"], *payoffs)
        lines.append(f"optimum    {optimum}, exact; followers: {result['optimum_followers']}")
        lines.append(
            f"           reached by {result['seeds_at_optimum']} of {result['seeds']} seeds (95 % interval {share})"
        )
        if result["seeds_beyond_optimum"]:
            lines.append(
                f"           {result['seeds_beyond_optimum']} beyond it, which rest on followers that have not settled "
                "(-f rounds, -f play=average)"
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


def measured(measures: Parsed, constraints: Sequence[Parsed], *, verbose: bool = False) -> list[str]:
    """Constraints, and measures with what they can be in other equilibria.

    Those that every game has are shown where something is asked of them, or everything is to be seen.
    """
    asked = {own["name"] for own in constraints}
    lines = []
    for own in constraints:
        verdict = "holds" if own["holds"] else "DOES NOT HOLD"
        by = f"by {abs(own['slack']):.4g}" if abs(own["slack"]) > 1e-9 else "exactly"
        lines.append(f"constraint {own['name']} at least {own['at_least']:g}: {own['value']:.6g}, {verdict} {by}")
    shown = {name: own for name, own in measures.items() if verbose or own["own"] or name in asked}
    for k, (name, own) in enumerate(shown.items()):
        interval = own["interval"]
        range_ = f", from {interval[0]:.6g} to {interval[1]:.6g}" if interval else ""
        range_ += f" over {own['over']}" if own["over"] else ""
        lines.append(f"{'' if k else 'measures':10} {name} {own['value']:.6g}{range_}")
    return [on_one_line(line) for line in lines]


def held_out(holdout: Parsed | None, robust: Parsed | None, payoffs: Sequence[float]) -> list[str]:
    """The rule on rows that were held out, and under the worst prior nearby."""
    lines = []
    if holdout is not None:
        own, sample = written(holdout["value"], *payoffs), written(holdout["in_sample"], *payoffs)
        lines.append(
            f"hold-out   {own} on {holdout['rows']} rows that were kept out, 95 % interval "
            f"{interval(holdout['interval'], payoffs)}; {sample} in sample"
        )
        if holdout["status_quo"] is not None:
            lines.append(
                f"           the status quo earns {written(holdout['status_quo'], *payoffs)} there; the gain is in "
                f"{interval(holdout['gain_interval'], payoffs)}"
            )
            if holdout["worse"]:
                lines.append("           WARNING: there the rule is worth less than the status quo")
            elif holdout["gain_interval"][0] < 0:
                lines.append("           these rows are too few to say that the rule is better")
    if robust is not None and robust["value"] is not None:
        lines.append(
            f"robust     {written(robust['value'], *payoffs)} under the worst prior within a total variation of "
            f"{robust['radius']:g}"
        )
    return lines


def _told(result: Parsed, payoffs: Sequence[float]) -> list[str]:
    """What stands for a network in words, if anything does."""
    told = result.get("distilled")
    if not told:
        return []
    where = f": 'firstmover export {result['run']} --to markdown'" if result["run"] else ""
    worth, lost = written(told["value"], *payoffs), difference(-told["lost"], *payoffs)
    many = len(told["pick"]), len(told["then"])
    return [f"           in {many[0]} and {many[1]} cases it is worth {worth} ({lost}){where}"]


def _trained(result: Parsed) -> list[str]:
    """Where the followers of a design were trained, if that was not said by who asked for it."""
    if result["trained"] is None or result["run"] is None:
        return []
    folder = on_one_line(os.path.normpath(Path(result["run"]) / result["trained"]))
    own = not result["trained"].startswith("..")
    kept = "trained first, and kept for the next design of this game" if own else "trained before for this game"
    return [f"           {kept}: {folder}"]


def solution(result: Parsed) -> str:
    """An exact optimum, or bounds on it."""
    lines = ["", f"game       {item(result['game'])}"]
    payoffs = result["payoff_range"]
    if result["rule"] is not None:
        lines.append(f"rule       {sentences(result['rule_text'])}")
    if result["optimum"] is not None:
        kind = "" if result["attained"] else " (a supremum, not attained: the rule comes within a millionth of it)"
        fraction = result.get("optimum_fraction")
        exactly = f" = {fraction}" if fraction is not None and "/" in fraction else ""
        lines.append(f"optimum    {written(result['optimum'], *payoffs)}{exactly}{kind}")
    elif result.get("best_found") is not None:
        bounds, near = list(result["upper_bounds"].values()), 1e-6 * (payoffs[1] - payoffs[0])
        known = "the optimum is not proved" if bounds else "the optimum is not proved, and no upper bound is known"
        if bounds and min(bounds) - result["best_found"] <= near:
            known = "not proved, but it reaches the upper bound"
        lines.append(f"best found {written(result['best_found'], *payoffs)} ({known})")
        if result.get("sampled_value") is not None:
            lines.append(
                f"sampled    {written(result['sampled_value'], *payoffs)} over types drawn anew, 95 % interval "
                f"{interval(result['sampled_interval'], payoffs)}"
            )
    elif result.get("best_known") is not None:
        lines.append(f"best known {written(result['best_known'], *payoffs)} (no optimum is claimed)")
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
        lines.append(f"reply      {sentences(result['reply_text'])}")
    if result["rests_on_ties"]:
        lines += _margin(result, payoffs)
    lines.append(f"method     {result['method']}")
    if "nash" in result:
        lines += _nash(result, payoffs)
    return "\n".join(lines)


_MOST_EQUILIBRIA = 10


def _nash(result: Parsed, payoffs: Sequence[float]) -> list[str]:
    """What the Nash equilibria earn, in which nobody leads, and what leading adds."""
    found = result["nash"]["equilibria"]
    own = result["nash"]["follower_range"]
    lines = ["nash       where nobody leads, the leader and the follower earn"]
    for equilibrium in found[:_MOST_EQUILIBRIA]:
        sides = (_mixed_words(equilibrium[f"{side}_mixture"]) for side in ("leader", "follower"))
        paid = f"{written(equilibrium['leader'], *payoffs)} and {written(equilibrium['follower'], *own)}"
        lines.append(f"           {paid} at {' / '.join(sides)}")
    if len(found) > _MOST_EQUILIBRIA:
        lines.append(f"           and {len(found) - _MOST_EQUILIBRIA} more (see --json)")
    if not result["nash"]["complete"]:
        lines.append("           (there may be more equilibria: the table is large, or has ties)")
    if found and result["optimum"] is not None:
        gains = [_more(result["optimum"] - found[k]["leader"], payoffs) for k in (0, -1)]
        lines.append(f"           leading earns {gains[0]} than the best of them, {gains[1]} than the worst")
    return lines


def _more(gain: float, payoffs: Sequence[float]) -> str:
    return f"{written(abs(gain), 0, payoffs[1] - payoffs[0])} {'more' if gain >= 0 else 'less'}"


def _mixed_words(mixture: dict[str, float]) -> str:
    return ", ".join(name if p == 1 else f"{name} {p:.4f}" for name, p in mixture.items())


def _margin(result: Parsed, payoffs: Sequence[float]) -> list[str]:
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


def pretrained(result: Parsed) -> str:
    """Trained followers, and how far their replies are from exact ones."""
    lines = [
        "",
        f"game       {item(result['game'])}",
        f"followers  {item(result['followers'])}",
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


def _written(value: object) -> str:
    """A parameter as the command line takes it."""
    return on_one_line(",".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def claims(found: dict[str, dict[str, str]]) -> str:
    """Figures, where they stand and what they claim."""
    return "\n".join(f"{name:22} {item['source']}: {item['claim']}" for name, item in found.items())


def verdicts(results: Parsed) -> str:
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
    return "\n".join([*lines, "", f"{total:.1f} s of experiments, which run two at a time"])


def _upper_bounds(bounds: dict[str, float], payoffs: Sequence[float]) -> list[str]:
    return [
        f"at most    {written(bound, *payoffs)} by any {name.replace('_', ' ')} commitment (an upper bound)"
        for name, bound in bounds.items()
    ]
