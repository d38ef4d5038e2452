"""Versions that really work: the lowest that pyproject states, and the newest, in fresh environments.

    python benchmarks/versions.py [--python 3.11 ...] [--set lowest|newest] [--core] [--json]

The wheel is built once. For every Python that is found on the PATH, an environment gets the wheel and exactly the
lowest versions (or whatever is newest), and runs a design, a solve, a verify and a figure outside the repository. Then,
unless `--core` leaves them out, it gets the extras, at their lowest or newest versions, and runs what each is for. The
environment is deleted before the next one is made: each takes up to 1.5 GB. Prints a table; the exit status is 1 if
anything failed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
SETS = ("lowest", "newest")
SHOWN = ("jax", "numpy", "scipy", "matplotlib", "optax", "jaxtyping", "rich", "jinja2", "flatbuffers")

# What is run in each environment, and a file that has to be there afterwards.
RUNS = {
    "design": ("design maintain -g commitment=mixed --seeds 2 --updates 20 --out run --json", "run/certificate.json"),
    "solve": ("solve maintain -g commitment=mixed --json", None),
    "verify": ("verify run/certificate.json --json", None),
    "figure": ("reproduce escape --seeds 2 --out figures --json", "figures/escape/escape.png"),
}

# The same for each extra.
EXTRAS = {
    "cluster": "firstmover sweep plan.toml --on ray --json",
    "completion": "firstmover completion bash --json",
    "docs": f"python -m sphinx -W -q {ROOT / 'docs'} site",
    "evolution": "firstmover design maintain --leader evolution --seeds 2 --updates 2 --out evolved --json",
    "interop": "python interop.py",
    "nash": "firstmover solve maintain --compare nash --json",
    "tensorboard": "firstmover design maintain --seeds 2 --updates 2 --log tensorboard --out watched --json",
}
FILES = {
    "plan.toml": """
seeds = 2
optimum = false
[[games]]
name = "maintain"
[[leaders]]
name = "commitment-gradient"
parameters = { updates = 2 }
""",
    "interop.py": """
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import parallel_api_test
from firstmover.followers import BestResponse
from firstmover.games import Maintain
from firstmover.interop.gymnasium import StackelbergEnv
from firstmover.interop.pettingzoo import MarketParallelEnv
check_env(StackelbergEnv(Maintain(), BestResponse()))
parallel_api_test(MarketParallelEnv(Maintain()), num_cycles=5)
""",
}


def requirements(which: str, extras: bool = False) -> list[str]:
    """Dependencies as pip takes them, or those of the extras: pinned to the lower bounds, or without an upper end."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    stated: list[str] = [one for name in EXTRAS for one in optional[name]] if extras else project["dependencies"]
    if which == "newest":
        return stated
    for requirement in stated:
        if requirement.count(">=") < 1:
            raise SystemExit(f"no lower bound: {requirement}")
    # The first bound is the version's; a marker after ';' says for which Python it holds.
    return [requirement.replace(">=", "==", 1) for requirement in stated]


def interpreter(version: str) -> str | None:
    """The first python of this version on the PATH that runs."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        candidate = shutil.which(f"python{version}", path=folder)
        if candidate is None:
            continue
        command = [candidate, "-c", "import sys; print('.'.join(map(str, sys.version_info[:2])))"]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode == 0 and answer.stdout.strip() == version:
            return candidate
    return None


def outcomes(python: str, which: str, wheel: Path, folder: Path, extras: bool) -> dict[str, Any]:
    """What came of one environment: "ok" or the last line of the error for every step, and the versions."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "JAX_"))}
    environment |= {"JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": str(folder / "cache")}
    found: dict[str, Any] = {}

    def step(name: str, *command: str) -> str | None:
        began = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        print(f"    {name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        error = (done.stderr.strip().splitlines() or ["no message"])[-1]
        found[name] = "ok" if done.returncode == 0 else f"exit {done.returncode}: {error}"
        return done.stdout if done.returncode == 0 else None

    venv = folder / "venv"
    step("venv", python, "-m", "venv", str(venv))
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-q", "--only-binary", ":all:", "--no-compile"]
    if step("install", *pip, str(wheel), *requirements(which)) is None:
        return found
    script = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {SHOWN!r}}}))"
    found["versions"] = json.loads(step("versions", str(venv / "bin" / "python"), "-c", script) or "{}")
    for name, (arguments, file) in RUNS.items():
        printed = step(name, str(venv / "bin" / "firstmover"), *arguments.split())
        if printed is not None and file is not None and not (folder / file).is_file():
            found[name] = f"{file} is missing"
        if printed is not None and name == "solve" and abs(json.loads(printed)["optimum"] - 27.5) > 1e-9:
            found[name] = f"another optimum: {json.loads(printed)['value']}"
    if not extras or step("install extras", *pip, str(wheel), *requirements(which), *requirements(which, True)) is None:
        return found
    for file, content in FILES.items():
        (folder / file).write_text(content)
    for name, line in EXTRAS.items():
        program, *arguments = line.split()
        step(name, str(venv / "bin" / program), *arguments)
    return found


def build(folder: Path) -> Path:
    """The wheel of this repository."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def rows(pythons: list[str], sets: list[str], extras: bool) -> Iterator[dict[str, Any]]:
    """One row for each environment, as it is done."""
    with tempfile.TemporaryDirectory() as built:
        wheel = build(Path(built))
        for version in pythons:
            python = interpreter(version)
            for which in sets:
                if python is None:
                    yield {"python": version, "set": which, "skipped": f"no python{version} on the PATH"}
                    continue
                print(f"Python {version}, {which}", file=sys.stderr, flush=True)
                with tempfile.TemporaryDirectory() as folder:
                    row = {"python": version, "set": which, **outcomes(python, which, wheel, Path(folder), extras)}
                print(f"    {json.dumps(row)}", file=sys.stderr, flush=True)
                yield row


def main() -> int:
    """Run the environments asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", action="append", choices=PYTHONS)
    parser.add_argument("--set", action="append", choices=SETS, dest="sets")
    parser.add_argument("--core", action="store_true", help="without the extras")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    results = list(rows(options.python or list(PYTHONS), options.sets or list(SETS), not options.core))
    steps = (*RUNS,) if options.core else (*RUNS, *EXTRAS)
    if options.json:
        print(json.dumps(results))
    else:
        print("| Python | set | " + " | ".join((*SHOWN, *steps)) + " |")
        print("| --- " * (2 + len(SHOWN) + len(steps)) + "|")
        for row in results:
            versions = row.get("versions", {})
            why = row.get("skipped") or row.get("install extras", row.get("install", ""))
            cells = [versions.get(name, "-") for name in SHOWN]
            cells += [row.get(name, "skipped: " + why) for name in steps]
            print(f"| {row['python']} | {row['set']} | " + " | ".join(cells) + " |")
    failed = [row for row in results if "skipped" not in row and any(row.get(name) != "ok" for name in steps)]
    return 1 if failed or all("skipped" in row for row in results) else 0


if __name__ == "__main__":
    sys.exit(main())
