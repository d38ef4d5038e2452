"""Simple allocation: an item for every message."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from .derivation import decide, distribution, finite_game
from .finite import Finite


def simple_allocation(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    """The game of the message that the participant sends."""
    items, messages = parameters["items"], parameters["messages"]
    given = [decide(rule, {"message": m})["item"] for m in range(messages)]

    def pay(types: tuple[int, ...], actions: tuple[int, ...]) -> tuple[Fraction, list[Fraction], None]:
        served = Fraction(given[actions[0]] == types[0])
        return served, [served], None

    prior = distribution(parameters["prior"], items, "the prior")
    return finite_game((((t,), p) for t, p in enumerate(prior)), [items], [messages], pay)
