"""What rules that are networks cost: steps, matrix products, compiling, memory.

    python benchmarks/networks.py [--only NAME ...]

`steps`: decisions of the leader per second of an update, with a table and with a network that scores agents, on one
market, with the same followers; the table is drawn in full for every episode, the network where it is asked.
`matrices`: what share of the processor's peak, measured by a large product in the same run, the networks' own products
get at. `compiling`: seconds until followers by the dozen can be met, and learnt against. `memory`: what an update needs
in between, by how many episodes it has. Rows are printed as soon as they are known. For a machine that does nothing
else.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.core.policies import network_policy, option_policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.evaluators import View
from firstmover.followers import SampledWeights
from firstmover.games import SequentialPrice
from firstmover.jobs.designs import parts_for
from firstmover.jobs.memory import bytes_needed, compiled_to_fit, for_seed
from firstmover.jobs.settling import of_seed
from firstmover.jobs.training import initial_states
from firstmover.leaders import CommitmentGradient
from firstmover.leaders.base import Leader

SMALL: dict[str, Any] = {"agents": 3, "items": 1, "messages": 2, "prices": 5}
LARGE: dict[str, Any] = {"agents": 4, "items": 2, "messages": 3, "prices": 5}
TRIES = 5


def least(function: Callable[[], Any]) -> float:
    """Seconds of the fastest of several calls, after one that is not counted."""
    jax.block_until_ready(function())
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        jax.block_until_ready(function())
        took.append(time.perf_counter() - began)
    return min(took)


def first_state(problem: StackelbergPOMDP, leader: Leader) -> Any:
    """The state of seed 0 before the first update."""
    return of_seed(jax.jit(lambda: initial_states(problem, leader, 1, 0))(), 0)


def steps() -> Iterator[tuple[str, ...]]:
    """Decisions per second, by how the rule is held."""
    yield "rule", "decisions of an update", "seconds", "decisions per second"
    game = SequentialPrice(**SMALL)
    for policy in ("table", "options"):
        leader = CommitmentGradient(policy=policy, restarts=1, reward_episodes=64, epochs=6)  # type: ignore[arg-type]
        problem = leader.problem(game, SampledWeights(rounds=20, shared=True))
        update = jax.jit(lambda s, p=problem, le=leader: for_seed(p, 1, 1, le.update)(s, jnp.int32(0)))
        state = first_state(problem, leader)
        made = float(update(state)[1].env_steps)
        seconds = least(lambda u=update, s=state: u(s))
        yield policy, f"{made:.3g}", f"{seconds:.4f}", f"{made / seconds:.3g}"


def matrices() -> Iterator[tuple[str, ...]]:
    """Share of the peak, by network, of its products and of those of its gradient."""
    yield "network", "rows", "GFLOP/s", "of the peak", "GFLOP/s with the gradient", "of the peak with it"
    size = 2048
    one = jax.random.normal(jax.random.key(0), (size, size))
    peak = 2 * size**3 / least(lambda: jax.jit(jnp.matmul)(one, one))
    yield f"one product of {size} x {size}", str(size), f"{peak / 1e9:.0f}", "1", "", ""
    game = SequentialPrice(**LARGE)
    head, rows = game.leader_space.head(), 8192
    obs = jnp.zeros((rows, len(game.leader_obs_sizes)), jnp.int32)
    for name, policy, asked in (
        ("32-32, scores agents", option_policy(game, head, jax.random.key(0)), game.messages),
        ("64-64, all that is seen", network_policy(game.observed, head, jax.random.key(0)), 1),
    ):
        work = 2.0 * rows * asked * sum(leaf.size for leaf in jax.tree.leaves(policy) if leaf.ndim == 2)
        forward = jax.jit(lambda p: jax.vmap(p)(obs))

        def total(policy: Any) -> jax.Array:
            return sum(leaf.sum() for leaf in jax.tree.leaves(jax.vmap(policy)(obs)) if leaf.dtype == jnp.float32)

        backward = jax.jit(jax.grad(total))
        alone = work / least(lambda f=forward, p=policy: f(p))
        both = 3 * work / least(lambda f=backward, p=policy: f(p))
        shown = (f"{rate / 1e9:.1f}" for rate in (alone, both))
        shares = (f"{rate / peak:.2f}" for rate in (alone, both))
        yield name, str(rows * asked), *(cell for pair in zip(shown, shares, strict=True) for cell in pair)


def compiling() -> Iterator[tuple[str, ...]]:
    """Seconds of tracing and compiling, by how many agents there are, and of the update itself."""
    yield "agents", "compiling the followers' response, s", "compiling an update, s", "an update, s"
    for agents in (8, 32, 50, 128):
        game = SequentialPrice(agents=agents, messages=2, prices=5)
        followers, leader, _ = parts_for(game)
        problem = leader.problem(game, followers)
        state = first_state(problem, leader)

        def response(state: Any, problem: Any = problem, leader: Any = leader) -> Any:
            rule = of_seed(leader.rules(problem, state), 0)
            return problem.followers.respond(View(problem.game, rule, state.key), problem.response_noise(state.key))

        began = time.perf_counter()
        jax.jit(response).lower(state).compile()
        responding = time.perf_counter() - began
        began = time.perf_counter()
        compiled = jax.jit(lambda s, p=problem, le=leader: le.update(p, s)).lower(state).compile()
        took = time.perf_counter() - began
        began = time.perf_counter()
        jax.block_until_ready(compiled(state))
        yield str(agents), f"{responding:.1f}", f"{took:.1f}", f"{time.perf_counter() - began:.1f}"


def memory() -> Iterator[tuple[str, ...]]:
    """Gigabytes in between, at once and as `jobs.memory` splits episodes."""
    yield "episodes", "all at once, GB", "as it is run, GB"
    game = SequentialPrice(**LARGE)
    for episodes in (32, 512, 16384):
        followers, leader, _ = parts_for(game, leader_parameters={"episodes": episodes})
        problem = leader.problem(game, followers)
        state = first_state(problem, leader)

        def lowered(parts: int, problem: Any = problem, leader: Any = leader, state: Any = state) -> jax.stages.Lowered:
            own = for_seed(problem, 1, parts, leader.update)
            return jax.jit(lambda s: own(s, jnp.int32(0))).lower(state)

        whole = bytes_needed(lowered(1).compile())[1]
        fitted = bytes_needed(compiled_to_fit(lowered, "an update"))[1]
        yield str(episodes), f"{whole / 1e9:.2f}", f"{fitted / 1e9:.2f}"


PARTS = {part.__name__: part for part in (steps, matrices, compiling, memory)}


def main() -> None:
    """Print what is asked for."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", action="append", choices=PARTS, help="may be given again")
    given = options.parse_args()
    jax.config.update("jax_enable_compilation_cache", False)
    print(f"{jax.devices()[0].device_kind}, JAX {jax.__version__}, NumPy {np.__version__}")
    for name in given.only or PARTS:
        print()
        for number, cells in enumerate(PARTS[name]()):
            print(f"| {' | '.join(cells)} |", flush=True)
            if number == 0:
                print(f"|{' --- |' * len(cells)}", flush=True)


if __name__ == "__main__":
    main()
