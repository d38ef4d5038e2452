"""Extensive-form files: a strategy in the table pays what playing the tree by it pays."""

import itertools
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.errors import InputError
from firstmover.interop.extensive import read_efg

ENTRY = """EFG 2 R "Entry" { "Incumbent" "Entrant" }
"a comment"
c "" 1 "" { "strong" 1/3 "weak" 0.5 "gone" 1/6 } 0
p "" 2 1 "strong" { "in" "out" } 0
p "" 1 1 "asked" { "fight" "yield" } 5 "entered" { 0, 1/2 }
t "" 1 "" { 1, -1 }
t "" 2 "" { 0, 2 }
t "" 3 "" { 5 0 }
p "" 2 2 "weak" { "in" "out" } 0
p "" 1 1 0
t "" 4 "" { 2, -3 }
t "" 2
t "" 3
t "" 0
"""


def _read(path: Path, text: str) -> Any:
    path.write_text(text)
    return read_efg(path)


def test_a_game_by_hand(tmp_path: Path) -> None:
    game = _read(tmp_path / "entry.efg", ENTRY)
    assert game.action_names == (("fight", "yield"), ("in, in", "in, out", "out, in", "out, out"))
    assert game.player_names == ("Incumbent", "Entrant")
    leader, follower = game.tables[0].fractions, game.tables[1].fractions[0]
    third, half = Fraction(1, 3), Fraction(1, 2)
    assert leader.tolist()[0] == [third + 2 * half, third + 5 * half, 5 * third + 2 * half, 5 * third + 5 * half]
    assert follower.tolist()[1][:2] == [third * (2 + half) + half * 2, third * (2 + half)]


def test_what_an_own_action_rules_out_is_not_decided(tmp_path: Path) -> None:
    text = 'EFG 2 R "" { "A" "B" } p "" 1 1 { "stop" "go" } 0 t "" 1 { 1 1 } p "" 2 1 { "l" "r" } 0 '
    text += 'p "" 1 2 { "x" "y" } 0 t "" 2 { 2 2 } t "" 3 { 3 3 } t "" 4 { 4 4 }'
    game = _read(tmp_path / "game.efg", text)
    assert game.action_names[0] == ("stop, *", "go, x", "go, y")
    assert game.leader_payoffs.tolist() == [[1, 1], [2, 4], [3, 4]]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_strategies_pay_what_playing_the_tree_pays(tmp_path_factory: Any, seed: int) -> None:
    rng = random.Random(seed)
    sizes = {(player, s): rng.randint(1, 2) for player in (0, 1, 2) for s in (1, 2)}
    lines, outcomes = ['EFG 2 R "" { "One" "Two" }'], itertools.count(1)

    def grow(depth: int) -> Any:
        """A node as (player, information set, children) or as payoffs; its lines are written on the way."""
        if depth == 3 or rng.random() < 0.2:
            paid = [Fraction(rng.randint(-9, 9), 4) for _ in range(2)]
            lines.append(f't "" {next(outcomes)} "" {{ {paid[0]}, {paid[1]} }}')
            return paid
        player, s = rng.choice(list(sizes))
        size = sizes[player, s]
        names = " ".join(f'"a{k}"' + (f" 1/{size}" if player == 0 else "") for k in range(size))
        lines.append(("c" if player == 0 else "p") + f' "" {"" if player == 0 else player} {s} "" {{ {names} }} 0')
        return player, s, [grow(depth + 1) for _ in range(size)]

    lines.append(f'p "" 1 1 "" {{ {" ".join(f"{chr(34)}a{k}{chr(34)}" for k in range(sizes[1, 1]))} }} 0')
    tree = (1, 1, [grow(1) for _ in range(sizes[1, 1])])
    game = _read(tmp_path_factory.mktemp("efg") / "game.efg", "\n".join(lines))

    def pays(node: Any, plan: dict[tuple[int, int], int]) -> list[Fraction]:
        if isinstance(node, list):
            return node
        player, s, children = node
        if player:
            return pays(children[plan[player, s]], plan)
        own = [pays(child, plan) for child in children]
        return [sum(each) / len(children) for each in zip(*own, strict=True)]

    def used(node: Any) -> set[tuple[int, int]]:
        return set() if isinstance(node, list) else {node[:2]}.union(*map(used, node[2]))

    sets = sorted(key for key in used(tree) if key[0])
    for actions in itertools.product(*(range(sizes[key]) for key in sets)):
        plan = dict(zip(sets, actions, strict=True))
        at = []
        for player in (1, 2):
            own = [f"a{plan[key]}" for key in sets if key[0] == player]
            fits = [
                k
                for k, name in enumerate(game.action_names[player - 1])
                if all(part in ("*", mine) for part, mine in zip(name.split(", "), own, strict=bool(own)))
            ]
            assert len(fits) == 1  # a reduced strategy for every plan, and one only
            at.append(fits[0])
        table = [game.tables[0].fractions[tuple(at)], game.tables[1].fractions[0][tuple(at)]]
        assert table == pays(tree, plan)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "it is empty"),
        ("NFG 1 R", "does not begin with 'EFG 2 R'"),
        ('EFG 2 R "" { "one" }', "a leader and a follower are needed"),
        (ENTRY[:-20], "ends too early"),
        (ENTRY + 't "" 3', "more follows after the last node"),
        (ENTRY.replace("1/6", "1/7"), "the probabilities of chance must sum to 1"),
        (ENTRY.replace('t "" 3\n', 't "" 9\n'), "outcome 9 has no payoffs"),
        (ENTRY.replace('p "" 2 2', 'p "" 3 2'), "player 3 is named, but there are only 2"),
        (ENTRY.replace('p "" 1 1 0', 'p "" 1 7 0'), "information set 7 of player 1 has no actions"),
        (ENTRY.replace('p "" 1 1 0', 'p "" 1 1 { "a" } 0'), "has other actions the second time"),
        (ENTRY.replace('t "" 3\n', 't "" 3 { 5 1 }\n'), "outcome 3 has other payoffs the second time"),
        (ENTRY.replace('t "" 0', 'x "" 0'), "a node .c, p or t. expected where 'x'"),
        (ENTRY.replace("{ 2, -3 }", "{ 2, nan }"), "finite number expected"),
    ],
)
def test_what_is_not_a_game_says_why(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        _read(tmp_path / "game.efg", text)


def test_a_tree_with_too_many_strategies_is_refused(tmp_path: Path) -> None:
    head = 'EFG 2 R "" { "A" "B" } c "" 1 { ' + " ".join(f'"{k}" 1/40' for k in range(40)) + " } 0 "
    body = " ".join(f'p "" 1 {k} {{ "x" "y" }} 0 t "" 1 {{ 0 0 }} t "" 1' for k in range(40))
    with pytest.raises(InputError, match="too many to list"):
        _read(tmp_path / "game.efg", head + body)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(ENTRY)), st.integers(0, 5), st.text(alphabet='{}",. 1/x-pct', max_size=4))
def test_no_damage_makes_it_crash(tmp_path_factory: Any, at: int, cut: int, insert: str) -> None:
    try:
        game = _read(tmp_path_factory.mktemp("efg") / "game.efg", ENTRY[:at] + insert + ENTRY[at + cut :])
    except InputError:
        return
    assert np.isfinite(game.leader_payoffs).all()
