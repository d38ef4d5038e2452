"""docs/start-up.md."""

import json
from typing import Any

from claimed.claim import Claim
from claimed.measurements import Benchmark

PAGE = "docs/start-up.md"
_MEASURED = Benchmark("startup.py", "--json", alone=True, seconds=120.0)


def _of(name: str) -> Any:
    return lambda printed: json.loads(printed)["summary"][name]


CLAIMS = (
    Claim(
        PAGE,
        "`verify` and mistyped names take at most 0.3 s each",
        _MEASURED,
        _of("light"),
        0.3,
        sense="at most",
        quick=False,
    ),
    Claim(
        PAGE,
        "at most 2 times what JAX alone takes",
        _MEASURED,
        _of("rest"),
        2,
        sense="at most",
        quick=False,
    ),
)
