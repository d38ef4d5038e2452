"""The page about markets of one's own: its file runs as it stands."""

import re
from pathlib import Path

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.evaluators import induced_game
from firstmover.games import Game
from firstmover.interop.python_files import class_named
from firstmover.rules import load
from firstmover.rules.rule import Rule
from firstmover.testing import check_game

PAGE = Path(__file__).parents[2] / "docs" / "own-market.md"


def test_the_pages_market_is_the_screening_shop(tmp_path) -> None:
    file, *_ = re.findall(r"```python\n(import jax.*?)```", PAGE.read_text(), re.S)
    (tmp_path / "shop.py").write_text(file)
    shop = class_named(f"{tmp_path / 'shop.py'}:Shop", Game)(keen=0.5)
    rule = Rule.read(shop, [{"when": {}, "do": {"basic price": 4.0, "full price": 8.0}}])
    finite = induced_game(shop, rule.actions)
    # Both types are as well off with the version made for them as with any other, and pay for it.
    np.testing.assert_allclose(finite.followers[0].max(axis=1), [0, 1])
    np.testing.assert_allclose(finite.leader[[0, 1], [1, 2]], [4, 7])


def test_the_pages_drawn_types_are_a_market(tmp_path) -> None:
    _, file, *_ = re.findall(r"```python\n((?:import|from).*?)```", PAGE.read_text(), re.S)
    (tmp_path / "ticket.py").write_text(file)
    ticket = class_named(f"{tmp_path / 'ticket.py'}:Ticket", Game)()
    assert ticket.draws_types and all(check.passed for check in check_game(ticket))


@pytest.mark.slow
def test_from_an_empty_folder_to_a_certified_rule(tmp_path, monkeypatch, capsys) -> None:
    """The steps as the page has them, one after the other, and then a rule that acts."""
    monkeypatch.chdir(tmp_path)
    steps = PAGE.read_text().partition("## From an empty folder")[2].partition("\n## ")[0]
    commands = re.findall(r"`firstmover ([^`]+)`", steps)
    assert [command.split()[0] for command in commands] == ["new", "check", "design", "solve", "verify"]
    statuses = [main(command.split()) for command in commands]
    told = capsys.readouterr().out
    assert statuses == [0, 0, 0, 0, 3]  # `verify` executes nothing of the user's
    assert "no follower gains more than 0" in told and "FAILED" not in told and "refuted" not in told
    prices = load("runs/ticket-001")({})
    # Tourists pay all that a ticket is worth to them, 5, and neighbours all that a pass is, 9.
    assert abs(prices["ticket price"] - 5) < 0.05 and abs(prices["pass price"] - 9) < 0.05
