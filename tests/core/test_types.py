"""Distributions of types."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError

JOINT = np.array([[0.3, 0.1, 0.0], [0.05, 0.25, 0.3]])


def _frequencies(types: TypeDistribution, grid: int) -> np.ndarray:
    u = np.array(list(itertools.product((np.arange(grid) + 0.5) / grid, repeat=len(types.n_types))), np.float32)
    drawn = np.asarray(jax.jit(jax.vmap(types.sample))(jnp.asarray(u)))
    counts = np.zeros(types.n_types)
    np.add.at(counts, tuple(drawn.T), 1)
    return counts / len(u)


def test_correlated_types_are_drawn_as_often_as_they_should() -> None:
    np.testing.assert_allclose(_frequencies(TypeDistribution.correlated(JOINT), 300), JOINT, atol=5e-3)


def test_independent_types_multiply() -> None:
    types = TypeDistribution.independent([[0.2, 0.8], [0.5, 0.25, 0.25]])
    expected = np.outer([0.2, 0.8], [0.5, 0.25, 0.25])
    np.testing.assert_allclose(_frequencies(types, 200), expected, atol=5e-3)
    support, probs = types.profiles
    np.testing.assert_allclose(probs, expected.ravel())
    assert support.shape == (6, 2)


def test_profiles_leave_out_what_never_happens() -> None:
    support, probs = TypeDistribution.correlated(JOINT).profiles
    assert [0, 2] not in support.tolist()
    np.testing.assert_allclose(probs, JOINT[JOINT > 0])
    assert probs.dtype == np.float64


def test_three_correlated_followers() -> None:
    joint = np.random.default_rng(0).dirichlet(np.ones(12)).reshape(2, 3, 2)
    support, probs = TypeDistribution.correlated(joint).profiles
    np.testing.assert_allclose(probs, joint[tuple(support.T)], atol=1e-15)
    np.testing.assert_allclose(_frequencies(TypeDistribution.correlated(joint), 60), joint, atol=2e-2)


@pytest.mark.parametrize(
    ("marginal", "message"),
    [
        ([0.5, 0.6], "sum to 1"),
        ([-0.5, 1.5], "none negative"),
        ([float("nan"), 1.0], "finite"),
        ([], "finite probabilities"),
        (["a", "b"], "finite number"),
    ],
)
def test_what_is_not_a_distribution_is_refused(marginal: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        TypeDistribution.independent([marginal])


def test_too_many_profiles_are_refused() -> None:
    with pytest.raises(InputError, match="type profiles"):
        TypeDistribution.independent([[0.25] * 4] * 12).profiles  # noqa: B018
