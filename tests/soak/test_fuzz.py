"""Mutated command lines and files: an answer, or one sentence, never a traceback, never a hang."""

import contextlib
import json
import random
import re
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from counts import chance, conclude, count

from firstmover.cli import main
from firstmover.games.targets import COLUMNS

CASES = Path(__file__).parents[1] / "cases"
LIMIT = 120  # seconds for a command
TRAINING = ["-t", "updates=1", "-t", "contexts=1", "-t", "passes=1"]
SHORT = ["--seeds", "1", "--updates", "1", "-f", "rounds=2", "--no-optimum"]
TABLES = ["-g", "leader_payoffs=A.csv", "-g", "follower_payoffs=B.csv"]
# Command lines that are good, and how often each is mutated: what trains or compiles is dear.
LINES: list[tuple[int, list[str]]] = [
    (10, ["solve", "normal-form", *TABLES, "-g", "commitment=mixed"]),
    (6, ["solve", "normal-form", *TABLES, "--ties", "weak"]),
    (10, ["solve", "game.nfg", "-g", "commitment=mixed", "--json"]),
    (6, ["solve", "bayesian-normal-form", *TABLES, "-g", "prior=1"]),
    (6, ["solve", "security", "-g", "targets=targets.csv", "-g", "resources=1", "--out", "best.json"]),
    (6, ["solve", "sequential-price", "-g", "values=values.csv", "-g", "messages=1"]),
    (2, ["solve", "sequential-price", "-g", "types=2", "--selection", "anf_cce", "--time-limit", "1"]),
    (4, ["solve", "simple-allocation", "-g", "messages=2", "-g", "prior=1/2,1/3,1/6"]),
    (2, ["solve", "iterated-matrix", "-g", "game=chicken"]),
    (4, ["solve", "matrix-design", "-g", "payoffs=game.nfg", "-g", "rule=tau"]),
    (12, ["certify", "rule.json", "--out", "new.json"]),
    (6, ["certify", "mixed.json", "--epsilon", "0.1", "--json"]),
    (1, ["certify", "unplayed.json", "--followers", "best-response", "-f", "ties=weak"]),
    (14, ["verify", "proof.json"]),
    (4, ["certify", "run", "--epsilon", "0.1"]),
    (6, ["resume", "run", "--json"]),
    (1, ["design", "escape", *SHORT, "-l", "episodes=10"]),
    (1, ["design", "game.nfg", *SHORT, "-g", "commitment=mixed", "-l", "episodes=10"]),
    (1, ["design", "iterated-matrix", *SHORT, "--followers", "contextual", "-f", "network=followers.npz"]),
    (1, ["pretrain", "iterated-matrix", *TRAINING, "--out", "new.npz"]),
    (8, ["solve", "normal-form", "-g", "leader_payoffs=named.csv", "-g", "follower_payoffs=named.csv"]),
    (8, ["solve", "long.csv", "-g", "commitment=mixed", "--compare", "nash", "--json"]),
    (8, ["solve", "tree.efg", "--ties", "weak"]),
    (6, ["export", "mixed.json", "--to", "markdown"]),
    (6, ["export", "rule.json", "--to", "python", "-o", "acts.py"]),
    (4, ["export", "rule.json", "--to", "csv", "--json"]),
    (4, ["export", "run", "--to", "latex"]),
    (3, ["export", "rule.json", "--to", "nfg"]),
    (3, ["export", "long.csv", "--to", "nfg", "-o", "new.nfg"]),
    (2, ["games", "--json"]),
    (2, ["reproduce", "--list"]),
]
VALUES = [
    "", " ", "0", "-1", "1", "2", "3.7", "nan", "inf", "-inf", "1e309", "1e-400", "1e999999999", "1/0", "1/3", "0x10",
    "1_0", "9" * 400, "9" * 5000, "99999999", "-0", "true", "none", "null", "[]", "{}", "a,b", "1,2", "mixed", "weak",
    "=", "==", "\n", "a\nb", "\x1b[2J", "\udcff", "\u0663", "\u00bd", "\U0001f600", "n" * 300, "rule.json", "A.csv",
    "run", ".", "--json", "-h",
]  # fmt: skip
FORMS = {
    "A.csv": "1,3\n0,2\n",
    "B.csv": "1,0\n0,1\n",
    "named.csv": "# prices\nprice;buy;leave\nlow;1,5;1/3\nhigh;-2 %;0\n",
    "long.csv": "lead,follow,p,q\nTop,Left,1,1\nTop,Right,3,0\nBottom,Left,0,0\nBottom,Right,2,1/3\n",
    "tree.efg": 'EFG 2 R "t" { "A" "B" }\nc "" 1 "" { "s" 1/3 "w" 2/3 } 0\np "" 2 1 "" { "in" "out" } 0\n'
    'p "" 1 1 "" { "fight" "yield" } 0\nt "" 1 "" { 1, -1 }\nt "" 2 "" { 0, 2 }\nt "" 3 "" { 5 0 }\nt "" 1\n',
    "targets.csv": ",".join(["target", *COLUMNS]) + "\na,1,-2,-1,2\nb,2,-1,-2,1\n",
    "values.csv": "agent,probability,value\n0,0.5,0.25\n0,0.5,1\n1,1,0.5\n",
    "game.nfg": (CASES / "unnamed_strategies.nfg").read_text(),
    "rule.json": json.dumps(
        {"game": "simple-allocation", "parameters": {"messages": 2}, "rule": [{"when": {}, "do": {"item": 0}}],
         "play": [[[1.0, 0.0]] * 3]}
    ),
    "mixed.json": json.dumps(
        {"game": "maintain", "parameters": {"commitment": "mixed"}, "rule": [{"do": {"mixture": [0.5, 0.5, 0]}}],
         "play": [[[0.0, 1.0, 0.0]]]}
    ),
    "unplayed.json": json.dumps({"game": "escape", "rule": [{"do": {"action": 2}}]}),
}  # fmt: skip


class _HangError(BaseException):
    """A command took longer than `LIMIT`."""


def _good_files() -> None:
    """Write the files that the command lines name into the working directory."""
    for name, text in FORMS.items():
        Path(name).write_text(text)
    made = [
        ["certify", "rule.json", "--out", "proof.json"],
        ["design", "simple-allocation", *SHORT, "--out", "run"],
        [
            "pretrain",
            "iterated-matrix",
            "-t",
            "updates=1",
            "-t",
            "contexts=1",
            "-t",
            "passes=1",
            "--out",
            "followers.npz",
        ],
    ]
    assert [main(line) for line in made] == [0, 0, 0]


def _text(draw: random.Random, text: str) -> str:
    """A text with one thing changed."""
    at = draw.randrange(len(text) + 1)
    kind = draw.randrange(5)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + draw.choice(["\0", "\n", "é", "{", "}", '"', ",", "-", "e", "9", "/", "="]) + text[at:]
    if kind == 2:
        return text[:at]
    if kind == 3:  # a number, or a word
        parts = re.split(r"([\w.+-]+)", text)
        where = draw.randrange(len(parts))
        parts[where] = draw.choice(VALUES)
        return "".join(parts)
    return text[:at] + text[draw.randrange(len(text) + 1) :]


def _nested(draw: random.Random, value: Any) -> Any:
    """JSON with one node changed."""
    if isinstance(value, dict | list) and value and draw.random() < 0.85:
        key = draw.choice(list(value)) if isinstance(value, dict) else draw.randrange(len(value))
        changed = value.copy()
        if draw.random() < 0.1:
            del changed[key]
        elif draw.random() < 0.05:
            changed = {**value, "more": 1} if isinstance(value, dict) else [*value, value[0]]
        else:
            changed[key] = _nested(draw, value[key])
        return changed
    return draw.choice(
        [None, True, -1, 0, 1, 2.5, 1e308, -1e308, 1e-320, float("inf"), float("nan"), 10**400, 2**63, "", "a\nb",
         "1/3", "1e999999999", "1/0", "n" * 300, "\0", [], {}, [[]], [value], {"a": value}, [0.5, 0.6], [1.0],
         "maintain", 99]
    )  # fmt: skip


def _damaged(draw: random.Random, path: Path) -> None:
    content = path.read_bytes()
    if path.suffix == ".json" and draw.random() < 0.8:
        path.write_text(json.dumps(_nested(draw, json.loads(content))))
    elif path.suffix in (".csv", ".nfg", ".efg") or (path.suffix == ".json" and draw.random() < 0.5):
        path.write_text(_text(draw, content.decode()), encoding="utf-8", errors="surrogatepass")
    else:
        flipped = bytearray(content)
        for _ in range(draw.choice([1, 1, 8])):
            flipped[draw.randrange(len(flipped))] = draw.randrange(256)
        path.write_bytes(flipped)


def _line(draw: random.Random, line: list[str]) -> list[str]:
    """A command line with one thing changed; nothing in it leaves the working directory."""
    at = draw.randrange(len(line))
    kind = draw.choices(range(6), [1, 1, 1, 2, 1, 6])[0]
    if kind == 0:
        line = [*line[:at], *line[at + 1 :]]
    elif kind == 1:
        line = [*line[:at], line[at], *line[at:]]
    elif kind == 2:
        line = [*line[:at], draw.choice(VALUES), *line[at + 1 :]]
    elif kind == 3:
        line = [*line[:at], _text(draw, line[at]), *line[at + 1 :]]
    elif kind == 4:
        other = draw.choice(LINES)[1]
        line = [*line[:at], *other[draw.randrange(len(other)) :]]
    else:
        at = draw.choice([k for k, part in enumerate(line) if "=" in part] or [at])
        key, equals, _ = line[at].partition("=")
        line = [*line[:at], f"{key}{equals}{draw.choice(VALUES)}", *line[at + 1 :]]
    return [part.replace("/", "") if part.startswith(("/", "..")) or "=/" in part else part for part in line]


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: Any) -> None:
        raise _HangError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fault(status: int, out: str, err: str, line: list[str]) -> str | None:
    """What is wrong with an answer, if anything."""
    lines = [text for text in err.splitlines() if not text.startswith("[")]  # what is not progress
    if status not in (0, 1, 2, 3, 130):
        return f"status {status}"
    if "Traceback" in err:
        return "a traceback"
    if status == 2 and (len(lines) != 1 or not lines[0].startswith("firstmover: ")):
        return "not one sentence"
    if status == 0 and line[-1:] == ["--json"] and not out.startswith("usage: "):
        try:
            json.loads(out)
        except ValueError:
            return "not JSON"
    return None


def _confirmed(line: list[str]) -> str | None:
    """The same finding with the real command, if it is one."""
    command = [sys.executable, "-m", "firstmover", *(part.replace("\0", "") for part in line)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return f"longer than {LIMIT} s"
    out, err = (part.decode(errors="replace") for part in (done.stdout, done.stderr))
    fault = _fault(done.returncode, out, err, line)
    return None if fault is None else f"{fault}: {err[-600:]}"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="signals")
def test_mutated_commands_and_files(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    _good_files()
    good = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    draw, tried, failures, statuses = chance("fuzz"), count(10_000), [], dict.fromkeys((0, 1, 2, 3), 0)
    slowest = (0.0, [""])
    for _ in range(tried):
        line = list(draw.choices([line for _, line in LINES], [weight for weight, _ in LINES])[0])
        named = [path for path in good if any(part in path.parts or part.endswith(f"={path}") for part in line)]
        changes = draw.choice([1, 1, 1, 2, 3])
        if named and draw.random() < 0.6:
            path = draw.choice(named)
            for _ in range(changes):
                if path.stat().st_size:
                    with contextlib.suppress(ValueError):  # no JSON any more
                        _damaged(draw, path)
        else:
            for _ in range(changes):
                if line:
                    line = _line(draw, line)
        began, fault, status = time.perf_counter(), None, 0
        try:
            with _limited(LIMIT):
                status = main(line)
        except SystemExit as stopped:
            status = stopped.code if isinstance(stopped.code, int) else 2
        except _HangError:
            asked = any(re.fullmatch(r"updates=\d{4,}", part) for part in line)  # for long, and told how long
            fault = None if asked else f"longer than {LIMIT} s"
        except BaseException:
            fault = traceback.format_exc()
        out, err = capsys.readouterr()
        fault = fault or _fault(status, out, err, line)
        statuses[status] = statuses.get(status, 0) + 1
        slowest = max(slowest, (time.perf_counter() - began, line))
        if fault is not None and (real := _confirmed(line)) is not None:
            files = {path.name: path.read_bytes()[:400] for path in named if path.read_bytes() != good[path]}
            failures.append(f"{line} with {files}: {real}")
            with capsys.disabled():
                print(f"\n{failures[-1]}", flush=True)
        for path in sorted(Path().rglob("*"), reverse=True):
            if path.is_dir():
                with contextlib.suppress(OSError):
                    path.rmdir()
            elif path not in good:
                path.unlink()
        for path, content in good.items():
            if path.read_bytes() != content:
                path.write_bytes(content)
    assert statuses[2] > tried // 4
    more = f" (by status: {statuses}; the slowest took {slowest[0]:.1f} s)"
    conclude(capsys, "mutated commands and files", tried, failures, more)
