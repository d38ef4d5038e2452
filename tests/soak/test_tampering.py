"""Tampered certificates, judged by independent arithmetic: what is confirmed is true.

The judge shares no code with the checker. It builds the game from its parameters with the game's own code, reads the
rule with it, plays every profile in 64 bits, and solves the linear programs of the equilibrium sets with HiGHS.
"""

import copy
import itertools
import json
import time
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from certified import GAMES, certificate, drop, leaves, put, tampered
from counts import chance, conclude, count

from firstmover import verify
from firstmover.equilibria import value_bounds
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.jobs.build import build
from firstmover.rules.rule import Rule, in_sentences
from firstmover.solvers.registry import baseline

SECONDS = 20
KNOWN = {name: game for name, game in GAMES.items() if game[0].name in verify.FAMILIES}


def _shown(stated: dict[str, Any]) -> dict[str, Any]:
    """What a reader is shown."""
    part = {key: value for key, value in stated.items() if key not in ("followers", "proof", "rule", "parameters")}
    return part | {"baseline": {k: v for k, v in stated["baseline"].items() if k != "proof"}}


def _near(one: Any, other: Any, scale: float) -> bool:
    return one is not None and other is not None and abs(float(one) - float(other)) <= 1e-7 * scale


def why_not_true(stated: dict[str, Any]) -> str | None:
    """What is false about a certificate that was confirmed, or None."""
    try:
        rule = Rule.read(build("game", stated["game"], stated["parameters"]), stated["rule"])
    except InputError as why:
        return f"there is no such rule: {why}"
    game = rule.game
    finite = induced_game(game, rule.actions)
    scale = max(1.0, float(np.abs(finite.leader).max()), float(np.abs(finite.followers).max()))
    if stated["rule_text"] != rule.text:
        return "the rule in words"
    if not np.allclose(stated["payoff_range"]["leader"], game.leader_payoff_range):
        return "the range of payoffs"
    play = stated["proof"]["play"]
    if "strategies" not in play:
        return None
    tables = [np.array([[float(Fraction(p)) for p in row] for row in own]) for own in play["strategies"]]
    if stated["play_text"] != in_sentences(game, tables):
        return "the play in words"
    value, welfare = 0.0, 0.0
    gains: dict[tuple[int, int], np.ndarray] = {}
    weights: Counter[tuple[int, int]] = Counter()
    for row, (types, p) in enumerate(zip(finite.support, finite.probs, strict=True)):
        strategies = [tables[i][t] for i, t in enumerate(types)]
        joint = strategies[0]
        for own in strategies[1:]:
            joint = np.multiply.outer(joint, own)
        value += p * float((joint * finite.leader[row]).sum())
        for i, t in enumerate(types):
            paid = finite.followers[i][row]
            others = joint.sum(axis=i, keepdims=True)
            by_action = (others * paid).sum(axis=tuple(j for j in range(paid.ndim) if j != i))
            own = float((joint * paid).sum())
            welfare += p * own
            gains[i, int(t)] = gains.get((i, int(t)), 0) + p * (by_action - own)
            weights[i, int(t)] += p
    if not _near(stated["value"], value, scale):
        return "the value"
    if not _near(stated["welfare"], welfare + (stated["revenue"] or 0.0), scale):
        return "welfare"
    regrets = {key: float(own.max()) / weights[key] for key, own in gains.items()}
    for (i, t), regret in regrets.items():
        if not _near(stated["epsilon"]["by_follower"][i][t], regret, scale / weights[i, t]):
            return f"epsilon of follower {i}, type {t}"
    if not _near(stated["epsilon"]["max"], max(0.0, *regrets.values()), scale / min(weights.values())):
        return "the largest epsilon"
    bounds = (("leader_value_bounds", 0.0), ("leader_value_bounds_at_epsilon", float(stated["bounds_epsilon"])))
    for (key, epsilon), (which, ends) in itertools.chain.from_iterable(
        [((key, epsilon), item) for item in (stated[key] or {}).items()] for key, epsilon in bounds
    ):
        right = value_bounds(finite, "bcce" if which == "cce" else which, epsilon=epsilon)
        if not all(_near(a, b, scale) for a, b in zip(ends, right, strict=True)):
            return f"{key} over {which}"
    name, own, actions = baseline(game)
    if stated["baseline"]["rule"] != name:
        return "the name of the baseline"
    which = "anf_cce" if len(finite.support) > 1 else "bcce"
    best = value_bounds(induced_game(own, Rule(own, actions).as_told().actions), which)[1]
    if not _near(stated["baseline"]["value"], best, scale) or not _near(stated["gain"], value - best, scale):
        return "the value of the baseline, or the gain"
    return None


def _change(stated: dict[str, Any], rng: np.random.Generator) -> None:
    """One to three changes: another value, one from elsewhere, something taken out, or one lie in several places."""
    for _ in range(rng.integers(1, 4)):
        parts = list(leaves(stated))
        path, value = parts[rng.integers(len(parts))]
        kind = rng.random()
        if kind < 0.6:
            put(stated, path, tampered(value, rng))
        elif kind < 0.8:
            put(stated, path, copy.deepcopy(parts[rng.integers(len(parts))][1]))
        elif kind < 0.9:
            # Wherever the same number stands.
            new = tampered(value, rng)
            for other, there in parts:
                if there == value and type(there) is type(value):
                    put(stated, other, new)
        else:
            drop(stated, path)


@pytest.mark.slow
def test_tampered_certificates(capsys: pytest.CaptureFixture) -> None:
    rng = np.random.default_rng(chance("tampering").getrandbits(32))
    originals = {name: certificate(*game) for name, game in KNOWN.items()}
    for name, original in originals.items():
        assert verify.verdict(verify.check(verify.read(json.dumps(original)))) == "confirmed", name
        assert why_not_true(original) is None, name
    failures, verdicts, tried, slowest = [], Counter[str](), count(5_000), 0.0
    for k in range(tried):
        name = sorted(originals)[k % len(originals)]
        stated = copy.deepcopy(originals[name])
        _change(stated, rng)
        began = time.perf_counter()
        try:
            verdict = verify.verdict(verify.check(verify.read(json.dumps(stated))))
        except verify.UnreadableError:
            verdict = "unreadable"
        except Exception as error:
            failures.append(f"{name} {k}: {type(error).__name__}: {error}")
            continue
        seconds = time.perf_counter() - began
        slowest = max(slowest, seconds)
        verdicts[verdict] += 1
        if seconds > SECONDS:
            failures.append(f"{name} {k}: {seconds:.1f} s")
        if verdict == "confirmed":
            same = all(stated[key] == originals[name][key] for key in ("game", "parameters", "rule"))
            if (
                same
                and stated["proof"]["play"] == originals[name]["proof"]["play"]
                and _shown(stated) != _shown(originals[name])
            ):
                failures.append(f"{name} {k}: something else is shown of the same rule and play")
            elif (why := why_not_true(stated)) is not None:
                failures.append(f"{name} {k}: {why}")
    assert verdicts["refuted"] > tried / 2
    conclude(capsys, "tampered certificates", tried, failures, f" ({dict(verdicts)}; the slowest took {slowest:.2f} s)")
