"""Files to start from: `firstmover new` copies one and puts the new name in."""

import re
from pathlib import Path

from firstmover.errors import InputError

# By kind, the module here and the class in it whose name is replaced.
KINDS = {"market": "OwnMarket", "game": "OwnGame", "follower": "OwnFollower", "leader": "OwnLeader"}


def write_new(name: str, kind: str) -> Path:
    """Write a file of a kind to start from, NAME.py with a class of that name; returns its path.

    Args:
        name: letters, digits, `-` and `_`, maybe with a folder before and `.py` after.
        kind: one of `KINDS`.

    Raises:
        InputError: the name or kind is not valid, or the file exists or cannot be written.
    """
    if kind not in KINDS:
        raise InputError(f"--kind must be one of {', '.join(KINDS)}; got {kind!r}.")
    path = Path(name).with_name(Path(name).name.removesuffix(".py").replace("-", "_") + ".py")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", path.stem):
        raise InputError(f"a name must begin with a letter and have letters, digits, - and _ only; got {name!r}.")
    cls = "".join(part[:1].upper() + part[1:] for part in path.stem.split("_"))
    source = (Path(__file__).parent / f"{kind}.py").read_text("utf-8")
    text = source.replace(KINDS[kind], cls).replace("own_file", path.stem)
    try:
        with path.open("x", encoding="utf-8") as file:  # never over what is there
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path} exists; choose another name.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None
    return path
