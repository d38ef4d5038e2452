"""What a rule is worth under the worst prior near the game's."""

from dataclasses import asdict, dataclass

from firstmover.core.plays import Play
from firstmover.errors import InputError
from firstmover.evaluators import judge_of, play_distribution
from firstmover.evaluators.aims import robust_value
from firstmover.json_types import JsonObject
from firstmover.rules.rule import Rule


@dataclass(frozen=True)
class Robust:
    """A rule under the worst prior nearby, the followers' play as it is.

    Attributes:
        radius: total-variation distance of the priors, over the type profiles that occur in the game's.
        value: the leader's least expected payoff over them, in the game's units; None where profiles cannot be listed.
    """

    radius: float
    value: float | None

    def as_json(self) -> JsonObject:
        """As JSON values."""
        return asdict(self)


def robust(rule: Rule, play: Play, radius: float | None) -> Robust | None:
    """A rule and its play under the worst prior within a radius; None if there is no radius."""
    if radius is None:
        return None
    try:
        finite = judge_of(rule.game).listing(rule.actions).finite
    except InputError:
        return Robust(radius, None)
    return Robust(radius, robust_value(finite, play_distribution(rule.game, play), radius))
