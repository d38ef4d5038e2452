"""What needs no numbers imports nothing that computes."""

import json
import subprocess
import sys

import pytest

HEAVY = ["jax", "jaxlib", "numpy", "scipy", "optax", "matplotlib", "rich"]
LIGHT = [
    ["--help"],
    ["design", "--help"],
    ["games"],
    ["games", "toll"],
    ["followers", "--json"],
    ["leaders"],
    ["verify", "none.json"],
    ["desing", "maintain"],
    ["design", "maintian"],
    ["design", "maintain", "-g", "comitment=mixed"],
    ["solve", "maintain", "-f", "ties=weak"],
    ["design", "maintain", "--followers", "multiplicative"],
    ["pretrain", "maintain", "--followers", "contxtual"],
    ["certify", "rule.json", "--followers", "logt"],
    ["evaluate", "rule.json", "--followers", "logt"],
]
CODE = f"""
import contextlib, io, json, sys
from firstmover.cli import main
loaded = {{}}
for command in {LIGHT!r}:
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main(command)
    loaded[" ".join(command)] = [name for name in {HEAVY!r} if name in sys.modules]
print(json.dumps(loaded))
"""


def _modules(code: str) -> dict[str, list[str]]:
    return json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def test_light_commands_import_nothing_heavy() -> None:
    loaded = _modules(CODE)
    assert loaded == {" ".join(command): [] for command in LIGHT}


@pytest.mark.parametrize(
    "module", ["firstmover", "firstmover.verify", "firstmover.rules", "firstmover.catalogue", "firstmover.games"]
)
def test_light_modules_import_nothing_heavy(module: str) -> None:
    code = f"import json, sys, {module}; dir({module}); print(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"
    assert _modules(code) == []


def test_a_small_game_is_solved_without_scipy_and_without_learners() -> None:
    unneeded = [
        "scipy.optimize",
        "scipy.sparse",
        "optax",
        "matplotlib",
        "firstmover.core.pomdp",
        "firstmover.games.patrol",
    ]
    code = f"""
import contextlib, io, json, sys
from firstmover.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    assert main(["solve", "maintain"]) == 0
print(json.dumps([name for name in {unneeded!r} if name in sys.modules]))
"""
    assert _modules(code) == []


def test_a_design_imports_what_it_needs_and_nothing_beside() -> None:
    unneeded = ["optax", "scipy.optimize", "scipy.sparse", "scipy.special", "matplotlib", "jinja2", "rich"]
    unneeded += [
        f"firstmover.{name}" for name in ("testing.games", "jobs.network_designs", "jobs.lessons", "sweeps.sweep")
    ]
    code = f"""
import json, sys
import firstmover.cli.printing, firstmover.cli.progress, firstmover.jobs.designs
import firstmover.followers.multiplicative_weights, firstmover.leaders.commitment_gradient
print(json.dumps([name for name in {unneeded!r} if name in sys.modules]))
"""
    assert _modules(code) == []


def test_a_process_does_not_collect_garbage_before_it_ends() -> None:
    code = """
import atexit, gc, json, sys
from firstmover.cli import process
atexit.register(lambda: print(json.dumps(gc.get_freeze_count())))
sys.argv[1:] = ["certify", "none.json"]
process()
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 2
    assert "cannot read none.json" in found.stderr
    assert int(found.stdout) > 100_000
