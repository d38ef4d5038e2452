"""Markets too large to list, by the bare command: losses beside the exact ones without messages, regrets, seconds.

python benchmarks/large_markets.py [--seeds N] [--seed S] [--market NAME ...] [--more "-l KEY=VALUE ..."] [--json FILE]

Every market is designed by `firstmover design sequential-price -g ... -g prices=5` in a process of its own, with the
defaults that go by its size. Small markets, where a table learns, are designed with a table and with a network on the
same seeds; their difference is paired. Run it on a quiet machine; how long a market will take is said before it starts.
Rows are printed as soon as they are known, and those that stand in the file already are not measured again.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firstmover.games import SequentialPrice
from firstmover.report.statistics import fraction_interval, mean_interval
from firstmover.solvers.registry import baseline_value

REGRET = 0.02  # of the value range, which is 1
NETWORK = "-l policy=network"


class Market(NamedTuple):
    """A market to design.

    Attributes:
        parameters: of the game, beside the five prices.
        seeds: how many, if nobody says.
        goal: the mean loss that is aimed at, or None.
        least: in how many of the seeds it should be below the loss without messages.
        minutes: about how long all its seeds take on two cores.
        against: what it is compared with, seed by seed: arguments of the other design, or None.
    """

    parameters: dict[str, Any]
    seeds: int
    goal: float | None = None
    least: int = 8
    minutes: float = 10.0
    against: str | None = None


MARKETS = {
    "4-2-3": Market({"agents": 4, "items": 2, "messages": 3}, 25, 0.085, 24, minutes=4),
    "4-2-3-apart": Market({"agents": 4, "items": 2, "messages": 3, "anonymous": False}, 25, 0.085, 24, minutes=8),
    "6-3-2": Market({"agents": 6, "items": 3, "messages": 2}, 10, 0.140, minutes=5),
    "6-3-3": Market({"agents": 6, "items": 3, "messages": 3}, 10, minutes=7),
    "8-4-2": Market({"agents": 8, "items": 4, "messages": 2}, 10, minutes=8),
    "12x4-3": Market({"agents": 12, "items": 1, "units": (4,), "messages": 3}, 10, minutes=13),
    **{f"T{t}": Market({"types": t, "prices": 11}, 10, against=NETWORK) for t in (3, 4, 5, 6)},
}


def designed(market: Market, seeds: int, *more: str) -> dict[str, Any]:
    """What `design --json` prints, and the seconds and gigabytes that it took."""
    given = {"prices": 5} | market.parameters
    asked = [f"{key}={','.join(map(str, v)) if isinstance(v, tuple) else v}" for key, v in given.items()]
    command = [sys.executable, "-m", "firstmover", "design", "sequential-price", "--seeds", str(seeds), "--json"]
    command += [part for one in asked for part in ("-g", one)] + [*more]
    began = time.perf_counter()
    alone = {key: value for key, value in os.environ.items() if key != "JAX_COMPILATION_CACHE_DIR"}
    out = subprocess.run(command, env=alone, stdout=subprocess.PIPE, check=True, text=True).stdout
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return json.loads(out) | {"wall": time.perf_counter() - began, "gigabytes": most}


def row(name: str, market: Market, seeds: int, *more: str) -> dict[str, Any]:
    """A row of the table: everything from `learned_value`, which no baseline guards."""
    made = designed(market, seeds, *more)
    game = SequentialPrice(**({"prices": 5} | market.parameters))
    silent = -baseline_value(game)[1]
    losses = -np.array(made["learned_value"], float)
    below = int(np.sum(losses < silent))
    against = np.full(seeds, silent)
    if market.against is not None:
        other = designed(market, seeds, *more[:2], *market.against.split())
        against, losses = losses, -np.array(other["learned_value"], float)
    regrets = np.array(made.get("regret_bound") or [np.nan], float)
    return {
        "market": name,
        "seeds": seeds,
        "losses": losses.tolist(),
        "loss": mean_interval(losses),
        "goal": market.goal,
        "without_messages": silent,
        "below": below,
        "below_interval": fraction_interval(below, seeds),
        "least": market.least,
        "against": "the table" if market.against else "no messages, exact",
        "paired_difference": mean_interval(losses - against),
        "regret_bounds": regrets.tolist(),
        "regrets_within": int(np.sum(regrets <= REGRET)),
        "wall": made["wall"],
        "compile": made["seconds"]["compile"],
        "gigabytes": made["gigabytes"],
    }


def in_words(found: dict[str, Any]) -> str:
    """A line of a Markdown table."""

    def interval(values: Any) -> str:
        mean, low, high = values
        return f"{mean:.4f} ({low:.4f} to {high:.4f})"

    goal = "" if found["goal"] is None else f" (goal {found['goal']:g})"
    worst = max(found["regret_bounds"])
    return (
        f"| {found['market']} | {found['seeds']} | {interval(found['loss'])}{goal} | {found['without_messages']:.5f} | "
        f"{found['below']} | {interval(found['paired_difference'])} against {found['against']} | {worst:.4f}, "
        f"{found['regrets_within']} within {REGRET} | {found['wall']:.0f} s, {found['compile']:.0f} compiling | "
        f"{found['gigabytes']:.1f} GB |"
    )


def main() -> None:
    """Run what is asked for, a line as soon as it is known."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, help="in every market, in place of 25 and 10")
    options.add_argument("--market", action="append", choices=MARKETS, help="only this one; may be given again")
    options.add_argument("--more", default="", help="arguments of 'design' in place of defaults: '-l updates=600'")
    options.add_argument("--seed", default="0", help="the first seed; others than those that settings were chosen by")
    options.add_argument("--json", type=Path, help="a file for all numbers")
    given = options.parse_args()
    head = "market", "seeds", "mean loss", "no messages", "below", "paired difference", "regret bound", "time", "memory"
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    rows = json.loads(given.json.read_text()) if given.json is not None and given.json.exists() else []
    known = {(one["market"], one["seeds"]): one for one in rows}
    for name in given.market or MARKETS:
        market = MARKETS[name]
        seeds = given.seeds or market.seeds
        if (name, seeds) in known:
            print(in_words(known[name, seeds]), flush=True)
            continue
        minutes = market.minutes * seeds / market.seeds
        print(f"{name}: {seeds} seeds, about {minutes:.0f} minutes on two quiet cores", file=sys.stderr, flush=True)
        rows.append(row(name, market, seeds, "--seed", given.seed, *given.more.split()))
        print(in_words(rows[-1]), flush=True)
        if given.json is not None:
            given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
