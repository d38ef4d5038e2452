"""What the documents claim, document by document."""

from claimed import benchmarks, bullets, certificates, data, followers, guides, oracles, readme, stress, sweeps

CLAIMS = (
    *readme.CLAIMS,
    *certificates.CLAIMS,
    *followers.CLAIMS,
    *oracles.CLAIMS,
    *guides.CLAIMS,
    *data.CLAIMS,
    *benchmarks.CLAIMS,
    *stress.CLAIMS,
    *bullets.CLAIMS,
)
TABLES = (*benchmarks.TABLES, *followers.TABLES, *guides.TABLES, *sweeps.TABLES)
