"""`solve` when payoffs are estimates: what the optimum is worth if they are off, and rules that are made for that."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firstmover.evaluation.estimates import MADE_FOR, ExactFares, Fares, PayoffErrors
from firstmover.games.base import Game, Ties
from firstmover.json_types import JsonObject
from firstmover.rules.rule import Rule
from firstmover.solvers.solution import Solution


@dataclass(frozen=True)
class Estimated:
    """Rules of a game whose payoffs are estimates.

    Attributes:
        errors: how the payoffs may be off.
        rules: by name: the optimum for the stated payoffs, where it is known, and the best on average and at worst.
        fares: what each is worth.
    """

    errors: PayoffErrors
    rules: dict[str, Rule]
    fares: dict[str, Fares]

    def price(self, name: str) -> float | None:
        """By how much a rule is worth less than the optimum if payoffs are as stated; None if that is unknown."""
        return self.fares["optimum"].nominal - self.fares[name].nominal if "optimum" in self.fares else None

    def by_objective(self, objective: str) -> Rule | None:
        """The rule that is best by the mean or by the worst draw; None for another objective."""
        return next((self.rules[name] for name, own in MADE_FOR.items() if own == objective), None)

    def as_json(self) -> JsonObject:
        """As JSON values."""
        rules = [
            {
                "name": name,
                "rule": rule.entries,
                "rule_text": rule.text,
                **self.fares[name].as_json(),
                "price": self.price(name),
            }
            for name, rule in self.rules.items()
        ]
        errors = self.errors
        return {"off_by": errors.by, "draws": errors.draws, "seed": errors.seed, "rules": rules}


def estimated(
    game: Game,
    solution: Solution | None,
    errors: PayoffErrors,
    *,
    ties: Ties = "strong",
    progress: Callable[[str], None] | None = None,
) -> Estimated:
    """What the optimum is worth when payoffs are off, and the rules that are best on average and at worst then.

    The follower knows the true payoffs and replies best to them. Rules are chosen on other draws than they are judged
    on; among mixtures they are the best that a search finds.

    Args:
        game: given by tables of payoffs, with one follower.
        solution: its optimum, or None where that is not known.
        errors: how the payoffs may be off.
        ties: of the optimum.
        progress: told what is being done.

    Raises:
        InputError: the game is of another kind, or there are too many draws.

    Example:
        >>> from firstmover.games import Maintain
        >>> from firstmover.jobs.solutions import solve
        >>> found = estimated(Maintain("mixed"), solve(Maintain("mixed")), PayoffErrors(0.1, draws=200))
        >>> [round(fares.nominal, 1) for fares in found.fares.values()][0]
        27.5
        >>> found.fares["best on average"].mean > found.fares["optimum"].mean
        True
    """
    tell = progress or (lambda what: None)
    tell("drawing payoffs")
    fares = ExactFares(game, errors, ties)
    decisions: dict[str, np.ndarray] = {}
    if solution is not None and solution.rule is not None and solution.game is None:
        decisions["optimum"] = np.asarray(Rule.read(game, solution.rule).actions[0])
        if solution.margin is not None:
            decisions["optimum with a margin"] = np.asarray(Rule.read(game, solution.margin.rule).actions[0])
    known = list(decisions.values())
    for name, objective in MADE_FOR.items():
        tell(f"looking for the rule that is {name}")
        decisions[name] = fares.best(objective, known)
    rules = {name: Rule(game, decision[None]).as_told() for name, decision in decisions.items()}
    return Estimated(errors, rules, {name: fares.of(np.asarray(rule.actions[0])) for name, rule in rules.items()})
