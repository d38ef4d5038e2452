"""How fast sessions of sellers who learn are: pricing rounds a second of one core, and what the buyers are left with.

taskset -c 0 python benchmarks/sellers.py
"""

import os
import time

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.core.sessions import Parameters, Stage, first_values, play_sessions, session_seed
from firstmover.games import BuyBox

MARKETS = ((2, 4, 1024, 50_000), (3, 4, 1024, 20_000), (2, 15, 128, 20_000))  # sellers, prices, sessions, rounds


def main() -> None:
    """Print the speed of each market without a rule; the first call, which compiles, is not counted."""
    for n, prices, sessions, rounds in MARKETS:
        game = BuyBox(sellers=n, costs=(1.0,), grid=prices)
        how = Parameters((prices,) * n, (0.25,) * n, (1e-4,) * n, (0.95,) * n, rounds=rounds)
        every, shown = np.indices(game.n_actions).reshape(n, -1), game.shares.shape[1] - 1
        own = [game.shares[:, shown, i] * game.margins[i][0][every[i]] for i in range(n)]
        stage = Stage(tuple(jnp.asarray(np.tile(pay, (sessions, 1)), jnp.float32) for pay in own))
        play = jax.jit(lambda seed, stage=stage, how=how, sessions=sessions: play_sessions(
            stage, first_values(stage, how), session_seed(seed, jnp.arange(sessions)), how).frequency)  # fmt: skip
        jax.block_until_ready(play(jnp.uint32(0)))
        start = time.process_time()
        surplus = np.asarray(play(jnp.uint32(1))) @ game.surplus[:, shown]
        speed = sessions * rounds / (time.process_time() - start) / 1e6
        error = surplus.std() / np.sqrt(sessions)
        print(
            f"{n} sellers, {prices} prices: {speed:.0f} million rounds/s; surplus {surplus.mean():.4f} +- {error:.4f}"
        )


if __name__ == "__main__":
    main()
