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
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_games import LISTABLE, some_rule

from firstmover import verify
from firstmover.certificates import certify_play
from firstmover.games import Agrawal, Escape, Maintain, MatrixDesign, NormalForm, SequentialPrice, SimpleAllocation
from firstmover.rollout import JointPlay, Strategies, type_masks
from firstmover.rule import Rule


def _uniform(game) -> Strategies:
    masks = [jnp.asarray(mask, float) for mask in type_masks(game)]
    return Strategies(tuple(mask / mask.sum(axis=1, keepdims=True) for mask in masks))


def _certificate(game, actions, play=None) -> dict:
    return certify_play(game, actions, _uniform(game) if play is None else play).as_json()


def _checked(certificate: dict) -> str:
    return verify.verdict(verify.check(verify.read(json.dumps(certificate))))


CERTIFICATES = {
    "maintain": _certificate(Maintain("mixed"), np.array([[0.25, 0.75, 0.0]])),
    "allocation": _certificate(SimpleAllocation(3, 2), np.array([0, 1])),
    "prices": _certificate(SequentialPrice(types=3), some_rule(SequentialPrice(types=3))),
    "payments": _certificate(MatrixDesign(rule="per-follower"), some_rule(MatrixDesign(rule="per-follower"))),
    "visits": _certificate(LISTABLE["visits"], some_rule(LISTABLE["visits"])),
}


@pytest.mark.parametrize("name", LISTABLE)
def test_certificates_of_every_game_are_confirmed(name: str) -> None:
    game = LISTABLE[name]
    certificate = _certificate(game, some_rule(game))
    assert certificate["proof"] is not None, certificate["reason"]
    claims = verify.check(verify.read(json.dumps(certificate)))
    assert {c.verdict for c in claims} <= {"confirmed", "unchecked"}, claims
    (link,) = [c for c in claims if c.claim == "the game"]
    known = game.name in verify.FAMILIES
    assert link.verdict == ("confirmed" if known else "unchecked")


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
    certificate = _certificate(game, some_rule(game, seed))
    assert certificate["proof"] is not None, certificate["reason"]
    assert _checked(certificate) == "confirmed"


def _stated(certificate: dict) -> list:
    """What must not be confirmed when it is false: epsilon and both ends of every interval."""
    return [certificate[k] for k in ("epsilon", "leader_value_bounds", "leader_value_bounds_at_epsilon")]


def _leaves(value, path=()):
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in items:
            yield from _leaves(part, (*path, key))
    else:
        yield path, value


def _tampered(value, rng):
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + int(rng.choice([-1, 1]))
    if isinstance(value, float):
        change = rng.choice([0.1, -0.1, 1e-3, 1e-9 * max(1, abs(value)), -value, 1.0])
        return value + float(change) if value + float(change) != value else 0.5
    if isinstance(value, str):
        try:
            exact = Fraction(value)
        except ValueError:
            return value + "x"
        changes = [Fraction(1, 10), Fraction(-1, 10), Fraction(1, 10**9), -exact, Fraction(1), Fraction(-1)]
        changed = exact + changes[rng.integers(len(changes))]
        return str(changed if changed != exact else exact + 1)
    return 0


def _set(value, path, new):
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


def _dropped(value, path):
    for key in path[:-1]:
        value = value[key]
    del value[path[-1]]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(CERTIFICATES)), st.integers(0, 2**32 - 1))
def test_what_was_changed_is_never_confirmed_unless_it_is_still_true(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    certificate = copy.deepcopy(CERTIFICATES[name])
    leaves = list(_leaves(certificate))
    for _ in range(rng.integers(1, 4)):
        path, value = leaves[rng.integers(len(leaves))]
        if rng.random() < 0.8:
            _set(certificate, path, _tampered(value, rng))
        else:
            try:
                _dropped(certificate, path)
            except (IndexError, KeyError, TypeError):
                continue
            break
    try:
        verdict = _checked(certificate)
    except verify.UnreadableError:
        return
    original = CERTIFICATES[name]
    if _stated(certificate) != _stated(original):
        assert verdict == "refuted"
    # A rule may be told in other words; the game that it leads to is the one that was certified.
    derived = verify.derive(verify.read(json.dumps(certificate))) if verdict == "confirmed" else None
    if derived is not None:
        assert derived == verify.game_of(verify.read(json.dumps(original))["proof"]["induced"])


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
        for path, value in _leaves(CERTIFICATES[name][key], (key,)):
            if value is None:
                continue
            for new in (float(np.nextafter(value, np.inf)), value + 1e-6, -value if value else 1.0):
                certificate = copy.deepcopy(CERTIFICATES[name])
                _set(certificate, path, new)
                assert _checked(certificate) == "refuted", (path, value, new)


def test_a_consistent_lie_is_refuted() -> None:
    """The number shown and the number proved changed together: only the arithmetic can tell."""
    for name, original in CERTIFICATES.items():
        for k, part in enumerate(original["proof"]["intervals"]):
            for sense in ("least", "greatest"):
                for change in (Fraction(1, 10**6), Fraction(-1, 10**6), Fraction(1, 3)):
                    certificate = copy.deepcopy(original)
                    end = certificate["proof"]["intervals"][k][sense]
                    end["value"] = str(Fraction(end["value"]) + change)
                    for key, epsilon in (
                        ("leader_value_bounds", Fraction(0)),
                        ("leader_value_bounds_at_epsilon", Fraction(part["epsilon"])),
                    ):
                        if epsilon == Fraction(part["epsilon"]):
                            certificate[key][part["set"]][sense == "greatest"] = float(Fraction(end["value"]))
                    assert _checked(certificate) == "refuted", (name, part["set"], sense)


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
    certificate = copy.deepcopy(CERTIFICATES[name])
    change(certificate["proof"]["induced"])
    (claim,) = verify.check(verify.read(json.dumps(certificate)))
    assert (claim.claim, claim.verdict) == ("the game", "refuted")
    certificate = copy.deepcopy(CERTIFICATES[name])
    if certificate["baseline"]["proof"] is not None:
        change(certificate["baseline"]["proof"]["induced"])
        claims = verify.check(verify.read(json.dumps(certificate)))
        assert [claim.claim for claim in claims if claim.verdict == "refuted"] == ["the baseline's game"]


def test_a_better_game_than_the_rule_leads_to_is_refuted() -> None:
    original, refuted = CERTIFICATES["prices"], 0
    for price in (0.0, 0.5, 1.0):
        certificate = copy.deepcopy(original)
        certificate["rule"][0]["do"]["prices"] = [price]
        other = verify.derive(verify.read(json.dumps(certificate)))
        differs = other != verify.game_of(verify.read(json.dumps(original))["proof"]["induced"])
        assert (_checked(certificate) == "refuted") == differs
        refuted += differs
    assert refuted
    certificate = copy.deepcopy(original)
    certificate["parameters"]["types"] = 4
    assert _checked(certificate) == "refuted"


def test_correlated_play_is_checked() -> None:
    game = SimpleAllocation(3, 2)
    joint = JointPlay(jnp.array([[1.0, 0.0], [0.0, 1.0], [0.25, 0.75]]))
    certificate = _certificate(game, np.array([0, 2]), joint)
    assert certificate["epsilon"]["by_follower"] == [[0.0, 0.0, 0.25]]
    assert _checked(certificate) == "confirmed"
    certificate["proof"]["play"]["joint"][0][1] = "1/2"
    assert _checked(certificate) == "refuted"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "malformed"),
        ('{"proof": null, "reason": "too large"}', "no proof: too large"),
        ('{"proof": NaN}', "finite numbers"),
        ('{"proof": 1, "proof": 2}', "key twice"),
        ('{"proof": {"induced": 3}}', "malformed"),
        ('{"proof": 1e99999999999}', "finite numbers"),
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
