"""The site: every page is on it, every method is in the table of methods, and it is built without a warning."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from firstmover.catalogue import items

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_every_page_is_on_the_site() -> None:
    listed = re.findall(r"^[a-z][a-z-]*$", (DOCS / "index.md").read_text(), re.M)
    assert sorted(listed) == sorted(page.stem for page in DOCS.glob("*.md") if page.stem != "index")


@pytest.mark.parametrize("kind", ["followers", "leader"])
def test_every_method_has_a_source_a_promise_and_a_test(kind: str) -> None:
    rows = [line for line in (DOCS / "methods.md").read_text().splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])}
    assert set(items(kind)) <= told
    for row in rows:
        assert "`tests/" in row.split("|")[-2], row


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_without_the_network(tmp_path: Path) -> None:
    pytest.importorskip("furo")
    pytest.importorskip("myst_parser")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(DOCS), str(tmp_path)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert "Maintain" in (tmp_path / "reference.html").read_text()
