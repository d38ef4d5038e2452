"""Kernels whose batch axis comes last, small sums written out, and batches that are worked off in parts.

`jax.vmap` puts the batch first, so that a kernel with few types and actions ends in tiny inner loops. A kernel written
for a trailing batch axis has long contiguous ones instead; `batch_last` keeps it so under any nesting of vmaps. XLA's
reductions over a short leading axis do not become vector code on CPUs; sums of slices do, and are twenty times faster.
"""

import functools
import itertools
import operator
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_batching import custom_vmap
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, PyTree

from firstmover.core.trees import Tree

_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")

_CACHE = 500_000  # bytes, half of a core's second cache
_LANES = 16  # a block is a multiple of what vector instructions take at a time
_SHORT = 32  # axes up to this long are written out; beyond, a reduction is as fast and compiles sooner


def batch_last(kernel: Callable[[*_Arguments], _Result]) -> Callable[[*_Arguments], _Result]:
    """A function of unbatched arrays from a kernel whose arguments and results all have a trailing batch axis.

    The kernel may close over arrays that are known (a game's constants), and over nothing that is being traced.
    """

    def applied(arguments: tuple[PyTree, ...]) -> _Result:
        # The kernel's constants are arguments here: `custom_vmap` does without an axis for those it finds itself, and
        # control flow whose condition is batched (`cond`, `while_loop`) gives one to everything that goes in.
        traced, shape = jax.make_jaxpr(kernel, return_shape=True)(*arguments)
        if any(isinstance(constant, jax.core.Tracer) for constant in traced.consts):
            raise TypeError("a kernel whose batch comes last closes over something traced; make it an argument.")

        @custom_vmap
        def call(constants: list[ArrayLike], arguments: tuple[PyTree, ...]) -> _Result:
            results = jax.core.eval_jaxpr(traced.jaxpr, constants, *jax.tree.leaves(arguments))
            return jax.tree.unflatten(jax.tree.structure(shape), results)

        @call.def_vmap
        def merge(
            axis_size: int, in_batched: PyTree, constants: list[ArrayLike], arguments: tuple[PyTree, ...]
        ) -> tuple[_Result, PyTree]:
            del constants  # the same in every element of the batch
            merged = jax.tree.map(lambda array, batched: _merged(array, batched, axis_size), arguments, in_batched[1])
            result = jax.tree.map(lambda array: _split(array, axis_size), applied(merged))
            return result, jax.tree.map(lambda _: True, result)

        return call(traced.consts, arguments)

    def unbatched(*arguments: *_Arguments) -> _Result:
        result = applied(jax.tree.map(lambda array: jnp.asarray(array)[..., None], arguments))
        return jax.tree.map(lambda array: array[..., 0], result)

    return unbatched


def in_blocks(kernel: Callable[[*_Arguments], _Result], most: int = _CACHE) -> Callable[[*_Arguments], _Result]:
    """A kernel with a trailing batch axis, on a processor a block of its batch at a time: what goes in stays in cache.

    Args:
        kernel: its arguments and results all have a trailing batch axis.
        most: bytes that go into a block.
    """

    def blocked(*arguments: *_Arguments) -> _Result:
        total = jax.tree.leaves(arguments)[0].shape[-1]
        each = sum(leaf.nbytes for leaf in jax.tree.leaves(arguments)) // total
        size = max(1, most // each // _LANES) * _LANES
        if total <= size or jax.default_backend() != "cpu":
            return kernel(*arguments)
        blocks = -(-total // size)
        results = jax.lax.map(
            lambda block: kernel(*block), jax.tree.map(lambda array: _in_rows(array, blocks), arguments)
        )
        return jax.tree.map(
            lambda array: jnp.moveaxis(array, 0, -2).reshape(*array.shape[1:-1], -1)[..., :total], results
        )

    return blocked


def _in_rows(array: Array, blocks: int) -> Array:
    """[..., B] as [blocks, ..., size], filled up with the last element; a size that leaves no remainder of lanes."""
    total = array.shape[-1]
    size = -(-total // (blocks * _LANES)) * _LANES
    filled = jnp.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, blocks * size - total)], "edge")
    return jnp.moveaxis(filled.reshape(*array.shape[:-1], blocks, size), -2, 0)


def in_parts(function: Callable[..., _Result], parts: int = 1) -> Callable[..., _Result]:
    """`jax.vmap(function)` over all elements at once, or in so many parts, one after the other, to need less memory."""

    def mapped(*arguments: PyTree) -> _Result:
        rows, total = _rows_of_parts(arguments, parts)
        if len(rows) == 1:
            return jax.vmap(function)(*arguments)
        results = jax.lax.map(lambda part: jax.vmap(function)(*_at(arguments, part)), jnp.asarray(rows))
        return _in_a_row(results, total)

    return mapped


def on_all_devices(function: Callable[..., _Result]) -> Callable[..., _Result]:
    """A function of batches, whose elements do not depend on each other, with the batch dealt out to all devices.

    Not to be called within `jax.vmap`, nor where work is dealt out already.
    """

    def mapped(*arguments: PyTree) -> _Result:
        devices = jax.devices()
        rows, total = _rows_of_parts(arguments, len(devices))
        if len(rows) == 1:
            return function(*arguments)
        mesh, spec = jax.sharding.Mesh(np.array(devices[: len(rows)]), ("rows",)), jax.sharding.PartitionSpec("rows")
        shared = jax.shard_map(function, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)
        return jax.tree.map(lambda leaf: leaf[:total], shared(*_at(arguments, jnp.asarray(rows.ravel()))))

    return mapped


def replaced_in_parts(
    function: Callable[..., tuple[Tree, _Result]], parts: int = 1
) -> Callable[..., tuple[Tree, _Result]]:
    """As `in_parts` for a function (state, ...) -> (state, result): there is never more than one copy of all states."""

    def mapped(state: Tree, *arguments: PyTree) -> tuple[Tree, _Result]:
        rows, total = _rows_of_parts(state, parts)
        if len(rows) == 1:
            return jax.vmap(function)(state, *arguments)

        def one(state: Tree, part: Array) -> tuple[Tree, _Result]:
            new, result = jax.vmap(function)(*_at((state, *arguments), part))
            return jax.tree.map(lambda leaf, own: leaf.at[part].set(own), state, new), result

        state, results = jax.lax.scan(one, state, jnp.asarray(rows))
        return state, _in_a_row(results, total)

    return mapped


def _rows_of_parts(batch: PyTree, parts: int) -> tuple[Int[np.ndarray, "parts size"], int]:
    """Which elements of a batch each part holds, the last filled up with its last one; and how many there are."""
    total = len(jax.tree.leaves(batch)[0])
    size = -(-total // min(parts, total))
    blocks = -(-total // size)
    return np.minimum(np.arange(blocks * size), total - 1).reshape(blocks, size), total


def _at(batch: Tree, rows: Array) -> Tree:
    return jax.tree.map(lambda leaf: leaf[rows], batch)


def _in_a_row(results: Tree, total: int) -> Tree:
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[:total], results)


def _merged(array: Array, batched: bool, axis_size: int) -> Array:
    """The new first axis joins the trailing one: [N, ..., B] becomes [..., N * B]."""
    if not batched:
        array = jnp.broadcast_to(array, (axis_size, *array.shape))
    return jnp.moveaxis(array, 0, -2).reshape(*array.shape[1:-1], -1)


def _split(array: Array, axis_size: int) -> Array:
    """The inverse of `_merged`."""
    return jnp.moveaxis(array.reshape(*array.shape[:-1], axis_size, -1), -2, 0)


def _parts(array: Array, axis: int) -> list[Array]:
    return [jax.lax.index_in_dim(array, k, axis, keepdims=False) for k in range(array.shape[axis])]


def short_sum(array: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """The sum over a short axis, slice by slice."""
    if array.shape[axis] > _SHORT:
        return array.sum(axis)
    return functools.reduce(operator.add, _parts(array, axis))


def short_max(array: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """The largest entry along a short axis, slice by slice."""
    if array.shape[axis] > _SHORT:
        return array.max(axis)
    return functools.reduce(jnp.maximum, _parts(array, axis))


def short_first(marked: Bool[Array, "..."], axis: int) -> Bool[Array, "..."]:
    """Only the first marked entry along a short axis stays marked."""
    if marked.shape[axis] > _SHORT:
        return marked & (jnp.cumsum(marked, axis) == 1)
    parts = _parts(marked, axis)
    before = itertools.accumulate(parts, operator.or_)
    return jnp.stack([parts[0], *(part & ~seen for part, seen in zip(parts[1:], before, strict=False))], axis)


def short_draw(probabilities: Float[Array, "n ..."], u: Float[Array, "..."]) -> Int[Array, "..."]:
    """As `noise.inverse_cdf`, from probabilities along a short first axis; up to the rounding of cumulative sums."""
    parts = _parts(probabilities, 0)
    *cumulative, total = itertools.accumulate(parts, operator.add)
    threshold = u * total
    index = sum((threshold >= below).astype(jnp.int32) for below in cumulative) + jnp.zeros(u.shape, jnp.int32)
    last = functools.reduce(lambda last, k: jnp.where(parts[k] > 0, k, last), range(1, len(parts)), jnp.int32(0))
    return jnp.minimum(index, last)


def short_pick(array: Float[Array, "n ..."], index: Int[Array, "..."]) -> Float[Array, "..."]:
    """The entries of a first axis at an index for each of the rest, by comparison where it is short."""
    if array.shape[0] > _SHORT:
        return jnp.take_along_axis(array, jnp.broadcast_to(index, (1, *array.shape[1:])), 0)[0]
    parts = _parts(array, 0)
    return functools.reduce(lambda picked, k: jnp.where(index == k, parts[k], picked), range(1, len(parts)), parts[0])


def short_softmax(logits: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """Softmax over a short axis, slice by slice; some logit must be finite."""
    if logits.shape[axis] > _SHORT:
        return jax.nn.softmax(logits, axis)
    weights = jnp.exp(logits - jnp.expand_dims(short_max(logits, axis), axis))
    return weights / jnp.expand_dims(short_sum(weights, axis), axis)


def short_average(weights: np.ndarray, array: Float[Array, "n ..."]) -> Float[Array, "m ..."]:
    """`weights @ array` for constant weights [m, n], term by term where there are few that are not zero."""
    if (weights != 0).sum() > 4 * _SHORT:
        return jnp.tensordot(jnp.asarray(weights, array.dtype), array, 1)
    rows = []
    for row in weights:
        terms = [float(w) * array[k] for k, w in enumerate(row) if w != 0]
        rows.append(functools.reduce(operator.add, terms) if terms else jnp.zeros_like(array[0]))
    return jnp.stack(rows)
