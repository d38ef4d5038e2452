"""What a sweep costs beside its designs: reading the plan, giving out tasks, starting workers, the table.

python benchmarks/sweeps.py
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from firstmover.sweeps.executors import Local, Place
from firstmover.sweeps.plan import read_plan
from firstmover.sweeps.schedule import schedule
from firstmover.sweeps.sweep import sweep
from firstmover.sweeps.table import row
from firstmover.sweeps.task import Answer

RATES = ", ".join(f"{0.01 + 0.001 * k:g}" for k in range(100))
PLAN = f"""
seeds = 1
seed = [{", ".join(str(k) for k in range(100))}]
optimum = false
games = ["escape"]
[[leaders]]
name = "commitment-gradient"
parameters = {{ updates = 100 }}
each = {{ learning_rate = [{RATES}] }}
"""
TWO = PLAN.replace(RATES, "0.1").replace(PLAN[PLAN.index("seed = [") : PLAN.index("optimum")], "seed = [0, 1, 2]\n")


# So many designs that differ in their learning rate only, in a process of their own.
SETTINGS = """
import sys, time
from firstmover import design
from firstmover.games import SimpleAllocation
from firstmover.leaders import CommitmentGradient
began = time.perf_counter()
for k in range(int(sys.argv[1])):
    design(SimpleAllocation(), leader=CommitmentGradient(learning_rate=0.05 + 0.01 * k), seeds=5, optimum=False)
print(time.perf_counter() - began)
"""


def seconds_of_settings(count: int) -> float:
    """Of so many settings of one design, without a compilation cache."""
    alone = {key: value for key, value in os.environ.items() if key != "JAX_COMPILATION_CACHE_DIR"}
    command = [sys.executable, "-c", SETTINGS, str(count)]
    return float(subprocess.run(command, env=alone, capture_output=True, text=True, check=True).stdout)


class Empty:
    """A task in which nothing is done."""

    reached = 0


def nothing(task: Empty) -> Answer:
    return Answer("finished")


def ended(last: list[float]):
    """Keeps when the first and the last answer came."""
    return lambda told: last.append(time.perf_counter()) if told.answered else None


def measured(folder: Path) -> list[tuple[str, str]]:
    (folder / "large.toml").write_text(PLAN)
    began = time.perf_counter()
    tasks = read_plan(folder / "large.toml", folder / "large").tasks
    planned = time.perf_counter() - began

    times: list[float] = []
    schedule([Empty()] * 1000, nothing, Place(2, lambda: Local(2)), ended(times))
    given = (times[-1] - times[0]) / 1000

    (folder / "small.toml").write_text(TWO)
    small = sweep(folder / "small.toml", out=folder / "small", jobs=1)
    seconds = [line["total_seconds"] for line in small.rows]
    task = read_plan(folder / "small.toml", folder / "small").tasks[0]
    began = time.perf_counter()
    for _ in range(100):
        row(task, Answer("finished"))
    read = (time.perf_counter() - began) / 100
    pairs = [(seconds_of_settings(1), seconds_of_settings(8)) for _ in range(3)]
    one, eight = (statistics.median(times) for times in zip(*pairs, strict=True))
    return [
        ("one design in a fresh process, nothing compiled before", f"{one:.1f} s"),
        ("eight settings of it in one process, as a multiple of that", f"{eight / one:.2f}"),
        (f"reading a plan of {len(tasks)} designs", f"{planned:.1f} s"),
        ("giving out a task to a local worker and taking in its answer", f"{1000 * given:.0f} ms"),
        ("starting a local worker, until its first design begins", f"{small.seconds - sum(seconds):.1f} s"),
        ("the first design on a worker (5 ms of learning)", f"{seconds[0]:.1f} s"),
        ("a design after it, of other numbers", f"{seconds[-1]:.1f} s"),
        ("reading a finished design for the table", f"{1000 * read:.1f} ms"),
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(Path(folder))
    print("| what | measured |\n| --- | --- |")
    for what, number in rows:
        print(f"| {what} | {number} |")
