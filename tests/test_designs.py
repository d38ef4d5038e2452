"""Runs: written, read back, killed and resumed, refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import firstmover
from firstmover.certifications import certify
from firstmover.designs import Design, design, resume
from firstmover.errors import InputError
from firstmover.followers import BestResponse, MultiplicativeWeights
from firstmover.games import Maintain, NormalForm, SimpleAllocation
from firstmover.leaders import MAPPO, CommitmentGradient
from firstmover.training import Silent

GAME = SimpleAllocation(3, 2)
LEADER = CommitmentGradient(updates=45, episodes=20)


def _numbers(path: Path) -> dict[str, object]:
    """Everything of a run that must not depend on when it was stopped."""
    result = json.loads((path / "result.json").read_text())
    for timing in ("seconds", "run"):
        del result[timing]
    with np.load(path / "outcome.npz") as stored:
        arrays = {name: stored[name].tobytes() for name in stored.files}
    files = {name: (path / name).read_bytes() for name in ("metrics.csv", "rules.json", "certificate.json")}
    return {"result": result, **arrays, **files}


class _StopAfter(Silent):
    def __init__(self, reports: int):
        self.left = reports

    def learnt(self, done: int, total: int, value: float) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "whole"
    design(GAME, leader=LEADER, seeds=3, out=path)
    return path


def test_a_run_folder_holds_all_that_it_should(finished: Path) -> None:
    names = {path.name for path in finished.iterdir()}
    assert names == {
        "config.json",
        "checkpoint.npz",
        "metrics.csv",
        "outcome.npz",
        "rules.json",
        "certificate.json",
        "result.json",
    }
    config = json.loads((finished / "config.json").read_text())
    assert config["game"] == {"name": "simple-allocation", "parameters": GAME.parameters()}
    assert config["followers"]["parameters"]["ties"] == "first"
    assert config["versions"]["firstmover"] == firstmover.__version__
    rows = (finished / "metrics.csv").read_text().splitlines()
    assert len(rows) == 1 + 45 * 3
    rules = json.loads((finished / "rules.json").read_text())
    assert len(rules["rules"]) == 3
    assert set(rules["rules"][0]) == {"game", "parameters", "rule"}


def test_a_loaded_design_is_the_design(finished: Path) -> None:
    made, loaded = design(GAME, leader=LEADER, seeds=3), Design.load(finished)
    np.testing.assert_array_equal(loaded.tables, made.tables)
    np.testing.assert_array_equal(loaded.values, made.values)
    np.testing.assert_array_equal(loaded.history.value, made.history.value)
    assert loaded.rule.text == made.rule.text
    assert loaded.certificate == json.loads(json.dumps(made.certificate))
    assert [loaded.rule(m) for m in range(2)] == [entry["do"]["item"] for entry in loaded.rule.entries]
    with pytest.raises(InputError, match="observation"):
        loaded.rule(2)
    assert certify(finished) == json.loads(json.dumps(made.certificate))


def test_a_saved_design_can_be_loaded(tmp_path: Path) -> None:
    made = design(Maintain("mixed"), leader=CommitmentGradient(updates=5), seeds=2)
    made.save(tmp_path / "saved")
    loaded = Design.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.rule(), made.rule())
    assert loaded.value == made.value
    with pytest.raises(InputError, match="already holds a run"):
        made.save(tmp_path / "saved")


@pytest.mark.parametrize("leader", [LEADER, MAPPO(updates=3, steps=128, reward_episodes=4)], ids=lambda x: x.name)
def test_stopped_and_resumed_is_the_same_to_the_bit(tmp_path: Path, leader) -> None:
    followers = MultiplicativeWeights(rounds=6, update="sampled", play="argmax")
    design(GAME, followers=followers, leader=leader, seeds=2, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        design(GAME, followers=followers, leader=leader, seeds=2, out=tmp_path / "cut", progress=_StopAfter(2))
    assert not (tmp_path / "cut" / "result.json").exists()
    with pytest.raises(InputError, match="firstmover resume"):
        Design.load(tmp_path / "cut")
    resume(tmp_path / "cut")
    assert _numbers(tmp_path / "cut") == _numbers(tmp_path / "whole")
    assert resume(tmp_path / "cut").value == Design.load(tmp_path / "whole").value  # finished: read back


def test_killed_without_warning_and_resumed(tmp_path: Path, finished: Path) -> None:
    """SIGKILL at whatever moment: before, between or while writing checkpoints."""
    command = [
        sys.executable,
        "-m",
        "firstmover",
        "design",
        "simple-allocation",
        "-l",
        "episodes=20",
        "--updates",
        "45",
    ]
    for moment in ("config.json", "checkpoint.npz"):
        path = tmp_path / moment
        process = subprocess.Popen(
            [*command, "--seeds", "3", "--out", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 120
        while not (path / moment).exists() and time.monotonic() < deadline:
            time.sleep(0.002)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert (path / "config.json").exists()
        resume(path)
        assert _numbers(path) == _numbers(finished)


def test_value_uses_the_tie_rule_of_the_followers() -> None:
    game = NormalForm([[1.0, 0.0]], [[2.0, 2.0]])
    values = [design(game, followers=BestResponse(t), leader=LEADER, seeds=1) for t in ("strong", "weak")]
    assert [made.value for made in values] == [1.0, 0.0]
    assert [made.solution.value for made in values] == [1.0, 0.0]
    assert all(made.certificate["leader_value_bounds"]["cce"] == [0.0, 1.0] for made in values)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "config.json").write_text("{"), "is damaged: it is not JSON"),
        (lambda p: (p / "config.json").write_text("[]"), "not a JSON object"),
        (lambda p: (p / "config.json").write_text('{"format": 1}'), "not the configuration of a run"),
        (lambda p: (p / "config.json").write_text('{"format": 99}'), "newer version"),
        (lambda p: (p / "config.json").write_bytes(b"\xff\xfe"), "is damaged"),
        (lambda p: (p / "config.json").unlink(), "not a run folder"),
        (lambda p: (p / "outcome.npz").write_bytes(b"PK\x03\x04"), "outcome.npz is damaged"),
        (lambda p: (p / "outcome.npz").write_bytes((p / "outcome.npz").read_bytes()[:-200]), "outcome.npz is damaged"),
        (lambda p: (p / "outcome.npz").unlink(), "cannot read"),
        (lambda p: np.savez(p / "outcome.npz", np.zeros(3)), "outcome.npz is damaged"),
        (lambda p: (p / "certificate.json").write_text("nonsense"), "certificate.json is damaged"),
    ],
)
def test_damaged_runs_are_refused(tmp_path: Path, finished: Path, damage, message: str) -> None:
    path = tmp_path / "run"
    shutil.copytree(finished, path)
    damage(path)
    with pytest.raises(InputError, match=message):
        Design.load(path)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path, finished: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(finished, path)
    (path / "result.json").unlink()
    whole = (path / "checkpoint.npz").read_bytes()
    for content in (whole[: len(whole) // 2], b"", bytes(100)):
        (path / "checkpoint.npz").write_bytes(content)
        with pytest.raises(InputError, match=r"checkpoint.npz is damaged"):
            resume(path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": 0}, "seeds must be at least 1"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"followers": "multiplicative-wights"}, "did you mean 'multiplicative-weights'"),
        ({"leader": "mapo"}, "did you mean 'mappo'"),
        ({"game_parameters": {"items": 2}}, "go with a game's name"),
    ],
)
def test_bad_requests_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        design(GAME, **arguments)
