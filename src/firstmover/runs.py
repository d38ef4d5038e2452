"""The run folder: what was asked, how it went, and enough to go on after a crash.

    config.json       the resolved configuration, and the versions it ran with
    checkpoint.npz    the learner's state and the metrics so far
    metrics.csv       metrics of every update of every seed
    outcome.npz       the final rules and the followers' play under them, of every seed
    rules.json        the final rule of every seed, as entries of a rule file
    certificate.json  the certificate of the best seed's rule
    result.json       what `firstmover design --json` prints

Every file is written whole under another name and then renamed, so that a kill leaves the last whole version. Nothing
that is read back can execute code.
"""

import io
import itertools
import json
import os
import platform
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.array_files import arrays_in
from firstmover.errors import InputError

FORMAT = 2
_PACKAGES = ("firstmover", "jax", "jaxlib", "equinox", "optax", "numpy", "scipy")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _PACKAGES}}


class Run:
    """A folder that holds one run."""

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def create(cls, path: str | Path, config: dict[str, Any]) -> "Run":
        """A new run in a folder that does not exist yet, or is empty.

        Raises:
            InputError: the folder holds something already, or cannot be written.
        """
        run = cls(Path(path))
        try:
            if run.path.is_dir() and any(run.path.iterdir()):
                kind = "a run" if run.has("config.json") else "other files"
                raise InputError(f"{path} already holds {kind}; name a new folder with --out.")
            run.path.mkdir(parents=True, exist_ok=True)
            run.write_json("config.json", {"format": FORMAT, **config, "versions": versions()})
        except OSError as error:
            raise InputError(f"cannot write to {path}: {error.strerror}.") from None
        return run

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """A run that exists.

        Raises:
            InputError: there is none, it is damaged, or a newer version of firstmover wrote it.
        """
        run = cls(Path(path))
        if not (run.path / "config.json").is_file():
            raise InputError(f"{path} is not a run folder: it has no config.json.")
        written = run.read_json("config.json").get("format")
        if not isinstance(written, int):
            raise InputError(f"{run.path / 'config.json'} is damaged: it names no format.")
        if written > FORMAT:
            raise InputError(f"{path} was written by a newer version of firstmover (format {written}); upgrade first.")
        return run

    def has(self, name: str) -> bool:
        """Whether a file was written yet."""
        return (self.path / name).is_file()

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file whole, or not at all."""
        write_whole(self.path / name, content)

    def write_json(self, name: str, value: Any) -> None:
        """Write JSON; NaN is refused."""
        write_json(self.path / name, value)

    def read_json(self, name: str) -> dict[str, Any]:
        """Read a JSON object.

        Raises:
            InputError: the file is missing or damaged.
        """
        path = self.path / name
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}.") from None
        except ValueError:
            raise InputError(f"{path} is damaged: it is not JSON.") from None
        if not isinstance(value, dict):
            raise InputError(f"{path} is damaged: it is not a JSON object.")
        return value

    def write_arrays(self, name: str, tree: Any) -> None:
        """Write the leaves of a pytree, in order."""
        buffer = io.BytesIO()
        np.savez(buffer, *[_plain(leaf) for leaf in jax.tree.leaves(tree)])
        self.write_bytes(name, buffer.getvalue())

    def read_arrays(self, name: str, like: Any) -> Any:
        """Read a pytree back; `like` gives its structure, shapes and kinds (`jax.eval_shape` makes one).

        Raises:
            InputError: the file is missing, damaged, or of another shape.
        """
        path = self.path / name
        leaves, structure = jax.tree.flatten(like)
        with arrays_in(path, damaged=f"{path} is damaged: it is not a whole checkpoint of this run.") as stored:
            arrays = [stored[f"arr_{k}"] for k in range(len(leaves))]
            surplus = len(stored.files) - len(leaves)
        shapes = [_plain_shape(leaf) for leaf in leaves]
        if surplus or any(a.shape != s[0] or a.dtype != s[1] for a, s in zip(arrays, shapes, strict=True)):
            raise InputError(f"{path} is damaged: its arrays are not those of this run.")
        return jax.tree.unflatten(structure, [_rebuilt(a, leaf) for a, leaf in zip(arrays, leaves, strict=True)])


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole, or not at all; NaN is refused.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        write_whole(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode())
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}.") from None


def first_free(name: str) -> Path:
    """The first of `runs/NAME-001`, `runs/NAME-002`, ... that does not exist."""
    return next(path for k in itertools.count(1) if not (path := Path("runs") / f"{name}-{k:03d}").exists())


def _is_key(leaf: Any) -> bool:
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _plain(leaf: Any) -> np.ndarray:
    """A leaf as NumPy stores it: keys as their words."""
    return np.asarray(jax.random.key_data(leaf) if _is_key(leaf) else leaf)


def _plain_shape(leaf: Any) -> tuple[tuple[int, ...], Any]:
    shape = jax.eval_shape(jax.random.key_data, leaf) if _is_key(leaf) else leaf
    return tuple(shape.shape), np.dtype(shape.dtype)


def _rebuilt(array: np.ndarray, leaf: Any) -> Any:
    return jax.random.wrap_key_data(jnp.asarray(array)) if _is_key(leaf) else array
