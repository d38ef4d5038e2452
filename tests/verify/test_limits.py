"""No file keeps a check for long, fills the memory, or ends it in a traceback."""

import copy
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from certified import certificates_of, leaves, nodes, put

from firstmover import verify
from firstmover.verify.limits import MAX_BYTES

SECONDS, BYTES = 20, 10**9
PLACES = int(60 * float(os.environ.get("FIRSTMOVER_SOAK", "1")))  # of each certificate
FOLDER = Path(verify.__file__).parent
STATED = certificates_of("prices", "allocation", "payments", "bayesian", "security")


def _run(path: Path) -> tuple[int, float, str]:
    """Exit status, seconds and what is said, of a process that may not have more memory than is promised."""
    began = time.monotonic()
    limited = f'ulimit -v {BYTES // 1024}; exec "$@"'
    command = ["sh", "-c", limited, "sh", sys.executable, "-I", "-S", str(FOLDER), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, time.monotonic() - began, done.stdout + done.stderr


def _with(name: str, *changes: tuple[tuple[Any, ...], Any]) -> str:
    stated = copy.deepcopy(STATED[name])
    for path, value in changes:
        put(stated, path, value)
    return json.dumps(stated)


_BIG = "9" * 4000
HEAVY = {
    "an empty file": "",
    "deep lists": "[" * 10**6,
    "deep objects": '{"a":' * 10**5,
    "a long number": "9" * 10**6,
    "many lists": "[" + "[]," * (MAX_BYTES // 3 - 10) + "[]]",
    "too large": " " * (MAX_BYTES + 1),
    "text": '"' + "x" * (MAX_BYTES - 2) + '"',
    "an exponent": _with("prices", (("parameters", "types"), 10**15)),
    "many items": _with("prices", (("parameters", "items"), 10**12)),
    "many agents": _with("prices", (("parameters", "agents"), 10**12)),
    "many units": _with("prices", (("parameters", "units"), [10**9])),
    "many prices": _with(
        "prices", (("parameters", "prices"), 10**14), (("baseline", "proof", "parameters", "prices"), 10**14)
    ),
    "many messages": _with("prices", (("parameters", "messages"), 10**6)),
    "many items to give": _with("allocation", (("parameters", "items"), 10**14), (("parameters", "prior"), None)),
    "many messages about items": _with("allocation", (("parameters", "messages"), 10**14)),
    "a huge payment": _with("payments", (("parameters", "max_payment"), 10**15 - 1)),
    "long fractions": _with(
        "prices", (("proof", "induced", "leader"), [[f"{_BIG}/{10**3999 + 2 * k + 1}" for k in range(40)]] * 9)
    ),
    "long denominators": _with(
        "bayesian",
        (
            ("proof", "play", "strategies", 0),
            [[f"1/{10**3999 + 2 * (k + j) + 1}" for j in range(200)] for k in range(20)],
        ),
    ),
    "actions without end": _with("prices", (("proof", "induced", "sizes"), [10**9, 10**9])),
    "followers without end": _with("prices", (("proof", "induced", "sizes"), [1] * 10**5)),
    "a point of many columns": _with(
        "prices", (("proof", "intervals", 0, "least", "point"), [[[0, 0, 0], f"1/{k + 2}"] for k in range(50_000)])
    ),
    "names": _with("security", (("parameters", "targets", "target"), ["x"] * 100_000)),
}


@pytest.mark.parametrize("name", HEAVY)
def test_nothing_keeps_it_for_long(name: str, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(HEAVY[name])
    status, seconds, said = _run(path)
    assert status in (1, 2, 3), said[-500:]
    assert seconds < SECONDS
    assert "Traceback" not in said
    assert said[-10:] != "confirmed\n"


@pytest.mark.parametrize("name", STATED)
def test_no_value_in_any_place_ends_in_a_traceback(name: str) -> None:
    """Everything in turn in every place of a certificate: only what is still true is confirmed."""
    values = [None, True, -1, 10**20, 1.5, 1e300, "x", "1/0", "\ud800", [], {}, [[[]]], {"a": 1}, [None]]
    places = [path for path, _ in nodes(STATED[name]) if path]
    assert len(list(leaves(STATED[name]))) < len(places)
    for k, path in enumerate(places[:: max(1, len(places) // PLACES)]):
        stated = copy.deepcopy(STATED[name])
        put(stated, path, values[k % len(values)])
        try:
            verdict = verify.verdict(verify.check(verify.read(json.dumps(stated))))
        except verify.UnreadableError as why:
            assert len(str(why)) < 1000
            continue
        # Another proof may hold too, and a rule may be told in other words.
        free = path[0] in ("followers", "rule", "parameters", "proof", "baseline")
        assert verdict in ("refuted", "incomplete") or free or stated == STATED[name], path


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    for content in (b"\xff\xfe\x00", b"\x80" * 10**6, b"\x00" * 1000):
        path.write_bytes(content)
        assert _run(path)[0] == 2
    assert _run(tmp_path)[0] == 2  # a folder
    assert _run(tmp_path / ("x" * 300))[0] == 2


def test_what_takes_too_long_is_left_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firstmover.verify.claims.MAX_SECONDS", -1.0)
    claims = verify.check(verify.read(json.dumps(STATED["prices"])))
    assert verify.verdict(claims) == "incomplete"
    assert "it takes more than" in claims[-1].why
