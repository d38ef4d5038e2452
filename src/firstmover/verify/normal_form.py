"""Normal-form games: a row, or a mixture of rows, and then a column for every follower."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from .derivation import at, decide, distribution, finite_game, shape
from .finite import Finite


def _mixture(do: Mapping[str, Any], size: int) -> list[Fraction]:
    """The leader's mixture, summing to 1 exactly; one action is a mixture too."""
    if "action" in do:
        return [Fraction(k == do["action"]) for k in range(size)]
    return distribution(do["mixture"], size, "the mixture")


def normal_form(parameters: Mapping[str, Any], rule: Sequence[Mapping[str, Any]]) -> Finite:
    """The followers' game under a row or a mixture of rows."""
    leader, followers = parameters["leader_payoffs"], parameters["follower_payoffs"]
    rows, *sizes = shape(leader)
    tables = [followers] if len(sizes) == 1 and len(shape(followers)) == 2 else followers
    mixture = _mixture(decide(rule, {}), rows)

    def mixed(table: Any, actions: tuple[int, ...]) -> Fraction:
        return sum((p * at(table[k], actions) for k, p in enumerate(mixture) if p), Fraction(0))

    return finite_game(
        iter([((0,) * len(sizes), Fraction(1))]),
        [1] * len(sizes),
        sizes,
        lambda types, actions: (mixed(leader, actions), [mixed(table, actions) for table in tables], None),
    )


def published(table: list[list[tuple[int, int]]]) -> Callable[..., Finite]:
    """A two-player game whose payoffs are known by its name."""
    leader, follower = ([[pair[k] for pair in row] for row in table] for k in (0, 1))
    return lambda parameters, rule: normal_form({"leader_payoffs": leader, "follower_payoffs": follower}, rule)
