"""Kernels whose batch comes last, under every transformation that the package puts around them."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.batching import batch_last, in_blocks

TABLE = np.arange(6.0).reshape(2, 3)
OTHER = jax.random.normal(jax.random.key(0), (3,))  # constants of both kinds: NumPy's and JAX's


def plain(pair, scale):
    """[3], [2, 3], [] -> [2], and the first argument in the same structure."""
    first, second = pair
    kept = jnp.asarray(TABLE) * second + OTHER * first
    return kept.sum(-1) * scale, (first + scale, second)


def kernel(pair, scale):
    """The same with a trailing batch axis everywhere, in a loop and with a condition, as the package's kernels are."""
    first, second = pair
    kept, _ = jax.lax.scan(
        lambda total, k: (
            total + jnp.asarray(TABLE)[:, k, None] * second[:, k] + jnp.asarray(OTHER)[k] * first[k],
            None,
        ),
        jnp.zeros((2, first.shape[-1])),
        jnp.arange(3),
    )
    return kept * scale, (first + scale, second)


BATCHED = batch_last(kernel)
SIZES = {"a": 2, "b": 3}


def _inputs(axes):
    """An array for each argument; the axes are those of the vmaps around it, the outermost first."""
    shapes = ((3,), (2, 3), ())
    arrays = [
        jax.random.normal(jax.random.key(k), (*(SIZES[axis] for axis in own), *shape))
        for k, (shape, own) in enumerate(zip(shapes, axes, strict=True))
    ]
    return (arrays[0], arrays[1]), arrays[2]


def _vmapped(function, axes):
    for axis in ("b", "a"):  # the innermost first
        marked = [0 if axis in own else None for own in axes]
        if any(mark == 0 for mark in marked):
            function = jax.vmap(function, ((marked[0], marked[1]), marked[2]))
    return function


def _same(one, other):
    for x, y in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(x, y, atol=1e-5)


@pytest.mark.parametrize("axes", [*itertools.product(["", "a", "ab"], repeat=3)])
def test_any_nesting_and_any_subset_of_the_arguments(axes) -> None:
    inputs = _inputs(axes)
    _same(jax.jit(_vmapped(BATCHED, axes))(*inputs), _vmapped(plain, axes)(*inputs))


def _under_cond(function):
    def run(pair, scale):
        return jax.lax.cond(scale > 0, lambda p, s: function(p, s), lambda p, s: function(p, s - 1), pair, scale)

    return run


def _under_while(function):
    def run(pair, scale):
        def body(carry):
            k, pair, total = carry
            out, pair = function(pair, scale)
            return k + 1, pair, total + out

        start = jnp.int32(0), pair, jnp.zeros(2)
        return jax.lax.while_loop(lambda carry: carry[0] < 2 + (scale > 0), body, start)[1:]

    return run


def _under_scan(function):
    def run(pair, scale):
        def body(pair, _):
            out, pair = function(pair, scale)
            return pair, out

        return jax.lax.scan(body, pair, None, length=3)

    return run


def _under_switch_in_a_while(function):
    return _under_while(_under_cond(function))


def _under_checkpoint(function):
    return jax.checkpoint(_under_cond(function))


@pytest.mark.parametrize("axes", [("", "", ""), ("", "", "a"), ("a", "", "b"), ("ab", "ab", "ab"), ("", "b", "a")])
@pytest.mark.parametrize(
    "around", [_under_cond, _under_while, _under_scan, _under_switch_in_a_while, _under_checkpoint]
)
def test_control_flow_under_vmap(around, axes) -> None:
    inputs = _inputs(axes)
    _same(jax.jit(_vmapped(around(BATCHED), axes))(*inputs), jax.jit(_vmapped(around(plain), axes))(*inputs))


def test_the_batch_does_come_last() -> None:
    sizes = []

    def counted(array):
        sizes.append(array.shape)
        return array * OTHER[0]

    jax.vmap(jax.vmap(batch_last(counted)))(jnp.zeros((4, 5, 3)))
    assert sizes[-1] == (3, 20)


def test_a_kernel_that_closes_over_something_traced_is_refused() -> None:
    def wrong(x, y):
        return batch_last(lambda batch: batch * y)(x)

    with pytest.raises(TypeError, match="make it an argument"):
        jax.vmap(wrong)(jnp.ones(2), jnp.ones(2))


@pytest.mark.parametrize("count", [16, 17, 50])
def test_blocks_of_a_batch_come_to_the_same(count: int) -> None:
    """One element is 40 bytes: blocks of 16 elements, of which the last may be filled up."""
    (first, second), scale = _inputs(((), (), ()))
    batch = jax.tree.map(lambda array: array[..., None] + jnp.arange(float(count)), ((first, second), scale))
    sizes = []

    def noted(*arguments):
        sizes.append(arguments[1].shape[-1])
        return kernel(*arguments)

    whole, parts = jax.jit(kernel)(*batch), jax.jit(in_blocks(noted, 640))(*batch)
    for one, other in zip(jax.tree.leaves(whole), jax.tree.leaves(parts), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    assert sizes == [16]
