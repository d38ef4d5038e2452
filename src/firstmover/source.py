"""What modules of the package say, read without importing them: their names, and their classes' docs and parameters.

Listing what there is, or refusing a mistyped name, must not cost the import of JAX.
"""

import ast
import enum
import functools
import importlib
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from firstmover.errors import InputError
from firstmover.json_types import Json

ROOT = Path(__file__).parent


class Required(enum.Enum):
    """What stands in place of a default where there is none."""

    REQUIRED = "required"


REQUIRED: Final = Required.REQUIRED
_PARSING = threading.Lock()  # Python 3.11 counts the depth of what it parses for all threads at once, and fails

# What a parameter may be on the command line, by the mark in its type hint.
MARKS = {
    "matrix": "a CSV file of numbers",
    "matrices": "CSV files of numbers, commas between",
    "payoffs": "a file *.nfg, *.efg or *.csv",
    "targets": "a CSV file of targets",
    "schedules": "a CSV file of schedules",
    "values": "a CSV file of values",
    "probabilities": "probabilities, commas between",
    "names": "names, commas between",
    "sellers": "a number of sellers or a CSV file of sellers",
    "demand": "a CSV file of demand",
    "lists of names": "names, commas between, semicolons between players",
}
_WORDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}


class Parameter(NamedTuple):
    """A parameter of a class.

    Attributes:
        kind: what it may be, in words.
        choices: the words that it may be, if it may be words.
        default: its default, or `REQUIRED`.
        text: what its documentation says.
    """

    kind: str
    choices: tuple[str, ...]
    default: Json | Required
    text: str


class Class(NamedTuple):
    """A class as its source has it: the package's module that it stands in, and its definition."""

    module: str
    node: ast.ClassDef

    @property
    def docs(self) -> str:
        """Its documentation."""
        return ast.get_docstring(self.node) or ""

    @property
    def module_docs(self) -> str:
        """That of its module."""
        return ast.get_docstring(tree(self.module)) or ""


def exports(package: str) -> dict[str, str]:
    """The names that a package has for its users (its imports under `if TYPE_CHECKING`), with the module of each."""
    public = [node for node in tree(package).body if isinstance(node, ast.If)]
    imports = [node for block in public for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def lazily(package: str) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package: each of its names is imported when it is first used."""

    def get(name: str) -> object:
        home = exports(package).get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if home == package:
            return importlib.import_module(f"{package}.{name}")
        value = getattr(importlib.import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    def public() -> list[str]:
        return sorted(exports(package))

    return get, public


@functools.cache
def tree(module: str) -> ast.Module:
    """A module of the package, or a user's file `*.py`, parsed.

    Raises:
        InputError: the file cannot be read, or is not Python.
    """
    path = Path(module) if module.endswith(".py") else ROOT.joinpath(*module.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    try:
        with _PARSING:
            return ast.parse(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}.") from None
    except (SyntaxError, ValueError) as error:
        raise InputError(f"{path} is not Python: {error}.") from None


@functools.cache
def names(module: str) -> dict[str, ast.stmt]:
    """What stands at the top level of a module of the package, by name."""
    return dict(_named(tree(module).body))


def _named(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    for node in body:
        match node:
            case ast.If():
                yield from _named(node.body)
            case ast.ImportFrom():
                yield from ((alias.asname or alias.name, node) for alias in node.names)
            case ast.ClassDef():
                yield node.name, node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name, node


def find(module: str, name: str) -> tuple[str, ast.stmt] | None:
    """Where a name of a module is defined in the package, and how; None if it is not."""
    node = names(module).get(name)
    if isinstance(node, ast.ImportFrom):
        return find(str(node.module), name) if str(node.module).startswith("firstmover") else None
    return None if node is None else (module, node)


def find_class(module: str, name: str) -> Class | None:
    """The class that a name of a module stands for, if it is one of the package."""
    match find(module, name):
        case (home, ast.ClassDef() as node):
            return Class(home, node)
    return None


def classes(module: str) -> dict[str, Class]:
    """The classes that a module or a user's file defines, by name."""
    return {name: Class(module, node) for name, node in names(module).items() if isinstance(node, ast.ClassDef)}


def word(cls: Class, attribute: str) -> str | None:
    """The text that a class itself gives a class attribute."""
    for node in cls.node.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text)))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text)))
            ) if name == attribute:
                return text
    return None


def is_abstract(cls: Class) -> bool:
    """Whether a class itself leaves methods to be given."""
    methods = [node for node in cls.node.body if isinstance(node, ast.FunctionDef)]
    return any("abstractmethod" in ast.unparse(mark) for method in methods for mark in method.decorator_list)


def parameters(cls: Class) -> dict[str, Parameter]:
    """The parameters of a class's constructor in order: of `__init__`, or of the fields of a dataclass."""
    lineage = _lineage(cls)
    fields: dict[str, tuple[str, ast.expr, ast.expr | None, bool]] = {}
    texts: dict[str, str] = {}
    for one in lineage:
        texts |= _sections(one.docs)
        init = next((n for n in one.node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
        if init is not None:
            texts |= _sections(ast.get_docstring(init) or "")
            fields = {name: (one.module, hint, default, False) for name, hint, default in _arguments(init)}
        elif any("dataclass" in ast.unparse(mark) for mark in one.node.decorator_list):
            fields |= dict(_fields(one))
    ordered = sorted(fields.items(), key=lambda item: item[1][3])  # what is given by keyword only comes last
    return {
        name: Parameter(
            *_kind(module, hint), REQUIRED if default is None else _value(module, default), texts.get(name, "")
        )
        for name, (module, hint, default, _) in ordered
    }


def _lineage(cls: Class) -> list[Class]:
    """A class and what it is built on in the package, from the bottom up."""
    lineage: list[Class] = []
    for base in reversed(cls.node.bases):
        found = find_class(cls.module, ast.unparse(base))
        lineage += [one for one in _lineage(found) if one not in lineage] if found else []
    return [*lineage, cls]


def _arguments(init: ast.FunctionDef) -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
    arguments = init.args.args[1:]
    defaults = [None] * (len(arguments) - len(init.args.defaults)) + list(init.args.defaults)
    pairs = [*zip(arguments, defaults, strict=True), *zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)]
    for argument, default in pairs:
        plain = type(default.value).__name__ if isinstance(default, ast.Constant) else "Any"
        yield argument.arg, argument.annotation or ast.Name(plain), default


def _fields(cls: Class) -> Iterator[tuple[str, tuple[str, ast.expr, ast.expr | None, bool]]]:
    keyword_only = False
    for node in cls.node.body:
        match node:
            case ast.AnnAssign(annotation=ast.Name(id="KW_ONLY")):
                keyword_only = True
            case ast.AnnAssign(target=ast.Name(id=name), annotation=hint, value=default):
                given = "" if default is None else ast.unparse(default)
                if not ast.unparse(hint).startswith("ClassVar") and "init=False" not in given:
                    yield name, (cls.module, hint, default, keyword_only)


def _value(module: str, node: ast.expr) -> Json:
    """The value of a default: a literal or that of a constant's name, else how it is written."""
    match node:
        case ast.Name(id=name):
            match find(module, name):
                case (home, ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value)):
                    return _value(home, value)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def _kind(module: str, hint: ast.expr) -> tuple[str, tuple[str, ...]]:
    """What a type hint means on the command line, in words, and the words that may be given."""
    match hint:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            (one, words), (other, more) = _kind(module, left), _kind(module, right)
            return f"{one} or {other}", words + more
        case ast.Constant(value=None):
            return "none", ()
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choices):
            words = ast.literal_eval(choices)
            words = (words,) if isinstance(words, str) else words
            return " or ".join(filter(None, (", ".join(words[:-1]), words[-1]))), words
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[_, ast.Constant(value=str(mark))])):
            return MARKS.get(mark, mark), ()
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[ast.Name(id="str"), _])):
            return "texts, commas between", ()
        case ast.Subscript(value=ast.Name(id="tuple")):
            return "numbers, commas between", ()
        case ast.Name(id=name) if name not in _WORDS:
            match find(module, name):
                case (home, ast.Assign(value=value)):
                    return _kind(home, value)
    return _WORDS.get(ast.unparse(hint), "an object, in Python"), ()


def _sections(docs: str) -> dict[str, str]:
    """What documentation says of arguments and attributes, by name."""
    texts: dict[str, str] = {}
    for section in re.findall(r"^(?:Args|Attributes):\n((?:(?:    .*)?(?:\n|$))+)", docs, re.M):
        for name, text in re.findall(r"^    (\w+): (.*(?:\n(?:     +.*)?)*)", section, re.M):
            texts[name] = " ".join(text.split())
    return texts
