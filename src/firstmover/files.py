"""Files: read within a stated memory, written whole or not at all, and every fault is a sentence.

What a file asks for is counted before anything is built from it. So reading one never takes more memory than the larger
of 50 MB and ten times its size, and at most 1 GB.
"""

import codecs
import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from firstmover.errors import InputError
from firstmover.json_types import Json

MOST_BYTES = 900_000_000  # of a file, and of what is read from it
_FREE_BYTES = 45_000_000  # what any file may take
_DEPTH = 100  # of nested JSON


def exists(path: str | Path) -> bool:
    """Whether a path names something; a name that no file can have does not."""
    return _asked(lambda: path_of(path).exists())


def is_folder(path: str | Path) -> bool:
    """Whether a path names a folder."""
    return _asked(lambda: path_of(path).is_dir())


def is_file(path: str | Path) -> bool:
    """Whether a path names a file."""
    return _asked(lambda: path_of(path).is_file())


def path_of(given: str | Path) -> Path:
    """A path as Python users give it.

    Raises:
        InputError: it is none.
    """
    try:
        return Path(given)
    except TypeError:
        raise InputError(f"a path of a file or a folder is needed; got {given!r}.") from None


def _asked(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except InputError:
        raise
    except (OSError, ValueError):  # a name too long, a folder that may not be read, a null character
        return False


@contextlib.contextmanager
def reading(path: str | Path, otherwise: str = "") -> Iterator[BinaryIO]:
    """A binary file that is open for reading.

    Args:
        path: the file.
        otherwise: what to add where it cannot be read.

    Raises:
        InputError: it cannot be read, or is larger than `MOST_BYTES`.
    """
    try:
        with Path(path).open("rb") as file:
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                raise too_large(path)
            yield file
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}{otherwise}.") from None


def too_large(path: str | Path) -> InputError:
    """The error for a file that would take too much memory."""
    return InputError(f"{path} is too large: reading it would take more than 50 MB and ten times its size, or 1 GB.")


def read_text(path: str | Path, marks: dict[bytes, int] | None = None) -> str:
    r"""The text of a file in UTF-8, or in UTF-16 with a byte order mark; without that mark.

    Args:
        path: the file.
        marks: the memory, in bytes, that each occurrence of some characters stands for in what is read from the text;
            `{b",": 60, b"\n": 120}` for a table. None if not given.

    Raises:
        InputError: it cannot be read, is in another encoding, or would take too much memory.
    """
    content = _content(path)
    _within(path, content, sum(cost * content.count(mark) for mark, cost in (marks or {}).items()))
    try:
        text = content.decode("utf-16" if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
        if "\0" in text:
            raise InputError(f"{path} holds zero bytes, as UTF-16 without a byte order mark does; save it as UTF-8.")
        return text
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file in UTF-8 or UTF-16; save it as UTF-8.") from None


def read_json(path: str | Path, not_json: str = "", parse: Callable[[str], object] = json.loads) -> object:
    """The value in a JSON file.

    Args:
        path: the file.
        not_json: what to say of a file that is not JSON.
        parse: how its text is read.

    Raises:
        InputError: it cannot be read, is not JSON, is nested too deeply, or would take too much memory.
    """
    content = _content(path)
    strings, objects, lists = content.count(b'"') / 2, content.count(b"{"), content.count(b"[")
    values = content.count(b",") + objects + lists
    numbers = max(0, values - objects - lists - strings + content.count(b":"))
    _within(path, content, 9 * values + 32 * numbers + 72 * strings + 120 * lists + 320 * objects)
    sentence = not_json or f"{path} is damaged: it is not JSON."
    try:
        if b"\0" in content[:4]:
            raise InputError("this is no JSON in UTF-8, but maybe in UTF-16; save it as UTF-8.")
        text = content.decode("utf-8-sig")
        del content
        value = parse(text)
    except InputError as why:
        raise InputError(f"{path}: {why}") from None
    except (ValueError, RecursionError):
        raise InputError(sentence) from None
    level = [value]
    for _ in range(_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return value
    raise InputError(sentence)


def _children(value: object) -> Iterator[object]:
    nested: Iterable[object] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (child for child in nested if isinstance(child, dict | list))


def _content(path: str | Path) -> bytes:
    with reading(path) as file:
        content = file.read(os.fstat(file.fileno()).st_size + 1)
        more = [content]
        while more[-1] and sum(map(len, more)) <= _FREE_BYTES:  # of a pipe or a device, which have no size
            more.append(file.read(1 << 20))
    if more[-1]:
        raise too_large(path)
    return b"".join(more) if len(more) > 2 else content


def _within(path: str | Path, content: bytes, taken: float | int) -> None:
    # The bytes, the text, and its parts; a character outside ASCII may make every character take four bytes.
    taken += len(content) * (3 if content.isascii() else 9)
    if taken > min(MOST_BYTES, max(_FREE_BYTES, 9.5 * len(content))):
        raise too_large(path)


def write_whole(path: Path, content: bytes, *, new: bool = False) -> None:
    """Write a file whole, or not at all.

    Args:
        path: the file.
        content: what it holds.
        new: whether the file must not exist yet; of two processes that write it at once, one is refused.

    Raises:
        InputError: it cannot be written, or is there already.
    """
    part = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if new:
                _put(part, path)
            else:
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        raise InputError(f"{path} exists already.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}.") from None


def _put(part: Path, path: Path) -> None:
    """Give a file its name, which must be free; a link is the only way to do both in one."""
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        with path.open("xb"):
            part.replace(path)


def write_json(path: Path, value: Json, *, new: bool = False) -> None:
    """Write a JSON file whole, or not at all; NaN is refused.

    Raises:
        InputError: it cannot be written, or must be new and is there already.
    """
    write_whole(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode(), new=new)


def make_folder(path: Path) -> None:
    """Make a folder and those above it; it may be there already.

    Raises:
        InputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write to {path}: {getattr(error, 'strerror', None) or error}.") from None


def remove_parts(folder: Path) -> None:
    """Remove what processes that are gone have left half-written in a folder."""
    with contextlib.suppress(OSError):
        for part in folder.glob(".*.part"):
            number = part.name.split(".")[-2]
            if number.isdecimal() and not _alive(int(number)):
                part.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    if os.name == "nt":  # where signal 0 is no question
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
