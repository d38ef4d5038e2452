"""Adam's steps are optax's to the bit."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from firstmover.core.adam import Adam


@pytest.mark.parametrize("settings", [{}, {"b1": 0.8, "b2": 0.95, "eps": 1e-6}])
@pytest.mark.parametrize("x64", [False, True])
def test_the_steps_are_those_of_optax(settings: dict[str, float], x64: bool) -> None:
    with jax.enable_x64(x64):
        gradients = np.random.default_rng(0).normal(size=(40, 3, 5)) * 10.0 ** np.arange(-4, 1)
        gradients = [{"a": jnp.asarray(g[0], float), "b": [jnp.asarray(g[1:], float)]} for g in gradients]
        ours, theirs = Adam(**settings), optax.scale_by_adam(**settings)
        states = ours.init(gradients[0]), theirs.init(gradients[0])
        update, other = jax.jit(ours.update), jax.jit(theirs.update)
        for gradient in gradients:
            steps, states = zip(update(gradient, states[0]), other(gradient, states[1]), strict=True)
            for mine, its in zip(*map(jax.tree.leaves, steps), strict=True):
                np.testing.assert_array_equal(np.asarray(mine), np.asarray(its))
        for mine, its in zip(*map(jax.tree.leaves, states), strict=True):  # in the same order, for checkpoints
            np.testing.assert_array_equal(np.asarray(mine), np.asarray(its))
