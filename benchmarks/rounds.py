"""Rounds of learners beside tight C loops: processor time of a round for the same batch, in turn, the least of five.

    python benchmarks/rounds.py [--batch 1600] [--only exp3]

Needs gcc, which compiles `rounds.c`. Of the bandits a whole response counts, its random numbers and the listing of the
game too; the loops draw their own. Of expected weights all rounds count, from payoffs that are listed.
"""

import argparse
import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.core.commitment import draw_table, table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import Outcome
from firstmover.followers import Exp3, Follower, MultiplicativeWeights, QLearning
from firstmover.games import Maintain, SequentialPrice, SimpleAllocation
from firstmover.games.base import Game

ROUNDS = 1000
MARKET = SequentialPrice(types=2, messages=3, history="left")
GAMES: dict[str, Game] = {"one": Maintain(), "screened": SimpleAllocation(3, 3), "two": MARKET}
LARGE = SequentialPrice(types=6, messages=8, history="left")
FOLLOWERS: dict[str, Follower] = {
    "exp3": Exp3(rounds=ROUNDS),
    "exp3, last": Exp3(rounds=ROUNDS, play="last"),
    "q-learning": QLearning(rounds=ROUNDS),
}
SIZES = {
    "one": "1 follower, 1 type, 3 actions",
    "screened": "1 follower, 3 types, 3 actions",
    "two": "2 followers, 2 types, 3 actions",
}


@dataclass(frozen=True)
class Pair:
    """The same rounds in both; each call makes all of them for the whole batch."""

    what: str
    rounds: int
    ours: Callable[[], Any]
    loop: Callable[[], Any]


def response(game: Game, followers: Follower, batch: int) -> Callable[[], Any]:
    """The compiled responses to a batch of random rules."""
    problem, head = StackelbergPOMDP(game, followers), game.leader_space.head()
    observations = jnp.asarray(game.observations())
    masks = jax.vmap(game.leader_mask)(observations)
    outputs = jnp.zeros((len(observations), head.width))
    keys = jax.random.split(jax.random.key(0), batch)

    def one(actions: Any, key: Any) -> Any:
        came = problem.respond(table_of(game, actions), key)
        return followers.features(game, came.state), came.visited, came.env_steps

    draw = jax.vmap(lambda key: jax.vmap(head.action)(draw_table(head, outputs, masks, observations, key)))
    actions = jax.jit(draw)(keys)
    program = jax.jit(jax.vmap(one)).lower(actions, keys).compile()
    return lambda: jax.block_until_ready(program(actions, keys))


def bandits(library: ctypes.CDLL, batch: int) -> list[Pair]:
    """Every bandit in every game."""
    pairs = []
    for size, game in GAMES.items():
        n, types, actions = game.n_followers, game.n_types[0], game.n_actions[0]
        paid = pointer(np.random.default_rng(0).random((batch, n, types**n * actions**n), np.float32))
        table = pointer(np.ones((batch, n, types, actions), np.float32))
        for name, followers in FOLLOWERS.items():
            sums = pointer(np.zeros((batch, types**n, actions**n), np.float32)) if name == "exp3" else None
            how = (ctypes.c_float(0.04), paid, table, sums) if "exp3" in name else (
                ctypes.c_float(0.15), ctypes.c_float(0.005), paid, table)  # fmt: skip
            loop = getattr(library, f"{name.split(',')[0].replace('-', '_')}_{size}")
            call = lambda loop=loop, how=how: loop(batch, ROUNDS, *how, ctypes.c_uint64(1))  # noqa: E731
            pairs.append(Pair(f"{name}: {SIZES[size]}", ROUNDS, response(game, followers, batch), call))
    return pairs


def weights(library: ctypes.CDLL, batch: int) -> Pair:
    """Expected weights of two followers with 6 types and 8 actions each."""
    followers = MultiplicativeWeights(rounds=100)
    rng = np.random.default_rng(0)
    listed = Outcome(*(jnp.asarray(rng.random((batch, 36 * 64, *rest), np.float32)) for rest in ((), (2,))))

    def one(listed: Outcome) -> Any:
        return followers.tell(LARGE, followers.init(LARGE), followers.ask(LARGE, None, None), listed).tables

    program = jax.jit(jax.vmap(one)).lower(listed).compile()
    paid = pointer(np.moveaxis(np.asarray(listed.followers), -1, 1))
    table = pointer(np.zeros((batch, 2, 6, 8), np.float32))
    loop = lambda: library.weights_large(batch, 100, ctypes.c_float(2.4), paid, table)  # noqa: E731
    what = "multiplicative-weights: 2 followers, 6 types, 8 actions"
    return Pair(what, 100, lambda: jax.block_until_ready(program(listed)), loop)


def pointer(array: np.ndarray) -> Any:
    """A C array of floats."""
    return np.ascontiguousarray(array, np.float32).ctypes.data_as(ctypes.POINTER(ctypes.c_float))


def compiled(folder: str) -> ctypes.CDLL:
    """The loops, for this processor."""
    target = f"{folder}/rounds.so"
    source = Path(__file__).with_name("rounds.c")
    flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, "-o", target, source, "-lm"], check=True)
    return ctypes.CDLL(target)


def nanoseconds(call: Callable[[], Any], rounds: int) -> float:
    """Processor time of a round."""
    began = time.process_time()
    call()
    return (time.process_time() - began) / rounds * 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=1600)
    parser.add_argument("--only", default="", help="rows that have this in them")
    given = parser.parse_args()
    print("| rounds | ns of a round | in C | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        library = compiled(folder)
        for pair in [*bandits(library, given.batch), weights(library, given.batch)]:
            if given.only not in pair.what:
                continue
            each = [[nanoseconds(call, given.batch * pair.rounds) for call in (pair.ours, pair.loop)] for _ in range(5)]
            ours, loop = np.min(each, axis=0)
            print(f"| {pair.what} | {ours:.3g} | {loop:.3g} | {ours / loop:.2f} |", flush=True)


if __name__ == "__main__":
    main()
