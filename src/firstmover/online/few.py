"""The best of a few numbers and an entry of a few, written out so that a round of learning is one fused kernel.

A reduction or a gather of its own would cost more than everything else that happens in a round.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

_FEW = 32  # beyond, a reduction is as fast and compiles sooner


def largest(values: Float[Array, "n ..."]) -> Float[Array, "..."]:
    """The largest entry along the first axis."""
    if values.shape[0] > _FEW:
        return values.max(axis=0)
    most = values[0]
    for value in values[1:]:
        most = jnp.maximum(most, value)
    return most


def first_best(values: Float[Array, "n"]) -> Int[Array, ""]:
    """The index of the largest entry, the first of those that are equal."""
    if values.shape[0] > _FEW:
        return jnp.argmax(values).astype(jnp.int32)
    most, index = largest(values), jnp.int32(values.shape[0] - 1)
    for k in range(values.shape[0] - 2, -1, -1):
        index = jnp.where(values[k] == most, k, index)
    return index


def entry(table: Array, index: Int[Array, ""]) -> Array:
    """The entry, or row, of a table at an index."""
    if table.shape[0] > _FEW:
        return table[index]
    chosen = table[0]
    for k in range(1, table.shape[0]):
        chosen = jnp.where(index == k, table[k], chosen)
    return chosen


def marked(index: Int[Array, ""], n: int) -> Bool[Array, "n"]:
    """True at the index, of `n`."""
    return jnp.arange(n) == index


def total(values: Float[Array, "n"]) -> Float[Array, ""]:
    """The sum of all entries."""
    if values.shape[0] > _FEW:
        return values.sum()
    result = values[0]
    for value in values[1:]:
        result = result + value
    return result


def drawn(probabilities: Float[Array, "n"], u: Float[Array, ""]) -> Int[Array, ""]:
    """The index drawn from probabilities that are all positive by a uniform number."""
    n = probabilities.shape[0]
    if n > _FEW:
        return jnp.minimum(jnp.sum(u >= jnp.cumsum(probabilities), dtype=jnp.int32), n - 1)
    index, cumulative = jnp.int32(0), probabilities[0]
    for k in range(1, n):
        index = jnp.where(u >= cumulative, k, index)
        cumulative = cumulative + probabilities[k]
    return index
