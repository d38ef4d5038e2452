"""A rule of a marketplace beside those with names, on common chance: what economists look at, as CSV and LaTeX."""

import csv
import io
from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Int

from firstmover.evaluation.seller_sessions import SellerSessions, seller_sessions
from firstmover.evaluation.seller_statistics import statistics_of
from firstmover.followers.learnt_play import Statistic
from firstmover.followers.repeated_q_learning import RepeatedQLearning
from firstmover.games.buy_box import BuyBox
from firstmover.games.display import DYNAMIC
from firstmover.games.prominence import named_rule, without_past
from firstmover.rules.exporting import latex_text

COLUMNS = ("surplus", "price index", "profit", "poorest profit", "profit gain", "sold", "revenue", "cycle", "gap")
OWN = "this rule"

Statistics = Mapping[str, Mapping[str, Statistic]]


def compared(
    game: BuyBox,
    rule: Int[np.ndarray, "rows"],
    sellers: RepeatedQLearning | None = None,
    *,
    sessions: int = 200,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> dict[str, SellerSessions]:
    """Sessions under a rule, and under rules with names, by name; all with the same random numbers.

    Args:
        game: the market.
        rule: the platform's decisions.
        sellers: how they learn; by default as in `design`.
        sessions: how many for each profile of costs.
        seed: of their random numbers.
        progress: told how far it is.
    """
    count = len(game.prices)
    caps = [float(game.prices[k]) for k in sorted({count // 3, 2 * count // 3} - {0, count - 1})]
    rules = {OWN: without_past(game, rule)}
    rules |= {name: named_rule(game, name) for name in ("none", "pdp", DYNAMIC)}
    rules |= {f"cap {cap:.4g}": named_rule(game, cap) for cap in caps}
    rules["lowest"] = named_rule(game, "lowest")
    found: dict[str, SellerSessions] = {}
    for name, own in rules.items():
        if progress is not None:
            progress(f"sellers who learn, under {name} ({len(found) + 1} of {len(rules)} rules)")
        found[name] = seller_sessions(game, own, sellers, sessions=sessions, seed=seed)
    return found


def tabled(played: Mapping[str, SellerSessions]) -> dict[str, dict[str, Statistic]]:
    """The statistics of every rule."""
    return {name: statistics_of(own) for name, own in played.items()}


def shown(found: Statistics) -> tuple[list[str], list[list[str]]]:
    """Header and rows of words: means, and half of the 95 % interval where there is one."""
    columns = [name for name in COLUMNS if any(name in own and own[name].mean for own in found.values())]
    rows = []
    for rule, own in found.items():
        rows.append([rule, *(_cell(own[name]) if name in own else "not defined" for name in columns)])
    return ["rule", *columns], rows


def _cell(statistic: Statistic) -> str:
    half = statistic.high - statistic.mean
    return f"{statistic.mean:.4f}" + (f" ± {half:.4f}" if half > 5e-5 else "")


def statistics_csv(found: Statistics) -> str:
    """A line for every rule and statistic, in full precision."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rule", "statistic", "mean", "low", "high"])
    for rule, own in found.items():
        writer.writerows([rule, name, *map(repr, value)] for name, value in own.items())
    return out.getvalue()


def statistics_latex(found: Statistics) -> str:
    """A tabular with a row for every rule."""
    header, rows = shown(found)
    lines = [f"\\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}", "\\hline"]
    lines.append(" & ".join(map(latex_text, header)) + " \\\\ \\hline")
    lines += [" & ".join(latex_text(cell).replace("±", "$\\pm$") for cell in row) + " \\\\" for row in rows]
    return "\n".join([*lines, "\\hline", "\\end{tabular}"]) + "\n"
