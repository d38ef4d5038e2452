"""A gated unit remembers as its definition says, number by number."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.recurrent import gated_unit


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_a_step_is_the_definition_written_out() -> None:
    unit = gated_unit(3, 2, jax.random.key(0))
    seen, kept, bias, new_bias = (np.asarray(part, float) for part in (unit.seen, unit.kept, unit.bias, unit.new_bias))
    x, memory = [0.5, -1.0, 2.0], [0.3, -0.7]
    after = []
    for k in range(2):
        rows = [sum(seen[2 * gate + k, j] * x[j] for j in range(3)) + bias[2 * gate + k] for gate in range(3)]
        before = [sum(kept[2 * gate + k, j] * memory[j] for j in range(2)) for gate in range(3)]
        reset, update = _sigmoid(rows[0] + before[0]), _sigmoid(rows[1] + before[1])
        candidate = math.tanh(rows[2] + reset * (before[2] + new_bias[k]))
        after.append((1 - update) * candidate + update * memory[k])
    assert np.asarray(unit(jnp.array(x), jnp.array(memory))) == pytest.approx(after, abs=1e-6)


def test_weights_are_smaller_the_wider_it_is() -> None:
    for width in (4, 64):
        leaves = jax.tree.leaves(gated_unit(5, width, jax.random.key(1)))
        assert max(float(abs(leaf).max()) for leaf in leaves) <= width**-0.5
        assert np.std(np.concatenate([np.ravel(leaf) for leaf in leaves])) == pytest.approx(
            width**-0.5 / 3**0.5, rel=0.15
        )
