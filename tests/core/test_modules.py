"""Modules are pytrees of their fields, frozen, and may hold anything while a program is traced."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.modules import Module, static


class Line(Module):
    slope: jax.Array | float
    intercept: jax.Array | float

    def __call__(self, x):
        return self.slope * x + self.intercept


class Power(Line):
    exponent: int = static()

    def __call__(self, x):
        return super().__call__(x) ** self.exponent


def test_fields_are_leaves_in_order_and_static_ones_are_structure() -> None:
    square = Power(2.0, 1.0, 2)
    leaves, structure = jax.tree.flatten(square)
    assert leaves == [2.0, 1.0] and jax.tree.unflatten(structure, leaves)(3.0) == 49.0
    assert structure == jax.tree.structure(Power(0.0, 0.0, 2)) != jax.tree.structure(Power(0.0, 0.0, 3))
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(square)]
    assert paths == [".slope", ".intercept"]


def test_they_pass_through_the_transformations() -> None:
    lines = Line(jnp.arange(3.0), jnp.ones(3))
    assert np.array_equal(jax.vmap(lambda line: jax.jit(line)(2.0))(lines), [1, 3, 5])
    slope = jax.grad(lambda line: line(4.0))(Power(1.0, 2.0, 2))
    assert (slope.slope, slope.intercept, slope.exponent) == (48.0, 12.0, 2)
    assert jax.tree.map(lambda _: None, Line(1.0, 2.0)).slope is None


def test_they_are_frozen_and_say_what_they_hold() -> None:
    line = Line(1.0, 0.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        line.slope = 2.0
    assert repr(line) == "Line(slope=1.0, intercept=0.0)"
    with pytest.raises(TypeError):
        Line()
