"""Nothing slower: the times of another commit beside those of this one, measured in turn, in one run.

    python benchmarks/against.py [--commit 229e08b] [--runs 5] [--only imports,escape]

229e08b is the last commit before the core was opened. Every measurement is a process of its own, without a compilation
cache; the two commits take turns, so that what else the machine does falls on both. Compare medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DESIGN = """
import json
import jax
compiling = []
jax.monitoring.register_event_duration_secs_listener(
    lambda event, seconds, **about: event.startswith("/jax/core/compile/") and compiling.append(seconds)
)
from firstmover import design
from firstmover.followers import *
from firstmover.games import *
from firstmover.leaders import *
seconds = design({game}, {parts}seeds=25, optimum=False).seconds
print(json.dumps({{"total": seconds["total"], "tracing and compiling": sum(compiling), "train": seconds["train"]}}))
"""
PROCESSOR = """
import json, time
from firstmover import design
from firstmover.games import *
from firstmover.leaders import *
spent = []
for updates in (20, 180):
    began = time.process_time()
    design({game}, seeds=25, leader=CommitmentGradient(updates=updates, episodes=48), optimum=False)
    spent.append(time.process_time() - began)
print(json.dumps({{"processor time of 160 updates": spent[1] - spent[0]}}))
"""
SAMPLED = 'MultiplicativeWeights(rounds=33, epsilon=0.1, update="sampled", play="argmax")'


def _design(game: str, **parts: str) -> str:
    """The seconds of a design; parts that are not named are the defaults of the commit."""
    return DESIGN.format(game=game, parts="".join(f"{name}={part}, " for name, part in parts.items()))


# Only what both commits have; each prints seconds by name. Tracing and compiling is all that JAX does of it in the
# process, since the commits count other programs to the "compile" of a design.
CASES = {
    "imports": """
import json, time
import jax
began = time.perf_counter()
import firstmover
first = time.perf_counter() - began
firstmover.design
print(json.dumps({"import firstmover": first, "first use of design": time.perf_counter() - began}))
""",
    "escape": _design("Escape()"),
    "simple allocation": _design(
        "SimpleAllocation()", followers=SAMPLED, leader="CommitmentGradient(reward_episodes=30)"
    ),
    "mappo": _design("SimpleAllocation()", followers=SAMPLED, leader="MAPPO(updates=20)"),
    "prices": _design("SequentialPrice(types=4)", leader="CommitmentGradient(updates=80, episodes=48)"),
    "prices of 4 values": PROCESSOR.format(game="SequentialPrice(types=4)"),
    "prices of 6 values": PROCESSOR.format(game="SequentialPrice(types=6)"),
    "exp3": _design("Maintain()", followers="Exp3(rounds=1000)", leader="CommitmentGradient(updates=20)"),
    "q-learning": _design("Maintain()", followers="QLearning(rounds=1000)", leader="CommitmentGradient(updates=20)"),
}


def measured(root: Path, code: str) -> dict[str, float]:
    """What a case prints with the code of a folder."""
    environment = {key: value for key, value in os.environ.items() if key != "JAX_COMPILATION_CACHE_DIR"}
    environment["PYTHONPATH"] = str(root / "src")
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the code of {root} failed: {(done.stderr.strip().splitlines() or [''])[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def rows(before: Path, only: list[str], runs: int) -> Iterator[str]:
    """Lines of a table, case by case: medians of both, and what became of them."""
    for case in only:
        pairs = [(measured(before, CASES[case]), measured(ROOT, CASES[case])) for _ in range(runs)]
        for name in pairs[0][0]:
            old, new = (statistics.median(side[name] for side in sides) for sides in zip(*pairs, strict=True))
            yield f"| {case}: {name} | {old:.3g} s | {new:.3g} s | {100 * (new / old - 1):+.0f} % |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commit", default="229e08b")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join(CASES), help="cases, between commas")
    given = parser.parse_args()
    unknown = set(given.only.split(",")) - set(CASES)
    if unknown:
        parser.error(f"no case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "-C", ROOT, "archive", given.commit, "src"], capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        print(f"| what | {given.commit} | now | change |\n| --- | --- | --- | --- |", flush=True)
        for line in rows(Path(folder), given.only.split(","), given.runs):
            print(line, flush=True)
