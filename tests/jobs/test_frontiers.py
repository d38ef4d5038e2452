"""The trade-off of two measures."""

import json

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.followers import BestResponse
from firstmover.jobs.frontiers import WEIGHTS, Frontier, frontier
from firstmover.leaders import CommitmentGradient, RandomSearch
from firstmover.rules.rule import Rule
from tests.own_markets import Shop


def test_rules_that_others_beat_are_told_apart() -> None:
    rule = Rule(Shop(), np.array([[4.0, 8.0]]))
    values = np.array([[3.0, 0.0], [2.0, 1.0], [1.0, 0.5], [0.0, 4.0]])
    found = Frontier(("a", "b"), np.linspace(1, 0, 4), values, (rule,) * 4)
    assert found.efficient.tolist() == [True, True, False, True]
    assert found.as_csv().splitlines()[0] == "weight of a,a,b,efficient,rule"
    assert found.drawn().startswith(b"\x89PNG")


def test_a_frontier_is_between_two_measures_that_there_are(capsys) -> None:
    for names in (("welfare", "welfare"), ("welfare", "wellfare")):
        with pytest.raises(InputError, match=r"twice|unknown measure"):
            frontier(Shop(), names, BestResponse(), RandomSearch(updates=1))
    assert main(["design", "simple-allocation", "--frontier", "welfare"]) == 2
    assert "two measures" in capsys.readouterr().err


@pytest.mark.slow
def test_the_ends_are_the_optima_of_either_measure(tmp_path) -> None:
    """All for the seller: 5.2 (both pay what the full version's screening allows). All for buyers: prices of 0, 6.6."""
    found = frontier(Shop(), ("value", "follower's payoff"), BestResponse(), CommitmentGradient(updates=100))
    assert found.values[0, 0] == pytest.approx(5.2, abs=0.02)
    assert found.values[-1, 1] == pytest.approx(0.6 * 5 + 0.4 * 9, abs=0.02)
    assert len(found.rules) == len(found.values) == WEIGHTS
    assert json.loads(json.dumps(found.as_json()))["measures"] == ["value", "follower's payoff"]
