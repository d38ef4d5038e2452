"""Programs that are kept: designs that differ in traced numbers or in seeds only compile once in a process.

A program is known by all that it was traced from: the classes of the parts, their parameters but for those that are its
arguments (`core.traced`), and the content of every array. What cannot be looked into, such as a function, is the same
only as itself. So two designs share a program where they would have traced the same one, and never else. A class that
is not of this package may read whatever it likes, such as a global that is changed between two designs: what was traced
from it is not kept.
"""

import functools
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from fractions import Fraction
from typing import Any, TypeVar

import jax
import numpy as np

from firstmover.core.traced import traced_names

Program = TypeVar("Program")
_MOST = 12  # programs that are kept; the one that was not used for longest goes first
_KEPT: OrderedDict[Hashable, Any] = OrderedDict()


def program_for(key: Hashable, make: Callable[[], Program]) -> Program:
    """The program with this key, made if there is none; without a key (None) it is made and not kept."""
    if key is None:
        return make()
    whole = key, jax.config.jax_enable_x64  # type: ignore[attr-defined]
    if whole not in _KEPT:
        _KEPT[whole] = make()
        if len(_KEPT) > _MOST:
            _KEPT.popitem(last=False)
    _KEPT.move_to_end(whole)
    program: Program = _KEPT[whole]
    return program


def traced_from(*parts: object) -> Hashable:
    """All that a program is traced from, to compare: equal for parts that differ in their traced numbers only.

    None if it is not known, since a class that is not of this package is among it.

    Example:
        >>> from firstmover.leaders import CommitmentGradient
        >>> one, other = CommitmentGradient(learning_rate=0.1), CommitmentGradient(learning_rate=0.2)
        >>> traced_from(one) == traced_from(other), traced_from(one) == traced_from(CommitmentGradient(epochs=2))
        (True, False)
    """
    try:
        return tuple(_content(part, ()) for part in parts)
    except _UnknownCodeError:
        return None


class _UnknownCodeError(Exception):
    """Something is made by a class whose code may read what is not seen here."""


class _Itself:
    """Something that is equal to itself only; it is held, so that nothing else can take its place in memory."""

    def __init__(self, item: object):
        self._item = item

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self._item is other._item

    def __hash__(self) -> int:
        return id(self._item)


def _content(item: object, above: tuple[int, ...]) -> Hashable:
    """What an item is made of, to compare; `above` are the items that it is a part of, which it may refer back to."""
    if item is None or isinstance(item, bool | int | str | bytes | Fraction | type):
        return type(item), item
    if isinstance(item, float):
        return float, item.hex()  # zero has a sign
    if id(item) in above:
        return "above", above.index(id(item))
    above = (*above, id(item))
    if isinstance(item, tuple | list):
        return type(item), tuple(_content(part, above) for part in item)
    if isinstance(item, dict):
        return dict, tuple((_content(key, above), _content(part, above)) for key, part in item.items())
    if isinstance(item, np.ndarray | np.generic) or _is_plain(item):
        return _of_array(np.asarray(item), above)
    if _is_ours(type(item)):
        return type(item), tuple((name, _content(part, above)) for name, part in _attributes(item))
    if any(map(_is_ours, type(item).__mro__)):
        raise _UnknownCodeError
    return _Itself(item)


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == __package__.partition(".")[0]


def _is_plain(item: object) -> bool:
    """Whether it is an array of JAX with content, no keys of random numbers among them."""
    if not isinstance(item, jax.Array) or isinstance(item, jax.core.Tracer):
        return False
    return not jax.dtypes.issubdtype(item.dtype, jax.dtypes.extended)


def _of_array(array: np.ndarray, above: tuple[int, ...]) -> Hashable:
    if array.dtype.hasobject:
        return array.shape, tuple(_content(part, above) for part in array.ravel().tolist())
    return array.shape, str(array.dtype), hashlib.sha256(array.tobytes()).digest()


def _attributes(item: object) -> list[tuple[str, object]]:
    """What a part holds, but for what it remembers of its own content and what a program gets as an argument."""
    left_out = set(traced_names(item))
    held = vars(item) if hasattr(item, "__dict__") else {"itself": _Itself(item)}
    cached = {name for name in held if isinstance(getattr(type(item), name, None), functools.cached_property)}
    return sorted((name, part) for name, part in held.items() if name not in left_out | cached)
