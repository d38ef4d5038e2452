"""The best pure equilibrium of any rule: which rule and which messages together cost the designer least.

For fixed strategies the rules that make them an equilibrium are the points of a small mixed-integer program. The
strategies are enumerated up to the names of messages, in the order of a bound that ignores incentives, and cut off by
the best rule so far. Strategies that use as many messages as there are types or messages are enough: where fewer are
used, the unused ones may be answered like used ones, and any finer partition then is an equilibrium too.

The excluded ends of price steps: the closed program bounds what rules can reach. Patterns that it finds but that no
rule has are excluded one by one; for all others it gives the limit of what rules with these patterns reach.
"""

import contextlib
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from firstmover.equilibria.mechanisms.candidates import Candidates, candidates
from firstmover.equilibria.mechanisms.direct import direct_floor
from firstmover.equilibria.mechanisms.market import Market, Strategies
from firstmover.equilibria.mechanisms.search import Answer, Clock, Found, resolution
from firstmover.equilibria.mechanisms.supporting import Supporting, UnroundedError

_MARGIN = 1e-3  # kept from excluded prices while a first rule is looked for, in units of the largest value


def best(
    market: Market, *, threshold: bool = False, clock: Clock, say: Callable[[str], None] = lambda text: None
) -> Answer:
    """The least cost that some pure equilibrium of some rule supports.

    Args:
        market: the market.
        threshold: only strategies whose blocks are intervals of values.
        clock: the time that is left.
        say: told about progress.
    """
    step, _ = resolution(market)
    pairs = candidates(market, threshold=threshold)
    floors: list[Fraction] = []
    # First without messages, which is quick and may already be as good.
    found = supported(market, silent(market), None, clock).found
    least = direct_floor(market)
    for ignorant, strategies in pairs:
        bound = max(ignorant, least)
        if clock.over or (found is not None and bound > found.cost - step):
            floors.append(bound)
            break
        answer = supported(market, strategies, None if found is None else found.cost, clock)
        floors.append(max(answer.floor, bound))
        if answer.found is not None:
            found = answer.found
            say(f"{clock.spent:.1f} s: cost {float(found.cost):.6g} with messages {strategies}")
    if found is None:
        return Answer(None, min(floors))
    if not found.attained:
        found = _attained(market, found, pairs, clock)
    return Answer(found, min([*floors, found.cost]))


def silent(market: Market) -> Strategies:
    """Message 0 from everybody."""
    return (0,) * market.n_types[0], (0,) * market.n_types[1]


def _attained(market: Market, limit: Found, pairs: Candidates, clock: Clock) -> Found:
    """A rule that costs as little as those found only nearly do, if one keeps a margin from excluded prices."""
    top = float(market.highest)
    for bound, strategies in pairs:
        if clock.over or bound > limit.cost:
            break
        supporting = Supporting(market, strategies)
        program, _, _ = supporting.program(_MARGIN, float(limit.cost) / top + 1e-9)
        outcome = program.solve(clock.left)
        if outcome.point is None:
            continue
        with contextlib.suppress(UnroundedError):
            made = supporting.rule(program.chosen(outcome.point))
            if made is not None and made.cost <= limit.cost:
                return Found(made.cost, made.rule, strategies, True)
    return limit


def supported(market: Market, strategies: Strategies, below: Fraction | None, clock: Clock) -> Answer:
    """The least cost of a rule that makes these strategies an equilibrium, if it is less than `below`.

    The floor is one for rules that make these strategies an equilibrium; no less than `below` where nothing is found.
    """
    supporting, (step, whole), top = Supporting(market, strategies), resolution(market), float(market.highest)
    slack = Fraction(0) if whole else step
    found: Found | None = None
    floors: list[Fraction] = []  # of patterns that are put aside
    margin = _MARGIN
    while not clock.over:
        goal = None if below is None else below - (step / 2 if whole else step)
        program, _, _ = supporting.program(margin, None if goal is None else float(goal) / top)
        outcome = program.solve(clock.left)
        if outcome.point is None:
            if margin == 0 and outcome.bound == np.inf:
                rest = market.highest if below is None else below - slack
                return Answer(found, min([rest, *floors]))
            if margin == 0:
                return Answer(found, min([Fraction(outcome.bound * top) - market.highest / 1_000_000, *floors]))
        else:
            chosen = program.chosen(outcome.point)
            made, unknown = None, True
            with contextlib.suppress(UnroundedError):
                made = supporting.rule(chosen)
                unknown = made is not None and made.limit is None
            if made is None or unknown:
                supporting.excluded.append(chosen)
            if unknown:
                floors.append(Fraction(outcome.value * top) - slack)
            if made is not None:
                cost = made.cost if made.limit is None else made.limit
                if below is None or cost < below:
                    found, below = Found(cost, made.rule, strategies, made.cost == cost), cost
                if margin == 0 and made.limit is not None and outcome.bound >= outcome.value - 1e-9:
                    return Answer(found, min([cost - slack, *floors]))
        margin = 0.0
    return Answer(found, -market.highest)
