"""The run folder: what was asked, how it went, and enough to go on after a crash.

    config.json       the resolved configuration, and the versions it ran with
    checkpoint.npz    the learner's state and the metrics so far
    metrics.csv       metrics of every update of every seed
    stopped.json      how many updates were made, where a callback has stopped the run early
    outcome.npz       the final rules and the followers' play under them, of every seed
    rules.json        the final rule of every seed, as entries of a rule file
    certificate.json  the certificate of the best seed's rule
    result.json       what `firstmover design --json` prints

Every file is written whole under another name and then renamed, so that a kill leaves the last whole version. Nothing
that is read back can execute code.

The files are bound together by digests: the configuration has one of itself, arrays have one over the configuration's
and themselves, and the result has one of itself and one of the certificate. What was edited, or comes from another run,
is refused.
"""

import contextlib
import hashlib
import io
import itertools
import json
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from firstmover import files
from firstmover.array_files import read_arrays
from firstmover.core.trees import Tree
from firstmover.errors import InputError
from firstmover.json_types import Json, JsonObject, Parsed

FORMAT = 4
_Numbers = jax.Array | np.ndarray | np.number | np.bool_
_Leaf = _Numbers | jax.ShapeDtypeStruct  # whose kind and shape are known
_PACKAGES = ("firstmover", "jax", "jaxlib", "optax", "numpy", "scipy")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _PACKAGES}}


def digest(value: Json) -> str:
    """The SHA-256 of JSON values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class Run:
    """A folder that holds one run.

    Attributes:
        path: the folder.
        config: the content of `config.json`.
    """

    def __init__(self, path: Path, config: Parsed):
        """A run whose configuration was written or read."""
        self.path, self.config = path, config

    @classmethod
    def create(cls, path: str | Path, config: JsonObject) -> "Run":
        """A new run in a folder that does not exist yet, or is empty.

        Raises:
            InputError: the folder holds something already, or cannot be written.
        """
        folder = Path(path)
        if files.is_folder(folder):
            files.remove_parts(folder)
            held = {found.name for found in _listed(folder)}
            if held:
                kind = "a run" if "config.json" in held else "other files"
                raise InputError(f"{path} already holds {kind}; name a new folder with --out.")
        files.make_folder(folder)
        whole = {"format": FORMAT, **config, "versions": versions()}
        whole |= {"digest": digest(whole)}
        files.write_json(folder / "config.json", whole, new=True)
        return cls(folder, whole)

    @classmethod
    def open(cls, path: str | Path, kind: str | None = "design") -> "Run":
        """A run that exists, of a design, of another kind, or (None) of any.

        Raises:
            InputError: there is none, it is damaged, was edited, is of another kind, or another version of firstmover
                wrote it.
        """
        folder = files.path_of(path)
        if not files.is_file(folder / "config.json"):
            raise InputError(f"{path} is not a run folder: it has no config.json.")
        run = cls(folder, {})
        run.config = run.read_json("config.json")
        written = run.config.get("format")
        if not isinstance(written, int):
            raise InputError(f"{folder / 'config.json'} is damaged: it names no format.")
        if written > FORMAT:
            raise InputError(f"{path} was written by a newer version of firstmover (format {written}); upgrade first.")
        if written < FORMAT:
            raise InputError(f"{path} was written by an older version of firstmover (format {written}); run it anew.")
        if run.digest != digest({key: value for key, value in run.config.items() if key != "digest"}):
            raise InputError(f"{folder / 'config.json'} is damaged, or was edited; it is not what the run began with.")
        if kind not in (None, run.kind):
            raise InputError(f"{path} holds a {run.kind}, not a {kind}.")
        return run

    @property
    def kind(self) -> str:
        """What is done in it: a design, unless the configuration names something else."""
        return str(self.config.get("kind", "design"))

    @property
    def digest(self) -> str:
        """The digest of the configuration, which binds the other files to it."""
        return str(self.config.get("digest"))

    def has(self, name: str) -> bool:
        """Whether a file was written yet."""
        return files.is_file(self.path / name)

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file whole, or not at all.

        Raises:
            InputError: it cannot be written.
        """
        files.write_whole(self.path / name, content)

    def write_json(self, name: str, value: Json) -> None:
        """Write JSON; NaN is refused.

        Raises:
            InputError: it cannot be written.
        """
        files.write_json(self.path / name, value)

    def read_json(self, name: str) -> Parsed:
        """Read a JSON object.

        Raises:
            InputError: the file is missing or damaged.
        """
        path = self.path / name
        value = files.read_json(path)
        if not isinstance(value, dict):
            raise InputError(f"{path} is damaged: it is not a JSON object.")
        return value

    def write_arrays(self, name: str, tree: PyTree) -> None:
        """Write the leaves of a pytree, in order, and their seal.

        Raises:
            InputError: the file cannot be written.
        """
        arrays = [plain(leaf) for leaf in jax.tree.leaves(tree)]
        buffer = io.BytesIO()
        np.savez(buffer, *arrays, seal=np.array(self._seal(arrays)))
        self.write_bytes(name, buffer.getvalue())

    def read_arrays(self, name: str, like: Tree) -> Tree:
        """Read a pytree back; `like` gives its structure, shapes and kinds (`jax.eval_shape` makes one).

        Raises:
            InputError: the file is missing, damaged, of another shape, edited, or of another run.
        """
        path = self.path / name
        leaves, structure = jax.tree.flatten(like)
        stored = read_arrays(path, damaged=f"{path} is damaged: it is not a whole file of this run.")
        names, shapes = [f"arr_{k}" for k in range(len(leaves))], [_plain_shape(leaf) for leaf in leaves]
        if set(stored) != {*names, "seal"} or any(
            (stored[name].shape, stored[name].dtype) != shape for name, shape in zip(names, shapes, strict=True)
        ):
            raise InputError(f"{path} is damaged: its arrays are not those of this run.")
        arrays = [stored[name] for name in names]
        if str(stored["seal"]) != self._seal(arrays):
            raise InputError(f"{path} was edited, or belongs to another run than {self.path / 'config.json'}.")
        return jax.tree.unflatten(structure, [rebuilt(a, leaf) for a, leaf in zip(arrays, leaves, strict=True)])

    def _seal(self, arrays: list[np.ndarray]) -> str:
        """A digest over the configuration's and these arrays."""
        seal = hashlib.sha256(self.digest.encode())
        for array in arrays:
            seal.update(f"{array.dtype.str}{array.shape}".encode())
            seal.update(np.ascontiguousarray(array).data)
        return seal.hexdigest()


@contextlib.contextmanager
def free_folder(name: str) -> Iterator[Path]:
    """The first of `runs/NAME-001`, `runs/NAME-002`, ... that was free, made: no other process gets the same.

    It is removed again if nothing is written to it.

    Raises:
        InputError: it cannot be made.
    """
    above = Path("runs")
    files.make_folder(above)
    try:
        path = next(path for k in itertools.count(1) if _claimed(path := above / f"{name}-{k:03d}"))
        try:
            yield path
        finally:
            _remove_empty(path)
    finally:
        _remove_empty(above)


def _claimed(path: Path) -> bool:
    try:
        path.mkdir()
    except FileExistsError:
        return False
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write to {path}: {getattr(error, 'strerror', None) or error}.") from None
    return True


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror}.") from None


def _is_key(leaf: _Leaf) -> bool:
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def plain(leaf: _Numbers) -> np.ndarray:
    """A leaf as NumPy stores it: keys as their words."""
    return np.asarray(jax.random.key_data(leaf) if _is_key(leaf) else leaf)


def _plain_shape(leaf: _Leaf) -> tuple[tuple[int, ...], np.dtype]:
    shape = jax.eval_shape(jax.random.key_data, leaf) if _is_key(leaf) else leaf
    return tuple(shape.shape), np.dtype(shape.dtype)


def rebuilt(array: np.ndarray, leaf: _Leaf) -> _Numbers:
    """What `plain` has made of a leaf of this kind."""
    return jax.random.wrap_key_data(jnp.asarray(array)) if _is_key(leaf) else array
