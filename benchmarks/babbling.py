"""How often learners end at messages that mean nothing, and what helps: networks on a market, from several starts.

python benchmarks/babbling.py [--seeds N] [--updates N] [--setting NAME ...] [--json FILE]

Messages that mean nothing are a fixed point: a rule that ignores them leaves followers nothing to say, and followers
that say nothing leave a rule nothing to learn from. Counted is how many seeds end with a rule that is worth no more
than the best one without messages, and how much of an agent's type its message tells, in bits. Every setting runs in a
process of its own.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from firstmover.core.mlp import MLP
from firstmover.core.policies import OptionPolicy, Policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.trees import OptState
from firstmover.followers import SampledWeights
from firstmover.games import SequentialPrice
from firstmover.jobs.designs import design
from firstmover.leaders import CommitmentGradient, lazy
from firstmover.report.statistics import fraction_interval, mean_interval
from firstmover.solvers.registry import baseline_value

MARKET = {"agents": 4, "items": 1, "messages": 2, "prices": 5}


class Setting(NamedTuple):
    """What is not as the defaults are.

    Attributes:
        words: in a row of the table.
        start: what the last layer of the network is multiplied by at the start.
        shared: whether followers share what they learn.
        entropy: the weight of entropy at the start.
    """

    words: str
    start: float = 1.0
    shared: bool = True
    entropy: float = 0.02


SETTINGS = {
    "defaults": Setting("the defaults"),
    "uniform": Setting("the network starts uniform", start=1e-3),
    "apart": Setting("a table for each follower", shared=False),
    "greedy": Setting("no entropy", entropy=0.0),
    "uniform-greedy": Setting("starts uniform, no entropy", start=1e-3, entropy=0.0),
}


def told(table: np.ndarray, chances: np.ndarray) -> float:
    """How many bits of a type its message tells: mutual information, of a strategy [types, messages]."""
    joint = chances[:, None] * table / table.sum(axis=1, keepdims=True)
    apart = chances[:, None] * joint.sum(axis=0)
    return float(np.sum(joint * np.log2(np.where(joint > 0, joint / np.maximum(apart, 1e-300), 1))))


def measured(setting: Setting, seeds: int, updates: int) -> dict[str, Any]:
    """The losses of every seed, and the bits that are told under its final rule."""

    first = lazy.start

    def start(kind: str, problem: StackelbergPOMDP, key: jax.Array) -> tuple[Policy, OptState]:
        policy, optimiser = first(kind, problem, key)
        assert isinstance(policy, OptionPolicy) and isinstance(policy.network, MLP)
        return OptionPolicy(policy.network.quieter(setting.start), policy.kinds, policy.options), optimiser

    lazy.start = start
    game = SequentialPrice(**MARKET)  # type: ignore[arg-type]
    followers = SampledWeights(rounds=20, shared=setting.shared, asked=4)
    leader = CommitmentGradient(
        policy="options", updates=updates, epochs=6, entropy=setting.entropy, reward_episodes=64
    )
    made = design(game, followers=followers, leader=leader, seeds=seeds)
    tables = np.asarray(made.plays.table, float)  # [seeds, agents, types, messages]
    chances = np.asarray(game.types.tables[0], float)
    return {
        "losses": [-value for value in made.result["learned_value"]],
        "bits": [float(np.mean([told(own, chances) for own in of_seed])) for of_seed in tables],
    }


def main() -> None:
    """Run what is asked for, a line as soon as it is known."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=8)
    options.add_argument("--updates", type=int, default=100)
    options.add_argument("--setting", action="append", choices=SETTINGS, help="only this one; may be given again")
    options.add_argument("--json", type=Path, help="a file for all numbers")
    options.add_argument("--alone", choices=SETTINGS, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.alone is not None:
        print(json.dumps(measured(SETTINGS[given.alone], given.seeds, given.updates)))
        return
    silent = -baseline_value(SequentialPrice(**MARKET))[1]  # type: ignore[arg-type]
    head = "setting", "mean loss", "no better than without messages", "bits told"
    print(f"Without messages {silent:.4f}, {given.seeds} seeds, {given.updates} updates.\n")
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}", flush=True)
    rows: dict[str, Any] = {}
    for name in given.setting or SETTINGS:
        command = [sys.executable, __file__, "--alone", name, "--seeds", str(given.seeds)]
        out = subprocess.run(
            [*command, "--updates", str(given.updates)], stdout=subprocess.PIPE, check=True, text=True
        ).stdout
        rows[name] = json.loads(out)
        losses = np.array(rows[name]["losses"])
        mean, low, high = mean_interval(losses)
        stuck = int(np.sum(losses >= silent))
        ends = fraction_interval(stuck, len(losses))
        print(
            f"| {SETTINGS[name].words} | {mean:.4f} ({low:.4f} to {high:.4f}) | {stuck} of {len(losses)} "
            f"({ends[0]:.0%} to {ends[1]:.0%}) | {np.mean(rows[name]['bits']):.2f} |",
            flush=True,
        )
        if given.json is not None:
            given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
