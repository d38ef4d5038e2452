"""Faults that tests once let through, put back into a copy of the package: every one has to fail some test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Mutant(NamedTuple):
    """A fault.

    Attributes:
        module: in which it is, below the package.
        right: what stands there.
        wrong: what stands there instead.
        tests: the file of tests that has to notice.
    """

    module: str
    right: str
    wrong: str
    tests: str


MUTANTS = {
    "all reward sub-episodes share one chance": Mutant(
        "evaluators/forms.py",
        "jnp.arange(noise.shape[0], dtype=jnp.int32)",
        "jnp.zeros(noise.shape[0], jnp.int32)",
        "core/test_pomdp.py",
    ),
    "reward noise is drawn from the response's stream": Mutant(
        "evaluators/sampled.py",
        "stream(key, Stream.REWARD), (self.episodes",
        "stream(key, Stream.RESPONSE), (self.episodes",
        "core/test_pomdp.py",
    ),
    "the first copy of a seed is kept": Mutant(
        "jobs/settling.py",
        "best = best_of(jnp.where(sound, episodes.reward, jnp.nan))",
        "best = jnp.int32(0)",
        "jobs/test_best_rule.py",
    ),
    "the first seed is handed out": Mutant(
        "jobs/settling.py", "return int(best_of(chosen_by))", "return 0", "jobs/test_best_rule.py"
    ),
    "every observation counts as visited": Mutant(
        "evaluators/view.py",
        'visited = visited.at[rows].set(True, mode="drop")',
        "visited = jnp.ones_like(visited)",
        "core/test_pomdp.py",
    ),
    "a Markov game has no welfare": Mutant(
        "evaluators/state_table.py",
        "welfare=float(sum(followers)) + (revenue or 0.0)",
        "welfare=0.0",
        "certificates/test_certificate.py",
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("src", "tests", "benchmarks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _tested(copy: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """These tests, against the copy of the package."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-o", "addopts=", "-m", "not slow"]
    environment = os.environ | {"PYTHONPATH": str(copy / "src")}
    return subprocess.run([*command, f"tests/{tests}"], cwd=copy, env=environment, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("tests", sorted({mutant.tests for mutant in MUTANTS.values()}))
def test_nothing_is_found_where_nothing_is_wrong(tests: str, copy: Path) -> None:
    done = _tested(copy, tests)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("fault", MUTANTS)
def test_a_fault_that_is_put_back_is_found(fault: str, copy: Path) -> None:
    mutant = MUTANTS[fault]
    module = copy / "src" / "firstmover" / mutant.module
    source = module.read_text()
    assert source.count(mutant.right) == 1
    module.write_text(source.replace(mutant.right, mutant.wrong))
    done = _tested(copy, mutant.tests)
    assert done.returncode == 1, done.stdout[-2000:]  # a test failed; 2 and more: tests could not be run
    assert "1 failed" in done.stdout
