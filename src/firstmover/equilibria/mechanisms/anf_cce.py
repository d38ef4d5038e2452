"""The rule with the least guaranteed cost over coarse correlated equilibria of the agent normal form.

Rules are looked for among those whose messages are dominant one after another (`dominant`); what they cost over the
whole set is proved exactly (`coarse`). That no other rule costs less is proved without incentives (`indifferent`).
"""

from collections.abc import Callable
from fractions import Fraction

from firstmover.equilibria.mechanisms.best import silent, supported
from firstmover.equilibria.mechanisms.candidates import candidates
from firstmover.equilibria.mechanisms.coarse import coarse_bound, dominance_bound
from firstmover.equilibria.mechanisms.direct import direct_floor
from firstmover.equilibria.mechanisms.dominant import Dominant, free_choices
from firstmover.equilibria.mechanisms.guarded import polished
from firstmover.equilibria.mechanisms.indifferent import FreeTypes
from firstmover.equilibria.mechanisms.market import Market, Rule, Strategies, payoffs
from firstmover.equilibria.mechanisms.search import Answer, Clock, Found, resolution

_MARGIN = 1e-3  # of every strict inequality, in units of the largest value


def anf_cce(market: Market, *, clock: Clock, say: Callable[[str], None] = lambda text: None) -> Answer:
    """The least cost that a rule found guarantees over the whole set, and what no rule guarantees less than.

    Args:
        market: the market.
        clock: the time that is left.
        say: told about progress.

    Raises:
        InputError: there are too many strategies to list.
    """
    step, whole = resolution(market)
    listed = candidates(market, fewer=True)
    # Whatever the equilibrium, its cost is an average of costs of pure strategies.
    floor = max(next(iter(listed))[0], direct_floor(market))
    free = FreeTypes(market, clock) if whole else None
    # Without messages there is nothing to choose.
    found = supported(market, silent(market), None, clock).found
    for everyone in (True, False):
        for bound, strategies in listed:
            if found is not None and free is not None:
                floor, free = _raised(market, floor, found, free, say)
            least = None if found is None else found.cost
            if clock.over or (least is not None and max(bound, floor) > least - step):
                break
            most = market.highest if least is None else least - (step / 2 if whole else step)
            better = _dominant_rule(market, strategies, most, clock, everyone=everyone)
            if better is not None and (found is None or better.cost < found.cost):
                found = better
                say(f"{clock.spent:.1f} s: cost at most {float(found.cost):.6g} with messages {strategies}")
    return Answer(found, floor)


def _raised(
    market: Market, floor: Fraction, found: Found, free: FreeTypes, say: Callable[[str], None]
) -> tuple[Fraction, FreeTypes | None]:
    """The floor, raised quantum by quantum while no rule guarantees it; the search, unless that says no more."""
    while floor < found.cost:
        if free.possible(floor) is not False:
            return floor, None
        floor += market.quantum
        say(f"{free.clock.spent:.1f} s: no rule costs less than {float(floor):.6g}")
    return floor, free


def _dominant_rule(
    market: Market, strategies: Strategies, most: Fraction, clock: Clock, *, everyone: bool
) -> Found | None:
    """A rule under which these strategies are dominant one after another, and its proven cost over the set."""
    top, others = float(market.highest), free_choices(market, strategies)

    def make(kept: float) -> Dominant:
        return Dominant(market, strategies, others, kept, float(most) / top + 1e-9, everyone=everyone)

    program = make(_MARGIN)
    while not clock.over:
        outcome = program.solve(clock.left)
        if outcome.point is None:
            return None
        level = Fraction((outcome.value + 1e-6) * top)

        def accept(rule: Rule, level: Fraction = level) -> bool:
            bound, sent = dominance_bound(market, payoffs(market, rule))
            return bound <= level or sent not in others

        if (rule := polished(make, outcome, accept)) is None:
            return None
        bound, sent = dominance_bound(market, payoffs(market, rule))
        if bound <= level:
            return Found(min(bound, coarse_bound(market, rule)), rule, sent, True)
        others.append(sent)
        program.allow(sent)
    return None
