"""What benchmarks take from the package is there: most of them run for too long to be run in a test."""

import ast
import importlib
import types
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def _taken(source: str) -> list[str]:
    """What the source takes of the package that is not there."""
    tree, modules, missing = ast.parse(source), dict[str, types.ModuleType](), []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "firstmover":
            package = importlib.import_module(str(node.module))
            for alias in node.names:
                try:
                    found = getattr(package, alias.name, None) or importlib.import_module(f"{node.module}.{alias.name}")
                except ModuleNotFoundError:
                    missing.append(f"{node.module}.{alias.name}")
                else:
                    if isinstance(found, types.ModuleType):
                        modules[alias.asname or alias.name] = found
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    of_modules = [(name, node.attr) for node in used if (name := ast.unparse(node.value)) in modules]
    return missing + [f"{name}.{attr}" for name, attr in of_modules if not hasattr(modules[name], attr)]


@pytest.mark.parametrize("path", sorted(BENCHMARKS.rglob("*.py")), ids=lambda path: path.name)
def test_what_a_benchmark_takes_is_there(path: Path) -> None:
    assert _taken(path.read_text()) == []


def test_what_is_gone_is_found() -> None:
    assert _taken("from firstmover.leaders import lazy, gone\nlazy.STARTS = 1\nlazy.start = 2\n") == [
        "firstmover.leaders.gone",
        "lazy.STARTS",
    ]
