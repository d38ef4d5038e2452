"""Sequential price mechanisms with two agents and one item: what is learnt beside what is exact, 25 seeds.

    python benchmarks/markets.py [--part learned|silent|worst]

- learned: two messages, last mixed play of 100 expected rounds of multiplicative weights;
- silent: one message, beside the exact optimum without messages;
- worst: designed for the least value over the coarse correlated equilibria of the agent normal form, which is then
  computed by its linear program at epsilon 0.
"""

import argparse
import time

import numpy as np

from firstmover import design
from firstmover.games import Agrawal, SequentialPrice
from firstmover.leaders import CommitmentGradient
from firstmover.report.statistics import fraction_interval, mean_interval
from firstmover.solvers.registry import optimum

SEEDS = 25


def row(name: str, losses: np.ndarray, goal: float, seconds: float) -> str:
    """A line of a table: losses, and how many seeds are at or below a goal."""
    mean, low, high = mean_interval(losses)
    count = int(np.sum(losses <= goal))
    least, most = fraction_interval(count, len(losses))
    return (
        f"| {name} | {mean:.5f} [{low:.5f}, {high:.5f}] | {losses.min():.5f} | {losses.max():.5f} | "
        f"{count} of {len(losses)} [{least:.2f}, {most:.2f}] at most {goal:g} | {seconds:.1f} |"
    )


def learned() -> None:
    games = {"agrawal": (Agrawal(), 5e-4)}
    goals = {3: 5e-4, 4: 5e-4, 5: 0.0055, 6: 0.009}
    games |= {f"T = {types}": (SequentialPrice(types=types), goal) for types, goal in goals.items()}
    for name, (game, goal) in games.items():
        began = time.perf_counter()
        made = design(game, leader=CommitmentGradient(updates=80, episodes=48), seeds=SEEDS)
        print(row(f"{name}, 2 messages", -made.learned_values, goal, time.perf_counter() - began), flush=True)


def silent() -> None:
    games = {"agrawal": Agrawal(messages=1)}
    games |= {f"T = {types}": SequentialPrice(types=types, messages=1) for types in (3, 4, 5, 6)}
    for name, game in games.items():
        began, exact = time.perf_counter(), optimum(game, "strong").value
        made = design(game, leader=CommitmentGradient(updates=80, episodes=48), seeds=SEEDS)
        goal = round(-exact + 1e-6, 7)
        print(
            row(f"{name}, no messages, exact {-exact:.6f}", -made.learned_values, goal, time.perf_counter() - began),
            flush=True,
        )


def worst() -> None:
    for types, goal in {3: 5e-4, 4: 5e-4, 5: 0.0105, 6: 0.0115}.items():
        began = time.perf_counter()
        leader = CommitmentGradient(updates=50, episodes=32, restarts=16, target="worst")
        made = design(SequentialPrice(types=types), leader=leader, seeds=SEEDS)
        print(row(f"T = {types}, worst case", -made.worst_values, goal, time.perf_counter() - began), flush=True)


def main() -> None:
    parts = {"learned": learned, "silent": silent, "worst": worst}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=parts, action="append")
    print("| market | loss, mean [95 %] | least | most | reached | s |\n| --- | --- | --- | --- | --- | --- |")
    for part in parser.parse_args().part or parts:
        parts[part]()


if __name__ == "__main__":
    main()
