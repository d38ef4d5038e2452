"""Classes whose objects are pytrees: what is computed with is in their fields, and methods come along.

JAX's own `register_dataclass` builds an object by its constructor, where a field may hold anything while a program is
traced. Here objects are put together without it.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any, dataclass_transform

import jax


def static() -> Any:
    """A field that is part of the structure of the tree, no array in it: programs are traced anew for another value."""
    return dataclasses.field(metadata={"static": True})


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(static,))
class Module:
    """Base class of a frozen dataclass, as every subclass becomes one, that is a pytree of its fields.

    Example:
        >>> import jax
        >>> class Scaled(Module):
        ...     by: float
        ...     power: int = static()
        >>> jax.tree.map(lambda x: 2 * x, Scaled(3.0, 2))
        Scaled(by=6.0, power=2)
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclasses.dataclass(frozen=True, eq=False)(cls)
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        still = tuple(field.name for field in fields if field.metadata.get("static"))
        inner = tuple(field.name for field in fields if field.name not in still)
        keys = tuple(map(jax.tree_util.GetAttrKey, inner))

        def flat(module: Module) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
            return tuple(getattr(module, name) for name in inner), tuple(getattr(module, name) for name in still)

        def flat_with_keys(module: Module) -> tuple[tuple[tuple[Any, Any], ...], tuple[Any, ...]]:
            parts, structure = flat(module)
            return tuple(zip(keys, parts, strict=True)), structure

        def whole(structure: Iterable[Any], parts: Iterable[Any]) -> Module:
            module = object.__new__(cls)
            for names, values in ((inner, parts), (still, structure)):
                for name, value in zip(names, values, strict=True):
                    object.__setattr__(module, name, value)
            return module

        jax.tree_util.register_pytree_with_keys(cls, flat_with_keys, whole, flat)
