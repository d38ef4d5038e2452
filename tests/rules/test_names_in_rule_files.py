"""Actions with names are written by them in rule files and certificates, and read by them or by number."""

import json

import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.games import BayesianNormalForm, Maintain, NormalForm
from firstmover.jobs.certifications import certify
from firstmover.rules.rule import Rule
from firstmover.verify import check, verdict
from firstmover.verify.command import read

NAMES = [["inspect", "wait"], ["cheat", "comply"]]
LEADER, FOLLOWER = [[2.0, 4.0], [1.0, 3.0]], [[0.0, 1.0], [2.0, 0.0]]


def games(commitment):
    """One with a single type, one with two."""
    return [
        NormalForm(LEADER, FOLLOWER, commitment, NAMES),
        BayesianNormalForm(LEADER, [FOLLOWER, FOLLOWER], [0.5, 0.5], commitment, NAMES),
    ]


@pytest.mark.parametrize(
    "commitment, action, named, numbered",
    [
        ("deterministic", 1, {"action": "wait"}, {"action": 1}),
        ("mixed", [0.25, 0.75], {"mixture": {"inspect": 0.25, "wait": 0.75}}, {"mixture": [0.25, 0.75]}),
    ],
)
def test_round_trip(commitment, action, named, numbered):
    for game in games(commitment):
        rule = Rule(game, np.array([action]))
        assert rule.entries == [{"when": {}, "do": named}]
        for do in (named, numbered):
            again = Rule.read(game, [{"do": do}])
            np.testing.assert_array_equal(again.actions, rule.actions)
            assert again.text == rule.text and "wait" in rule.text
        certificate = certify(Rule.read(game, [{"do": numbered}]))
        assert certificate["rule"] == [{"when": {}, "do": named}]
        verdicts = {claim.claim: claim.verdict for claim in check(read(json.dumps(certificate)))}
        assert "refuted" not in verdicts.values()
        assert verdicts["the rule"] == verdicts["the value"] == verdicts["the rule in words"] == "confirmed"
        forged = {**certificate, "rule": [{"when": {}, "do": {next(iter(named)): "leave"}}]}
        assert verdict(check(read(json.dumps(forged)))) == "refuted"
        with pytest.raises(InputError):
            Rule.read(game, [{"do": {next(iter(named)): "leave"}}])


def test_letters_are_no_names():
    """A published game's actions have none: its rule files have numbers, as before."""
    assert Rule(Maintain(), np.array([2])).entries == [{"when": {}, "do": {"action": 2}}]
