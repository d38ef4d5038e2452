"""What a forger would try: statements that are none, sentences that are false, links that are missing."""

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from certified import GAMES, certificate, certificates_of, checked, put

from firstmover import verify
from firstmover.games import MatrixDesign, NormalForm, SimpleAllocation

CASES = Path(__file__).parents[1] / "cases"
STATED = certificates_of(*(name for name in GAMES if name != "visits"))
LEADING = NormalForm([[-9, -7], [-8, -6]], [[1, 0], [0, 1]], "mixed", [["T", "B"], ["L", "R"]])
STATED["two rows"] = certificate(LEADING, np.array([[0.25, 0.75]]))
STATED["tau"] = certificate(MatrixDesign(objective="welfare"), np.array([2]))
Change = Callable[[dict[str, Any]], Any]


def _to(*path: Any, value: Any) -> Change:
    return lambda stated: put(stated, path, copy.deepcopy(value))


def _both(*changes: Change) -> Change:
    return lambda stated: [change(stated) for change in changes]


def _other_game(**parameters: Any) -> Change:
    return lambda stated: stated["baseline"]["proof"]["parameters"].update(parameters)


FORGERIES: dict[str, tuple[str, Change]] = {
    # Rules that there are not.
    "action 99": ("maintain", _to("rule", 0, "do", value={"action": 99})),
    "an action in a mixed game": ("maintain", _to("rule", 0, "do", value={"action": 1})),
    "item 77": ("allocation", _to("rule", 0, "do", "item", value=77)),
    "item true": ("allocation", _to("rule", 1, "do", "item", value=True)),
    "half of an item": ("allocation", _to("rule", 0, "do", "item", value=0.5)),
    "more than one to do": ("allocation", _to("rule", 0, "do", "gift", value=1)),
    "an entry with a note": ("allocation", _to("rule", 0, "note", value="fair")),
    "a negative probability": ("maintain", _to("rule", 0, "do", "mixture", value=[-1, 2, 0])),
    "a mixture of two": ("maintain", _to("rule", 0, "do", "mixture", value=[0.5, 0.5])),
    "tau 0.5": ("tau", _to("rule", 0, "do", "tau", value=0.5)),
    "a price of minus one": ("prices", _to("rule", 0, "do", "prices", value=[-1])),
    "agent 9": ("prices", _to("rule", 0, "do", "agent", value=9)),
    "more coverage than resources": ("security", _to("rule", 0, "do", "coverage", value=[1, 1, 1])),
    "no rule": ("tau", _to("rule", value=[])),
    # Games that there are not.
    "a prior of minus three": ("allocation", _to("parameters", "prior", value=[-3, 0.5, 0.5])),
    "a prior of one half": ("allocation", _to("parameters", "prior", value=[0.5, 0, 0])),
    "an objective of 5": ("prices", _to("parameters", "objective", value=5)),
    "more resources than targets": ("security", _to("parameters", "resources", value=50)),
    "ragged tables": ("two rows", _to("parameters", "leader_payoffs", value=[[-9, -7], [-8]])),
    "a table for nobody": ("two rows", lambda s: s["parameters"]["follower_payoffs"].append([[1, 0], [0, 1]])),
    "an unknown parameter": ("tau", _to("parameters", "subsidy", value=100)),
    "truth for a payoff": ("two rows", _to("parameters", "follower_payoffs", 0, 0, 0, value=True)),
    "other digits for a payoff": ("two rows", _to("parameters", "follower_payoffs", 0, 0, 0, value="\u0661")),
    # Sentences that are not true.
    "another rule in words": ("two rows", _to("rule_text", value="Play T with probability 1.0000.")),
    "another play in words": ("two rows", _to("play_text", value="The follower plays L (100%).")),
    "names that are swapped": ("two rows", _to("parameters", "action_names", 0, value=["B", "T"])),
    "a wide range": ("tau", _to("payoff_range", "leader", value=[-100.0, 100.0])),
    "a range of a follower less": ("tau", lambda s: s["payoff_range"]["followers"].pop()),
    "sizes": ("prices", _to("sizes", "type_profiles", value=1000)),
    "samples": ("prices", _to("sizes", "samples", value=100000)),
    "not exact": ("prices", _to("exact", value=False)),
    "confidence": ("prices", _to("confidence", value=0.95)),
    "a loose tolerance": ("prices", _to("tolerance", value=1e-7)),
    "a reason for nothing": ("prices", _to("reason", value="the best rule of all")),
    "no interval and no reason": (
        "prices",
        lambda s: [s["leader_value_bounds"].pop("bcce"), s["proof"]["intervals"].pop(0)],
    ),
    "no intervals": ("tau", _to("leader_value_bounds", value=None)),
    "an interval that is not shown": ("prices", lambda s: s["leader_value_bounds"].pop("bcce")),
    "an interval twice": ("tau", lambda s: s["proof"]["intervals"].append(s["proof"]["intervals"][0])),
    "another set": (
        "tau",
        lambda s: s["leader_value_bounds"].update(bcce=s["leader_value_bounds"].pop("cce")),
    ),
    "three ends": ("tau", lambda s: s["leader_value_bounds"]["cce"].append(9.0)),
    "another epsilon called 0": (
        "tau",
        lambda s: s["leader_value_bounds"].update(s["leader_value_bounds_at_epsilon"]),
    ),
    "revenue without money": ("two rows", _to("revenue", value=0.0)),
    "no revenue": ("tau", _to("revenue", value=None)),
    "epsilon of nobody": ("tau", lambda s: s["epsilon"]["by_follower"].append([0.0])),
    "epsilon of no type": ("prices", lambda s: s["epsilon"]["by_follower"][0].append(0.0)),
    "epsilon not measured": ("prices", _to("epsilon", "by_follower", 0, 0, value=None)),
    "nobody unseen": ("prices", _to("epsilon", "unseen", value=0)),
    "a gain of another value": ("tau", _to("gain", value=1.0)),
    # Baselines that are none.
    "the baseline's name": ("two rows", _to("baseline", "rule", value="the best rule there is")),
    "the baseline's set": ("tau", _to("baseline", "over", value="the worst cce")),
    "a baseline of larger payments": ("tau", _other_game(max_payment=99)),
    "a baseline of other payoffs": (
        "tau",
        lambda s: put(s["baseline"]["proof"]["parameters"], ("payoffs", 0, 0, 0), 9),
    ),
    "a baseline that pays": ("tau", _to("baseline", "proof", "rule", 0, "do", "tau", value=1)),
    "a baseline of three agents": ("prices", _other_game(agents=3)),
    "a baseline of other types": ("prices", _other_game(types=4)),
    "a baseline with another aim": ("prices", _other_game(objective="revenue")),
    "a baseline with other ties": ("prices", _other_game(buy_at_tie=False)),
    "a baseline of another prior": ("allocation", _other_game(prior=[0.5, 0.25, 0.25])),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_refuted(name: str) -> None:
    of, change = FORGERIES[name]
    stated = copy.deepcopy(STATED[of])
    assert checked(stated) == "confirmed"
    change(stated)
    assert json.dumps(stated) != json.dumps(STATED[of])
    assert checked(stated) == "refuted"


@pytest.mark.parametrize("path", sorted(CASES.glob("cheat_*.certificate.json")), ids=lambda p: p.name.split(".")[0])
def test_certificates_that_were_forged_are_refuted(path: Path) -> None:
    assert verify.verdict(verify.verify(path)) == "refuted"


def test_the_worst_row_is_not_the_best_deterministic_commitment() -> None:
    """All of it is proved anew for a baseline that earns less: only which rule it is can tell."""
    stated = copy.deepcopy(STATED["two rows"])
    baseline = stated["baseline"]
    assert baseline["value"] == -6
    baseline["proof"]["rule"][0]["do"]["mixture"] = [1.0, 0.0]
    baseline["proof"]["induced"].update(leader=[["-9", "-7"]], followers=[[["1", "0"]]])
    baseline["proof"]["greatest"] = {
        "value": "-9",
        "slack": "0",
        "point": [[[0, 0], "1"]],
        "multipliers": [[[0, 0, 0], "2"]],
    }
    baseline["value"], stated["gain"] = -9.0, stated["value"] + 9
    claims = verify.check(verify.read(json.dumps(stated)))
    assert [claim.claim for claim in claims if claim.verdict == "refuted"] == ["the baseline"]


def test_an_unlikely_item_is_not_the_likeliest() -> None:
    game = SimpleAllocation(3, 2, (0.5, 0.3, 0.2))
    stated = certificate(game, np.array([0, 1]))
    assert checked(stated) == "confirmed"
    part = stated["baseline"]["proof"]
    part["rule"][0]["do"]["item"] = 2
    for table in (part["induced"]["leader"], part["induced"]["followers"][0]):
        table[:] = [["0"], ["0"], ["1"]]
    part["greatest"]["value"] = "1/5"
    stated["baseline"]["value"], stated["gain"] = 0.2, stated["value"] - 0.2
    claims = verify.check(verify.read(json.dumps(stated)))
    assert [claim.claim for claim in claims if claim.verdict == "refuted"] == ["the baseline"]


@pytest.mark.parametrize(
    "change",
    [
        _to("game", value="my game"),
        _to("proof", value=None),
        _to("baseline", "proof", value=None),
        _to("note", value="reviewed and approved"),
        _to("baseline", "note", value="the best that is known"),
        _both(
            _to("baseline", value={"rule": "none", "value": None, "reason": "none", "proof": None}),
            _to("gain", value=None),
        ),
        _both(_to("proof", value=None), _to("rule", value=[])),
    ],
    ids=[
        "an unknown game",
        "no proof",
        "no proof of the baseline",
        "a note",
        "a note on the baseline",
        "no baseline",
        "a rule that is not written out",
    ],
)
def test_a_link_that_cannot_be_checked_makes_it_incomplete(change: Change) -> None:
    stated = copy.deepcopy(STATED["prices"])
    change(stated)
    assert checked(stated) == "incomplete"


def test_a_rule_that_is_not_written_out_needs_a_game_and_has_no_proof() -> None:
    assert checked(STATED["prices"] | {"rule": []}) == "refuted"
    nowhere = STATED["prices"]["parameters"] | {"agents": -1}
    assert checked(STATED["prices"] | {"rule": [], "proof": None, "parameters": nowhere}) == "refuted"


@pytest.mark.parametrize("key", ["unseen", "bound", "estimated", "mean", "residual"])
def test_what_only_samples_leave_open_is_refuted_beside_a_proof(key: str) -> None:
    stated = copy.deepcopy(STATED["prices"])
    stated["epsilon"][key] = 0
    assert checked(stated) == "refuted"


def test_an_interval_that_is_left_out_with_a_reason_makes_it_incomplete() -> None:
    stated = copy.deepcopy(STATED["prices"])
    for key in ("leader_value_bounds", "leader_value_bounds_at_epsilon"):
        del stated[key]["bcce"]
    stated["proof"]["intervals"] = [part for part in stated["proof"]["intervals"] if part["set"] != "bcce"]
    stated["reason"] = "it is too large"
    assert checked(stated) == "incomplete"


def test_whose_play_it_is_is_said_not_to_be_checked() -> None:
    stated = copy.deepcopy(STATED["prices"])
    stated["followers"] = {"name": "people in a laboratory", "parameters": {}}
    claims = verify.check(verify.read(json.dumps(stated)))
    assert verify.verdict(claims) == "confirmed"
    (claim,) = [claim for claim in claims if claim.verdict == "stated"]
    assert "not checked" in claim.why


def test_slack_is_a_share_of_what_can_be_played() -> None:
    """An action that nobody may take, and that would earn a fortune, leaves no room for a lie."""
    payoffs = [Fraction(0), Fraction(1), Fraction(10**12)]
    wide = verify.Finite([(0,)], [Fraction(1)], [[[0, 1]]], [3], [payoffs], [[[Fraction(0)] * 3]])
    end = {"value": "0", "slack": "1/2", "point": [[[0, 1], "1"]], "multipliers": []}
    assert verify.why_not_end(wide, "cce", "least", Fraction(0), end) == "its slack is negative or too wide"
    assert wide.spread() == 1
