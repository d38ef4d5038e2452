"""Numbers that are not finite are never the best, and never reach a result."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.cli import main
from firstmover.core.selection import average, best_of, best_share, finite, largest, ranked, sound
from firstmover.errors import FailedError
from firstmover.games import IteratedMatrix, Maintain, SecurityGame, SimpleAllocation
from firstmover.jobs import pretraining
from firstmover.jobs.designs import design
from firstmover.jobs.finished import Design
from firstmover.jobs.lessons import Pretraining
from firstmover.leaders import CommitmentGradient, RandomSearch
from firstmover.report.statistics import mean_interval

NUMBERS = st.one_of(st.integers(-(10**6), 10**6).map(float), st.sampled_from([np.nan, np.inf, -np.inf]))
SHORT = {"updates": 4, "episodes": 10}


@settings(max_examples=100, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=8))
def test_selection_is_selection_among_the_finite(numbers: list[float]) -> None:
    kept = [number for number in numbers if np.isfinite(number)]
    for array in (np.array(numbers, np.float32), jnp.asarray(numbers, jnp.float32)):
        assert isinstance(ranked(array), type(array))
        assert not np.isnan(ranked(array)).any()
        if kept:
            assert numbers[int(best_of(array))] == max(kept)
            assert float(largest(array)) == max(kept)
            assert float(average(array)) == pytest.approx(np.mean(kept), rel=1e-4, abs=1)
        else:
            assert np.isnan(largest(array))
            assert np.isnan(average(array))
    low, mean, high = sorted(mean_interval(np.array(numbers)))
    assert np.isnan(mean) if not kept else low <= mean <= high


def test_a_part_is_sound_without_nan_and_finite_without_infinity() -> None:
    tree = {"a": jnp.array([[1.0, 2.0], [jnp.nan, 1.0], [-jnp.inf, 0.0]]), "b": jnp.arange(3), "c": jax.random.key(0)}
    np.testing.assert_array_equal(sound({**tree, "c": jnp.zeros(3)}, 1), [True, False, True])
    np.testing.assert_array_equal(finite({**tree, "c": jnp.zeros(3)}, 1), [True, False, False])
    assert not bool(sound(tree))
    assert bool(sound({"b": jnp.arange(3)}))


def test_a_reward_that_is_none_is_never_in_the_best_tenth() -> None:
    advantages = np.asarray(best_share(jnp.array([1.0, jnp.nan, 3.0, jnp.inf] + [0.0] * 16), 0.1))
    assert np.isfinite(advantages).all()
    assert np.flatnonzero(advantages > 0).tolist() == [0, 2]
    assert np.isfinite(best_share(jnp.full(20, jnp.nan), 0.1)).all()


@dataclass(frozen=True)
class _Breaking(CommitmentGradient):
    """As the learner, but copies of some seeds turn NaN in the second update."""

    seeds: tuple[int, ...] = ()
    copies: int = 1

    def update(self, problem: Any, state: Any) -> Any:
        state, metrics = super().update(problem, state)
        struck = jnp.any(jax.random.key_data(state.key)[-1] == jnp.asarray(self.seeds)) & (state.step == 2)
        first = jnp.arange(self._n_restarts(problem)) < self.copies
        strike = struck & first[:, None, None]
        broken = jax.tree.map(lambda outputs: jnp.where(strike, jnp.nan, outputs), state.policies)
        return state._replace(policies=broken), metrics


@pytest.mark.parametrize("game", [Maintain("mixed"), SecurityGame([[2, -2, -4, 2], [7, -8, -7, 7], [3, -2, -7, 1]])])
def test_a_broken_copy_is_dropped_and_the_others_go_on(game: Any) -> None:
    whole = design(game, leader=CommitmentGradient(**SHORT), seeds=3)
    cut = design(game, leader=_Breaking(**SHORT, seeds=(1,), copies=1), seeds=3)
    assert cut.dropped.tolist() == [0, 1, 0]
    assert cut.failed == []
    assert np.isfinite(cut.values).all()
    np.testing.assert_array_equal(cut.learned_values[[0, 2]], whole.learned_values[[0, 2]])
    # The copies are independent: the best of those that are left is at most the best of all.
    assert cut.learned_values[1] <= whole.learned_values[1] + 1e-9


@pytest.mark.parametrize("game", [Maintain("mixed"), pytest.param(SimpleAllocation(3, 2), marks=pytest.mark.slow)])
def test_a_seed_without_copies_is_said_and_the_run_goes_on(game: Any, tmp_path: Path) -> None:
    whole = design(game, leader=CommitmentGradient(**SHORT), seeds=3)
    made = design(game, leader=_Breaking(**SHORT, seeds=(1,), copies=99), seeds=3)
    copies = 17 if game.leader_space.continuous else 4  # one more than drawn starts from the baseline
    assert made.dropped.tolist() == [0, copies, 0]
    assert made.failed == [1]
    result = json.loads(json.dumps(made.as_json(), allow_nan=False))
    assert result["value"][1] is result["learned_value"][1] is None
    assert (result["failed_seeds"], result["dropped"]) == ([1], [0, copies, 0])
    np.testing.assert_array_equal(made.values[[0, 2]], whole.values[[0, 2]])
    assert result["mean_learned_value"] == pytest.approx(np.mean(whole.learned_values[[0, 2]]))
    with pytest.raises(FailedError, match="not a mistake of yours"):
        design(game, leader=_Breaking(**SHORT, seeds=(0, 1), copies=99), seeds=2)


def test_a_failed_seed_is_written_and_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(CommitmentGradient, "update", _broken_update(CommitmentGradient.update))
    monkeypatch.chdir(tmp_path)
    command = ["design", "maintain", "-g", "commitment=mixed", "--updates", "4", "-l", "episodes=10", "--seeds", "2"]
    assert main([*command, "--out", "run"]) == 0
    printed = capsys.readouterr().out
    assert "17 copies dropped" in printed
    assert "no copy is left of seed 1" in printed
    loaded = Design.load("run")
    assert loaded.failed == [1]
    assert np.isnan(loaded.values[1])
    rules = json.loads(Path("run/rules.json").read_text(), parse_constant=lambda name: pytest.fail(name))
    assert rules["rules"][1] is None
    assert "nan" not in Path("run/metrics.csv").read_text().lower()
    assert main([*command, "--seed", "1", "--seeds", "1", "--json"]) == 1
    assert "nothing was learnt" in capsys.readouterr().err


def _broken_update(update: Any) -> Any:
    def broken(self: Any, problem: Any, state: Any) -> Any:
        state, metrics = update(self, problem, state)
        struck = jax.random.key_data(state.key)[-1] == 1
        return jax.tree.map(
            lambda leaf: jnp.where(struck, jnp.nan, leaf) if leaf.dtype == jnp.float32 else leaf, state
        ), metrics

    return broken


def test_random_search_never_keeps_what_is_not_finite() -> None:
    made = design(SimpleAllocation(2, 2), leader=RandomSearch(updates=2, episodes=4), seeds=2)
    assert made.dropped.tolist() == [0, 0]
    assert np.isfinite(made.values).all()


@pytest.mark.slow
def test_a_seed_of_followers_that_broke_is_left_out(monkeypatch: Any) -> None:
    training_of = pretraining.training_of

    def broken(*asked: Any) -> Any:
        start, update = training_of(*asked)

        def struck(key: Any, networks: Any) -> Any:
            hit = jax.random.key_data(key)[-1] == 1
            return start(key, jax.tree.map(lambda leaf: jnp.where(hit, jnp.nan, leaf), networks))

        return struck, update

    monkeypatch.setattr(pretraining, "training_of", broken)
    game, few = IteratedMatrix(steps=2), Pretraining(updates=2, contexts=2, draws=2, passes=1)
    made = pretraining.pretrain(game, few, seeds=2)
    assert (made.seeds, made.failed_seeds) == (1, [1])
    assert all(leaf.shape[0] == 1 and np.isfinite(leaf).all() for leaf in jax.tree.leaves(made.followers.networks))
    with pytest.raises(FailedError, match="nothing was trained"):
        pretraining.pretrain(game, few, seeds=1, seed=1)


def test_play_that_is_none_is_never_certified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = {"game": "maintain", "rule": [{"when": {}, "do": {"action": 0}}]}
    (tmp_path / "rule.json").write_text(json.dumps(rule))
    command = ["certify", str(tmp_path / "rule.json"), "--followers", "logit", "-f", "rationality=1e300", "-f"]
    assert main([*command, "scale=1e-300"]) == 1
    assert "not finite" in capsys.readouterr().err
    assert not (tmp_path / "rule.certificate.json").exists()
