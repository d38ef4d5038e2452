"""A game as one long table: labels, any number of players, and everything that is not one."""

import csv
import io
import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.errors import InputError
from firstmover.jobs import build

PRICES = "seller,buyer,seller payoff,buyer payoff\nlow,buy,1,1/2\nlow,leave,0,0\nhigh,buy,3,-1\nhigh,leave,0,0\n"


def _read(path: Path, text: str) -> Any:
    path.write_text(text, encoding="utf-8")
    return build.game_from(str(path), {})


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=2, max_size=3), st.randoms(use_true_random=False), st.booleans())
def test_what_is_written_is_read(tmp_path_factory: Any, shape: list[int], rng: Any, semicolons: bool) -> None:
    n = len(shape)
    names = [[f"action {p}.{a}" for a in range(size)] for p, size in enumerate(shape)]
    rows = {at: [Fraction(rng.randint(-9, 9), rng.randint(1, 9)) for _ in range(n)] for at in np.ndindex(*shape)}
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if semicolons else ",")
    writer.writerow([f"player {p}" for p in range(n)] + [f"payoff of player {p}" for p in range(n)])
    for at in rng.sample(list(rows), len(rows)):
        writer.writerow([own[a] for own, a in zip(names, at, strict=True)] + [str(x) for x in rows[at]])
    game = _read(tmp_path_factory.mktemp("long") / "game.csv", out.getvalue())
    assert game.player_names == tuple(f"player {p}" for p in range(n))
    for at in itertools.product(*map(range, shape)):
        named = tuple(game.action_names[p].index(names[p][a]) for p, a in enumerate(at))
        assert game.tables[0].fractions[named] == rows[at][0]
        assert game.tables[1].fractions[(slice(None), *named)].tolist() == rows[at][1:]


def test_names_come_back(tmp_path: Path) -> None:
    game = _read(tmp_path / "prices.csv", PRICES)
    assert game.sentence(game.entry((0,), np.asarray(1))) == "always play high"
    assert game.play_sentence(0, 0, np.array([0.25, 0.75])) == "buyer plays buy (25%) or leave (75%)"
    assert game.parameters()["player_names"] == ["seller", "buyer"]
    plain = _read(tmp_path / "plain.csv", PRICES.replace("seller", "leader").replace("buyer", "follower"))
    assert plain.play_sentence(0, 0, np.array([1.0, 0])) == "the follower plays buy (100%)"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("1,2\n3,4\n", "is no game: it needs a row for each profile"),
        ("a,b,c,1,2\n", "is no game"),
        ("1,1,2,3\n", "needs a header"),
        ("seller,buyer,p,q\n", "a header only"),
        (PRICES.replace("high,buy,3,-1\n", ""), "lacks 1 of 4 profiles, such as high, buy"),
        (PRICES + "low,buy,1,1\n", "the profile low, buy in row 2 and in row 6"),
        (PRICES.replace("seller payoff,buyer payoff", "buyer payoff,seller payoff"), "in the order of its players"),
        (PRICES.replace("3,-1", "3,x"), "row 4 of .* must be a finite number"),
        (PRICES.replace("high,buy", ",buy"), "names no action in a cell of row 4"),
    ],
)
def test_what_is_no_game_says_why(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        _read(tmp_path / "game.csv", text)
