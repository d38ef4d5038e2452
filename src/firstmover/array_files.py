"""Opening `.npz` files that may be damaged: they hold arrays only, so that reading one executes nothing."""

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from firstmover.errors import InputError


@contextlib.contextmanager
def arrays_in(path: Path, *, damaged: str, otherwise: str = "") -> Iterator[Any]:
    """The arrays of a file by name, and its `files`, as long as it is open.

    Args:
        path: the file.
        damaged: what to say of a file that is not whole, or lacks a name that is looked up.
        otherwise: what to add where the file cannot be opened.

    Raises:
        InputError: the file cannot be read, or is damaged.
    """
    try:
        with path.open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            if isinstance(stored, np.ndarray):
                raise InputError(damaged)
            with stored:
                yield stored
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}{otherwise}.") from None
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError):
        raise InputError(damaged) from None
