"""Bullets for sale, learnt: what leader and follower have of it, beside the exact ones.

python benchmarks/bullets.py [--seeds N] [--grid NAME ...] [--leads NAME ...] [--json FILE]

On the small grid followers plan exactly; on both, `contextual` followers are trained first, one network a seed, which
looks at the screen. Leaders are judged on sub-episodes that nothing was learnt from. Prices that leave a follower
nothing are worth the most where it takes them: exact values are given with ties for the leader, and against it.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np

from firstmover import design, pretrain
from firstmover.evaluators import judge_of
from firstmover.followers import BestResponse, Contextual
from firstmover.followers.base import Follower
from firstmover.games import BulletTrade
from firstmover.games.base import Ties
from firstmover.games.bullet_trade import Leads
from firstmover.jobs.defaults import usual
from firstmover.jobs.settling import of_seed
from firstmover.leaders import CommitmentGradient
from firstmover.report.statistics import mean_interval
from firstmover.solvers.bullet_trade import trade_values

SAMPLES = 2_000  # sub-episodes that the rule of a seed is judged on, where they cannot be listed


GRIDS: dict[str, dict[str, Any]] = {
    "small": {},
    "large": {"points": (1.0,) * 8, "rows": 7, "wave": 16, "trades": 5, "steps": 200},
}


def exact(game: BulletTrade, ties: Ties) -> tuple[float, float]:
    """What leader and follower have at the best price, if the follower replies exactly."""
    leader, follower = game.trades * trade_values(game, ties)
    best = int(np.argmax(leader))
    return float(leader[best]), float(follower[best])


def learnt(game: BulletTrade, followers: Follower, seeds: int) -> dict[str, list[float]]:
    """What leader and follower have of the final rule of every seed, with the leader that fits the size of the game."""
    leader = CommitmentGradient(**usual(game).leader_parameters)
    made = design(game, followers=followers, leader=leader, seeds=seeds, optimum=False)
    judge = judge_of(game, samples=SAMPLES, seed=seeds)
    values: dict[str, list[float]] = {"leader": [], "follower": []}
    for k, table in enumerate(made.tables):
        judged = judge.judged(table, of_seed(made.plays, k), epsilon=None, unproved="measured")
        values["leader"].append(judged.value)
        values["follower"].append(judged.welfare - (judged.revenue or 0.0))
    return values


def rows(name: str, leads: Leads, seeds: int) -> Iterator[dict[str, Any]]:
    """A row for each model of the follower."""
    game = BulletTrade(leads, **GRIDS[name])
    known = {"grid": name, "leads": leads} | {f"exact_{ties}": exact(game, ties) for ties in ("strong", "weak")}
    if usual(game).why is None:  # followers can plan
        began = time.perf_counter()
        values = learnt(game, BestResponse(), seeds)
        yield known | {"followers": "plan"} | values | {"seconds": time.perf_counter() - began}
    began = time.perf_counter()
    trained = pretrain(game, followers=Contextual(images=True), seeds=seeds)
    values = learnt(game, trained.followers, seeds)
    yield known | {"followers": "a network each"} | values | {"seconds": time.perf_counter() - began}


def in_words(row: dict[str, Any]) -> str:
    """A line of a Markdown table."""

    def interval(values: list[float]) -> str:
        mean, low, high = mean_interval(np.array(values))
        return f"{mean:.3f} ({low:.3f} to {high:.3f})"

    def pair(values: tuple[float, float]) -> str:
        return f"{values[0]:.4g} and {values[1]:.4g}"

    return (
        f"| {row['grid']} | {row['leads']} | {row['followers']} | {len(row['leader'])} | "
        f"{interval(row['leader'])} | {interval(row['follower'])} | {pair(row['exact_strong'])} | "
        f"{pair(row['exact_weak'])} | {row['seconds']:.0f} |"
    )


def main() -> None:
    """Run what is asked for, a line as soon as it is known."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--grid", action="append", choices=GRIDS, help="only this one; may be given again")
    options.add_argument("--leads", action="append", choices=get_args(Leads), help="only this one; may be given again")
    options.add_argument("--json", type=Path, help="a file for all numbers")
    given = options.parse_args()
    head = ("grid", "leads", "followers", "seeds", "leader", "follower", "exact, ties strong", "exact, ties weak", "s")
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}", flush=True)
    made = []
    for name in given.grid or GRIDS:
        for leads in given.leads or get_args(Leads):
            for row in rows(name, leads, given.seeds):
                print(in_words(row), flush=True)
                made.append(row)
                if given.json is not None:
                    given.json.write_text(json.dumps(made, indent=1))


if __name__ == "__main__":
    main()
