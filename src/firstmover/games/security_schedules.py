"""Security games with schedules: a resource does not cover any one target, but takes one of a list of schedules.

Players: a defender (the leader) and one attacker, of one type or of several, as in `security`.
Information: the attacker knows how often each assignment is made, not which one is made on the day, and its own type.
Payoffs: as in `security`: two for each side for an attack on a target, one if some schedule of the day covers it, one
if none does. They enter in expectation over the assignments.
Rule: a mixture of assignments. An assignment is a set of schedules, at most one for each resource, whose costs sum to
the budget at most; to do nothing is one. All are listed, so that a mixture is also what is done: no coverage is ever
promised that no assignments come to.
Known optimum: that of the Bayesian normal-form game that this is.

Source: Jain, Kardes, Kiekintveld, Ordonez and Tambe, "Security games with arbitrary schedules: a branch and price
approach" (AAAI 2010).
"""

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from firstmover.errors import InputError, require, unknown_name
from firstmover.exact_numbers import Table, as_fractions, of_fractions, table
from firstmover.games.bayesian_normal_form import BayesianNormalForm, Probabilities
from firstmover.games.targets import Targets, read_targets
from firstmover.json_types import Parsed
from firstmover.spaces import Discrete
from firstmover.wording import told_apart

Schedules = Annotated[Any, "schedules"]  # a dict, or on the command line the name of a CSV file
MAX_ASSIGNMENTS = 2_000
NOTHING = "nothing"


class SecuritySchedules(BayesianNormalForm):
    """A defender sends resources on schedules, each of which covers several targets; an attacker sees how often.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import SecuritySchedules
        >>> targets = {"target": ["bank", "mint"], "defender_covered": [0, 0], "defender_uncovered": [-1, -2],
        ...            "attacker_covered": [0, 0], "attacker_uncovered": [1, 2]}
        >>> game = SecuritySchedules(targets, {"schedule": ["north", "south"], "covers": [["bank"], ["mint"]]})
        >>> round(solve(game).value, 6)
        -0.666667
    """

    name = "security-schedules"
    objective = "the defender's payoff"

    def __init__(
        self,
        targets: Targets,
        schedules: Schedules,
        resources: int = 1,
        budget: float | int | None = None,
        prior: Probabilities | None = None,
    ):
        """A game with these targets and schedules.

        Args:
            targets: as in `security`.
            schedules: a dict of columns: "schedule" with names, "covers" with a list of targets for each, and maybe
                "cost"; or on the command line the name of a CSV file with the header schedule,TARGET,TARGET,... and
                maybe cost, and 1 where a schedule covers a target, else 0.
            resources: how many schedules can be taken at once, at least 1.
            budget: what their costs may sum to at most; no limit if not given.
            prior: probability of each type of attacker, summing to 1; uniform if not given.

        Raises:
            InputError: a target is unknown, sizes differ, a number is out of range, or there are more than 2,000
                assignments.
        """
        own = read_targets(targets)
        self.names, self.attackers = own.names, own.types
        require(resources >= 1, "resources must be a whole number, at least 1", resources)
        self.schedules, covers, costs = _read(schedules, self.names)
        limit = None if budget is None else as_fractions([float(budget)])[0]
        require(limit is None or limit >= 0, "the budget must be a number of at least 0", budget)
        if limit is not None and "cost" not in schedules:
            raise InputError("a budget needs a cost for every schedule; the schedules have none.")
        self.assignments = _assignments(costs.fractions.tolist(), resources, limit)
        # [assignments, targets]: whether some schedule covers it.
        self.covers = np.array(
            [np.any([covers[k] for k in a] or [covers[0] & False], axis=0) for a in self.assignments]
        )
        payoffs, by = own.payoffs.fractions, self.covers.astype(int)[None]
        leader, follower = (by * payoffs[:, None, :, at] + (1 - by) * payoffs[:, None, :, at + 1] for at in (0, 2))
        labels = told_apart([" + ".join(self.schedules[k] for k in a) or NOTHING for a in self.assignments])
        super().__init__(of_fractions(leader), of_fractions(follower), prior, "mixed", [list(labels), list(self.names)])
        if len(self.attackers) > 1:
            self.knows = (Discrete(self.attackers, "attacker"),)
        self.written_as(
            targets=own.written(),
            schedules={
                "schedule": list(self.schedules),
                "covers": [[self.names[t] for t in np.flatnonzero(row)] for row in covers],
            }
            | ({"cost": costs} if "cost" in schedules else {}),
            prior=self.stated_prior if len(self.attackers) > 1 or prior is not None else None,
            budget=None if budget is None else float(budget),
        )

    def entry(self, observation: Sequence[int], action: np.ndarray) -> Parsed:
        """As in a rule file, with the assignments that are made at all."""
        told = super().entry(observation, action)
        return {**told, "do": {"mixture": {name: p for name, p in told["do"]["mixture"].items() if p}}}

    def sentence(self, entry: Parsed) -> str:
        return super().sentence(entry).replace("play ", "take ", 1)

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        who = "the attacker" if len(self.attackers) == 1 else f"attacker {self.attackers[type_]}"
        return f"{who} attacks {self.acts[0].mixed(probabilities)}"

    def player_labels(self) -> list[str]:
        return ["defender", "attacker"]

    def done_at_once(self, decision: np.ndarray) -> tuple[tuple[str, ...], list[tuple[Fraction, tuple[int, ...]]]]:
        parts = zip(self.frequencies(decision).values(), self.assignments, strict=True)
        return self.schedules, [(p, does) for p, does in parts if p]

    def doing(self, names: Sequence[str]) -> np.ndarray:
        does = tuple(k for k, name in enumerate(self.schedules) if name in names)
        if does not in self.assignments:
            raise InputError(f"{' + '.join(names) or NOTHING} is more than the resources and the budget allow at once.")
        return np.eye(len(self.assignments))[self.assignments.index(does)]


def _read(given: object, targets: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray, Table]:
    """Names of the schedules, which targets each covers, bool [schedules, targets], and the costs, 1 if not given."""
    if not isinstance(given, dict) or not {"schedule", "covers"} <= set(given) <= {"schedule", "covers", "cost"}:
        raise InputError("schedules need the columns schedule and covers, and maybe cost.")
    names, lists = given["schedule"], given["covers"]
    if not all(isinstance(part, list | tuple) for part in (names, lists)) or not names:
        raise InputError("the columns of schedules must be lists, with one schedule at least.")
    costs = table(given.get("cost", [1] * len(names)), "the costs of schedules", "a list of numbers")
    if not len(names) == len(lists) == costs.floats.size or costs.floats.ndim != 1:
        raise InputError("the columns of schedules must be lists of one length.")
    if not all(isinstance(name, str) for name in names) or not all(isinstance(own, list | tuple) for own in lists):
        raise InputError("schedules need names, and a list of targets each.")
    if costs.floats.min() < 0:
        raise InputError(f"the costs of schedules must be numbers of at least 0; got {costs.floats.min():g}.")
    covers = np.zeros((len(names), len(targets)), bool)
    for k, own in enumerate(lists):
        for name in own:
            if name not in targets:
                raise unknown_name("target of a schedule", str(name), targets)
            covers[k, list(targets).index(name)] = True
    return told_apart(names), covers, costs


def _assignments(costs: Sequence[Fraction], resources: int, budget: Fraction | None) -> list[tuple[int, ...]]:
    """Sets of schedules that can be taken at once, the fewest first.

    Raises:
        InputError: there are more than `MAX_ASSIGNMENTS`.
    """
    found: list[tuple[int, ...]] = []
    for size in range(min(resources, len(costs)) + 1):
        for does in itertools.combinations(range(len(costs)), size):
            if budget is None or sum((costs[k] for k in does), Fraction(0)) <= budget:
                found.append(does)
                if len(found) > MAX_ASSIGNMENTS:
                    raise InputError(
                        f"{len(costs)} schedules for {resources} resources are more than {MAX_ASSIGNMENTS:,} "
                        "assignments, which is too many to list; leave out schedules that others contain."
                    )
    return found
