"""The command: check the file that is named, say what came of every claim."""

import json
import sys
from pathlib import Path

from .amounts import Decimal, Json, UnreadableError
from .claims import check, verdict
from .limits import MAX_BYTES, MAX_VALUES
from .statement import Claim

STATUS = {"confirmed": 0, "refuted": 1, "incomplete": 3}  # 2 is for a file that cannot be read


def read(content: str) -> dict[str, Json]:
    """A certificate from its text; decimals are kept as they stand there.

    Raises:
        UnreadableError: it is not JSON, not an object, or too large.
    """

    def refuse(word: str) -> None:
        raise ValueError(word)

    def once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key stands twice in an object")
        return dict(pairs)

    if len(content) > MAX_BYTES or sum(map(content.count, ",[{")) > MAX_VALUES:
        raise UnreadableError(
            f"the certificate is larger than {MAX_BYTES // 10**6} MB or {MAX_VALUES} values, which is not read here."
        )
    try:
        value = json.loads(content, parse_float=Decimal, parse_constant=refuse, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise UnreadableError("the certificate is not JSON with finite numbers and no key twice.") from None
    if not isinstance(value, dict):
        raise UnreadableError("the certificate is not a JSON object.")
    return value


def verify(path: str | Path) -> list[Claim]:
    """Check a certificate file, or that of a run folder.

    Raises:
        UnreadableError: it cannot be read, or is not a certificate.
    """
    try:
        if Path(path).is_dir():
            path = Path(path) / "certificate.json"
            if not path.exists():
                raise UnreadableError(
                    f"{path.parent} has no certificate.json: give the folder of a finished run, or a certificate, "
                    "which 'firstmover certify' writes with --out."
                )
        with Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}.") from None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        if len(content) <= MAX_BYTES:
            raise UnreadableError(f"{path} is not a text file in UTF-8.") from None
        text = " " * len(content)  # cut off within a character: too large in any case
    return check(read(text))


def main() -> int:
    """Check the certificate named on the command line; returns the exit status."""
    if len(sys.argv) != 2:
        print("usage: python verify CERTIFICATE", file=sys.stderr)
        return 2
    try:
        claims = verify(sys.argv[1])
    except UnreadableError as error:
        print(f"verify: {printable(str(error))}", file=sys.stderr)
        return 2
    print(report(claims))
    return STATUS[verdict(claims)]


def report(claims: list[Claim]) -> str:
    """A line for every claim, and the verdict."""
    lines = [printable(f"{claim.verdict:10} {claim.claim}: {claim.why}") for claim in claims]
    unchecked = sum(claim.verdict == "unchecked" for claim in claims)
    more = f": {unchecked} of its claims could not be checked" if verdict(claims) == "incomplete" else ""
    return "\n".join([*lines, f"the certificate is {verdict(claims)}{more}"])


def printable(line: str) -> str:
    """A line without characters that would end it, hide in it, or that no terminal takes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
