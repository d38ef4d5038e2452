"""Every number that the documents state, measured again: what is claimed, what came out, and whether it holds.

    python benchmarks/claims.py [--quick] [--only PATTERN] [--jobs N] [--write] [--json] [--games FOLDER]

Claims are listed in `benchmarks/claimed/`, document by document. `--quick` leaves out what takes minutes; it runs with
the tests. `--only` runs the claims and tables in whose text PATTERN is found. `--write` writes the marked tables of the
documents anew. `--jobs` measures several at once, but for what holds ratios of times; the seconds that tables show are
longer then. Rows about game files that are not part of this repository need `--games`, the folder that holds them.
The exit status is 1 if a claim does not hold.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claimed import CLAIMS, TABLES
from claimed.claim import ROOT, Claim, Table, as_table, document, marked, plain, read_table
from claimed.measurements import Measurement


@dataclass(frozen=True)
class Finding:
    """What came of a claim, or of a row of a table.

    Attributes:
        document: where it is claimed.
        claim: what is claimed.
        measured: what came out.
        holds: whether the claim holds; None if it was not measured.
    """

    document: str
    claim: str
    measured: str
    holds: bool | None

    def __str__(self) -> str:
        word = {True: "holds", False: "FAILS", None: "not run"}[self.holds]
        return f"{word:8}{self.document}: {self.claim}\n{'':8}-> {self.measured}"


def main() -> int:
    """Measure what is asked for, print the findings, and maybe write tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--only", metavar="PATTERN", default="", help="a regular expression")
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="measure so many at once")
    parser.add_argument("--write", action="store_true", help="write the tables of the documents anew")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--games", metavar="FOLDER", type=Path, help="game files that come with Gambit")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error(f"--jobs must be at least 1, not {options.jobs}.")
    chosen = [
        item
        for item in (*CLAIMS, *TABLES)
        if (item.quick or not options.quick) and re.search(options.only, _text(item), re.IGNORECASE)
    ]
    if not chosen:
        parser.error(f"nothing matches {options.only!r}.")
    results = measured(chosen, None if options.games is None else options.games.resolve(), options.jobs)
    found = [finding for item in chosen for finding in findings(item, results[item.measurement])]
    if options.write:
        for item in chosen:
            if isinstance(item, Table) and not any(f.claim == f"table {item.name}" for f in found):
                write(item, results[item.measurement])
    failed = [finding for finding in found if finding.holds is False]
    if options.json:
        print(json.dumps({"holds": not failed, "findings": [vars(finding) for finding in found]}))
    else:
        for finding in found:
            print(finding)
        not_run = sum(finding.holds is None for finding in found)
        print(f"{len(found) - len(failed) - not_run} hold, {len(failed)} fail, {not_run} not run")
    return 1 if failed else 0


def _text(item: Claim | Table) -> str:
    words = item.quote if isinstance(item, Claim) else item.name
    return f"{item.document}: {words} ({item.measurement})"


def measured(items: list[Claim | Table], games: Path | None, jobs: int) -> dict[Any, Any]:
    """The results of all measurements that these claims need, each made once; an exception where one failed.

    What they say is told as soon as they are made, since a run may be long.
    """
    waiting = list(dict.fromkeys(one for item in items for one in _in_order(item.measurement)))
    number, left, began, done = len(waiting), sum(one.seconds for one in waiting), time.perf_counter(), 0.0
    known: dict[Any, Any] = {"games": games}
    running: dict[Future, Measurement] = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        while waiting or running:
            for one in [one for one in waiting if all(need in known for need in one.needs)]:
                if len(running) < jobs and one.may_run_beside(list(running.values())):
                    waiting.remove(one)
                    soon = left * ((time.perf_counter() - began) / done if done else 1)
                    place = f"[{number - len(waiting)} of {number}]"
                    print(f"{place} {one} (about {soon:.0f} s left)", file=sys.stderr, flush=True)
                    running[pool.submit(one.run, Path(folder), known)] = one
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                one = running.pop(future)
                known[one] = future.exception() or future.result()
                for item in items:
                    if item.measurement == one:
                        print(*findings(item, known[one]), sep="\n", file=sys.stderr, flush=True)
                left, done = left - one.seconds, done + one.seconds
    return known


def _in_order(measurement: Measurement) -> list[Measurement]:
    """A measurement after all that it needs."""
    return [one for need in measurement.needs for one in _in_order(need)] + [measurement]


def findings(item: Claim | Table, result: Any) -> Iterator[Finding]:
    """What the result says of a claim, or of every row of a table."""
    if isinstance(item, Claim):
        limits = {"is": "", "at least": "at least ", "at most": "at most "}[item.sense]
        claim = f"{plain(item.quote)} [{limits}{item.claimed:.8g}]"
        try:
            if isinstance(result, Exception):
                raise result
            number = item.result(result)
        except Exception as why:  # whatever went wrong: the claim is not shown
            missing = ".nfg" in item.quote and not isinstance(result, Exception)
            told = "needs --games" if missing else f"{type(why).__name__}: {why}"
            yield Finding(item.document, claim, told, None if missing else False)
        else:
            yield Finding(item.document, claim, f"{number:.8g}", item.holds(number))
        return
    try:
        if isinstance(result, Exception):
            raise result
        rows = item.rows(result)
    except Exception as why:
        yield Finding(item.document, f"table {item.name}", f"{type(why).__name__}: {why}", False)
        return
    stated = read_table(marked(document(item.document))[item.name])
    shown = {item.key(row): " | ".join(row.values()) for row in rows}
    for key, wrong in item.differences(stated, rows).items():
        row = f"table {item.name}, {', '.join(key)}"
        if ".nfg" in row and key not in shown:
            yield Finding(item.document, row, "needs --games", None)
        else:
            yield Finding(item.document, row, wrong or shown[key], not wrong)


def write(table: Table, result: Any) -> None:
    """Put the measured rows in place of those of the document; rows that were not measured stay."""
    path, text = ROOT / table.document, document(table.document)
    stated = marked(text)[table.name]
    rows = {table.key(row): row for row in table.rows(result)}
    kept = {table.key(row): row for row in read_table(stated)}
    head, tail = f"<!-- claims: {table.name} -->\n", "<!-- end -->"
    path.write_text(text.replace(head + stated + tail, head + as_table(list((kept | rows).values())) + tail))


if __name__ == "__main__":
    sys.exit(main())
