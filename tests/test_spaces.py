"""What every space answers, for every kind of space."""

import ast
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import firstmover
from firstmover.errors import InputError
from firstmover.spaces import Box, Branching, Discrete, Mixture, Space

SPACES = [
    Discrete(3, "item"),
    Discrete(["casual", "keen"], "buyer"),
    Box(["basic", "full"], [-1.0, 0.0], [3.0, 2.0]),
    Box(3, 0.0, 1.0, total=1.5),
    Mixture(["inspect", "wait", "leave"]),
    Branching(Discrete(3, "agent"), 2, 5, 0.0, 2.0, "prices"),
    Branching(3, 2, None, 1.0, 2.0),
]


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_what_is_sampled_listed_and_drawn_is_written_and_read_back(space: Space) -> None:
    head, mask = space.head(0.3), jnp.ones(space.mask_size, bool)
    u = jnp.asarray(np.random.default_rng(0).uniform(1e-3, 1 - 1e-3, (40, max(space.sample_size, head.noise_size))))
    sampled = jax.vmap(lambda v: space.sample(mask, v[: space.sample_size]))(u)
    drawn = jax.vmap(lambda v: head.action(head.draw(jnp.zeros(head.width), mask, v[: head.noise_size])))(u)
    for values in (sampled, drawn, space.spread(30), [space.idle()] if space.n_options else []):
        for value in np.asarray(values):
            assert value.shape == space.idle().shape
            features = np.asarray(space.features(jnp.asarray(value)))
            assert features.shape == (space.n_features,) and np.all((features >= -1e-6) & (features <= 1 + 1e-6))
            entry = space.entry(value)
            assert all(str(part) in space.words(value) for part in entry if not space.continuous)
            np.testing.assert_allclose(space.read(entry), space.played(np.asarray(value, float)), atol=1e-6)


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_an_output_around_an_action_prefers_it(space: Space) -> None:
    head, mask = space.head(0.1), jnp.ones(space.mask_size, bool)
    for value in space.spread(4):
        np.testing.assert_allclose(head.action(head.mode(head.around(jnp.asarray(value)), mask)), value, atol=1e-6)


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_samples_are_uniform_over_what_the_mask_allows(space: Space) -> None:
    mask = jnp.arange(space.mask_size) != 1
    u = jnp.asarray(np.random.default_rng(1).random((300, space.sample_size)))
    features = np.asarray(jax.vmap(lambda v: space.features(space.sample(mask, v)))(u))
    free = not space.n_options and space.mask_size == space.n_features
    assert np.all(features[:, 1] > 0) if free else not features[:, 1].any()
    assert abs(features[:, 0].mean() - (0.5 if free else 1 / (space.mask_size - 1))) < 0.1


@pytest.mark.parametrize(
    "entry",
    [{}, {"agent": 1}, {"agent": 3, "prices": [0, 0]}, {"agent": 0, "prices": [1]}, {"agent": 0, "prices": [0, 2.1]}],
)
def test_what_is_not_in_a_branching_space_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(InputError):
        SPACES[5].read(entry)


def test_nothing_asks_which_kind_a_space_is() -> None:
    kinds, root = (
        {kind.__name__ for kind in (Box, Branching, Discrete, Mixture)},
        Path(firstmover.__file__).parent,
    )
    asks = [
        f"{path.name}:{node.lineno}"
        for path in root.rglob("*.py")
        if path.parent.name != "spaces"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call | ast.Match)
        and (isinstance(node, ast.Match) or ast.unparse(node.func) in ("isinstance", "type", "issubclass"))
        and kinds & {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    ]
    assert not asks


def test_a_budget_is_the_most_that_the_components_sum_to() -> None:
    box = Box(["p", "q"], 0.2, 1.0, total=1.0)
    np.testing.assert_allclose(box.played(np.array([1.0, 1.0])), [0.5, 0.5])
    np.testing.assert_allclose(box.played(np.array([0.6, 0.4])), [0.6, 0.4])
    np.testing.assert_allclose(box.read({"p": 0.6, "q": 0.4}), [0.6, 0.4])
    with pytest.raises(InputError, match=r"sum to at most 1; the sum is 1\.1"):
        box.read({"p": 0.6, "q": 0.5})
    with pytest.raises(InputError, match="above the sum of its lows"):
        Box(["p", "q"], 0.6, 1.0, total=1.0)
