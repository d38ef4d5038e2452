"""The independent checker: it confirms what is true, and refutes what was changed, by arithmetic alone."""

import copy
import json
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from certified import certificate, certificates_of, checked, drop, leaves, put, tampered
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_games import LISTABLE, some_rule

from firstmover import verify
from firstmover.core.plays import JointPlay
from firstmover.games import Agrawal, Escape, MatrixDesign, NormalForm, SequentialPrice, SimpleAllocation
from firstmover.rules.rule import Rule

CERTIFICATES = certificates_of("maintain", "allocation", "prices", "payments", "visits")
UNKNOWN = {"visits"}  # games that the checker does not know


# A newsvendor's reply is bounded by a search, which leaves no proof to check.
@pytest.mark.parametrize("name", [name for name in LISTABLE if name != "newsvendor"])
def test_certificates_of_every_game_are_never_refuted(name: str) -> None:
    game = LISTABLE[name]
    stated = certificate(game, some_rule(game))
    assert stated["proof"] is not None, stated["reason"]
    claims = verify.check(verify.read(json.dumps(stated)))
    assert "refuted" not in {c.verdict for c in claims}, claims
    (link,) = [c for c in claims if c.claim == "the game"]
    known = game.name in verify.FAMILIES
    assert link.verdict == ("confirmed" if known else "unchecked")
    # What a known game leaves unchecked: a baseline that has no method here, or none at all.
    left = {c.claim for c in claims if c.verdict == "unchecked"}
    assert verify.verdict(claims) == ("incomplete" if left else "confirmed")
    assert not known or left <= {"the baseline", "the gain over the baseline"}
    assert not left or ("the gain over the baseline" in left) == (stated["gain"] is not None)
    several = name in ("normal-form 3x2x2x2 mixed", "sequential-price")  # followers; items at any price
    assert not known or bool(left) == several


@pytest.mark.parametrize(
    ("game", "seed"),
    [
        (SequentialPrice(agents=3, items=2, messages=1, types=2), 0),
        (SequentialPrice(agents=2, items=2, units=(2, 1), valuation="additive", messages=2, types=2), 1),
        (SequentialPrice(agents=2, types=4, buy_at_tie=False, objective="revenue"), 2),
        (SequentialPrice(agents=2, types=3, objective=0.3, history="left", prices="continuous"), 3),
        (
            SequentialPrice(
                values={"realisations": [[1, 0.5], [0.2, 0.7], [0.2, 0.5]], "probabilities": [0.5, 0.25, 0.25]}
            ),
            4,
        ),
        (Agrawal(epsilon=0.3, prices=7), 5),
        (MatrixDesign(np.arange(16.0).reshape(2, 2, 4) % 5, "per-follower", "welfare-minus-payments", 4), 6),
        (NormalForm(np.arange(8.0).reshape(2, 2, 2), np.arange(16.0).reshape(2, 2, 2, 2) % 3, "mixed"), 7),
        (Escape(), 8),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_two_derivations_of_a_game_agree(game, seed: int) -> None:
    """The checker's, in fractions, and the game's own, in float64: `exact_game` raises where they differ."""
    stated = certificate(game, some_rule(game, seed))
    assert stated["proof"] is not None, stated["reason"]
    claims = verify.check(verify.read(json.dumps(stated)))
    left = {c.claim for c in claims if c.verdict not in ("confirmed", "stated")}
    assert left <= {"the baseline", "the gain over the baseline"}, claims
    assert verify.verdict(claims) != "refuted"


_SHOWN = [
    key for key in CERTIFICATES["maintain"] if key not in ("proof", "baseline", "followers", "rule", "parameters")
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(CERTIFICATES)), st.integers(0, 2**32 - 1))
def test_what_was_changed_is_never_confirmed_unless_it_is_still_true(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    original, changed = CERTIFICATES[name], copy.deepcopy(CERTIFICATES[name])
    parts = list(leaves(changed))
    for _ in range(rng.integers(1, 4)):
        path, value = parts[rng.integers(len(parts))]
        if rng.random() < 0.8:
            put(changed, path, tampered(value, rng))
        else:
            drop(changed, path)
            break
    try:
        verdict = checked(changed)
    except verify.UnreadableError:
        return
    assert name not in UNKNOWN or verdict != "confirmed"
    numbers = ("epsilon", "leader_value_bounds", "leader_value_bounds_at_epsilon")
    if any(changed[key] != original[key] for key in numbers):
        assert verdict == "refuted"
    if verdict == "confirmed":
        # A rule may be told in other words, and a proof may be another one; what is shown of them is the same.
        assert {key: changed[key] for key in _SHOWN} == {key: original[key] for key in _SHOWN}
        assert verify.derive(verify.read(json.dumps(changed))) == verify.derive(verify.read(json.dumps(original)))
        assert {**changed["baseline"], "proof": None} == {**original["baseline"], "proof": None}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_every_stated_number_is_checked(name: str) -> None:
    for key in (
        "value",
        "welfare",
        "revenue",
        "gain",
        "epsilon",
        "leader_value_bounds",
        "leader_value_bounds_at_epsilon",
    ):
        for path, value in leaves(CERTIFICATES[name][key], (key,)):
            if value is None:
                continue
            for new in (float(np.nextafter(value, np.inf)), value + 1e-6, -value if value else 1.0):
                stated = copy.deepcopy(CERTIFICATES[name])
                put(stated, path, new)
                assert checked(stated) == "refuted", (path, value, new)


def test_a_consistent_lie_is_refuted() -> None:
    """The number shown and the number proved changed together: only the arithmetic can tell."""
    for name, original in CERTIFICATES.items():
        for k, part in enumerate(original["proof"]["intervals"]):
            for sense in ("least", "greatest"):
                for change in (Fraction(1, 10**6), Fraction(-1, 10**6), Fraction(1, 3)):
                    stated = copy.deepcopy(original)
                    end = stated["proof"]["intervals"][k][sense]
                    end["value"] = str(Fraction(end["value"]) + change)
                    for key, epsilon in (
                        ("leader_value_bounds", Fraction(0)),
                        ("leader_value_bounds_at_epsilon", Fraction(part["epsilon"])),
                    ):
                        if epsilon == Fraction(part["epsilon"]):
                            stated[key][part["set"]][sense == "greatest"] = float(Fraction(end["value"]))
                    assert checked(stated) == "refuted", (name, part["set"], sense)


@pytest.mark.parametrize(
    "change",
    [
        lambda game: game["leader"][0].pop(),
        lambda game: game["followers"].pop(),
        lambda game: game["types"][0].pop(),
        lambda game: game["probabilities"].pop(),
        lambda game: game.update(types=[], probabilities=[], leader=[], followers=[[]] * len(game["sizes"])),
        lambda game: game["allowed"][0].clear(),
        lambda game: game["allowed"][0][game["types"][0][0]].append(game["sizes"][0]),
    ],
    ids=["payoff", "follower", "type", "probability", "everything", "actions", "action"],
)
@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_stated_game_that_is_none_is_refuted_and_nothing_is_said_of_it(name: str, change) -> None:
    stated = copy.deepcopy(CERTIFICATES[name])
    change(stated["proof"]["induced"])
    claims = verify.check(verify.read(json.dumps(stated)))
    assert [claim.claim for claim in claims if claim.verdict == "refuted"] == ["the game"]
    assert not [claim for claim in claims if claim.claim in ("the value", "welfare", "the largest epsilon")]
    stated = copy.deepcopy(CERTIFICATES[name])
    if stated["baseline"]["proof"] is not None:
        change(stated["baseline"]["proof"]["induced"])
        claims = verify.check(verify.read(json.dumps(stated)))
        assert [claim.claim for claim in claims if claim.verdict == "refuted"] == ["the baseline's game"]


def test_a_better_game_than_the_rule_leads_to_is_refuted() -> None:
    original, refuted = CERTIFICATES["prices"], 0
    for price in (0.0, 0.5, 1.0):
        stated = copy.deepcopy(original)
        stated["rule"][0]["do"]["prices"] = [price]
        other = verify.derive(verify.read(json.dumps(stated)))
        differs = other != verify.game_of(verify.read(json.dumps(original))["proof"]["induced"])
        assert (checked(stated) == "refuted") == differs
        refuted += differs
    assert refuted
    stated = copy.deepcopy(original)
    stated["parameters"]["types"] = 4
    assert checked(stated) == "refuted"


def test_correlated_play_is_checked() -> None:
    game = SimpleAllocation(3, 2)
    joint = JointPlay(jnp.array([[1.0, 0.0], [0.0, 1.0], [0.25, 0.75]]))
    stated = certificate(game, np.array([0, 2]), joint)
    assert stated["epsilon"]["by_follower"] == [[0.0, 0.0, 0.25]]
    assert checked(stated) == "confirmed"
    stated["proof"]["play"]["joint"][0][1] = "1/2"
    assert checked(stated) == "refuted"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "has no game, parameters"),
        ('{"proof": NaN}', "finite numbers"),
        ('{"proof": 1, "proof": 2}', "key twice"),
        ('{"proof": {"induced": 3}}', "has no game"),
        ('{"proof": 1e99999999999}', "has no game"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_unreadable(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(text)
    with pytest.raises(verify.UnreadableError, match=message):
        verify.verify(path)
    with pytest.raises(verify.UnreadableError, match="cannot read"):
        verify.verify(tmp_path / "none.json")
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(verify.UnreadableError, match="UTF-8"):
        verify.verify(path)


def test_the_folder_runs_alone_where_it_stands_and_as_a_module(tmp_path: Path) -> None:
    here = Path(verify.__file__).parent
    copied = tmp_path / "alone"
    shutil.copytree(here, copied, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "types.py").write_text("raise RuntimeError('a neighbour was imported')")
    good, bad, no_game = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "no_game.json"
    good.write_text(json.dumps(CERTIFICATES["prices"]))
    bad.write_text(json.dumps({**CERTIFICATES["prices"], "value": 0.5}))
    without = copy.deepcopy(CERTIFICATES["prices"])
    without["proof"]["induced"]["leader"].pop()
    no_game.write_text(json.dumps(without))
    ways = [["-I", "-S", copied], [copied], [copied / "__main__.py"], [here], ["-m", "firstmover.verify"]]
    for way in ways:
        for path, status in ((good, 0), (bad, 1), (no_game, 1), (tmp_path / "none.json", 2)):
            # -I -S: no site packages, no environment.
            done = subprocess.run([sys.executable, *way, path], capture_output=True, text=True)
            assert done.returncode == status, (way, done.stderr)
            assert "Traceback" not in done.stderr
        assert subprocess.run([sys.executable, *way], capture_output=True).returncode == 2


def test_rules_are_matched_as_they_are_read() -> None:
    assert verify.matches({}, {"message": 1})
    assert verify.matches({"message": None, "x": [None, 1]}, {"message": 1, "x": [5, 1]})
    assert not verify.matches({"message": 0}, {"message": 1})
    assert not verify.matches({"x": [1]}, {"x": [1, 1]})
    assert not verify.matches({"y": 1}, {"x": 1})
    game = SequentialPrice(types=3)
    told = Rule(game, some_rule(game))
    assert Rule.read(game, told.entries).entries == told.entries
