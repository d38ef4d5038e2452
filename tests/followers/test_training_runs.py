"""Followers' training: stopped and gone on with, done first by a design, and met again by the next."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firstmover import design
from firstmover.errors import InputError
from firstmover.followers import Contextual
from firstmover.games import IteratedMatrix
from firstmover.jobs import build, loop
from firstmover.jobs.designs import resume
from firstmover.jobs.finished import Design
from firstmover.jobs.lessons import Pretraining
from firstmover.jobs.pretraining import pretrain, resume_pretraining
from firstmover.jobs.runs import Run
from firstmover.leaders import RandomSearch

GAME = IteratedMatrix(steps=2)
FEW = {"updates": 3, "contexts": 2, "draws": 2, "passes": 2}
SHORT: dict[str, Any] = {"leader": RandomSearch(updates=2, episodes=4), "seeds": 1, "optimum": False}


class _Stop(loop.Silent):
    """Stops when so many updates of whatever learns are done."""

    def __init__(self, at: int, measure: str):
        self.at, self.measure = at, measure

    def learnt(self, done: int, total: int, value: float, measure: str = "mean learned") -> None:
        if (done, measure) == (self.at, self.measure):
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _every_update_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_MOST_UPDATES", 1)
    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr(Contextual, "training", FEW)


def _bytes(folder: Path) -> bytes:
    with np.load(folder / "followers.npz") as stored:
        return b"".join(stored[name].tobytes() for name in stored.files)


def test_training_that_was_stopped_ends_the_same_to_the_bit(tmp_path: Path) -> None:
    settings, rules = Pretraining(**FEW), np.array([[1, 0, 1, 0, 1]])

    def train(name: str, progress: loop.Progress | None = None) -> Any:
        given = {"rules": rules, "seeds": 2, "out": tmp_path / f"{name}.npz", "run": tmp_path / name}
        return pretrain(GAME, settings, progress=progress, **given)

    whole = train("whole")
    with pytest.raises(KeyboardInterrupt):
        train("stopped", _Stop(1, "loss"))
    assert not (tmp_path / "stopped.npz").exists()
    shutil.copytree(tmp_path / "whole", tmp_path / "learnt")  # as when nothing but writing was left to do
    for name in ("result.json", "followers.npz"):
        (tmp_path / "learnt" / name).unlink()
    for name in ("stopped", "learnt"):
        made = resume_pretraining(tmp_path / name)
        assert _bytes(tmp_path / name) == _bytes(tmp_path / "whole")
        assert made.quality == whole.quality
    assert (tmp_path / "stopped.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()
    again = resume_pretraining(tmp_path / "whole")  # is read back
    assert again.as_json() == whole.as_json()
    with pytest.raises(InputError, match="holds a pretraining, not a design"):
        resume(tmp_path / "whole")


@pytest.mark.slow
def test_a_design_trains_its_followers_first_and_the_next_one_meets_them(tmp_path: Path) -> None:
    whole = design(GAME, followers="contextual", out=tmp_path / "a" / "whole", **SHORT)
    for at, measure in ((2, "loss"), (1, "mean learned")):
        folder = tmp_path / measure / "stopped"
        with pytest.raises(KeyboardInterrupt):
            design(GAME, followers="contextual", out=folder, progress=_Stop(at, measure), **SHORT)
        assert (folder / "followers" / "result.json").exists() == (measure == "mean learned")
        made = resume(folder)
        assert _bytes(folder / "followers") == _bytes(tmp_path / "a" / "whole" / "followers")
        np.testing.assert_array_equal(made.tables, whole.tables)
        np.testing.assert_array_equal(made.history.evaluated, whole.history.evaluated)
        assert Design.load(folder).as_json() == made.as_json()
    assert whole.as_json()["trained"] == "followers"

    # The next design of the same game trains nothing: it would stop at the first update of its followers.
    beside = {"followers": Contextual(), "progress": _Stop(1, "loss"), **SHORT}
    again = design(GAME, out=tmp_path / "a" / "again", **beside)
    assert again.as_json()["trained"] == "../whole/followers"
    np.testing.assert_array_equal(again.tables, whole.tables)
    for game, followers in ((IteratedMatrix(steps=3), Contextual()), (GAME, Contextual(sample=2))):
        with pytest.raises(KeyboardInterrupt):
            design(game, out=tmp_path / "a" / f"{game.horizon}", **(beside | {"followers": followers}))

    # What was trained is bound to its run.
    file = tmp_path / "a" / "whole" / "followers" / "followers.npz"
    with np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files}
    arrays["arr_0"] = arrays["arr_0"] + 1
    np.savez(file, **arrays)
    with pytest.raises(InputError, match="is damaged, or was edited"):
        Design.load(tmp_path / "a" / "again")


@pytest.mark.slow
def test_without_a_run_folder_they_are_trained_too() -> None:
    made = design(GAME, followers="contextual", **SHORT)
    assert not made.followers.needs_training
    assert build.description(made.followers)["parameters"]["network"] == ""


def test_a_run_folder_that_is_taken_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    Run.create(tmp_path / "taken", {})
    with pytest.raises(InputError, match="already holds a run"):
        design(GAME, followers="contextual", out=tmp_path / "taken", progress=_Stop(1, "loss"), **SHORT)
    with pytest.raises(InputError, match="already holds a run"):
        pretrain(GAME, run=tmp_path / "taken", progress=_Stop(1, "loss"))
