"""What a tree of arrays is made of, in words, and such a tree again: only classes of this package, and no code.

JAX writes a compiled program down without the classes that it takes and returns. They are written as a Python literal:
a leaf, nothing, a tuple, list or dictionary, or a class of this package by its name, with its fields.
"""

import ast
import dataclasses
import importlib
from typing import Any

import jax
from jaxtyping import PyTree

_LEAF = "leaf"
_OURS = f"{__package__.partition('.')[0]}."


class NoSkeletonError(Exception):
    """A tree has something in it that is not written in words."""


def skeleton(tree: PyTree) -> str:
    """The words for what a tree is made of.

    Raises:
        NoSkeletonError: there are none.

    Example:
        >>> import numpy as np
        >>> skeleton((np.zeros(3), [None]))
        "('tuple', ['leaf', ('list', [None])])"
    """
    words = repr(_described(tree))
    structure: object = jax.tree.structure(tree)
    try:
        alike = bool(structure == jax.tree.structure(filled(words)))
    except (ValueError, SyntaxError, AttributeError, TypeError):
        alike = False
    if not alike:
        raise NoSkeletonError
    return words


def filled(words: str) -> PyTree:
    """A tree that is made of what these words say, with numbers for its leaves.

    Raises:
        ValueError: they are not such words.
    """
    return _rebuilt(ast.literal_eval(words))


def _described(tree: PyTree) -> object:
    kind = type(tree)
    if tree is None:
        return None
    if kind in (tuple, list):
        return kind.__name__, [_described(part) for part in tree]
    if kind is dict:
        return "dict", {key: _described(part) for key, part in tree.items()}
    if not kind.__module__.startswith(_OURS):
        return _LEAF
    if hasattr(tree, "_fields"):
        fields = {name: _described(getattr(tree, name)) for name in tree._fields}
    elif dataclasses.is_dataclass(tree):
        fields = {
            field.name: ("static", getattr(tree, field.name))
            if field.metadata.get("static")
            else _described(getattr(tree, field.name))
            for field in dataclasses.fields(tree)
        }
    else:
        raise NoSkeletonError
    return "class", kind.__module__, kind.__qualname__, fields


def _rebuilt(node: Any) -> PyTree:
    match node:
        case None:
            return None
        case "leaf":
            return 0
        case ("tuple", parts):
            return tuple(map(_rebuilt, parts))
        case ("list", parts):
            return list(map(_rebuilt, parts))
        case ("dict", parts):
            return {key: _rebuilt(part) for key, part in parts.items()}
        case ("static", value):
            return value
        case ("class", str(module), str(name), dict(fields)) if module.startswith(_OURS):
            kind = getattr(importlib.import_module(module), name)
            parts = {field: _rebuilt(part) for field, part in fields.items()}
            if hasattr(kind, "_fields"):
                return kind(**parts)
            if hasattr(kind, "__dataclass_fields__"):
                made = object.__new__(kind)  # past what makes an array of its leaves
                for field, part in parts.items():
                    object.__setattr__(made, field, part)
                return made
    raise ValueError("not a skeleton")
