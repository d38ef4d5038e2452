"""Markets larger than the published ones: what messages are worth, seed by seed.

    python benchmarks/larger.py [--seeds 25] [--chunk 5] [--updates 60] [--rounds 300] [--market 0|1]

Unit demand, values iid uniform on 3 points. With messages and without, the same learner, updates, restarts and
followers (sampled multiplicative weights, last mixed play); the difference of the final rules' values, paired by seed,
with its 95 % interval. Beside it the exact optimum without messages on the same price grid, where it can be computed.
"""

import argparse
import time

import numpy as np

from firstmover import InputError, design
from firstmover.followers import MultiplicativeWeights
from firstmover.games import SequentialPrice
from firstmover.leaders import CommitmentGradient
from firstmover.report.statistics import mean_interval
from firstmover.solvers.registry import optimum

MARKETS = {
    "4 agents, 2 items, 3 messages": {"agents": 4, "items": 2, "messages": 3, "prices": 5},
    "6 agents, 3 items, 2 messages": {"agents": 6, "items": 3, "messages": 2, "prices": 5},
}


def values(game: SequentialPrice, seeds: int, chunk: int, updates: int, rounds: int) -> np.ndarray:
    """The final rules' values of all seeds, some seeds at a time (the tables are large)."""
    leader = CommitmentGradient(updates=updates, episodes=32, restarts=1, reward_episodes=500)
    followers = MultiplicativeWeights(rounds=rounds, epsilon=1.0, update="sampled")
    found = []
    for first in range(0, seeds, chunk):
        made = design(game, followers=followers, leader=leader, seeds=min(chunk, seeds - first), seed=first)
        found.append(made.learned_values)
        print(f"    seeds {first}..: {np.round(made.learned_values, 4).tolist()} {made.seconds}", flush=True)
    return np.concatenate(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=25)
    parser.add_argument("--chunk", type=int, default=5)
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--market", type=int, choices=(0, 1), default=None)
    options = parser.parse_args()
    for k, (name, sizes) in enumerate(MARKETS.items()):
        if options.market not in (None, k):
            continue
        began = time.perf_counter()
        game = SequentialPrice(types=3, history="left", **sizes)
        print(name, flush=True)
        shared = (options.seeds, options.chunk, options.updates, options.rounds)
        with_messages = values(game, *shared)
        without = values(game.with_settings(messages=1), *shared)
        mean, low, high = mean_interval(with_messages - without)
        print(f"  loss with messages {-with_messages.mean():.4f}, without {-without.mean():.4f}")
        print(f"  paired difference {mean:.4f}, 95 % interval [{low:.4f}, {high:.4f}]")
        print(f"  {time.perf_counter() - began:.0f} s")
        try:
            exact = optimum(game.with_settings(messages=1), "strong").value
            print(f"  exact loss without messages on this price grid: {-exact:.4f}")
        except InputError as why:
            print(f"  exact loss without messages: {why}")


if __name__ == "__main__":
    main()
