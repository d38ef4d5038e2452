"""Heads and policies against independent formulas."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from firstmover.policies import CategoricalHead, GaussianHead, head_for, network_policy, outputs, table_policy
from firstmover.spaces import Box, Discrete


def test_categorical_log_probability_entropy_and_draws() -> None:
    head, logits = CategoricalHead(4), jnp.array([0.3, -1.0, 2.0, 0.5])
    mask = jnp.array([True, True, False, True])
    p = np.exp(np.asarray(logits)) * np.asarray(mask)
    p /= p.sum()
    for a in (0, 1, 3):
        assert float(head.log_probability(logits, mask, jnp.int32(a))) == pytest.approx(np.log(p[a]), rel=1e-5)
    assert float(head.entropy(logits, mask)) == pytest.approx(stats.entropy(p), rel=1e-5)
    u = ((jnp.arange(20_000) + 0.5) / 20_000)[:, None]
    drawn = np.asarray(jax.vmap(lambda v: head.draw(logits, mask, v))(u))
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / 20_000, p, atol=2e-4)
    assert int(head.mode(logits, mask)) == 3


def test_gaussian_log_probability_entropy_and_draws() -> None:
    head, mean = GaussianHead(Box(2, -1.0, 3.0), 0.2), jnp.array([0.1, -0.3])
    mask, raw = jnp.ones(2, bool), jnp.array([0.2, -0.9])
    normal = stats.norm(np.asarray(mean), 0.2)
    assert float(head.log_probability(mean, mask, raw)) == pytest.approx(normal.logpdf(np.asarray(raw)).sum(), rel=1e-4)
    assert float(head.entropy(mean, mask)) == pytest.approx(normal.entropy().sum(), rel=1e-4)
    u = jnp.stack([(jnp.arange(5000) + 0.5) / 5000] * 2, -1)
    drawn = np.asarray(jax.vmap(lambda v: head.draw(mean, mask, v))(u))
    np.testing.assert_allclose(drawn.mean(0), mean, atol=1e-3)
    np.testing.assert_allclose(drawn.std(0), 0.2, atol=2e-3)
    # Units: 0 is the middle of the box, +-0.5 its faces; beyond is clipped.
    np.testing.assert_allclose(head.action(jnp.array([0.0, -0.9])), [1.0, -1.0])


@pytest.mark.parametrize("space", [Discrete(3), Box(2)])
def test_surrogate_is_the_clipped_objective_written_out(space: Discrete | Box) -> None:
    head = head_for(space)
    keys = jax.random.split(jax.random.key(0), 4)
    old = jax.random.normal(keys[0], (head.width,))
    new = old + 0.3 * jax.random.normal(keys[1], (head.width,))
    mask = jnp.ones(head.width, bool)
    u = jax.random.uniform(keys[2], (50, head.noise_size))
    raw = jax.vmap(lambda v: head.draw(old, mask, v))(u)
    advantages = jax.random.normal(keys[3], (50,))
    total = 0.0
    for r, a in zip(raw, advantages, strict=True):
        ratio = float(jnp.exp(head.log_probability(new, mask, r) - head.log_probability(old, mask, r)))
        total += min(ratio * float(a), float(np.clip(ratio, 0.8, 1.2)) * float(a))
    assert float(head.surrogate(new, old, mask, head.statistics(raw, advantages), 0.2)) == pytest.approx(
        total, rel=1e-3
    )


def test_policies_start_without_preference() -> None:
    sizes, head = (2, 3), CategoricalHead(4)
    observations = jnp.asarray(np.indices(sizes).reshape(2, -1).T, jnp.int32)
    for policy in (table_policy(sizes, head), network_policy(sizes, head, jax.random.key(0))):
        p = jax.nn.softmax(outputs(policy, observations))
        assert p.shape == (6, 4)
        np.testing.assert_allclose(p, 0.25, atol=0.02)
