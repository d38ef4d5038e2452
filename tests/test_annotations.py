"""Every class that an annotation names is there: jaxtyping's dimensions keep mypy and ruff from asking that."""

import ast
import builtins
import importlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[1] / "src"
MODULES = sorted((ROOT / "firstmover").rglob("*.py"))


def _annotations(tree: ast.AST) -> list[ast.expr]:
    found = []
    for node in ast.walk(tree):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        found += [part for part in parts if isinstance(part, ast.expr)]
    return found


def missing(source: str) -> list[str]:
    """What annotations name that is neither defined nor imported; dimensions are lower case, or a capital or two."""
    tree = ast.parse(source)
    known, modules = set(vars(builtins)), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in node.names:
                known.add((name.asname or name.name).partition(".")[0])
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("firstmover"):
                    modules[name.asname or name.name] = f"{node.module}.{name.name}"
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            known.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            known.add(node.id)
    wrong = []
    for node in (part for own in _annotations(tree) for part in ast.walk(own)):
        if isinstance(node, ast.Name) and node.id not in known:
            wrong.append(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            wrong += [name for name in re.findall(r"(?<![\w.])[A-Z]\w*[a-z]\w*", node.value) if name not in known]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            try:
                module = importlib.import_module(modules[node.value.id])
            except ModuleNotFoundError:
                continue  # a class
            if not hasattr(module, node.attr):
                wrong.append(f"{node.value.id}.{node.attr}")
    return wrong


def test_what_annotations_name_is_there() -> None:
    wrong = {str(path.relative_to(ROOT)): missing(path.read_text()) for path in MODULES}
    assert {name: names for name, names in wrong.items() if names} == {}


def test_what_is_not_there_is_found() -> None:
    assert sorted(missing("def f(x: Lost) -> 'Gone | None':\n    y: list[Never] = []")) == ["Gone", "Lost", "Never"]
    assert missing("from firstmover.jobs import build\n\ndef f():\n    x: build.Item = 1") == ["build.Item"]
