"""Evolution reaches optima, keeps its state in arrays, and says what to install when evosax is missing."""

import jax
import numpy as np
import pytest

from firstmover import design
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.followers import MultiplicativeWeights
from firstmover.games import Escape, SimpleAllocation
from firstmover.jobs.runs import Run
from firstmover.jobs.training import initial_states
from firstmover.leaders import Evolution

PAPER = MultiplicativeWeights(rounds=20, epsilon=0.2, update="sampled", play="argmax")


@pytest.mark.parametrize(
    ("game", "followers", "leader"),
    [
        (Escape(), MultiplicativeWeights(), Evolution(updates=20)),
        pytest.param(
            *(SimpleAllocation(3, 3), PAPER, Evolution(updates=30, policy="network", reward_episodes=20)),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_every_seed_reaches_the_optimum(game, followers, leader) -> None:
    made = design(game, followers=followers, leader=leader, seeds=3)
    assert made.at_optimum == 3
    np.testing.assert_allclose(made.history.evaluated[-1], made.solution.value)


def test_a_state_is_read_back_as_it_was_written(tmp_path) -> None:
    problem, leader = StackelbergPOMDP(Escape(), MultiplicativeWeights(rounds=5)), Evolution(updates=2)
    state = jax.jit(lambda: jax.vmap(lambda s: leader.update(problem, s)[0])(initial_states(problem, leader, 2, 0)))()
    run = Run.create(tmp_path / "run", {})
    run.write_arrays("state.npz", state)
    again = run.read_arrays("state.npz", jax.eval_shape(lambda: initial_states(problem, leader, 2, 0)))
    for one, other in zip(jax.tree.leaves(state)[:-1], jax.tree.leaves(again)[:-1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_missing_evosax_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'firstmover\[evolution\]'"):
        Evolution()
