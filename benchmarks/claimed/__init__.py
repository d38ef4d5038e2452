"""What the documents claim, document by document."""

from claimed import benchmarks, certificates, followers, oracles, readme

CLAIMS = (*readme.CLAIMS, *certificates.CLAIMS, *followers.CLAIMS, *oracles.CLAIMS, *benchmarks.CLAIMS)
TABLES = (*benchmarks.TABLES, *followers.TABLES)
