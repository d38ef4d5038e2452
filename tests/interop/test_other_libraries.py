"""Tables go to Nashpy and OpenSpiel and come back the same; `.nfg` files are exact."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from firstmover import InputError
from firstmover.games import NormalForm
from firstmover.interop.gambit import read_nfg, written
from firstmover.interop.other_libraries import from_nashpy, from_openspiel, to_nashpy, to_openspiel
from firstmover.jobs.exports import induced_form, strategic_form
from firstmover.rules.rule import Rule


def a_game(*shape: int) -> NormalForm:
    payoffs = np.random.default_rng(1).integers(-9, 9, (len(shape), *shape)).astype(float)
    names = [[f"act {player}{k}" for k in range(n)] for player, n in enumerate(shape)]
    return NormalForm(payoffs[0], payoffs[1:], action_names=names)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3, 2), (2, 2, 2, 3)])
def test_a_game_goes_to_openspiel_and_comes_back(shape: tuple[int, ...]) -> None:
    pyspiel = pytest.importorskip("pyspiel")
    form = strategic_form(a_game(*shape))
    game = to_openspiel(form.payoffs, form.strategies)
    assert isinstance(game, pyspiel.MatrixGame if len(shape) == 2 else pyspiel.TensorGame)
    back = strategic_form(from_openspiel(game))
    assert (back.payoffs == form.payoffs).all()
    assert back.strategies == form.strategies


def test_games_of_openspiel_come_in_or_are_refused() -> None:
    pyspiel = pytest.importorskip("pyspiel")
    dilemma = strategic_form(from_openspiel(pyspiel.load_game("matrix_pd"))).payoffs
    assert dilemma.tolist() == [[[5, 0], [10, 1]], [[5, 10], [0, 1]]]
    for name in ("kuhn_poker", "goofspiel(num_cards=3)"):
        with pytest.raises(InputError, match=r"choose once at the same time|goes on after everybody"):
            from_openspiel(pyspiel.load_game(name))


def test_what_a_rule_leaves_its_followers_is_a_game_of_nashpy() -> None:
    """Its equilibria there are checked against all deviations in the table."""
    pytest.importorskip("nashpy")
    game = a_game(3, 4, 2)
    for action in range(3):
        induced = induced_form(Rule(game, np.array([action]))).payoffs[1:, 0]
        assert (induced == strategic_form(game).payoffs[1:, action]).all()
        outside = to_nashpy(induced)
        back = strategic_form(from_nashpy(outside)).payoffs
        assert (back == induced).all()
        found = [pair for pair in outside.support_enumeration() if np.isfinite(np.concatenate(pair)).all()]
        assert found
        one, other = back.astype(float)
        for row, column in found:
            assert row @ one @ column >= (one @ column).max() - 1e-9
            assert row @ other @ column >= (row @ other).max() - 1e-9
    with pytest.raises(InputError, match="Nashpy has games of two players; this one has 3"):
        to_nashpy(strategic_form(game).payoffs)


def test_fractions_come_back_from_a_gambit_file_as_they_were(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    payoffs = np.empty((3, 2, 3, 2), object)
    for at in np.ndindex(payoffs.shape):
        payoffs[at] = Fraction(int(draw.integers(-(10**12), 10**12)), int(draw.integers(1, 10**9)))
    names = [["a", "b"], ["x", 'y"z', "w"], ["left", "right"]]
    path = tmp_path / "game.nfg"
    path.write_text(written(payoffs, names, ["Leader", "One", "Two"], "Fractions"))
    form = strategic_form(read_nfg(path))
    assert (form.payoffs == payoffs).all()
    assert form.strategies == names
    assert written(form.payoffs, form.strategies, ["Leader", "One", "Two"], "Fractions") == path.read_text()


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nashpy", None)
    monkeypatch.setitem(sys.modules, "pyspiel", None)
    payoffs = strategic_form(a_game(2, 2)).payoffs
    with pytest.raises(InputError, match="this needs nashpy: pip install nashpy"):
        to_nashpy(payoffs)
    with pytest.raises(InputError, match="this needs open_spiel: pip install open_spiel"):
        to_openspiel(payoffs, [["a", "b"], ["c", "d"]])
