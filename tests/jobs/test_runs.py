"""Run folders: every process gets one of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from firstmover.errors import InputError
from firstmover.jobs.runs import Run, free_folder

CLAIM = """
import sys
from firstmover.jobs.runs import free_folder
print("ready", flush=True)
sys.stdin.readline()
for _ in range(100):
    with free_folder("race") as path:
        (path / sys.argv[1]).touch()
        print(path)
"""


def test_processes_that_ask_for_a_free_folder_at_once_get_different_ones(tmp_path: Path) -> None:
    asked = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(k)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path,
        )
        for k in range(3)
    ]  # fmt: skip
    for process in asked:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in asked:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    given = [process.communicate()[0].split() for process in asked]
    assert all(process.returncode == 0 for process in asked)
    assert len({path for paths in given for path in paths}) == 300
    for k, paths in enumerate(given):
        assert all([file.name for file in (tmp_path / path).iterdir()] == [str(k)] for path in paths)


def test_a_folder_is_claimed_by_making_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("runs/a-001").mkdir(parents=True)
    monkeypatch.setattr(Path, "exists", lambda path: False)  # as if another process made it after this one looked
    with free_folder("a") as path:
        assert path == Path("runs/a-002")


def test_of_two_that_begin_in_one_folder_one_is_refused(tmp_path: Path, monkeypatch) -> None:
    Run.create(tmp_path / "run", {"by": "one"})
    monkeypatch.setattr("firstmover.jobs.runs._listed", lambda folder: [])  # as if both had looked before either wrote
    with pytest.raises(InputError, match="exists already"):
        Run.create(tmp_path / "run", {"by": "other"})
    assert Run.open(tmp_path / "run").config["by"] == "one"


def test_a_folder_that_nothing_is_written_to_is_not_left_behind(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError), free_folder("a") as path:
        assert path.is_dir()
        raise InputError("no")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="File name too long"), free_folder("n" * 300):
        pass
    assert list(tmp_path.iterdir()) == []
