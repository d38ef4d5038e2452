"""From the patterns of a rule to simple prices that keep away from every tie where they can.

The price steps are half-open, so a point of the closed program need not be a rule. The least slack at the open ends is
maximised first: if it is zero, no rule has these patterns. Then as many other inequalities as possible are made strict,
each up to a cap, and the prices are rounded to the simplest fractions that pass an exact check.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from firstmover.equilibria.mechanisms.linear import Linear, linear
from firstmover.equilibria.mechanisms.market import Cell, Market, Offer, Rule
from firstmover.equilibria.mechanisms.program import Pattern, RuleProgram

_LEAST = 1e-8  # slacks below this are zero: ten times what the solver may be wrong by
_CAP = 0.02  # slack beyond which nothing is gained, in units of the largest value
_DENOMINATORS = (10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000, 10**6, 10**8)


def strict_prices(
    program: RuleProgram,
    chosen: Mapping[Cell, Pattern],
    incentives: Sequence[Linear],
    positive: Sequence[Linear] = (),
) -> dict[Cell, tuple[float, float]] | None:
    """Prices of agents 0 and 1 with these patterns that are far from all ties, or None where no rule has them.

    Args:
        program: the program over rules, margin 0, with all constraints; it is used up.
        chosen: the pattern of every cell.
        incentives: what no type may lose by its message, each a row of the program with lower limit 0.
        positive: what must be positive besides.
    """
    program.fix(chosen)
    ends = [
        (linear((sign, {column: 1.0}), (-sign * end, {program.patterns[cell][pattern]: 1.0})), is_open)
        for cell, pattern in chosen.items()
        for agent in (0, 1)
        for column in [program.price_column(cell, pattern, agent)]
        for step in [program.steps[cell][agent][pattern[1 + agent]]]
        for sign, end, is_open in (
            (1.0, float(step.low / program.market.highest), step.open_low),
            (-1.0, float(step.high / program.market.highest), step.open_high),
        )
    ]
    least = program.column(0.0, _CAP)
    for slack in [*(slack for slack, is_open in ends if is_open), *positive]:
        program.row(linear((1.0, slack), (-1.0, {least: 1.0})), 0.0)
    program.objective = linear((-1.0, {least: 1.0}))
    outcome = program.solve()
    if outcome.point is None or outcome.point[least] < _LEAST:
        return None
    program.row({least: 1.0}, outcome.point[least] / 2)
    extra = linear((-0.1, {least: 1.0}))
    for slack in [*(slack for slack, is_open in ends if not is_open), *incentives, *positive]:
        if any(slack.values()):
            gained = program.column(0.0, _CAP)
            program.row(linear((1.0, slack), (-1.0, {gained: 1.0})), 0.0)
            extra[gained] = -1.0
    program.objective = extra
    outcome = program.solve()
    return None if outcome.point is None else program.prices(outcome.point)


def simple_rule(
    chosen: Mapping[Cell, Pattern],
    prices: Mapping[Cell, tuple[float, float]],
    market: Market,
    accept: Callable[[Rule], bool],
) -> Rule | None:
    """The rule with the simplest prices near these that an exact check accepts, or None.

    Args:
        chosen: the pattern of every cell.
        prices: the prices of agents 0 and 1 in every cell, in units of the largest value.
        market: the market; no price comes much nearer to a value than it is.
        accept: the check.
    """
    top, values = market.highest, [float(v) for row in market.values for v in row]
    for denominator in _DENOMINATORS:
        rule = {}
        for cell, (first, _, _) in chosen.items():
            exact = [p * float(top) for p in prices[cell]]
            near = [min(max(Fraction(p).limit_denominator(denominator), Fraction(0)), top) for p in exact]
            if any(abs(float(n) - v) < abs(p - v) / 2 - 1e-9 for n, p in zip(near, exact, strict=True) for v in values):
                break
            rule[cell] = Offer(first, near[first], near[1 - first])
        if len(rule) == len(chosen) and accept(rule):
            return rule
    return None
