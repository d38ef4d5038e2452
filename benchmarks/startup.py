"""How long the command line takes to begin, by processor time, beside what JAX alone takes, in one run.

    python benchmarks/startup.py [--runs 5] [--json]

Everything is run in turn, `--runs` times, and the median is shown: so that what else the machine does falls on all
alike. Compilation caches are warm. The main command is the first of the README; `rest` is what it takes beside learning
and certifying (whose share of imports, SciPy's optimisers, is counted with it), in multiples of a process that imports
JAX and makes an array. Where the rest goes is shown by stage.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

JAX = "import jax; jax.numpy.zeros(1)"
LIGHT = ("--help", "games", "followers", "leaders", "verify none.json", "desing maintain")
SOLVE = ("solve maintain", "solve simple-allocation")
MAIN = "design simple-allocation -g messages=2"
# Processor time since the process began, when each stage begins.
STAGES = """
import json, sys, time
import firstmover.cli
from firstmover.cli.progress import Watched
stages, stage = {"importing": 0.0, "building": time.process_time()}, Watched.stage
def told(self, what):
    stages[what] = time.process_time()
    stage(self, what)
Watched.stage = told
firstmover.cli.use_compilation_cache()  # before JAX is imported, as the command does
import firstmover.jobs.designs
stages["building"] = time.process_time()
try:
    firstmover.cli.process()
finally:
    stages["end"] = time.process_time()
    print("STAGES" + json.dumps(stages), file=sys.stderr)
"""


def processor_seconds(command: list[str], folder: Path) -> tuple[float, str]:
    """User and system time of a process and what it says on stderr."""
    kept = {"JAX_COMPILATION_CACHE_DIR": str(folder / "cache"), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    # Bytecode is kept as it is for installed packages, whatever the environment says of sources that are edited.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | kept
    before = os.times()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    after = os.times()
    used = after.children_user - before.children_user + after.children_system - before.children_system
    return used, done.stderr


def measured(runs: int) -> dict[str, dict[str, float]]:
    """Median processor seconds by command, and by stage of the main command."""
    python = [sys.executable]
    commands = {"jax": [*python, "-c", JAX]}
    commands |= {f"firstmover {line}": [*python, "-m", "firstmover", *line.split()] for line in (*LIGHT, *SOLVE)}
    taken: dict[str, list[float]] = {}
    stages: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number in range(-1, runs):  # the first warms the caches
            print(f"run {number + 1} of {runs}", file=sys.stderr, flush=True)
            for name, command in commands.items():
                seconds, _ = processor_seconds(command, folder)
                taken.setdefault(name, []).append(seconds)
            main = [*python, "-c", STAGES, *MAIN.split(), "--out", f"run{number + 1}"]
            seconds, said = processor_seconds(main, folder)
            taken.setdefault("main", []).append(seconds)
            times = json.loads(
                next(line for line in said.splitlines() if line.startswith("STAGES")).removeprefix("STAGES")
            )
            names = [*times, ""]
            for name, following in zip(list(times), names[1:], strict=True):
                stages.setdefault(name, []).append((times[following] if following else seconds) - times[name])
    return {
        "seconds": {name: statistics.median(all_[1:]) for name, all_ in taken.items()},
        "stages": {name: statistics.median(all_[1:]) for name, all_ in stages.items()},
    }


def summary(found: dict[str, dict[str, float]]) -> dict[str, float]:
    """The rest of the main command in multiples of JAX alone, and how long the slowest of the others takes."""
    seconds, stages = found["seconds"], found["stages"]
    own = stages["learning"] + stages["certifying"]
    return {
        "rest": (seconds["main"] - own) / seconds["jax"],
        "light": max(seconds[f"firstmover {line}"] for line in LIGHT),
        "solve": max(seconds[f"firstmover {line}"] for line in SOLVE),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    found = measured(options.runs)
    found["summary"] = summary(found)
    if options.json:
        print(json.dumps(found))
        return
    for part in ("seconds", "stages", "summary"):
        print(f"{part}:")
        for name, number in found[part].items():
            print(f"  {number:7.3f}  {name}")


if __name__ == "__main__":
    main()
