"""The answer of an exact solver."""

from dataclasses import dataclass, field
from typing import Any

from firstmover.games.base import Game
from firstmover.json_types import Parsed


@dataclass(frozen=True)
class Margin:
    """A rule to which the followers' replies are strictly best, in place of one that rests on ties.

    Attributes:
        value: what it earns the leader.
        rule: its entries.
        margin: by how much every other reply is worse, at least, in units of the followers' payoffs.
        reply: what followers reply, as `Solution.reply`.
    """

    value: float
    rule: list[Parsed]
    margin: float
    reply: list[list[list[float]]]


@dataclass(frozen=True)
class Solution:
    """The answer of an exact solver; a family of games may extend it with figures of its own.

    Attributes:
        value: the leader's optimal value, or None where only bounds are known.
        rule: entries of a rule file that attain it (or come within a millionth of the payoff range of a supremum that
            is not attained; or the best that is known, where only bounds are), or None.
        attained: whether the value is a maximum (true) or only a supremum (false).
        method: the method and its source.
        followers: which equilibrium of the followers is assumed.
        upper_bounds: named bounds on what any commitment of this kind can earn, where the optimum has no method.
        bounds: proved bounds on the optimum: what the rule earns, and what none can exceed; equal where it is known.
        play: how the followers play under the rule, [types, actions] each, where the solver found that too.
        game: what the rule is for, where that is not the game that was asked about.
        reply: what followers reply to the rule: for each follower and type the probabilities of its actions, or, where
            followers act in every step, the actions of each follower by step; None where it is not known.
        rests_on_ties: whether the rule earns less if followers that are (as good as) indifferent go against the leader,
            or choose another equilibrium; None where it is not known.
        margin: the rule to use instead, where there is one.
    """

    value: float | None
    rule: list[Parsed] | None
    attained: bool
    method: str
    followers: str
    upper_bounds: dict[str, float] = field(default_factory=dict)
    bounds: tuple[float, float] | None = None
    play: list[list[list[float]]] | None = None
    game: Game | None = None
    reply: list[Any] | None = None
    rests_on_ties: bool | None = None
    margin: Margin | None = None

    def details(self) -> Parsed:
        """Figures that only solutions of this family have, as JSON values; none by default."""
        return {}
