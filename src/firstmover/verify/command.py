"""The command: check the file that is named, say what came of every claim."""

import sys
from pathlib import Path

from .amounts import UnreadableError
from .claims import Claim, check, read, verdict


def verify(path: str | Path) -> list[Claim]:
    """Check a certificate file.

    Raises:
        UnreadableError: it cannot be read, is not a certificate, or carries no proof.
    """
    try:
        content = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableError(f"cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"{path} is not a text file in UTF-8.") from None
    return check(read(content))


def main() -> int:
    """Check the certificate named on the command line; returns the exit status."""
    if len(sys.argv) != 2:
        print("usage: python verify.py CERTIFICATE", file=sys.stderr)
        return 2
    try:
        claims = verify(sys.argv[1])
    except UnreadableError as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    for claim in claims:
        print(f"{claim.verdict:10} {claim.claim}: {claim.why}")
    return int(verdict(claims) == "refuted")
