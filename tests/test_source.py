"""What modules say, read by several threads."""

import ast
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from firstmover import source


def test_one_thread_parses_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11 counts depth for all threads at once: two that parsed, with collections between, ended a run."""
    inside, most = [0], [0]

    def parse(_: bytes) -> ast.Module:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.005)
        inside[0] -= 1
        return ast.Module([], [])

    monkeypatch.setattr(source.ast, "parse", parse)
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(source.tree.__wrapped__, ["firstmover.errors"] * 8))
    assert len(read) == 8 and most[0] == 1
