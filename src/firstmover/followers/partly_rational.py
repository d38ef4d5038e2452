"""A share of the followers is irrational: it plays at random, whatever pays. The others play a best response.

The rational ones reply as if all were rational. Where every follower stands for many participants, a strategy is then
what the mixed population does.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from jaxtyping import Array

from firstmover.core.plays import Strategies
from firstmover.errors import require
from firstmover.followers.best_response import ListedBestResponse
from firstmover.games.base import Game


@dataclass(frozen=True)
class PartlyRational(ListedBestResponse):
    """Followers of whom a share plays at random, while the others play an exact best response.

    Attributes:
        ties: "strong" breaks ties of the rational ones in the leader's favour, "weak" against it.
        irrational: the share that plays at random, from 0 to 1.

    Example:
        >>> from firstmover.followers import PartlyRational
        >>> from firstmover.games import Maintain
        >>> from firstmover.jobs.certifications import respond
        >>> from firstmover.rules.rule import Rule
        >>> rule = Rule.read(Maintain(), [{"do": {"action": 0}}])
        >>> respond(rule, PartlyRational(irrational=0.3)).tables[0].round(6).tolist()
        [[0.8, 0.1, 0.1]]
    """

    ties: Literal["strong", "weak"] = "strong"
    irrational: float = 0.2

    name: ClassVar[str] = "partly-rational"
    traced: ClassVar[tuple[str, ...]] = ("irrational",)
    converges_to: ClassVar[str] = "a best response of the rational share"

    def __post_init__(self) -> None:
        """Check the range.

        Raises:
            InputError: a parameter is out of range.
        """
        require(0 <= self.irrational <= 1, "irrational must be a share from 0 to 1", self.irrational)

    def strategy(self, game: Game, state: tuple[Array, ...]) -> Strategies:
        share = self.irrational
        mixed = zip(state, self.init(game), strict=True)
        return Strategies(tuple((1 - share) * own + share * random for own, random in mixed))
