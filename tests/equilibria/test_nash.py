"""Nash equilibria: every one that is told is one, and of games with a known number none is missing."""

import importlib
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.cli import main
from firstmover.equilibria.nash import nash_equilibria
from firstmover.errors import InputError
from firstmover.games import BayesianNormalForm, NormalForm
from firstmover.jobs.comparisons import compare_nash


def _gains(leader: Any, follower: Any, x: np.ndarray, y: np.ndarray) -> float:
    """The most that a player gains by another action."""
    one, two = np.asarray(leader, float), np.asarray(follower, float)
    return float(max((one @ y).max() - x @ one @ y, (x @ two).max() - x @ two @ y))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10**6), st.sampled_from([2, 9, 10**6]))
def test_what_is_told_is_an_equilibrium_and_no_pure_one_is_missing(m: int, k: int, seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    leader, follower = rng.integers(-size, size, (2, m, k))
    found, _ = nash_equilibria(leader.astype(object), follower.astype(object))
    spread = max(1, np.ptp(leader), np.ptp(follower))
    for equilibrium in found:
        assert _gains(leader, follower, equilibrium.leader, equilibrium.follower) <= 2e-9 * spread
        assert equilibrium.leader.sum() == pytest.approx(1, abs=1e-12)
    pure = {(int(e.leader.argmax()), int(e.follower.argmax())) for e in found if e.pure}
    assert pure == {
        (i, j)
        for i in range(m)
        for j in range(k)
        if leader[i, j] >= leader[:, j].max() and follower[i, j] >= follower[i].max()
    }


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_coordination_has_an_equilibrium_for_every_set_of_actions(n: int) -> None:
    found, complete = nash_equilibria(np.eye(n), np.diag(np.arange(1.0, n + 1)))
    assert len(found) == 2**n - 1
    assert complete
    for equilibrium in found:
        used = equilibrium.leader > 0
        weights = np.where(used, 1 / np.arange(1.0, n + 1), 0)
        np.testing.assert_allclose(equilibrium.leader, weights / weights.sum(), atol=1e-9)
        np.testing.assert_allclose(equilibrium.follower, used / used.sum(), atol=1e-9)


def test_near_ties_of_pure_equilibria_are_decided_in_fractions() -> None:
    tiny = Fraction(1, 10**30)
    found, _ = nash_equilibria([[1, 0], [1 + tiny, 0]], [[1, 0], [1, 0]])
    assert [e.leader.tolist() for e in found if e.pure] == [[0, 1]]


def test_large_games_are_not_called_complete() -> None:
    leader, follower = np.random.default_rng(4).normal(size=(2, 12, 12))
    leader[3, 5], follower[3, 5] = 9, 9
    found, complete = nash_equilibria(leader, follower)
    assert not complete
    assert (9.0, 9.0) in [e.values for e in found]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_games_with_a_continuum_are_not_called_complete(n: int) -> None:
    assert not nash_equilibria(np.zeros((n, n)), np.zeros((n, n)))[1]
    assert not nash_equilibria(np.zeros((1, n)), np.zeros((1, n)))[1]


def test_matching_pennies_with_other_stakes() -> None:
    ((only,), complete) = nash_equilibria([[4, 0], [0, 1]], [[0, 1], [2, 0]])
    assert complete
    np.testing.assert_allclose(only.leader, [2 / 3, 1 / 3], atol=1e-9)
    np.testing.assert_allclose(only.follower, [0.2, 0.8], atol=1e-9)


def test_the_command_shows_them_beside_the_commitment(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("game.csv").write_text("lead,follow,p,q\nTop,Left,1,1\nTop,Right,3,0\nBottom,Left,0,0\nBottom,Right,2,1\n")
    assert main(["solve", "game.csv", "-g", "commitment=mixed", "--compare", "nash", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    (only,) = result["nash"]["equilibria"]
    assert only == {
        "leader": 1, "follower": 1, "leader_mixture": {"Top": 1}, "follower_mixture": {"Left": 1}, "pure": True,
    }  # fmt: skip
    assert result["optimum"] == 2.5
    assert main(["solve", "game.csv", "-g", "commitment=mixed", "--compare", "nash"]) == 0
    text = capsys.readouterr().out
    assert "1 and 1 at Top / Left" in text
    assert "leading earns 1.5 more than the best of them" in text
    assert main(["solve", "simple-allocation", "--compare", "nash"]) == 2
    assert main(["solve", "game.csv", "--compare", "core"]) == 2


def test_types_reply_by_plans() -> None:
    game = BayesianNormalForm([[1, 0], [0, 1]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]], ["1/4", "3/4"])
    found = compare_nash(game)["equilibria"]
    assert all(set(e["follower_mixture"]) <= {f"0: {a}, 1: {b}" for a in "AB" for b in "AB"} for e in found)
    assert found


def test_several_followers_and_a_missing_library_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="for two players; normal-form has 2 followers"):
        compare_nash(NormalForm(np.zeros((1, 2, 2)), np.zeros((2, 1, 2, 2))))

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(InputError, match=r"pip install 'firstmover\[nash\]'"):
        nash_equilibria(np.eye(2), np.eye(2))
