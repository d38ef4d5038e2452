"""Gambit files: both forms, all kinds of numbers, and everything that is not one."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.errors import InputError
from firstmover.interop.gambit import read_nfg, written

OUTCOMES = """NFG 1 R "A game" { "One" "Two" }

{ { "up" "down" }
{ "left" "mid" "right" }
}
"a comment"

{
{ "" 1, 2 }
{ "named" 3/2, -1 }
{ "x" .5, 1e1 }
}
1 2 3 0 1 2
"""
PAYOFFS = 'NFG 1 D "Three" { "A" "B" "C" } { 2 1 2 }\n1 2 3 4.5 5 6 7 8 9 10 11 -12'


def _read(tmp_path: Path, text: str):
    path = tmp_path / "game.nfg"
    path.write_text(text, encoding="utf-8")
    return read_nfg(path)


def test_outcome_form(tmp_path: Path) -> None:
    game = _read(tmp_path, OUTCOMES)
    # Player 1's strategy varies fastest: (up, left) 1, (down, left) 2, (up, mid) 3, (down, mid) none, ...
    np.testing.assert_array_equal(game.leader_payoffs, [[1, 0.5, 1], [1.5, 0, 1.5]])
    np.testing.assert_array_equal(game.follower_payoffs[0], [[2, 10, 2], [-1, 0, -1]])
    assert game.action_names == (("up", "down"), ("left", "mid", "right"))


def test_payoff_form_with_counts(tmp_path: Path) -> None:
    game = _read(tmp_path, PAYOFFS)
    assert game.leader_payoffs.shape == (2, 1, 2)
    np.testing.assert_array_equal(game.leader_payoffs[:, 0], [[1, 7], [4.5, 10]])
    np.testing.assert_array_equal(game.follower_payoffs[1, :, 0], [[3, 9], [6, -12]])
    assert game.action_names[0] == ("1", "2")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=2, max_size=4), st.integers(0, 10_000), st.booleans())
def test_what_is_written_is_read(tmp_path_factory, shape: list[int], seed: int, outcome_form: bool) -> None:
    payoffs = np.random.default_rng(seed).integers(-50, 50, (len(shape), *shape)) / 8
    names = " ".join("{ " + " ".join(f'"s{a}"' for a in range(size)) + " }" for size in shape)
    header = f'NFG 1 R "t" {{ {" ".join(f"""{chr(34)}p{i}{chr(34)}""" for i in range(len(shape)))} }} {{ {names} }}\n'
    profiles = [tuple(reversed(p)) for p in itertools.product(*(range(size) for size in reversed(shape)))]
    rows = [[str(float(payoffs[(i, *p)])) for i in range(len(shape))] for p in profiles]
    if outcome_form:
        body = "{ " + " ".join('{ "" ' + ", ".join(row) + " }" for row in rows) + " }\n"
        body += " ".join(str(k + 1) for k in range(len(rows)))
    else:
        body = " ".join(itertools.chain(*rows))
    game = _read(tmp_path_factory.mktemp("nfg"), header + body)
    np.testing.assert_array_equal(game.leader_payoffs, payoffs[0])
    np.testing.assert_array_equal(game.follower_payoffs, payoffs[1:])


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=2, max_size=3), st.data())
def test_what_is_exported_is_read_again_exactly(tmp_path_factory, shape: list[int], data) -> None:
    names = [data.draw(st.lists(NAMES, min_size=size, max_size=size, unique=True)) for size in shape]
    players = data.draw(
        st.lists(NAMES.map(lambda name: f"p{name}"), min_size=len(shape), max_size=len(shape), unique=True)
    )
    payoffs = np.empty((len(shape), *shape), object)
    for at in np.ndindex(payoffs.shape):
        payoffs[at] = data.draw(st.fractions(-9, 9, max_denominator=10**20))
    game = _read(tmp_path_factory.mktemp("nfg"), written(payoffs, names, players, 'a "title"'))
    assert (game.tables[0].fractions == payoffs[0]).all()
    assert (game.tables[1].fractions == payoffs[1:]).all()
    assert game.action_names == tuple(map(tuple, names))
    assert game.player_names == tuple(players)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("EFG 2 R", "does not begin with 'NFG 1 R'"),
        ("NFG 1", "ends too early"),
        ('NFG 1 R "t" { "a" }', "a leader and a follower are needed"),
        ('NFG 1 R "t" { "a" "b" } { 2 2 2 } 1', "needs at least one strategy"),
        ('NFG 1 R "t" { "a" "b" } { { "x" } { } } 1 2', "needs at least one strategy"),
        ('NFG 1 R "t { "a" "b" } { 2 2 }', "quoted name|not closed|expected"),
        ('NFG 1 R "t', "a string is not closed"),
        (PAYOFFS[:-8], "ends too early"),
        (PAYOFFS + " 13", "more follows after the last payoff"),
        (PAYOFFS.replace("4.5", "nan"), "finite number expected .* where 'nan'"),
        (PAYOFFS.replace("4.5", "inf"), "finite number expected .* where 'inf'"),
        (PAYOFFS.replace("4.5", "1/0"), "finite number expected .* where '1/0'"),
        (PAYOFFS.replace("4.5", "four"), "finite number expected .* where 'four'"),
        (PAYOFFS.replace("4.5", "1e999"), "finite number expected"),
        (OUTCOMES.replace("1 2 3 0 1 2", "1 2 9 0 1 2"), "outcome 9 is named"),
        (OUTCOMES.replace("1 2 3 0 1 2", "1 2 3 0"), "ends too early"),
        (OUTCOMES.replace("1 2 3 0 1 2", "1 2 x 0 1 2"), "whole number expected where 'x'"),
        ('NFG 1 R "t" { "a" "b" } { 999999999 999999999 } 1 2', "ends too early"),
    ],
)
def test_what_is_not_a_game_says_why(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _read(tmp_path, text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_nfg(tmp_path / "missing.nfg")
    with pytest.raises(InputError, match="cannot read"):
        read_nfg(tmp_path)
    (tmp_path / "latin.nfg").write_bytes(b"NFG 1 R \xff")
    with pytest.raises(InputError, match="UTF-8"):
        read_nfg(tmp_path / "latin.nfg")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(OUTCOMES)), st.integers(0, 5), st.text(alphabet='{}",. 1/x-', max_size=4))
def test_no_damage_makes_it_crash(tmp_path_factory, at: int, cut: int, insert: str) -> None:
    try:
        game = _read(tmp_path_factory.mktemp("nfg"), OUTCOMES[:at] + insert + OUTCOMES[at + cut :])
    except InputError:
        return
    assert np.isfinite(game.leader_payoffs).all()
