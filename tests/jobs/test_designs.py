"""Runs: written, read back, killed and resumed, refused."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import firstmover
from firstmover.errors import InputError
from firstmover.followers import BestResponse, MultiplicativeWeights
from firstmover.games import Maintain, NormalForm, SimpleAllocation
from firstmover.jobs.certifications import certify
from firstmover.jobs.designs import design, resume
from firstmover.jobs.finished import Design
from firstmover.jobs.loop import Silent
from firstmover.leaders import MAPPO, CommitmentGradient
from firstmover.solvers.registry import optimum
from firstmover.solvers.solution import Solution

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


def _edit(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def _changed(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as stored:
        return {name: stored[name] + 1 if stored[name].dtype.kind == "f" else stored[name] for name in stored.files}


class _StopAfter(Silent):
    def __init__(self, reports: int):
        self.left = reports

    def learnt(self, done: int, total: int, value: float, measure: str = "mean learned") -> None:
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
    again = certify(finished)  # which tells of measures and data, too
    assert {key: again[key] for key in made.certificate} == json.loads(json.dumps(made.certificate))


def test_a_saved_design_can_be_loaded(tmp_path: Path) -> None:
    made = design(Maintain("mixed"), leader=CommitmentGradient(updates=5), seeds=2)
    made.save(tmp_path / "saved")
    loaded = Design.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.rule(), made.rule())
    assert loaded.value == made.value
    with pytest.raises(InputError, match="already holds a run"):
        made.save(tmp_path / "saved")


@pytest.mark.parametrize(
    "leader",
    [LEADER, pytest.param(MAPPO(updates=3, steps=128, reward_episodes=4), marks=pytest.mark.slow)],
    ids=lambda x: x.name,
)
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
        (lambda p: (p / "config.json").write_text("[" * 5000), "is damaged: it is not JSON"),
        (lambda p: (p / "config.json").write_text('{"format": 1}'), "older version"),
        (lambda p: (p / "config.json").write_text('{"format": 4}'), "was edited"),
        (lambda p: (p / "config.json").write_text('{"format": 99}'), "newer version"),
        (lambda p: _edit(p / "config.json", seeds=2), "config.json is damaged, or was edited"),
        (lambda p: (p / "config.json").write_bytes(b"\xff\xfe"), "is damaged"),
        (lambda p: (p / "config.json").unlink(), "not a run folder"),
        (lambda p: (p / "outcome.npz").write_bytes(b"PK\x03\x04"), "outcome.npz is damaged"),
        (lambda p: (p / "outcome.npz").write_bytes((p / "outcome.npz").read_bytes()[:-200]), "outcome.npz is damaged"),
        (lambda p: (p / "outcome.npz").unlink(), "cannot read"),
        (lambda p: np.savez(p / "outcome.npz", np.zeros(3)), "outcome.npz is damaged"),
        (lambda p: np.savez(p / "outcome.npz", **_changed(p / "outcome.npz")), "outcome.npz was edited"),
        (lambda p: _edit(p / "certificate.json", value=9.0), "certificate.json was edited"),
        (lambda p: (p / "certificate.json").write_text("nonsense"), "certificate.json is damaged"),
        (lambda p: (p / "certificate.json").unlink(), "cannot read"),
        (lambda p: _edit(p / "result.json", value=[9.0] * 3), "result.json is damaged, was edited"),
        (lambda p: (p / "result.json").write_text("{}"), "result.json is damaged, was edited"),
        (lambda p: (p / "result.json").write_text('{"seconds": 3}'), "result.json is damaged, was edited"),
    ],
)
def test_damaged_runs_are_refused(tmp_path: Path, finished: Path, damage, message: str) -> None:
    path = tmp_path / "run"
    shutil.copytree(finished, path)
    damage(path)
    with pytest.raises(InputError, match=message):
        Design.load(path)


def test_what_belongs_to_another_run_is_refused(tmp_path: Path, finished: Path) -> None:
    other = tmp_path / "other"
    design(GAME, leader=LEADER, seeds=3, seed=7, out=other)
    for name in ("config.json", "outcome.npz", "certificate.json", "result.json"):
        path = tmp_path / name
        shutil.copytree(finished, path)
        shutil.copy(other / name, path / name)
        with pytest.raises(InputError, match=r"another run|was edited|not belong together"):
            Design.load(path)
    path = tmp_path / "unfinished"
    shutil.copytree(finished, path)
    (path / "result.json").unlink()
    shutil.copy(other / "checkpoint.npz", path / "checkpoint.npz")
    with pytest.raises(InputError, match=r"checkpoint.npz was edited, or belongs to another run"):
        resume(path)


def test_a_lost_result_or_certificate_is_written_anew(tmp_path: Path, finished: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(finished, path)
    for name in ("result.json", "certificate.json"):
        (path / name).write_text("nonsense")
    (path / "result.json").unlink()  # as the sentence says
    resume(path)
    assert _numbers(path) == _numbers(finished)
    (path / "certificate.json").write_text("{}")
    certify(path)
    assert _numbers(path) == _numbers(finished)


def test_a_design_is_saved_before_it_is_certified(tmp_path: Path, finished: Path, monkeypatch) -> None:
    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("firstmover.jobs.designs.certify_play", lambda *_, **__: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            design(GAME, leader=LEADER, seeds=3, out=path)
    with monkeypatch.context() as patch:
        patch.setattr("firstmover.jobs.designs.settled", None)  # the outcome is read back
        resume(path)
    assert _numbers(path) == _numbers(finished)


def test_a_full_disk_loses_nothing(tmp_path: Path, finished: Path, monkeypatch) -> None:
    """Whichever write fails, a sentence says so, nothing is half-written, and the run goes on once there is room."""
    writes, failing = [0], [0]
    whole = os.fsync

    def full(file: int) -> None:
        writes[0] += 1
        if writes[0] == failing[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole(file)

    monkeypatch.setattr("os.fsync", full)
    for failing[0] in range(1, 20):
        writes[0], path = 0, tmp_path / str(failing[0])
        try:
            design(GAME, leader=LEADER, seeds=3, out=path)
            break  # every write has failed once
        except InputError as error:
            assert re.fullmatch(r"cannot write .*: No space left on device\.", str(error))
        assert not list(path.glob(".*"))
        if failing[0] > 1:
            resume(path)
            assert _numbers(path) == _numbers(finished)
    assert failing[0] >= 8


def test_seconds_are_what_was_waited_for(tmp_path: Path) -> None:
    began = time.perf_counter()
    made = design(GAME, leader=LEADER, seeds=3, out=tmp_path / "run")
    waited = time.perf_counter() - began
    assert 0.9 * waited - 0.2 < made.seconds["total"] < waited
    later = design(GAME, leader=LEADER, seeds=3, waiting_since=time.perf_counter() - 100)
    assert later.seconds["total"] > 100


def test_the_optimum_is_bounded_in_time_and_can_be_switched_off(tmp_path: Path, monkeypatch) -> None:
    stages: list[str] = []

    class Told(Silent):
        def stage(self, what: str) -> None:
            stages.append(what)

    class Slow(SimpleAllocation):
        pass

    @optimum.register(Slow)
    def slowly(game: Slow, ties: str) -> Solution:
        for _ in range(600):
            time.sleep(0.1)
        raise AssertionError

    monkeypatch.setattr("firstmover.jobs.designs.OPTIMUM_SECONDS", 0.5)
    made = design(Slow(3, 2), leader=LEADER, seeds=2, progress=Told())
    assert (made.optimum.value, made.at_optimum) == (None, None)
    assert "it takes more than 0.5 s" in made.optimum.reason
    assert any("for at most 0.5 s" in stage for stage in stages)
    stages.clear()
    made = design(Slow(3, 2), leader=LEADER, seeds=2, optimum=False, progress=Told())
    assert made.as_json()["optimum"] is None
    assert not any("optimum" in stage for stage in stages)
    made.save(tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    assert resume(tmp_path / "run").optimum == made.optimum


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
