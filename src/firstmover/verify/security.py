"""Security games: how likely every target is to be covered."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from .amounts import fraction
from .derivation import NEAR, decide, finite_game
from .finite import Finite


def security(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    """The attacker's game under a coverage."""
    targets, resources = parameters["targets"], fraction(parameters["resources"])
    coverage = [fraction(c) for c in decide(rule, {})["coverage"]]
    if any(not 0 <= c <= 1 for c in coverage) or sum(coverage) > resources + NEAR:
        raise ValueError("the coverage is not in [0, 1] for every target, or uses too many resources")
    scale = resources / max(sum(coverage), resources)

    def expected_payoffs(side: str) -> list[Fraction]:
        tables = targets[f"{side}_covered"], targets[f"{side}_uncovered"]
        return [
            fraction(uncovered) + c * scale * (fraction(covered) - fraction(uncovered))
            for c, covered, uncovered in zip(coverage, *tables, strict=True)
        ]

    leader, attacker = expected_payoffs("defender"), expected_payoffs("attacker")
    return finite_game(
        iter([((0,), Fraction(1))]), [1], [len(coverage)], lambda types, a: (leader[a[0]], [attacker[a[0]]], None)
    )
