"""SIGKILL at random moments: what is gone on with ends the same to the bit as what was never disturbed."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counts import chance, conclude, count

PAPER = ("-f", "update=sampled", "-f", "rounds=8")
DESIGNS = {
    "gradient": ("simple-allocation", "-g", "messages=2", *PAPER, "-l", "episodes=10", "--updates", "400"),
    "mixed": ("maintain", "-g", "commitment=mixed", "--updates", "200"),
    "worst": ("agrawal", "-l", "target=worst", "--updates", "3", "-l", "episodes=10", "-f", "rounds=5"),
    "prices": ("agrawal", *PAPER, "--updates", "20", "-l", "episodes=10", "-l", "reward_episodes=8"),
    "mappo": ("simple-allocation", "--leader", "mappo", *PAPER, "--updates", "8", "-l", "steps=128"),
    "dqn": ("iterated-matrix", "--leader", "dqn", "--followers", "best-response", "--updates", "8"),
    "reinforce": ("patrol", "--leader", "reinforce", "--followers", "q-learning", "-f", "rounds=10", "--updates", "4"),
    "search": ("toll", "--leader", "random-search", "--followers", "q-learning", "-f", "rounds=5", "--updates", "6"),
    "payments": ("matrix-design", "--followers", "logit", "--updates", "60"),
    "trained first": ("iterated-matrix", "--followers", "contextual", "--updates", "5"),
}
JOBS: dict[str, tuple[str, ...]] = {
    **{name: ("design", *rest, "--seeds", "2", "--out", "run") for name, rest in DESIGNS.items()},
    "pretrain": ("pretrain", "iterated-matrix", "-t", "updates=30", "--seeds", "2", "--run", "run"),
    "reproduce": ("reproduce", "escape", "--seeds", "2", "--out", "figures"),
}
WEIGHTS = {name: 2 for name in JOBS} | {"reproduce": 1}


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "firstmover", *arguments]


def _numbers(folder: Path) -> dict[str, Any]:
    """Everything below a folder that must not depend on when it was stopped, by path."""
    content: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix == ".json":
            content[name] = _untimed(json.loads(path.read_text()))
        elif path.suffix == ".npz" and path.name != "checkpoint.npz":  # which has times
            with np.load(path) as stored:
                content[name] = {key: stored[key].tobytes() for key in stored.files}
        elif path.suffix in (".csv", ".png"):
            content[name] = path.read_bytes()
        elif path.is_file() and path.suffix not in (".npz", ".svg"):
            content[name] = "left behind"
    return content


def _untimed(value: Any) -> Any:
    return {k: v for k, v in value.items() if k not in ("seconds", "run")} if isinstance(value, dict) else value


def _killed(arguments: tuple[str, ...], folder: Path, after: float) -> bool:
    """Run a command and kill it after so many seconds; whether it was still running then."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(_command(*arguments), cwd=folder, **quiet)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def _go_on(arguments: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """The command that goes on after a kill."""
    begun = "run" in arguments and (folder / "run" / "config.json").exists()
    return ("resume", "run") if begun else arguments


def _kill_and_go_on(name: str, folder: Path, seconds: float, draw: random.Random) -> tuple[int, str]:
    """Kill a job once or twice, go on, and say how many kills there were and what went wrong, if anything."""
    kills, arguments = 0, JOBS[name]
    moments = [draw.uniform(0, seconds) for _ in range(draw.choice([1, 1, 2]))]
    for moment in moments:
        kills += _killed(arguments, folder, moment)
        arguments = _go_on(JOBS[name], folder)
    done = subprocess.run(_command(*arguments), cwd=folder, capture_output=True, text=True)
    return kills, "" if done.returncode == 0 else f"status {done.returncode}: {done.stderr}"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_killed_at_random_moments(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    draw, wanted, kills, failures = chance("kills"), count(100), 0, []
    whole: dict[str, tuple[dict[str, Any], float]] = {}
    while kills < wanted:
        name = draw.choices(list(JOBS), [WEIGHTS[job] for job in JOBS])[0]
        if name not in whole:
            folder = tmp_path / name
            folder.mkdir()
            began = time.perf_counter()
            subprocess.run(_command(*JOBS[name]), cwd=folder, check=True, capture_output=True)
            whole[name] = _numbers(folder), time.perf_counter() - began
            assert whole[name][0]
        numbers, seconds = whole[name]
        folder = tmp_path / f"{name} {kills}"
        folder.mkdir(exist_ok=True)
        more, fault = _kill_and_go_on(name, folder, seconds, draw)
        kills += more
        if not more:  # the first time there was more to compile
            whole[name] = numbers, 0.8 * seconds
        if not fault and _numbers(folder) != numbers:
            other = _numbers(folder)
            fault = f"differs in {sorted(k for k in {*numbers, *other} if numbers.get(k) != other.get(k))}"
        if fault:
            failures.append(f"{name}, in {folder}: {fault}")
            with capsys.disabled():
                print(f"\n{failures[-1]}", flush=True)
        else:
            shutil.rmtree(folder)
    conclude(capsys, "kills", kills, failures, f" (over {', '.join(whole)})")
