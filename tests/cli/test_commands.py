"""Every command, as text and as JSON."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstmover.certificates import summary
from firstmover.cli import main
from firstmover.cli.progress import Watched
from firstmover.rules import load

NFG = 'NFG 1 R "Three followers of one" { "L" "F" "G" } { 2 2 2 } 3 1 1 0 0 2 1 2 0 4 1 1 2 2 1 1 0 3 0 1 1 2 2 2'


def _json(capsys: pytest.CaptureFixture, *arguments: str):
    capsys.readouterr()
    assert main([*arguments, "--json"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return json.loads(out)


def test_listings(capsys: pytest.CaptureFixture) -> None:
    for command, name in (("games", "maintain"), ("followers", "best-response"), ("leaders", "mappo")):
        assert name in _json(capsys, command)
        assert main([command]) == 0
        assert name in capsys.readouterr().out


def test_design_certify_and_resume(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ("design", "simple-allocation", "-g", "messages=2", "--seeds", "3", "--updates", "40")
    result = _json(capsys, *arguments)
    promised = (
        "game followers leader seeds value best_seed rule rule_text certificate optimum env_steps simulated_steps"
    )
    assert set(promised.split()) | {"seconds", "run"} <= set(result)
    assert set(result["seconds"]) == {"total", "compile", "train"}
    assert result["value"] == pytest.approx([2 / 3] * 3)
    assert result["optimum"] == pytest.approx(2 / 3)
    assert result["followers"]["parameters"]["ties"] == "first"
    assert result["run"] == "runs/simple-allocation-001"
    certificate = result["certificate"]
    assert certificate["exact"] is True
    assert len(certificate["epsilon"]["by_follower"][0]) == 3
    assert set(certificate["leader_value_bounds"]) == {"bcce", "anf_cce"}
    anew = _json(capsys, "certify", result["run"])
    assert {key: summary(anew)[key] for key in certificate} == certificate  # and of measures, among others
    written = json.loads(Path(result["run"], "certificate.json").read_text())
    assert {key: anew[key] for key in written} == written
    assert _json(capsys, "verify", f"{result['run']}/certificate.json")["verdict"] == "confirmed"
    assert _json(capsys, "resume", result["run"])["value"] == result["value"]
    assert main(list(arguments)) == 0
    text = capsys.readouterr().out
    for part in ("On message 0, give item", "0.666667", "certified", "no messages", "runs/simple-allocation-002"):
        assert part in text


def test_solve(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    strong = _json(capsys, "solve", "maintain", "-g", "commitment=mixed")
    assert (strong["optimum"], strong["attained"], strong["exact"], strong["ties"]) == (27.5, True, True, "strong")
    assert strong["rule"][0]["do"]["mixture"] == pytest.approx([0.25, 0.75, 0])
    weak = _json(capsys, "solve", "maintain", "-g", "commitment=mixed", "--ties", "weak")
    assert (weak["optimum"], weak["attained"]) == (pytest.approx(27.5), False)
    assert main(["solve", "maintain", "-g", "commitment=mixed", "--ties", "weak"]) == 0
    assert "not attained" in capsys.readouterr().out
    assert _json(capsys, "solve", "simple-allocation", "-g", "items=5", "-g", "messages=3")["optimum"] == pytest.approx(
        0.6
    )
    skewed = _json(capsys, "solve", "simple-allocation", "-g", "prior=1/2,1/3,1/6", "-g", "messages=2")
    assert skewed["optimum"] == pytest.approx(5 / 6)
    Path("three.nfg").write_text(NFG)
    several = _json(capsys, "solve", "three.nfg", "-g", "commitment=mixed")
    assert several["optimum"] is None
    assert several["exact"] is False
    assert several["upper_bounds"]["correlated"] <= several["upper_bounds"]["coarse_correlated"] + 1e-9
    one = _json(capsys, "solve", "three.nfg")
    assert one["optimum"] <= several["upper_bounds"]["coarse_correlated"] + 1e-9
    assert "coarse correlated" in one["followers"]


def test_solve_certify_and_verify_a_price_mechanism(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    best = _json(capsys, "solve", "sequential-price", "-g", "types=3", "--selection", "anf_cce", "--out", "best.json")
    assert (best["optimum"], best["welfare_loss"], best["exact"], best["attained"]) == (0.0, 0.0, True, True)
    assert best["bounds"] == [0.0, 0.0]
    assert set(best["prices"]) == {"0,0", "0,1", "1,0", "1,1"}
    certificate = _json(capsys, "certify", "best.json", "--out", "proof.json")
    assert certificate["leader_value_bounds"]["anf_cce"] == [0.0, 0.0]
    assert certificate["followers"] is None or certificate["followers"]["name"] == "multiplicative-weights"
    assert main(["verify", "proof.json"]) == 0
    assert "the certificate is confirmed" in capsys.readouterr().out
    Path("proof.json").write_text(json.dumps({**certificate, "value": certificate["value"] + 0.5}))
    assert main(["verify", "proof.json", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "refuted"
    stopped = _json(
        capsys, "solve", "sequential-price", "-g", "types=8", "--selection", "anf_cce", "--time-limit", "0.5"
    )
    assert stopped["exact"] is False
    assert stopped["optimum"] is None
    assert stopped["bounds"][0] <= stopped["bounds"][1]


def test_games_from_files(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    Path("three.nfg").write_text(NFG)
    result = _json(capsys, "design", "three.nfg", "--seeds", "2", "--updates", "30")
    low, high = result["certificate"]["leader_value_bounds"]["cce"]
    assert low <= high
    assert result["optimum"] is not None
    Path("A.csv").write_text("1,3\n0,2\n")
    Path("B.csv").write_text("1,0\n0,1\n")
    files = ("-g", "leader_payoffs=A.csv", "-g", "follower_payoffs=B.csv")
    mixed = _json(capsys, "solve", "normal-form", *files, "-g", "commitment=mixed")
    assert mixed["optimum"] == pytest.approx(2.5)
    learnt = _json(capsys, "design", "normal-form", *files, "--seeds", "2", "--updates", "30")
    assert learnt["value"] == pytest.approx([2.0, 2.0])
    act = load(learnt["run"])  # the best seed's rule, and what the run prints is one too
    Path("run.json").write_text(json.dumps(learnt))
    assert act() == load("run.json")() == learnt["rule"][0]["do"]
    Path("A.csv").unlink()  # a run carries its game with it
    anew = summary(_json(capsys, "certify", learnt["run"]))
    assert {key: anew[key] for key in learnt["certificate"]} == learnt["certificate"]


def test_a_full_compilation_cache_is_not_talked_about(monkeypatch) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main(["games"]) == 0
        warnings.warn("Error writing persistent compilation cache entry for 'f': No space left", stacklevel=1)


@pytest.mark.slow
def test_a_run_goes_on_with_the_followers_that_it_began_with(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    training = ("-t", "updates=1", "-t", "contexts=1", "-t", "passes=1")
    for name, seed in (("one.npz", "0"), ("other.npz", "1")):
        assert main(["pretrain", "iterated-matrix", *training, "--seed", seed, "--out", name]) == 0
    short = (
        "--followers",
        "contextual",
        "-f",
        "network=one.npz",
        "-l",
        "episodes=10",
        "--updates",
        "2",
        "--seeds",
        "1",
    )
    made = _json(capsys, "design", "iterated-matrix", *short, "--out", "run", "--no-optimum")
    assert (made["optimum"], made["optimum_reason"]) == (None, "it was not asked for")
    assert _json(capsys, "resume", "run")["value"] == made["value"]
    Path("other.npz").replace("one.npz")
    assert main(["resume", "run"]) == 2
    assert "have other networks than when the run began" in capsys.readouterr().err


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """As in a shell's foreground, also where the tests run in its background, which ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_the_first_ctrl_c_waits_for_a_report_and_the_second_does_not(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Watched(tmp_path / "config.json", "resume it") as progress:
        signal.raise_signal(signal.SIGINT)
        progress.learnt(1, 10, 0.0)
    with pytest.raises(KeyboardInterrupt), Watched(tmp_path / "config.json", "resume it"):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_says_how_to_resume(tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "firstmover",
        "design",
        "simple-allocation",
        "--updates",
        "100000",
        "--out",
        str(run),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + 60
            while not (run / "config.json").exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(0.5)
            os.kill(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130
    assert out == ""
    assert f"firstmover resume {run}" in err
    assert "Traceback" not in err
