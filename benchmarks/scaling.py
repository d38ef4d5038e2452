"""How the cost of learning grows with types, messages, agents, items, rounds and seeds, one at a time.

    python benchmarks/scaling.py [--out DIR]
    python benchmarks/scaling.py --devices

Seconds of one update of `commitment-gradient` (32 episodes, 1 restart) on `sequential-price`, compiled apart, the
least of six. Draws `scaling.png` and writes `scaling.csv`, into `benchmarks/scaling`.

With `--devices`: seconds of training 25 seeds, without compiling, on one core, and dealt out to all cores, in turn,
three times each; the least of each and their ratio. For a machine that does nothing else.
"""

import argparse
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

from firstmover.followers import MultiplicativeWeights
from firstmover.games import SequentialPrice
from firstmover.jobs import build
from firstmover.jobs.designs import parts_for
from firstmover.jobs.loop import Silent
from firstmover.jobs.training import initial_states, train
from firstmover.leaders import CommitmentGradient

BASE = {"types": 3, "messages": 2, "agents": 2, "items": 1, "rounds": 100, "seeds": 5}
RANGES = {
    "types": (2, 3, 4, 6, 8, 12),
    "messages": (1, 2, 3, 4, 6),
    "agents": (1, 2, 3, 4),
    "items": (1, 2, 3),
    "rounds": (50, 100, 200, 400, 800, 1600),
    "seeds": (1, 5, 10, 25, 50, 100),
}
PROFILES = {
    "types": "type profiles: types to the power agents",
    "messages": "action profiles: messages to the power agents",
    "agents": "exponential: (types x messages) to the power agents",
    "items": "exponential: types are values to the power items",
}


def seconds(settings: dict[str, int]) -> tuple[float, float]:
    """Of one update, and of compiling it."""
    sizes = {key: settings[key] for key in ("types", "messages", "agents", "items")}
    game = SequentialPrice(history="left", **sizes)
    leader = CommitmentGradient(restarts=1)
    problem = leader.problem(game, MultiplicativeWeights(rounds=settings["rounds"]))
    state = jax.jit(lambda: initial_states(problem, leader, settings["seeds"], 0))()
    began = time.perf_counter()
    update: Any = jax.jit(jax.vmap(lambda one: leader.update(problem, one))).lower(state).compile()
    compiling, took = time.perf_counter() - began, []
    for _ in range(6):
        began = time.perf_counter()
        jax.block_until_ready(update(state))
        took.append(time.perf_counter() - began)
    return min(took), compiling


COHORTS: dict[str, tuple[str, dict[str, Any], int]] = {
    "simple-allocation (tiny)": ("simple-allocation", {}, 4000),
    "agrawal": ("agrawal", {}, 200),
    "sequential-price, 6 types": ("sequential-price", {"types": 6}, 20),
    "4 agents, 2 items, a network": ("sequential-price", {"agents": 4, "items": 2, "messages": 3, "prices": 5}, 10),
}


def train_cohort(name: str) -> None:
    """Train 25 seeds in this process, and print the seconds that updates took and the processor's."""
    game, parameters, updates = COHORTS[name]
    market = build.build("game", game, parameters)
    followers, leader, _ = parts_for(market, leader_parameters={"updates": updates})
    problem = leader.problem(market, followers)
    spent = time.process_time()
    learnt = train(problem, leader, 25, 0, None, Silent())
    print(learnt.train_seconds, time.process_time() - spent)


def devices() -> None:
    """A row for every cohort."""
    cores = sorted(os.sched_getaffinity(0))
    print(f"| 25 seeds | updates | 1 core, s | {len(cores)} cores, s | ratio |\n| --- | --- | --- | --- | --- |")
    for name, (_, _, updates) in COHORTS.items():
        least = [math.inf, math.inf]
        for _ in range(3):
            for k, used in enumerate((cores[:1], cores)):
                command = [sys.executable, __file__, "--cohort", name]
                environment = {**os.environ, "JAX_NUM_CPU_DEVICES": str(len(used))}
                done = subprocess.run(
                    ["taskset", "-c", ",".join(map(str, used)), *command],
                    env=environment,
                    check=True,
                    capture_output=True,
                    text=True,
                )
                least[k] = min(least[k], float(done.stdout.split()[0]))
        print(f"| {name} | {updates} | {least[0]:.2f} | {least[1]:.2f} | {least[0] / least[1]:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/scaling"))
    parser.add_argument("--devices", action="store_true")
    parser.add_argument("--cohort", choices=list(COHORTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cohort:
        return train_cohort(options.cohort)
    if options.devices:
        return devices()
    return draw(options.out)


def draw(out: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.4), layout="constrained")
    lines = ["what,size,seconds,compile_seconds"]
    print("| what | sizes and seconds | law |\n| --- | --- | --- |")
    for axes, (what, sizes) in zip(figure.subplots(2, 3).ravel(), RANGES.items(), strict=True):
        found = [seconds({**BASE, what: size}) for size in sizes]
        lines += [
            f"{what},{size},{run:.6f},{compiling:.2f}" for size, (run, compiling) in zip(sizes, found, strict=True)
        ]
        times = np.array([run for run, _ in found])
        # The slope on logarithmic axes over the larger half, where constant costs no longer hide the law.
        half = len(sizes) // 2
        slope = float(np.polyfit(np.log(sizes[half:]), np.log(times[half:]), 1)[0]) if len(sizes) > 2 else float("nan")
        shown = ", ".join(f"{size}: {one:.4f}" for size, one in zip(sizes, times, strict=True))
        print(f"| {what} | {shown} | {PROFILES.get(what, f'exponent {slope:.2f}')} |", flush=True)
        axes.plot(sizes, times, "o-")
        axes.set(title=f"{what}: exponent {slope:.2f}", xscale="log", yscale="log", xlabel=what, ylabel="s per update")
    out.mkdir(parents=True, exist_ok=True)
    (out / "scaling.csv").write_text("\n".join(lines) + "\n")
    figure.savefig(out / "scaling.png", dpi=130)


if __name__ == "__main__":
    main()
