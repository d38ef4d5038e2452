"""Every name that annotations and code use is there: jaxtyping's dimensions keep mypy and ruff from asking that."""

import ast
import builtins
import dis
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

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


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _within(part)


def undefined(source: str) -> list[str]:
    """What functions and methods look up in their module that nobody has put there."""
    module = compile(source, "a module", "exec")
    stored = {step.argval for step in dis.get_instructions(module) if step.opname == "STORE_NAME"}
    stored |= {
        step.argval for code in _within(module) for step in dis.get_instructions(code) if "STORE_GLO" in step.opname
    }
    looked_up = {
        step.argval for code in _within(module) for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"
    }
    return sorted(looked_up - stored - set(vars(builtins)) - {"__name__", "__file__", "__doc__"})


def test_what_code_names_is_there() -> None:
    sources = [*MODULES, *(ROOT.parent / "benchmarks").rglob("*.py"), *(ROOT.parent / "tests").rglob("*.py")]
    wrong = {str(path.relative_to(ROOT.parent)): undefined(path.read_text()) for path in sources}
    assert {name: names for name, names in wrong.items() if names} == {}


def test_a_name_that_nobody_has_imported_is_found() -> None:
    assert undefined("def f():\n    try:\n        len(1)\n    except Lost:\n        return gone") == ["Lost", "gone"]
    assert undefined("from a import b\n\ndef f(x: 'Float[Array, \"n\"]'):\n    return b") == []
