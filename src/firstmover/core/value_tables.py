"""Tables of values of many sessions: rows and entries of them are looked up and changed, each session in its own table.

`jax.vmap` makes code for tables side by side; that for one long table, which they are together, is faster by a fifth.
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Float, Int, PyTree

At = tuple[Array, ...]

_FEW = 5  # actions of a row that are looked up one by one


@custom_vmap
def entry(table: Array, at: At) -> Array:
    """The entry of a table at these indices, one for every axis."""
    return table.at[at].get(mode="promise_in_bounds")


@entry.def_vmap
def _entries(size: int, batched: PyTree, table: Array, at: At) -> tuple[Array, bool]:
    table, place = _one_table(size, batched[0], table, at)
    return table.ravel().at[place].get(mode="promise_in_bounds"), True


@custom_vmap
def row_of(table: Array, row: Array) -> list[Array]:
    """The entries of a row."""
    return list(table[row])


@row_of.def_vmap
def _rows(size: int, batched: PyTree, table: Array, row: Array) -> tuple[list[Array], list[bool]]:
    actions = table.shape[-1]
    table, place = _one_table(size, batched[0], table, (row,))
    if actions <= _FEW:
        flat = table.ravel()
        found = [flat.at[place * actions + k].get(mode="promise_in_bounds") for k in range(actions)]
    else:
        found = list(table.reshape(-1, actions).at[place].get(mode="promise_in_bounds").T)
    return found, [True] * actions


@custom_vmap
def with_entry(table: Array, at: At, value: Array) -> Array:
    """The table with another entry at these indices."""
    return table.at[at].set(value, mode="promise_in_bounds", unique_indices=True)


@with_entry.def_vmap
def _with_entries(size: int, batched: PyTree, table: Array, at: At, value: Array) -> tuple[Array, bool]:
    table, place = _one_table(size, batched[0], table, at)
    new = table.ravel().at[place].set(value, mode="promise_in_bounds", unique_indices=True)
    return new.reshape(table.shape), True


def _one_table(size: int, batched: bool, table: Array, at: At) -> tuple[Array, Array]:
    """Tables [size, ...], and the places of entries (or of rows) if they are one."""
    table = table if batched else jnp.broadcast_to(table, (size, *table.shape))
    place = jnp.arange(size, dtype=jnp.int32)
    for axis, index in enumerate(at, start=1):
        place = place * table.shape[axis] + index
    return table, place


def best(row: Float[Array, "actions"] | Sequence[Array]) -> tuple[Float[Array, ""], Int[Array, ""]]:
    """The largest value of a row, and the first action that has it: written out, which compiles to vector code."""
    value, action = row[0], jnp.int32(0)
    for k in range(1, len(row)):
        better = row[k] > value
        value, action = jnp.where(better, row[k], value), jnp.where(better, jnp.int32(k), action)
    return value, action


def with_value(row: Sequence[Array], action: Int[Array, ""], value: Float[Array, ""]) -> list[Array]:
    """The row with another value of an action."""
    return [jnp.where(action == k, value, own) for k, own in enumerate(row)]
