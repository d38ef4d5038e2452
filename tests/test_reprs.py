"""Objects are shown in a line: what they are, and what is not at its default."""

import numpy as np
import pytest

import firstmover
from firstmover.followers import Contextual, Logit, MultiplicativeWeights
from firstmover.games import Escape, SecurityGame, SimpleAllocation, Toll
from firstmover.leaders import PPO, CommitmentGradient
from firstmover.rules.rule import Rule


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        (Toll(), "Toll()"),
        (Toll(drivers=2, tolls=(0.0, 1.0)), "Toll(drivers=2, tolls=[0.0, 1.0])"),
        (Escape("mixed"), "Escape(commitment='mixed')"),
        (Logit(), "Logit()"),
        (MultiplicativeWeights(rounds=7, ties="weak"), "MultiplicativeWeights(rounds=7, ties='weak')"),
        (Contextual(at=(0, 2)), "Contextual(at=(0, 2))"),
        (PPO(), "PPO()"),
        (Rule(Escape(), np.array([2])), "<Rule of Escape(): Always play C.>"),
        (CommitmentGradient(updates=5), "CommitmentGradient(updates=5)"),
    ],
)
def test_short_forms(item: object, shown: str) -> None:
    assert repr(item) == shown


def test_a_large_table_is_cut_short() -> None:
    assert len(repr(SecurityGame([[1.0, 0.0, 0.0, 1.0]] * 200))) < 120


def test_a_design_is_shown_in_a_line_and_as_a_table() -> None:
    game = SimpleAllocation(items=2)
    design = firstmover.design(game, leader=CommitmentGradient(updates=5), seeds=2)
    assert repr(design) == f"<Design of {game!r}: value 1 (optimum 1), best of 2 seeds>"
    page = design._repr_html_()
    assert page.startswith('<div class="fm">') and "<script" not in page
    assert "On message 0, give item" in page
    assert "No participant gains" in page


def test_a_rule_is_shown_in_a_line_and_as_a_page() -> None:
    rule = Rule(SimpleAllocation(items=20, messages=20), np.arange(20))
    assert len(repr(rule)) < 340 and repr(rule).endswith(" ...>")
    page = rule._repr_html_()
    assert page.count("<tr>") == 21
    assert "On message 0, give item 0." in page and "(8 more sentences.)" in page
