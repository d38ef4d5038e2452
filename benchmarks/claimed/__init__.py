"""What the documents claim, document by document."""

from claimed import (
    benchmarks,
    bullets,
    buy_box,
    certificates,
    crowds,
    data,
    followers,
    guides,
    large_markets,
    newsvendor,
    online,
    oracles,
    readme,
    start_up,
    stress,
    sweeps,
)

CLAIMS = (
    *readme.CLAIMS,
    *certificates.CLAIMS,
    *followers.CLAIMS,
    *oracles.CLAIMS,
    *guides.CLAIMS,
    *data.CLAIMS,
    *crowds.CLAIMS,
    *buy_box.CLAIMS,
    *benchmarks.CLAIMS,
    *start_up.CLAIMS,
    *stress.CLAIMS,
    *bullets.CLAIMS,
    *large_markets.CLAIMS,
    *newsvendor.CLAIMS,
    *online.CLAIMS,
)
TABLES = (
    *benchmarks.TABLES,
    *crowds.TABLES,
    *followers.TABLES,
    *guides.TABLES,
    *online.TABLES,
    *sweeps.TABLES,
)
