"""Names from tables come back in certificates, and the checker puts what is said into the same words."""

import json
from pathlib import Path
from typing import Any

import pytest

from firstmover.cli import main
from firstmover.jobs.build import build, game_from

LONG = "seller,buyer,p,q\nlow,buy,1,1\nlow,leave,0,0\nhigh,buy,2,-1/2\nhigh,leave,0,0\n"
BASE = "Row,Column,r,c\nin,l,3,3\nin,r,4,6\nout,l,6,4\nout,r,2,1/3\n"
VALUES = "agent;probability;tea;jam\nAnn;1/2;1;0\nAnn;50%;0;0,5\nBob;1;1;1\n"
BUYS = ",buy,leave\nlow,1,0\nhigh,-1,0\n"


def _long() -> Any:
    return game_from("long.csv", {}), [{"do": {"action": 0}}], [[[1, 0]]], ["always play low", "buyer plays buy"]


def _typed() -> Any:
    given = {"leader_payoffs": "buys.csv", "follower_payoffs": "buys.csv,buys.csv"}
    game = build("game", "bayesian-normal-form", given)
    return game, [{"do": {"action": 0}}], [[[1, 0], [1, 0]]], ["always play low", "type 1 plays buy"]


def _base() -> Any:
    game = build("game", "matrix-design", {"payoffs": "base.csv"})
    return game, [{"do": {"tau": 2}}], [[[0, 1]], [[1, 0]]], ["pay tau = 2", "Row plays out", "Column plays l"]


def _agents() -> Any:
    game = build("game", "sequential-price", {"values": "values.csv", "items": "2", "messages": "1"})
    rule = [
        {"when": {"remaining": [0, 1]}, "do": {"agent": 0, "prices": [1, 1]}},
        {"do": {"agent": 1, "prices": [0, 0]}},
    ]
    return game, rule, [[[1], [1]], [[1]]], ["visit Ann at prices 1 and 1", "with Ann served with tea, visit Bob"]


@pytest.mark.parametrize("made", [_long, _typed, _base, _agents])
def test_the_checker_confirms_certificates_with_names(tmp_path: Path, monkeypatch, capsys, made: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {"long.csv": LONG, "base.csv": BASE, "buys.csv": BUYS, "values.csv": VALUES}.items():
        Path(name).write_text(text)
    game, rule, play, words = made()
    content = {"game": game.name, "parameters": game.parameters(), "rule": rule, "play": play}
    Path("rule.json").write_text(json.dumps(content))
    assert main(["certify", "rule.json", "--out", "proof.json", "--json"]) == 0
    certificate = json.loads(capsys.readouterr().out)
    said = f"{certificate['rule_text']} {certificate['play_text']}".lower()
    assert all(word.lower() in said for word in words)
    assert main(["verify", "proof.json"]) == 0
    Path("proof.json").write_text(Path("proof.json").read_text().replace("with", "wiht").replace("plays", "sells"))
    assert main(["verify", "proof.json"]) == 1
