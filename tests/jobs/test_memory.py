"""Batches that are worked off in parts: the same numbers, in less memory."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import REGISTERED

from firstmover import design
from firstmover.core.batching import in_parts, replaced_in_parts
from firstmover.errors import InputError
from firstmover.followers import MultiplicativeWeights
from firstmover.games import SequentialPrice
from firstmover.jobs.memory import bytes_needed, compiled_to_fit, for_seed
from firstmover.jobs.training import initial_states
from firstmover.leaders import MAPPO, CommitmentGradient, Evolution, RandomSearch, Reinforce

SEEDS = 3
LEADERS = [
    CommitmentGradient(updates=2, episodes=10, restarts=2),
    pytest.param(RandomSearch(updates=2, episodes=7), marks=pytest.mark.slow),
    pytest.param(Evolution(updates=2, population=4), marks=pytest.mark.slow),
    pytest.param(Reinforce(updates=2, steps=500), marks=pytest.mark.slow),
    pytest.param(MAPPO(updates=2, steps=100, epochs=1, reward_episodes=2), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 7, 20])
def test_parts_are_put_together_again(parts: int) -> None:
    numbers, rows = jnp.arange(7.0), jnp.arange(14).reshape(7, 2)
    expected = jax.vmap(lambda x, y: (x + y, y.sum()))(numbers, rows)
    for found, wanted in zip(in_parts(lambda x, y: (x + y, y.sum()), parts)(numbers, rows), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    state, results = replaced_in_parts(lambda x, y: (x + 1, y.sum() * x), parts)(numbers, rows)
    np.testing.assert_array_equal(state, numbers + 1)
    np.testing.assert_array_equal(results, rows.sum(1) * numbers)


@pytest.mark.slow  # three compiled updates of a network
def test_episodes_against_rules_that_are_never_written_out_are_worked_off_in_parts() -> None:
    game = SequentialPrice(agents=4, items=1, messages=2, types=3, prices=3)
    leader = CommitmentGradient(updates=1, episodes=12, policy="options", epochs=1, reward_episodes=10)
    problem = leader.problem(game, MultiplicativeWeights(rounds=2))  # all profiles are played
    states = jax.jit(lambda: initial_states(problem, leader, 2, 0))()

    def updated(parts: int):
        each = replaced_in_parts(for_seed(problem, 1, parts, leader.update), parts)
        compiled = jax.jit(lambda states: each(states, jnp.arange(2))).lower(states).compile()
        state, metrics = compiled(states)
        return (state.optimisers, metrics), bytes_needed(compiled)[1]

    whole, needed = updated(1)
    for parts in (4, 12):
        its, less = updated(parts)
        assert less < 0.5 * needed
        for one, other in zip(jax.tree.leaves(whole), jax.tree.leaves(its), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("leader", LEADERS, ids=lambda leader: getattr(leader, "name", None))
def test_a_learner_learns_the_same_in_parts(leader) -> None:
    game = REGISTERED["simple-allocation"]
    problem = leader.problem(game, MultiplicativeWeights(rounds=5))
    states = jax.jit(lambda: initial_states(problem, leader, SEEDS, 0))()

    def updated(parts: int):
        each = replaced_in_parts(for_seed(problem, SEEDS, parts, leader.update), parts)
        return jax.jit(lambda states: each(states, jnp.arange(SEEDS)))(states)

    whole = updated(1)
    for parts in (2, 4 * SEEDS):
        for one, other in zip(jax.tree.leaves(whole), jax.tree.leaves(updated(parts)), strict=True):
            if jnp.issubdtype(one.dtype, jax.dtypes.prng_key):
                one, other = jax.random.key_data(one), jax.random.key_data(other)
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_a_design_that_does_not_fit_is_made_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, needed = [], []

    def spied(program, what, devices=1):
        def lowered(parts):
            chosen.append((what, parts))
            return program(parts)

        compiled = compiled_to_fit(lowered, what, devices)
        needed.append((bytes_needed(program(1).compile())[1], bytes_needed(compiled)[1]))
        return compiled

    for module in ("loop", "designs"):
        monkeypatch.setattr(f"firstmover.jobs.{module}.compiled_to_fit", spied)
    monkeypatch.setattr("firstmover.jobs.memory.ENOUGH", 1e12)
    leader = CommitmentGradient(updates=3, episodes=10)
    whole = design(REGISTERED["simple-allocation"], leader=leader, seeds=SEEDS)
    assert {parts for _, parts in chosen} == {1}
    monkeypatch.setattr("firstmover.jobs.memory.ENOUGH", 0.1 * min(larger for larger, _ in needed))
    chosen.clear()
    needed.clear()
    parted = design(REGISTERED["simple-allocation"], leader=leader, seeds=SEEDS)
    assert max(parts for _, parts in chosen) > SEEDS
    (update, update_in_parts), (response, response_in_parts) = needed
    assert update_in_parts < 0.5 * update
    assert response_in_parts <= response
    np.testing.assert_array_equal(parted.tables, whole.tables)
    np.testing.assert_allclose(parted.values, whole.values, atol=1e-6)
    np.testing.assert_allclose(parted.history.value, whole.history.value, atol=1e-6)


@pytest.mark.slow
def test_what_does_not_fit_in_any_number_of_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firstmover.jobs.memory._machine_bytes", lambda: 1e3)
    monkeypatch.setattr("firstmover.jobs.memory.ENOUGH", 1e4)
    with pytest.raises(InputError, match=r"an update of the learner would take .* GB of memory, more than"):
        design(REGISTERED["simple-allocation"], leader=CommitmentGradient(updates=1, episodes=10), seeds=SEEDS)


@pytest.mark.slow  # twenty-five seeds of a market with 65,536 profiles
def test_a_large_market_with_default_settings_takes_less_than_four_gigabytes(tmp_path) -> None:
    market = ["sequential-price", "-g", "agents=4", "-g", "messages=4", "-g", "types=4"]
    command = [sys.executable, "-m", "firstmover", "design", *market, "--updates", "1", "--out", str(tmp_path / "run")]
    # As a user runs it: the tests compile without most optimisations.
    usual = {key: value for key, value in os.environ.items() if key != "JAX_DISABLE_MOST_OPTIMIZATIONS"}
    measured = "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
    measured += "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", measured, *command], env=usual, capture_output=True, text=True)
    code, kilobytes = map(int, done.stdout.splitlines()[-1].split())
    assert code == 0, done.stderr
    assert kilobytes < 4e6
