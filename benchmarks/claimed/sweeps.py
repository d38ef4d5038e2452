"""docs/sweeps.md: what a sweep costs beside its designs."""

from claimed.claim import Table, printed
from claimed.measurements import Benchmark

CLAIMS = ()
TABLES = (Table("sweeps", "docs/sweeps.md", Benchmark("sweeps.py"), printed, {"measured": None}),)
