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
from typing import Any, NamedTuple

import jax
import numpy as np

from firstmover import design, pretrain
from firstmover.evaluators import judge_of
from firstmover.followers import BestResponse, Contextual
from firstmover.followers.base import Follower
from firstmover.games import BulletTrade
from firstmover.games.base import Ties
from firstmover.leaders import CommitmentGradient
from firstmover.report.statistics import mean_interval
from firstmover.solvers.bullet_trade import trade_values

LEADS = ("seller", "buyer")
SAMPLES = 2_000  # sub-episodes that the rule of a seed is judged on, where they cannot be listed


class Grid(NamedTuple):
    """A size of the screens.

    Attributes:
        parameters: of the game.
        planned: whether followers can plan on the table of states too.
        reward_episodes: of the leader, with trained followers.
    """

    parameters: dict[str, Any]
    planned: bool
    reward_episodes: int


GRIDS = {
    "small": Grid({}, planned=True, reward_episodes=0),
    "large": Grid(
        {"points": (1.0,) * 8, "rows": 7, "wave": 16, "trades": 5, "steps": 200}, planned=False, reward_episodes=30
    ),
}


def exact(game: BulletTrade, ties: Ties) -> tuple[float, float]:
    """What leader and follower have at the best price, if the follower replies exactly."""
    leader, follower = game.trades * trade_values(game, ties)
    best = int(np.argmax(leader))
    return float(leader[best]), float(follower[best])


def learnt(game: BulletTrade, followers: Follower, seeds: int, reward_episodes: int) -> dict[str, list[float]]:
    """What leader and follower have of the final rule of every seed, without any baseline in its place."""
    leader = CommitmentGradient(**game.usual_leader_parameters, reward_episodes=reward_episodes)
    made = design(game, followers=followers, leader=leader, seeds=seeds, optimum=False)
    judge = judge_of(game, samples=SAMPLES, seed=seeds)
    found: dict[str, list[float]] = {"leader": [], "follower": []}
    for k, table in enumerate(made.tables):
        play = jax.tree.map(lambda leaf, k=k: leaf[k], made.plays)
        judged = judge.judged(table, play, epsilon=None, unproved="measured")
        found["leader"].append(judged.value)
        found["follower"].append(judged.welfare - (judged.revenue or 0.0))
    return found


def rows(name: str, leads: str, seeds: int) -> Iterator[dict[str, Any]]:
    """A row for each model of the follower."""
    grid = GRIDS[name]
    game = BulletTrade(**grid.parameters, leads=leads)  # type: ignore[arg-type]
    known = {f"exact_{ties}": exact(game, ties) for ties in ("strong", "weak")}
    if grid.planned:
        began = time.perf_counter()
        found = learnt(game, BestResponse(), seeds, 0)
        yield {"grid": name, "leads": leads, "followers": "plan"} | found | known | {"seconds": _since(began)}
    began = time.perf_counter()
    trained = pretrain(game, followers=Contextual(images=True), seeds=seeds)
    found = learnt(game, trained.followers, seeds, grid.reward_episodes)
    yield {"grid": name, "leads": leads, "followers": "a network each"} | found | known | {"seconds": _since(began)}


def _since(began: float) -> float:
    return time.perf_counter() - began


def in_words(found: dict[str, Any]) -> str:
    """A line of a Markdown table."""

    def interval(values: list[float]) -> str:
        mean, low, high = mean_interval(np.array(values))
        return f"{mean:.3f} ({low:.3f} to {high:.3f})"

    def pair(values: tuple[float, float]) -> str:
        return f"{values[0]:.4g} and {values[1]:.4g}"

    return (
        f"| {found['grid']} | {found['leads']} | {found['followers']} | {len(found['leader'])} | "
        f"{interval(found['leader'])} | {interval(found['follower'])} | {pair(found['exact_strong'])} | "
        f"{pair(found['exact_weak'])} | {found['seconds']:.0f} |"
    )


def main() -> None:
    """Run what is asked for, a line as soon as it is known."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--grid", action="append", choices=GRIDS, help="only this one; may be given again")
    options.add_argument("--leads", action="append", choices=LEADS, help="only this one; may be given again")
    options.add_argument("--json", type=Path, help="a file for all numbers")
    given = options.parse_args()
    head = ("grid", "leads", "followers", "seeds", "leader", "follower", "exact, ties strong", "exact, ties weak", "s")
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}", flush=True)
    made = []
    for name in given.grid or GRIDS:
        for leads in given.leads or LEADS:
            for found in rows(name, leads, given.seeds):
                print(in_words(found), flush=True)
                made.append(found)
                if given.json is not None:
                    given.json.write_text(json.dumps(made, indent=1))


if __name__ == "__main__":
    main()
