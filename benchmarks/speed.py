"""Speed on the simple allocation mechanism with 3 messages and 25 seeds: ratios measured in one run.

    python benchmarks/speed.py [--skip-mappo]

- leader decisions per second at commitment level (sampled updates, 33 rounds, 30 reward sub-episodes);
- training time until all 25 seeds are at the optimum, at commitment level and with step-level MAPPO;
- the whole process, import and compilation included, with a cold and a warm compilation cache;
- `import firstmover` on top of `import jax`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.followers import MultiplicativeWeights
from firstmover.games import SimpleAllocation
from firstmover.jobs.training import initial_states
from firstmover.leaders import MAPPO, CommitmentGradient
from firstmover.leaders.base import Leader

GAME = SimpleAllocation(3, 3)
FOLLOWERS = MultiplicativeWeights(rounds=33, epsilon=0.1, update="sampled", play="argmax")
SEEDS = 25


def learn(leader: Leader, every: int) -> tuple[float, float, float, float | None]:
    """Train a cohort; seconds, env steps, simulated steps, and seconds until all seeds are at the optimum."""
    problem, exact = StackelbergPOMDP(GAME, FOLLOWERS, leader.reward_episodes), StackelbergPOMDP(GAME, FOLLOWERS, 0)
    state = jax.jit(lambda: initial_states(problem, leader, SEEDS, 0))()

    @jax.jit
    def updates(state):
        return jax.lax.scan(lambda s, _: jax.vmap(lambda x: leader.update(problem, x))(s), state, None, length=every)

    @jax.jit
    def values(state):
        def one(s):
            tables = leader.tables(problem, s)
            return jax.vmap(lambda t: exact.episode(table_of(GAME, t), jax.random.key(1)).reward)(tables).max()

        return jax.vmap(one)(state)

    jax.block_until_ready((updates(state), values(state)))  # compile
    seconds, steps, simulated, reached = 0.0, 0.0, 0.0, None
    for _ in range(leader.updates // every):
        began = time.perf_counter()
        state, metrics = jax.block_until_ready(updates(state))
        seconds += time.perf_counter() - began
        steps += float(np.asarray(metrics.env_steps, np.float64).sum())
        simulated += float(np.asarray(metrics.simulated_steps, np.float64).sum())
        if not bool(jnp.all(values(state) >= 1 - 5e-4)):
            reached = None  # what counts is from when on all stay there
        elif reached is None:
            reached = seconds
    return seconds, steps, simulated, reached


def whole_process(cache: str) -> float:
    """Seconds of one `firstmover design` process that uses this compilation cache."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "firstmover", "design", "simple-allocation", "-g", "messages=3"]
        command += ["-f", "rounds=33", "-f", "epsilon=0.1", "-f", "update=sampled", "-f", "play=argmax"]
        command += ["-l", "reward_episodes=30", "--out", f"{folder}/run"]
        return timed(command, {"JAX_COMPILATION_CACHE_DIR": cache})


def timed(command: list[str], environment: dict[str, str] | None = None) -> float:
    """Wall-clock seconds of a process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **(environment or {})})
    return time.perf_counter() - began


def least(measure: Callable[[], float], times: int) -> float:
    """The least of several measurements: what the machine can do when nothing else disturbs it."""
    return min(measure() for _ in range(times))


def main() -> None:
    """Measure, and print a table."""
    print("| what | measured |\n| --- | --- |")
    seconds, steps, simulated, reached = learn(CommitmentGradient(reward_episodes=30), 1)
    print(f"| commitment level: training of the cohort, 100 updates | {seconds:.3f} s |")
    print(f"| commitment level: env steps per second | {steps / seconds:.3g} ({steps:.3g} in all) |")
    print(f"| commitment level: simulated steps per second | {simulated / seconds:.3g} |")
    ours = reached
    print(f"| commitment level: training until 25 of 25 stay at the optimum | {reached:.3f} s |", flush=True)
    with tempfile.TemporaryDirectory() as cache:
        print(f"| whole process, cold compilation cache | {whole_process(cache):.2f} s |")
        print(f"| whole process, warm compilation cache | {least(lambda: whole_process(cache), 3):.2f} s |", flush=True)
    jax_alone = least(lambda: timed([sys.executable, "-c", "import jax"]), 5)
    both = least(lambda: timed([sys.executable, "-c", "import jax, firstmover"]), 5)
    everything = least(lambda: timed([sys.executable, "-c", "import jax, firstmover; firstmover.design"]), 5)
    print(f"| `import firstmover` on top of `import jax` | {both - jax_alone:.3f} s on top of {jax_alone:.2f} s |")
    print(f"| ... and first use of `firstmover.design` | {everything - jax_alone:.3f} s |", flush=True)
    if "--skip-mappo" not in sys.argv:
        seconds, steps, _, reached = learn(MAPPO(), 1)
        print(
            f"| step-level MAPPO: training, 100 updates | {seconds:.1f} s, {steps / seconds:.3g} env steps per second |"
        )
        shown = "not reached" if reached is None else f"{reached:.1f} s"
        print(f"| step-level MAPPO: training until 25 of 25 stay at the optimum | {shown} |")
        if reached is not None:
            print(f"| ratio of the two | {reached / ours:.0f} |")


if __name__ == "__main__":
    main()
