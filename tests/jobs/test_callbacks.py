"""Whoever watches a design hears every update once, may stop it, and what there is then is a design like any other."""

from pathlib import Path

import numpy as np
import pytest

from firstmover import Design, design, resume
from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.leaders import RandomSearch

UPDATES = 200  # more than one call makes


class Watcher:
    def __init__(self, last: int | None = None):
        self.heard, self.last = [], last

    def __call__(self, update: int, metrics) -> bool:  # type: ignore[no-untyped-def]
        self.heard.append((update, metrics))
        return update == self.last


@pytest.fixture(scope="module")
def whole() -> tuple[Design, Watcher]:
    watcher = Watcher()
    made = design(
        "escape",
        followers="best-response",
        leader=RandomSearch(updates=UPDATES),
        seeds=3,
        optimum=False,
        callback=watcher,
    )
    return made, watcher


def test_every_update_is_told_once_with_every_seeds_metrics(whole: tuple[Design, Watcher]) -> None:
    made, watcher = whole
    assert [update for update, _ in watcher.heard] == list(range(1, UPDATES + 1))
    for name, rows in made.history._asdict().items():
        np.testing.assert_array_equal([getattr(metrics, name) for _, metrics in watcher.heard], rows)
    assert np.shape(made.history.value) == (UPDATES, 3)


def test_a_run_that_is_stopped_early_ends_with_what_there_is(whole: tuple[Design, Watcher], tmp_path: Path) -> None:
    watcher = Watcher(last=3)
    leader = RandomSearch(updates=UPDATES)
    made = design(
        "escape",
        followers="best-response",
        leader=leader,
        seeds=3,
        optimum=False,
        callback=watcher,
        out=tmp_path / "run",
    )
    assert [update for update, _ in watcher.heard] == [1, 2, 3]
    count = len(made.history.value)
    assert 3 <= count < UPDATES  # updates of one call are made together
    np.testing.assert_array_equal(made.history.value, whole[0].history.value[:count])
    assert made.as_json()["updates"] == count
    assert len((tmp_path / "run" / "metrics.csv").read_text().splitlines()) == 1 + 3 * count
    for read in (Design.load(tmp_path / "run"), resume(tmp_path / "run")):
        assert read.as_json() == made.as_json()
    assert Design.load(made.save(tmp_path / "saved")).value == made.value
    (tmp_path / "run" / "stopped.json").write_text('{"updates": 0}')
    with pytest.raises(InputError, match=r"stopped\.json is damaged"):
        Design.load(tmp_path / "run")


def test_what_a_callback_raises_ends_the_run_which_can_be_resumed(tmp_path: Path) -> None:
    class PrunedError(Exception):
        pass

    def prune(update: int, metrics) -> None:  # type: ignore[no-untyped-def]
        raise PrunedError

    leader = RandomSearch(updates=5)
    with pytest.raises(PrunedError):
        design(
            "escape",
            followers="best-response",
            leader=leader,
            seeds=1,
            optimum=False,
            callback=prune,
            out=tmp_path / "run",
        )
    assert len(resume(tmp_path / "run").history.value) == 5


def test_the_history_is_a_frame(whole: tuple[Design, Watcher], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    frame = whole[0].history_frame()
    assert len(frame) == UPDATES * 3
    one = frame[(frame["update"] == 7) & (frame["seed"] == 2)]
    assert float(one["evaluated"].iloc[0]) == whole[0].history.evaluated[6, 2]
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(InputError, match="history_frame needs pandas"):
        whole[0].history_frame()


def test_the_command_line_writes_for_tensorboard(tmp_path: Path, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("tensorboardX")
    run = tmp_path / "run"
    line = [
        "design",
        "escape",
        "--followers",
        "best-response",
        "--leader",
        "random-search",
        "--updates",
        "3",
        "--seeds",
        "2",
        "--no-optimum",
    ]
    assert main([*line, "--out", str(run), "--log", "tensorboard"]) == 0
    (events,) = (run / "tensorboard").iterdir()
    written = events.read_bytes()
    assert written.count(b"mean/evaluated") == written.count(b"evaluated/seed_1") == 3
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    monkeypatch.delitem(__import__("sys").modules, "firstmover.interop.tensorboard")
    assert main([*line, "--out", str(tmp_path / "other"), "--log", "tensorboard"]) == 2
    assert "pip install 'firstmover[tensorboard]'" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
