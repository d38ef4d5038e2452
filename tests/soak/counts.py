"""How much the soak tests try, and what they say in the end.

`FIRSTMOVER_SOAK` multiplies every count (1 if not set): `FIRSTMOVER_SOAK=0.01 pytest -m slow tests/soak` for a look, 10
for a night. `FIRSTMOVER_SOAK_SEED` chooses other moments, mutations and bits (0 if not set).
"""

import os
import random
from collections.abc import Sequence

import pytest


def count(full: int) -> int:
    """So many tries."""
    return max(1, round(full * float(os.environ.get("FIRSTMOVER_SOAK", "1"))))


def chance(of: str) -> random.Random:
    """The randomness of a test."""
    return random.Random(f"{of} {os.environ.get('FIRSTMOVER_SOAK_SEED', '0')}")


def conclude(capsys: pytest.CaptureFixture, what: str, tried: int, failures: Sequence[str], more: str = "") -> None:
    """Print how many were tried and failed, and fail if one did."""
    with capsys.disabled():
        print(f"\n{what}: tried {tried}, failed {len(failures)}{more}")
    assert not failures, "\n".join(failures[:20])
