"""Programs that are kept between processes: what was traced is written to a file, and lowered from it by the next one.

Tracing a design takes longer than learning it. What a file is known by is all that the program was traced from
(`programs.traced_from`), the sources of this package, the versions and settings of JAX, and the devices. A program of
anyone else's classes is not stored. A file holds StableHLO, which computes and can do nothing else, and lies in JAX's
compilation cache beside the machine code of the same program: whoever may write there could run any code before.

It is done where a process asks for it (`KEEP` in its environment, as the command line does): who changes this package
at run time, as tests do, would store what its sources do not say.
"""

import contextlib
import functools
import hashlib
import os
import sys
from collections.abc import Callable, Hashable
from fractions import Fraction
from pathlib import Path

import jax
from jax.typing import ArrayLike
from jaxtyping import PyTree

from firstmover import files
from firstmover.errors import InputError
from firstmover.jobs.runs import versions
from firstmover.jobs.skeletons import NoSkeletonError, filled, skeleton

KEEP = "FIRSTMOVER_KEEP_PROGRAMS"  # 1 in the environment of a process that keeps them
_FORMAT = b"firstmover program 1\n"
_FROM = (0, 10)  # the version of JAX that takes back what it wrote; 0.8.0 does not
_SETTINGS = (  # of JAX, on which depends what is traced
    "jax_enable_x64",
    "jax_default_dtype_bits",
    "jax_default_matmul_precision",
    "jax_default_prng_impl",
    "jax_threefry_partitionable",
    "jax_numpy_dtype_promotion",
    "jax_numpy_rank_promotion",
    "jax_debug_nans",
    "jax_debug_infs",
    "jax_disable_jit",
    "jax_enable_custom_prng",
)


def lowered(
    key: Hashable,
    name: str,
    program: Callable[..., PyTree],
    arguments: tuple[PyTree, ...],
    donated: tuple[int, ...] = (),
) -> jax.stages.Lowered:
    """A program lowered for these arguments: from its file, if a process before has traced it.

    Args:
        key: all that it is traced from beside its arguments; None if that is not known.
        name: of the program.
        program: a function of the arguments.
        arguments: pytrees of arrays, of their shapes, or of numbers.
        donated: positions of the arguments whose memory may be used for what comes out.
    """
    path = _path(key, name, arguments)
    if path is None:
        return jax.jit(program, donate_argnums=donated).lower(*arguments)
    stored = _read(path)
    known = stored or _traced(program, arguments)
    if known is None:
        return jax.jit(program, donate_argnums=donated).lower(*arguments)
    words, exported = known
    structure = jax.tree.structure(filled(words))

    def restored(*arguments: PyTree) -> PyTree:
        return jax.tree.unflatten(structure, exported.call(*jax.tree.leaves(arguments)))

    try:
        again = jax.jit(restored, donate_argnums=donated).lower(*arguments)
    except ValueError:  # a program that this version of JAX cannot take back
        return jax.jit(program, donate_argnums=donated).lower(*arguments)
    if stored is None:
        _write(path, *known)
    return again


def _traced(program: Callable[..., PyTree], arguments: tuple[PyTree, ...]) -> tuple[str, "jax.export.Exported"] | None:
    """A program as it is stored; None if it cannot be."""
    leaves, structure = jax.tree.flatten(arguments)
    words = []

    def flat(*leaves: ArrayLike) -> list[ArrayLike]:
        result = program(*jax.tree.unflatten(structure, leaves))
        words.append(skeleton(result))
        return jax.tree.leaves(result)

    try:
        exported = jax.export.export(jax.jit(flat))(*leaves)
    except (NoSkeletonError, NotImplementedError, ValueError):  # such as callbacks; what is wrong will be said again
        return None
    return words[-1], exported


def _read(path: Path) -> tuple[str, "jax.export.Exported"] | None:
    """What a file holds; None if there is none, or one that is not whole."""
    try:
        begin, seal, words, content = path.read_bytes().split(b"\n", 3)
        if begin + b"\n" != _FORMAT or seal.decode() != hashlib.sha256(words + content).hexdigest():
            return None
        return words.decode(), jax.export.deserialize(bytearray(content))
    except (OSError, ValueError, ImportError):
        return None


def _write(path: Path, words: str, exported: "jax.export.Exported") -> None:
    with contextlib.suppress(OSError, InputError, ImportError):  # it costs time, and nothing else
        content = bytes(exported.serialize())
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        seal = hashlib.sha256(words.encode() + content).hexdigest()
        files.write_whole(path, b"\n".join([_FORMAT[:-1], seal.encode(), words.encode(), content]))


def _path(key: Hashable, name: str, arguments: tuple[PyTree, ...]) -> Path | None:
    """The file of a program; None where none is kept."""
    folder: str | None = jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]
    if key is None or os.environ.get(KEEP) != "1" or not folder or "://" in folder or jax.__version_info__ < _FROM:
        return None
    if not jax.config.jax_enable_compilation_cache:  # type: ignore[attr-defined]
        return None
    try:
        text = _text((key, name))
    except _OfThisProcessError:
        return None
    leaves, structure = jax.tree.flatten(arguments)
    shapes = [(jax.typeof(leaf) if hasattr(leaf, "dtype") else type(leaf), _spread(leaf)) for leaf in leaves]
    return (
        Path(folder)
        / "programs"
        / hashlib.sha256(repr((_surroundings(), text, shapes, structure)).encode()).hexdigest()
    )


def _spread(leaf: object) -> str:
    """How an argument is spread over devices."""
    return str(getattr(leaf, "sharding", None))


def _surroundings() -> tuple[object, ...]:
    """What a program depends on beside what it is traced from."""
    settings = [(name, getattr(jax.config, name, None)) for name in _SETTINGS]
    devices = [(device.platform, device.device_kind) for device in jax.devices()]
    return *_code(), settings, devices, os.environ.get("XLA_FLAGS")


@functools.cache
def _code() -> tuple[object, ...]:
    sources = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        sources.update(path.read_bytes())
    return sources.hexdigest(), sys.version, sorted(versions().items())


class _OfThisProcessError(Exception):
    """Something is known by itself only, which is not there in another process."""


def _text(key: Hashable) -> str:
    """A key (`programs.traced_from`) in words that are the same in every process.

    Raises:
        _OfThisProcessError: there are none.
    """
    if key is None or isinstance(key, bool | int | float | str | bytes | Fraction):
        return repr(key)
    if isinstance(key, tuple):
        return f"({','.join(map(_text, key))})"
    if isinstance(key, type) and key.__module__.partition(".")[0] in ("builtins", "fractions", "numpy", "firstmover"):
        return f"{key.__module__}.{key.__qualname__}"
    raise _OfThisProcessError
