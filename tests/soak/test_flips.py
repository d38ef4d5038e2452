"""Bits that flip and files that are cut short in run folders: the very same result, or one sentence."""

import json
import shutil
from pathlib import Path

import pytest
from counts import chance, conclude, count

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.games import SimpleAllocation
from firstmover.jobs.designs import design
from firstmover.jobs.finished import Design
from firstmover.jobs.loop import Silent
from firstmover.leaders import CommitmentGradient

GAME, LEADER = SimpleAllocation(3, 2), CommitmentGradient(updates=12, episodes=10)


class _StopAtOnce(Silent):
    def learnt(self, done: int, total: int, value: float, measure: str = "mean learned") -> None:
        raise KeyboardInterrupt


class _StopCertifying(Silent):
    def stage(self, what: str) -> None:
        if what == "certifying":
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run in every state that a kill can leave: finished, learning, saved but not certified."""
    above = tmp_path_factory.mktemp("runs")
    design(GAME, leader=LEADER, seeds=2, out=above / "finished")
    for name, stop in (("saved", _StopCertifying()), ("learning", _StopAtOnce())):
        with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patch:
            patch.setattr("firstmover.jobs.loop._CHECKPOINT_SECONDS", 0.0)
            design(GAME, leader=LEADER, seeds=2, out=above / name, progress=stop)
    assert (above / "saved" / "outcome.npz").exists()
    assert (above / "learning" / "checkpoint.npz").exists()
    assert not (above / "learning" / "outcome.npz").exists()
    with pytest.raises(InputError, match="not finished"):
        Design.load(above / "saved")
    return {name: above / name for name in ("finished", "saved", "learning")}


def _result(capsys: pytest.CaptureFixture, path: Path) -> tuple[int, dict | None, str]:
    """What `resume` answers: status, the numbers, stderr."""
    status = main(["resume", str(path), "--json"])
    out, err = capsys.readouterr()
    if status:
        return status, None, err
    result = json.loads(out)
    return status, {key: value for key, value in result.items() if key not in ("seconds", "run")}, err


@pytest.mark.slow
def test_run_folders_survive_flips_and_cuts(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    # A resumed run compiles, so most of the damage is done to a finished one.
    draw, tried, failures, refused = chance("flips"), count(2000), [], 0
    _, whole, _ = _result(capsys, folders["finished"])
    assert whole is not None
    for number in range(tried):
        state = draw.choices(["finished", "saved", "learning"], [0.75, 0.22, 0.03])[0]
        path = tmp_path / str(number)
        shutil.copytree(folders[state], path)
        file = draw.choice(sorted(path.iterdir()))
        content = bytearray(file.read_bytes())
        if draw.random() < 0.25:
            at = draw.randrange(len(content))
            del content[at:]
            damage = f"{file.name} cut to {at} bytes"
        else:
            at = draw.randrange(8 * len(content))
            content[at // 8] ^= 1 << at % 8
            damage = f"bit {at} of {file.name} flipped"
        file.write_bytes(content)
        status, result, err = _result(capsys, path)
        sentence = status == 2 and err.startswith("firstmover: ") and err.count("\n") == 1
        refused += sentence
        if not sentence and result != whole:
            failures.append(f"{state}: {damage}: status {status}, {err!r}")
        shutil.rmtree(path)
    assert tried < 100 or refused > tried // 4
    conclude(capsys, "flips and cuts", tried, failures, f" ({refused} refused, the others gave the same result)")
