"""The loop around all that learns: seeds are dealt out to the devices there are, and learn the same."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from firstmover.cli.command import use_all_cores

# Three seeds, so that a share has to be filled up; a learner that sums no products of matrices, and one that does.
LEARNING = """
import sys
import jax, jax.numpy as jnp, numpy as np
from firstmover.followers import MultiplicativeWeights
from firstmover.games import SimpleAllocation
from firstmover.leaders import CommitmentGradient
from firstmover.core.batching import on_all_devices
from firstmover.jobs.loop import Silent
from firstmover.jobs.training import train
game, followers = SimpleAllocation(2, 2), MultiplicativeWeights(rounds=3)
for policy in ("table", "network"):
    leader = CommitmentGradient(updates=3, episodes=10, restarts=1, policy=policy)
    learnt = train(leader.problem(game, followers), leader, 3, 0, None, Silent())
    leaves = jax.tree.leaves(jax.tree.map(np.asarray, (learnt.history, learnt.state[:1])))
    np.savez(f"{sys.argv[1]}-{policy}.npz", *leaves)
rows = on_all_devices(lambda batch: {"sums": batch.sum(axis=1)})(jnp.arange(15.0).reshape(5, 3))["sums"]
assert rows.tolist() == [3, 12, 21, 30, 39] and len(rows.devices()) == len(jax.devices())
print(len(jax.devices()))
"""


def _learnt(folder: Path, devices: int) -> dict[str, list[np.ndarray]]:
    environment = {key: value for key, value in os.environ.items() if key != "JAX_NUM_CPU_DEVICES"}
    environment["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={devices}"
    command = [sys.executable, "-c", LEARNING, str(folder / str(devices))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(devices)]
    learnt = {}
    for policy in ("table", "network"):
        with np.load(folder / f"{devices}-{policy}.npz") as stored:
            learnt[policy] = [stored[name] for name in stored.files]
    return learnt


@pytest.mark.skipif(sys.platform == "win32", reason="several devices of one processor")
def test_seeds_learn_the_same_on_two_devices(tmp_path: Path) -> None:
    one, two = _learnt(tmp_path, 1), _learnt(tmp_path, 2)
    for alone, shared in zip(one["table"], two["table"], strict=True):
        np.testing.assert_array_equal(alone, shared)
    for alone, shared in zip(one["network"], two["network"], strict=True):
        np.testing.assert_allclose(alone, shared, rtol=1e-4, atol=1e-5)


def test_the_command_line_has_every_core_be_a_device_unless_it_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = ({}, {"JAX_NUM_CPU_DEVICES": "1"}, {"XLA_FLAGS": "--xla_force_host_platform_device_count=3"})
    cores = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    for environment, devices in zip(told, (cores, "1", None), strict=True):
        monkeypatch.setattr(os, "environ", dict(environment))
        use_all_cores()
        assert os.environ.get("JAX_NUM_CPU_DEVICES") == devices
