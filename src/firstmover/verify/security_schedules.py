"""Security games with schedules: which assignments there are, and what an attack pays under each."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .amounts import Json, number, one_of, parameters, text, whole
from .bayesian import BayesianNormalForm
from .game import Baseline, named_actions
from .limits import look_at_the_time
from .normal_form import NormalForm, not_the_best_row
from .rules import Decided
from .security import attacker_called, read_prior, read_targets
from .wording import NOW, Wording

_MOST = 2_000  # assignments


@dataclass(frozen=True)
class SecuritySchedules(BayesianNormalForm):
    """A normal-form game for each type of attacker, whose rows are assignments.

    Attributes:
        attackers: the names of the types.
    """

    attackers: list[str]

    @classmethod
    def read(cls, given: Json) -> "SecuritySchedules":
        """The game with these parameters.

        Raises:
            ValueError: there is none.
        """
        own = parameters(given, {"resources": 1, "budget": None, "prior": None}, ("targets", "schedules"))
        targets, attackers, payoffs = read_targets(own["targets"])
        names, covers, costs = _schedules(own["schedules"], targets)
        resources = whole(own["resources"], "resources", 1)
        budget = None if own["budget"] is None else number(own["budget"], "the budget")
        rows: dict[tuple[int, ...], list[bool]] = {}
        for size in range(min(resources, len(names)) + 1):
            for does in itertools.combinations(range(len(names)), size):
                look_at_the_time()
                if budget is None or sum((costs[k] for k in does), Fraction(0)) <= budget:
                    rows[does] = [any(target in covers[k] for k in does) for target in targets]
                    if len(rows) > _MOST:
                        raise ValueError(f"there must be at most {_MOST} assignments")
        labels = NOW.names([" + ".join(names[k] for k in does) or "nothing" for does in rows])
        games = []
        for own_payoffs in payoffs:
            leader, follower = (
                [
                    [paid[at + (not covered)] for covered, paid in zip(row, own_payoffs, strict=True)]
                    for row in rows.values()
                ]
                for at in (0, 2)
            )
            games.append(NormalForm(leader, [follower], "mixed", [labels, targets]))
        return cls(games, read_prior(own["prior"], len(attackers)), attackers)

    def sentence(self, decided: Decided, wording: Wording) -> str:
        return self.games[0].sentence(decided, wording).replace("play ", "take ", 1)

    def play_sentence(self, follower: int, type_: int, probabilities: Sequence[Fraction], wording: Wording) -> str:
        who = attacker_called(self.attackers, type_, wording)
        return f"{who} attacks {named_actions(wording.names(self.games[0].names[1]), probabilities)}"

    def baseline(self) -> Baseline:
        def fault(decided: Sequence[Decided], _: Fraction) -> str | None:
            return not_the_best_row(self.games, self.prior, self.games[0].mixture(decided[0][1]))

        return Baseline("the best deterministic commitment", self, fault)


def _schedules(given: Json, targets: Sequence[str]) -> tuple[list[str], list[set[str]], list[Fraction]]:
    """Names, the targets that each covers, and costs, 1 where none are given.

    Raises:
        ValueError: there are none.
    """
    if not isinstance(given, Mapping) or not {"schedule", "covers"} <= set(given) <= {"schedule", "covers", "cost"}:
        raise ValueError("schedules must have the columns schedule and covers, and maybe cost")
    names, lists = given["schedule"], given["covers"]
    if not isinstance(names, list) or not isinstance(lists, list) or not names:
        raise ValueError("the columns of schedules must be lists")
    costs = given.get("cost", [1] * len(names))
    if not isinstance(costs, list) or not len(names) == len(lists) == len(costs):
        raise ValueError("the columns of schedules must be lists of one length")
    covers = []
    for own in lists:
        if not isinstance(own, list):
            raise ValueError("a schedule must cover a list of targets")
        covers.append({one_of(name, targets, "a target of a schedule") for name in own})
    amounts = [number(cost, "a cost") for cost in costs]
    if min(amounts) < 0:
        raise ValueError("costs must be at least 0")
    return [text(name, "the name of a schedule") for name in names], covers, amounts
