"""Matrix design: payments on top of the payoffs of a game."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from .amounts import fraction
from .derivation import at, decide, finite_game, shape
from .finite import Finite


def matrix_design(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    """The base game with the payments that the rule makes."""
    payoffs, most, aim = parameters["payoffs"], parameters["max_payment"], parameters["objective"]
    n, *sizes = shape(payoffs)

    def pay(types: tuple[int, ...], actions: tuple[int, ...]) -> tuple[Fraction, list[Fraction], Fraction]:
        if parameters["rule"] == "tau":
            tau = decide(rule, {})["tau"]
            paid = [Fraction(tau) * (actions == (i,) * n) for i in range(n)]
        else:
            paid = [fraction(p) for p in decide(rule, {"actions": list(actions)})["payments"]]
        if len(paid) != n or any(not 0 <= p <= most for p in paid):
            raise ValueError(f"payments must be {n} numbers from 0 to {most}")
        base = [at(table, actions) for table in payoffs]
        leader = Fraction(aim == "different" and len(set(actions)) > 1)
        if aim.startswith("welfare"):
            leader = sum(base, Fraction(0))
        if aim.endswith("minus-payments"):
            leader -= sum(paid)
        return leader, [u + p for u, p in zip(base, paid, strict=True)], -sum(paid, Fraction(0))

    return finite_game(iter([((0,) * n, Fraction(1))]), [1] * n, sizes, pay)
