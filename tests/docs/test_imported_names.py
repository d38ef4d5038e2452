"""What examples, notebooks, benchmarks, slow tests and pages import from the package is there, also where none runs."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("benchmarks", "docs", "examples", "tests")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def missing(code: str) -> list[str]:
    """The names that are imported from the package, and are not there."""
    wrong = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "firstmover":
            wrong += [f"{node.module}.{name.name}" for name in node.names if not _is_there(node.module, name.name)]
        elif isinstance(node, ast.Import):
            ours = [name.name for name in node.names if name.name.partition(".")[0] == "firstmover"]
            wrong += [name for name in ours if not _is_there(name, None)]
    return wrong


def _is_there(module: str, name: str | None) -> bool:
    try:
        found = importlib.import_module(module)
        if name is not None and not hasattr(found, name):
            importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError as error:
        return not (error.name or "").startswith("firstmover")  # an extra that is not installed
    return True


def _blocks() -> Iterator[tuple[str, str]]:
    for path in SOURCES:
        yield str(path.relative_to(ROOT)), path.read_text()
    for page in PAGES:
        for k, block in enumerate(re.findall(r"```python[^\n]*\n(.*?)```", page.read_text(), re.S)):
            yield f"{page.name} {k}", block


def test_what_is_imported_is_there() -> None:
    wrong = {where: missing(code) for where, code in _blocks()}
    assert {where: names for where, names in wrong.items() if names} == {}


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("from firstmover.games import Maintain, Lost", ["firstmover.games.Lost"]),
        ("import firstmover.lost", ["firstmover.lost"]),
        ("from firstmover import design, verify\nimport numpy", []),
    ],
)
def test_what_is_not_there_is_found(code: str, names: list[str]) -> None:
    assert missing(code) == names
