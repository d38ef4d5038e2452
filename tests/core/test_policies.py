"""Heads and policies against independent formulas."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from firstmover.core.policies import network_policy, table_policy
from firstmover.heads import Branches, CategoricalHead, GaussianHead, clipped_gain
from firstmover.spaces import Box, Branching, Discrete, Space
from firstmover.spaces.observations import Components


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
    head = space.head()
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


@pytest.mark.parametrize("space", [Branching(3, 2, 4), Branching(3, 2, None, 0.0, 2.0)])
def test_an_option_then_its_components(space: Branching) -> None:
    head = space.head(0.2)
    output = jax.random.normal(jax.random.key(0), (head.width,))
    logits, rest = np.asarray(output[:3]), np.asarray(output[3:]).reshape(3, 2, -1)
    mask = jnp.array([True, False, True])
    p = np.exp(logits) * np.asarray(mask)
    p /= p.sum()
    u = jax.random.uniform(jax.random.key(1), (20_000, head.noise_size))
    raw = np.asarray(jax.vmap(lambda v: head.draw(output, mask, v))(u))
    np.testing.assert_allclose(np.bincount(raw[:, 0].astype(int), minlength=3) / 20_000, p, atol=0.015)
    second = raw[raw[:, 0] == 2]
    if space.levels:
        own = np.exp(rest[2, 1]) / np.exp(rest[2, 1]).sum()
        np.testing.assert_allclose(np.bincount(second[:, 2], minlength=4) / len(second), own, atol=0.025)
        shares = [np.exp(rest[2, j]) / np.exp(rest[2, j]).sum() for j in range(2)]
        expected = np.log(p[2]) + np.log(shares[0][1]) + np.log(shares[1][3])
        one = jnp.array([2, 1, 3])
    else:
        np.testing.assert_allclose(second[:, 1:].mean(0), rest[2, :, 0], atol=0.01)
        one = jnp.array([2.0, 0.1, -0.4])
        expected = np.log(p[2]) + stats.norm(rest[2, :, 0], 0.2).logpdf(np.array([0.1, -0.4])).sum()
        np.testing.assert_allclose(head.action(one), [2.0, 1.2, 0.2], rtol=1e-6)
    assert float(head.log_probability(output, mask, one)) == pytest.approx(float(expected), rel=1e-4)
    assert np.asarray(head.mode(output, mask))[0] == (0 if logits[0] > logits[2] else 2)


def test_parts_of_a_branching_decision_count_each_for_itself() -> None:
    """The surrogate is the sum over the option and the components of the option that was drawn."""
    space, keys = Branching(2, 2, 3), jax.random.split(jax.random.key(0), 4)
    head = space.head()
    old = jax.random.normal(keys[0], (head.width,))
    new = old + 0.4 * jax.random.normal(keys[1], (head.width,))
    mask = jnp.ones(2, bool)
    raw = jax.vmap(lambda v: head.draw(old, mask, v))(jax.random.uniform(keys[2], (40, 3)))
    advantages = jax.random.normal(keys[3], (40,))

    def ratio(part_new, part_old, drawn: int) -> float:
        return float(jnp.exp(jax.nn.log_softmax(part_new)[drawn] - jax.nn.log_softmax(part_old)[drawn]))

    total = 0.0
    for (option, *levels), advantage in zip(raw.tolist(), advantages.tolist(), strict=True):
        ratios = [ratio(new[:2], old[:2], option)]
        for j, level in enumerate(levels):
            at = slice(2 + (option * 2 + j) * 3, 2 + (option * 2 + j) * 3 + 3)
            ratios.append(ratio(new[at], old[at], level))
        total += sum(min(r * advantage, float(np.clip(r, 0.8, 1.2)) * advantage) for r in ratios)
    found = head.surrogate(new, old, mask, head.statistics(raw, advantages), 0.2)
    assert float(found) == pytest.approx(total, rel=1e-3)


@pytest.mark.parametrize("space", [Discrete(4), Box(2), Branching(4, 2, 3), Branching(4, 2, None, 0.0, 2.0)])
def test_the_parts_of_one_draw_give_its_surrogate(space: Space) -> None:
    head, keys = space.head(0.2), jax.random.split(jax.random.key(0), 3)
    old = jax.random.normal(keys[0], (head.width,))
    new = old + 0.3 * jax.random.normal(keys[1], (head.width,))
    mask = jnp.ones(space.mask_size, bool)
    for u in jax.random.uniform(keys[2], (10, head.noise_size)):
        raw = head.draw(old, mask, u)
        ratios = jnp.exp(head.log_probabilities(new, mask, raw) - head.log_probabilities(old, mask, raw))
        for advantage in (-1.5, 0.7):
            expected = head.surrogate(new, old, mask, head.statistics(raw[None], jnp.array([advantage])), 0.2)
            gain = clipped_gain(ratios, jnp.float32(advantage), 0.2).sum()
            assert float(gain) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize("space", [Branching(5, 2, 3), Branching(5, 2, None, 0.0, 2.0)])
def test_options_that_share_the_outputs_of_their_components(space: Branching) -> None:
    """Written out for every option, the outputs give the same draws, likelihoods, entropy and slopes."""
    head, keys = space.head(0.2), jax.random.split(jax.random.key(0), 3)
    width = (head.width - 5) // 5
    logits, parts = jax.random.normal(keys[0], (5,)), jax.random.normal(keys[1], (3, width))
    kind = jnp.array([2, 0, 1, 2, 0])
    mask = jnp.array([True, False, True, True, True])

    def shared(logits: jax.Array, parts: jax.Array) -> Branches:
        return Branches(logits, parts, kind)

    def written_out(logits: jax.Array, parts: jax.Array) -> jax.Array:
        return jnp.concatenate([logits, parts[kind].ravel()])

    u = jax.random.uniform(keys[2], (20, head.noise_size))
    one, other = shared(logits, parts), written_out(logits, parts)
    draws = jax.jit(jax.vmap(lambda output, u: head.draw(output, mask, u), (None, 0)))
    raws = draws(other, u)
    np.testing.assert_allclose(draws(one, u), raws, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(head.mode(one, mask), head.mode(other, mask))

    def likelihoods_and_entropy(form: Callable, *given: jax.Array) -> jax.Array:
        output = form(*given)
        likelihoods = jax.vmap(lambda raw: head.log_probability(output, mask, raw))(raws)
        return jnp.append(likelihoods, head.entropy(output, mask))

    numbers_and_slopes = []
    for form in (shared, written_out):
        numbers = partial(likelihoods_and_entropy, form)
        both = jax.jit(lambda *given, numbers=numbers: (numbers(*given), jax.jacobian(numbers, (0, 1))(*given)))
        numbers_and_slopes.append(both(logits, parts))
    jax.tree.map(lambda number, of_other: np.testing.assert_allclose(number, of_other, atol=1e-5), *numbers_and_slopes)
    assert max(float(jnp.abs(slope).max()) for slope in numbers_and_slopes[0][1]) > 0.1


def test_policies_start_without_preference() -> None:
    sizes, head = (2, 3), CategoricalHead(4)
    observations = jnp.asarray(np.indices(sizes).reshape(2, -1).T, jnp.int32)
    for policy in (table_policy(sizes, head), network_policy(Components(sizes), head, jax.random.key(0))):
        p = jax.nn.softmax(policy.at_all(observations))
        assert p.shape == (6, 4)
        np.testing.assert_allclose(p, 0.25, atol=0.02)


@pytest.mark.parametrize("space", [Discrete(3), Box(2), Branching(3, 2, 4), Branching(3, 2, None, 0.0, 2.0)])
def test_what_was_not_drawn_never_counts_whatever_the_width(space: Space) -> None:
    """Draws of other options lie anywhere: their ratio may overflow, and zero times infinity is not a number."""
    mask, some = jnp.ones(space.mask_size, bool), jnp.arange(22) % 3 - 1.0

    @jax.jit
    def found(width: jax.Array, moved: jax.Array) -> tuple[jax.Array, ...]:
        head, keys = space.head(width), jax.random.split(jax.random.key(0), 3)
        old = jax.random.normal(keys[0], (head.width,))
        new = old + moved * jax.random.normal(keys[1], (head.width,))
        shape = (20, head.noise_size)
        u = jnp.concatenate([jax.random.uniform(keys[2], shape), jnp.full((2, head.noise_size), 1 - 2**-24)])
        raw = jax.vmap(lambda v: head.draw(3 * old[::-1], mask, v))(u)

        def gain(output: jax.Array, advantages: jax.Array) -> jax.Array:
            return head.surrogate(output, old, mask, head.statistics(raw, advantages), 0.2)

        nothing, up, down = (jax.value_and_grad(gain)(new, advantages) for advantages in (0 * some, some, -some))
        return *nothing, *up, *down, jax.vmap(lambda r: head.log_probability(new, mask, r))(raw)

    for width in (1e-30, 1e-8, 3e-3, 0.3, 100.0):
        for moved in (0.0, 1e-3, 1.0, 1e3):
            nothing, slope, *others = found(jnp.float32(width), jnp.float32(moved))
            assert float(nothing) == 0
            np.testing.assert_array_equal(slope, 0)
            assert all(np.isfinite(other).all() for other in others), (width, moved)
