"""Classes from a user's own Python file: `path/to/file.py:Class`, `module:Class`, or a file with one such class.

A file is executed only when a person names it, on the command line or in a call. What a run, a rule or a certificate
names is never executed on that account: `digest` tells whether the code that a person names is the code that ran.
"""

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from firstmover.errors import InputError, unknown_name
from firstmover.files import is_file
from firstmover.user_code import in_a_sentence

Item = TypeVar("Item")
Code = str | Path | Sequence[str | Path] | None  # the files of a user's own classes that a person has named


def names_code(argument: str) -> bool:
    """Whether a name is that of a user's own class rather than a registered one.

    Example:
        >>> [names_code(name) for name in ("shop.py:Shop", "shops:Shop", "shop.py", "escape", "game.nfg")]
        [True, True, True, False, False]
    """
    return ":" in argument or argument.endswith(".py")


def class_named(argument: str, base: type[Item]) -> type[Item]:
    """The class that `FILE.py:CLASS`, `MODULE:CLASS` or `FILE.py` names; its `name` becomes `FILE.py:CLASS`.

    Args:
        argument: what the user has named.
        base: what it must be a subclass of.

    Raises:
        InputError: there is no such file, module or class, the file cannot be executed, or it does not say which of
            several classes is meant.
    """
    where, wanted = _parted(argument)
    own = _own(_module(where), base)
    if wanted and wanted not in own:
        raise unknown_name(f"{base.__name__} of {where}", wanted, own)
    if not wanted and len(own) != 1:
        listed = ", ".join(own) or "none"
        raise InputError(f"{where} must hold one {base.__name__}, or be named as {where}:CLASS; it holds {listed}.")
    cls = own[wanted or next(iter(own))]
    unfinished(cls, base)
    cls.name = f"{Path(where).name}:{cls.__name__}"  # type: ignore[attr-defined]
    return cls


def classes_in(argument: str, base: type[Item]) -> dict[str, type[Item]]:
    """The classes of a kind that stand in a file or module, or the one that is named, by name; none if there is none.

    Raises:
        InputError: there is no such file, module or class, or it cannot be executed.
    """
    where, wanted = _parted(argument)
    module = _module(where)
    if wanted and not hasattr(module, wanted):
        raise unknown_name(
            f"class of {where}", wanted, [n for n, item in vars(module).items() if inspect.isclass(item)]
        )
    return {name: cls for name, cls in _own(module, base).items() if wanted in ("", name)}


def unfinished(cls: type, base: type) -> None:
    """Refuse a class that lacks what every one of its kind has.

    Raises:
        InputError: it does.
    """
    missing = ", ".join(sorted(getattr(cls, "__abstractmethods__", ())))
    if missing:
        raise InputError(f"{cls.__name__} lacks what every {base.__name__} has: {missing}.")


def _parted(argument: str) -> tuple[str, str]:
    """The file or module that is named, and the class in it, empty if none is."""
    where, _, wanted = argument.rpartition(":") if ":" in argument else (argument, "", "")
    return where, wanted


def _module(where: str) -> ModuleType:
    return _executed(Path(where)) if where.endswith(".py") else _imported(where)


def _own(module: ModuleType, base: type[Item]) -> dict[str, type[Item]]:
    """The classes of a kind that a module defines, not those that it imports."""
    return {
        name: item
        for name, item in vars(module).items()
        if inspect.isclass(item) and issubclass(item, base) and item.__module__ == module.__name__
    }


def file_of(name: str, code: Code) -> str:
    """The file for a stored name `FILE.py:CLASS` among those that a person has named now.

    Raises:
        InputError: none is named.
    """
    file, _, cls = name.partition(":")
    named = [code] if isinstance(code, str | Path) else list(code or [])
    if not named:
        raise InputError(
            f"{cls} stands in a user's own file, {file}, which is not executed because a file names it; name it "
            f"yourself, with --code {file} (in Python code={file!r})."
        )
    alike = [path for path in named if Path(path).name == file]
    if not alike and len(named) > 1:
        raise InputError(f"{cls} stands in a user's own file, {file}; name it, too, with --code {file}.")
    return str((alike or named)[0])


def digest(cls: type) -> str:
    """SHA-256 of the file that a class stands in, as hexadecimal digits; empty for one that stands in none."""
    try:
        return hashlib.sha256(Path(inspect.getfile(cls)).read_bytes()).hexdigest()
    except (OSError, TypeError):  # it was written in a notebook, say
        return ""


def _executed(path: Path) -> ModuleType:
    """The module of a file, under its own name so that its classes can be inspected."""
    if not is_file(path):
        raise InputError(f"{path} is not a file; a user's own class is named as path/to/file.py:CLASS.")
    spec = importlib.util.spec_from_file_location(f"_user_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(spec.name)
        raise InputError(f"{path} cannot be executed: {in_a_sentence(error, str(path))}") from error
    return module


def _imported(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:  # as for `python -m`
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(f"there is no module {name!r} ({error}); a file is named as path/to/file.py:CLASS.") from None
    except (Exception, SystemExit) as error:
        raise InputError(f"the module {name!r} cannot be imported: {type(error).__name__}: {error}.") from error
