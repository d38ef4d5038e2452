"""The exact optimal sequential price mechanism with messages, for two agents and one item.

Prices are any numbers in [0, largest value], not a grid. What comes out is checked apart from the search, in exact
arithmetic: that the messages are an equilibrium, that it is the worst one, or a bound over the whole set.

What no rule does better than is proved in two ways. Bounds without incentives are exact. Bounds with incentives are
those of a branch-and-bound solver in 64-bit numbers, with its feasibility tolerance of 1e-6; for welfare losses, which
are multiples of a quantum that is larger than that, they become exact values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from firstmover.equilibria.mechanisms.anf_cce import anf_cce
from firstmover.equilibria.mechanisms.best import best
from firstmover.equilibria.mechanisms.market import Cell, Offer, Strategies, read_market
from firstmover.equilibria.mechanisms.search import Answer, Clock
from firstmover.equilibria.mechanisms.worst import worst
from firstmover.errors import InputError

Selection = Literal["best", "worst", "anf_cce"]
SELECTIONS: tuple[Selection, ...] = ("best", "worst", "anf_cce")

_METHODS = {
    "best": "branch and bound over messaging strategies and price steps; equilibrium checked in exact arithmetic",
    "worst": "branch and bound over price steps with rows for bad equilibria; all pure equilibria listed exactly",
    "anf_cce": "branch and bound over price steps with dominant messages; bound over the set proved exactly",
}


@dataclass(frozen=True)
class OptimalMechanism:
    """The best mechanism found, and what is proved about it.

    Attributes:
        value: the optimum of the designer's payoff; None unless it is known exactly.
        lower: the payoff of the mechanism below, or the limit of that of mechanisms near it; None if none was found.
        upper: no mechanism earns more.
        exact: whether `lower` and `upper` are equal.
        attained: whether the mechanism below earns `lower`; else it earns at least that minus 1e-6 of the largest
            value.
        cells: for every pair of messages, who is asked first, the price for it, and the price for the other.
        strategies: for both agents, the message of every type: the equilibrium for `best`, the worst one for `worst`,
            the costliest pure one for `anf_cce` (None if there is none). Types of probability 0 send message 0.
        method: how it was found, in a sentence.
    """

    value: Fraction | None
    lower: Fraction | None
    upper: Fraction
    exact: bool
    attained: bool
    cells: Mapping[Cell, Offer]
    strategies: Strategies | None
    method: str


def optimal_mechanism(
    values: Sequence[Sequence[Fraction]],
    prior: Sequence[Sequence[Fraction]],
    messages: int,
    *,
    selection: Selection = "best",
    welfare_weight: Fraction | int = 1,
    buy_at_tie: bool = True,
    threshold: bool = False,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> OptimalMechanism:
    """The optimum over all rules and all prices, for the best or the worst equilibrium of each.

    Args:
        values: for both agents, what the item is worth to every type; at least 0.
        prior: joint probability of every pair of types, a row for each type of agent 0.
        messages: messages that each agent may send.
        selection: which equilibrium of a rule counts: the "best" or the "worst" pure Bayes-Nash equilibrium for the
            designer (of rules that have one), or the worst of "anf_cce", the coarse correlated equilibria of the agent
            normal form, which every rule has.
        welfare_weight: weight of minus the welfare loss in the designer's payoff; the revenue has the rest.
        buy_at_tie: whether an agent buys at a price equal to its value.
        threshold: only equilibria in which the types that send a message are an interval of values (for "best").
        time_limit: seconds after which the best mechanism so far is returned, with bounds that hold.
        progress: told about progress, in a line at a time.

    Raises:
        InputError: a number is out of range, or there are too many messaging strategies to list.
    """
    if selection not in SELECTIONS:
        raise InputError(f"selection must be one of {', '.join(SELECTIONS)}; got {selection!r}.")
    if threshold and selection != "best":
        raise InputError(f"threshold messages are only known for the selection 'best'; got {selection!r}.")
    market, kept = read_market(values, prior, messages, welfare_weight, buy_at_tie)
    clock = Clock(time_limit)
    say = progress if progress is not None else lambda text: None
    if selection == "best":
        answer: Answer = best(market, threshold=threshold, clock=clock, say=say)
    elif selection == "worst":
        answer = worst(market, clock=clock, say=say)
    else:
        answer = anf_cce(market, clock=clock, say=say)
    found = answer.found
    if found is None:
        return OptimalMechanism(None, None, -answer.floor, False, False, {}, None, _METHODS[selection])
    exact = found.cost == answer.floor
    strategies = None
    if found.strategies is not None:
        sent = [dict(zip(kept[i], found.strategies[i], strict=True)) for i in (0, 1)]
        strategies = (
            tuple(sent[0].get(t, 0) for t in range(len(values[0]))),
            tuple(sent[1].get(t, 0) for t in range(len(values[1]))),
        )
    return OptimalMechanism(
        -found.cost if exact else None,
        -found.cost,
        -answer.floor,
        exact,
        found.attained,
        dict(found.rule),
        strategies,
        _METHODS[selection],
    )
