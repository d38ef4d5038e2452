"""Documents and the claims that are made of them cannot drift apart, and a claim that fails is told."""

import json
import re
import time
from dataclasses import dataclass

import claims
import pytest
from claimed import CLAIMS, TABLES, claim
from claimed.claim import ROOT, Claim, Table, as_table, marked, numbers, plain, read_table
from claimed.measurements import Benchmark, Python

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks" / "README.md"])
# Columns that are shown and not judged: times, and what follows from the columns beside it.
SHOWN = {
    "ns of a round",
    "in C",
    "train s",
    "s",
    "measured",
    "sizes and seconds",
    "law",
    "95 % interval",
    "most",
    "mean",
    "microseconds a call",
}


@pytest.mark.parametrize("one", CLAIMS, ids=lambda one: f"{one.document} {one.claimed:g}")
def test_the_document_says_what_is_claimed(one: Claim) -> None:
    text = (ROOT / one.document).read_text()
    assert plain(one.quote) in plain(text)
    stated = numbers(one.quote)
    assert any(number == pytest.approx(one.claimed, rel=1e-9) for number in stated), (one.claimed, stated)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_marked_table_is_measured(path) -> None:
    name = str(path.relative_to(ROOT))
    tables = {table.name: table for table in TABLES if table.document == name}
    found = marked(path.read_text())
    assert path.read_text().count("<!-- claims:") == len(found)
    assert found.keys() == tables.keys()
    for key, text in found.items():
        rows = read_table(text)
        assert rows
        # Every column is judged, names the row, or is shown for what it is.
        assert tables[key].within.keys() <= rows[0].keys()
        assert {column for column, within in tables[key].within.items() if within is None} <= SHOWN
        assert len({tables[key].key(row) for row in rows}) == len(rows)
        assert as_table(rows) == text


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_share_of_seeds_is_claimed(path) -> None:
    text = path.read_text()
    for block in marked(text).values():
        text = text.replace(block, "")
    text = plain(text)
    quoted = [False] * len(text)
    for one in CLAIMS:
        if ROOT / one.document == path:
            for match in re.finditer(re.escape(plain(one.quote)), text):
                quoted[slice(*match.span())] = [True] * len(match[0])
    shares = [match for match in re.finditer(r"\b\d+ of (?:its |the )?\d+\b", text)]
    assert [text[m.start() - 60 : m.end() + 20] for m in shares if not all(quoted[slice(*m.span())])] == []


def test_every_table_of_the_benchmarks_is_measured() -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text()
    for block in marked(text).values():
        text = text.replace(block, "")
    rows = [line for line in text.splitlines() if re.search(r"\| \d", line)]
    quotes = [one.quote for one in CLAIMS if one.document == "benchmarks/README.md"]
    assert [row for row in rows if not any(quote in row for quote in quotes)] == []


# The command itself, on claims of our own.

FIVE, BROKEN = Python("five", lambda: 5.0), Python("broken", lambda: 1 / 0)
ROWS = [{"game": "a", "value": "1.00 of 2", "s": "0.1"}, {"game": "b.nfg", "value": "3", "s": "0.1"}]
GRID = Python("a table", lambda: [{"game": "a", "value": "1.01 of 2", "s": "7"}, {"game": "c", "value": "4", "s": "9"}])


def _table(within: float) -> Table:
    return Table("grid", "page.md", GRID, lambda rows: rows, {"value": within, "s": None}, quick=True)


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Runs the command on these claims about a page, and returns its exit status, its findings and the page."""

    def command(items, *arguments):
        (tmp_path / "page.md").write_text("before\n<!-- claims: grid -->\n" + as_table(ROWS) + "<!-- end -->\nafter\n")
        monkeypatch.setattr(claim, "ROOT", tmp_path)
        monkeypatch.setattr(claims, "ROOT", tmp_path)
        monkeypatch.setattr(claims, "CLAIMS", [item for item in items if isinstance(item, Claim)])
        monkeypatch.setattr(claims, "TABLES", [item for item in items if isinstance(item, Table)])
        monkeypatch.setattr("sys.argv", ["claims.py", "--json", *arguments])
        status = claims.main()
        found = json.loads(capsys.readouterr().out)["findings"]
        return status, [finding["holds"] for finding in found], (tmp_path / "page.md").read_text()

    return command


@pytest.mark.parametrize(
    ("claimed", "within", "sense", "holds"),
    [
        (5.0, 0.0, "is", True),
        (5.1, 0.05, "is", False),
        (4.9, 0.05, "is", False),
        (4.0, 0.0, "at least", True),
        (5.5, 0.4, "at least", False),
        (6.0, 0.0, "at most", True),
        (4.5, 0.4, "at most", False),
        (float("nan"), 0.0, "is", False),
    ],
)
def test_a_claim_holds_or_fails(run, claimed, within, sense, holds) -> None:
    one = Claim("page.md", "five", FIVE, float, claimed, within, sense)
    assert run([one])[:2] == (0 if holds else 1, [holds])


def test_what_cannot_be_measured_fails(run) -> None:
    lines = [Claim("page.md", "q", BROKEN, float, 5.0), Claim("page.md", "q", FIVE, lambda x: x["value"], 5.0)]
    assert run(lines)[:2] == (1, [False, False])


def test_tables_are_compared_row_by_row(run) -> None:
    status, holds, _ = run([_table(0.1)])
    assert (status, holds) == (1, [True, None, False])  # close; of a file that is not there; new
    assert run([_table(0.001)])[1] == [False, None, False]


def test_tables_are_written_from_what_came_out(run) -> None:
    _, _, page = run([_table(0.1)], "--write")
    assert page.startswith("before\n<!-- claims: grid -->\n")
    assert page.endswith("<!-- end -->\nafter\n")
    assert [row["value"] for row in read_table(page)] == ["1.01 of 2", "3", "4"]
    assert [row["s"] for row in read_table(page)] == ["7", "0.1", "9"]


def test_equal_measurements_are_made_once_and_only_what_is_asked_for(run) -> None:
    calls = []
    counted = Python("counted", lambda: calls.append(1) or 5.0)
    slow = Claim("page.md", "slow", BROKEN, float, 5.0, quick=False)
    items = [Claim("page.md", word, counted, float, 5.0) for word in ("one", "two")]
    assert run([*items, slow], "--quick")[:2] == (0, [True, True])
    assert len(calls) == 1
    assert run([*items, slow], "--only", "two")[:2] == (0, [True])
    with pytest.raises(SystemExit):
        run(items, "--only", "three")


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_several_are_measured_at_once_but_after_what_they_need_and_never_beside_what_is_timed(run, jobs) -> None:
    running, most, seen = [], [], {}

    @dataclass(frozen=True)
    class Traced(Benchmark):
        needs: tuple = ()

        def run(self, folder, known):
            running.append(self)
            most.append(len(running))
            seen[self.file] = set(running)
            assert all(need in known for need in self.needs)
            time.sleep(0.02)
            seen[self.file] |= set(running)
            running.remove(self)
            return 5.0

    first = Traced("first")
    others = [Traced("timed", alone=True), *(Traced(f"after {i}", needs=(first,)) for i in range(4))]
    items = [Claim("page.md", one.file, one, float, 5.0) for one in others]
    assert run(items, "--jobs", str(jobs))[:2] == (0, [True] * 5)
    assert max(most) == jobs
    assert seen["timed"] == {others[0]}
