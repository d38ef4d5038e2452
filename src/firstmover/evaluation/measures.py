"""What else came of a rule: its measures under the followers' play and over equilibria, and the constraints on them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import scipy
from jaxtyping import Float

from firstmover.core.plays import Play
from firstmover.equilibria import EquilibriumSet, FiniteGame, n_variables
from firstmover.equilibria.polytopes import float_extreme
from firstmover.equilibria.programs import column_values, program
from firstmover.equilibria.solver import NoAnswerError, minimum
from firstmover.errors import NO_NUMBER
from firstmover.evaluators import induced_game, judge_of, play_distribution
from firstmover.evaluators.aims import AtLeast, check_measures, holds
from firstmover.evaluators.base import Listing
from firstmover.evaluators.induced import induced_transfers
from firstmover.evaluators.listed import sets_of
from firstmover.evaluators.measures import expected, known_measures, measure_tables
from firstmover.games.base import Game
from firstmover.json_types import JsonObject

_VARIABLES = 5_000  # of the programs over the equilibrium set, beyond which there is no interval
_PROFILES = 50_000  # beyond which a game's own measures are not looked at

DRAWN = "the types that were drawn"

Interval = tuple[float, float]


@dataclass(frozen=True)
class Measure:
    """A measure of a rule.

    Attributes:
        value: under the followers' play, in the game's units.
        interval: least and greatest over the equilibrium set `over`; None where that is too large, or a solver in
            floats finds no ends.
        over: "cce" or "anf_cce", the tightest set of learners that do not know each other's types; None without one;
            `DRAWN`, without an interval, where the value is a mean over a sample of types.
        own: whether the game itself names it, which is not so of welfare and the like.
    """

    value: float
    interval: Interval | None
    over: str | None
    own: bool

    def as_json(self) -> JsonObject:
        """As JSON values."""
        return {**asdict(self), "interval": None if self.interval is None else list(self.interval)}


@dataclass(frozen=True)
class Constraint:
    """A constraint on a measure, and whether the followers' play keeps it.

    Attributes:
        name: of the measure.
        at_least: what it has to be, in the game's units.
        value: what it is; None where it is not known.
        holds: whether that is enough, up to rounding; None where it is not known.
    """

    name: str
    at_least: float
    value: float | None
    holds: bool | None

    @property
    def slack(self) -> float | None:
        """By how much it holds; below 0 by how much it does not."""
        return None if self.value is None else self.value - self.at_least

    def as_json(self) -> JsonObject:
        """As JSON values."""
        return {**asdict(self), "slack": self.slack}


def measures(game: Game, actions: np.ndarray, play: Play) -> dict[str, Measure]:
    """All measures of a rule and its play, by name; of a game that cannot be listed, what its play tells.

    Args:
        game: the game.
        actions: of the rule, [observations, ...].
        play: how the followers play.

    Raises:
        InputError: a measure that the game declares is not a finite number.
    """
    try:
        if game.draws_types:
            listing = Listing(induced_game(game, actions), induced_transfers(game, actions))
        else:
            listing = judge_of(game).listing(actions)
    except NO_NUMBER:
        return {name: Measure(value, None, None, True) for name, value in play.statistics(game, actions).items()}
    if listing.finite.leader.size > _PROFILES:
        return {}
    tables = measure_tables(game, actions, listing)
    finite, joint = listing.finite, play_distribution(game, play)
    everywhere = known_measures(game, finite.followers, listing.transfers)
    which = sets_of(finite)[-1]
    small = not game.draws_types and n_variables(finite, which) <= _VARIABLES
    over = which if finite.has_types else "cce"
    found = {}
    for name, table in tables.items():
        value = float(expected(table, finite.probs, joint))
        interval = _interval(finite, which, table) if small else None
        where = DRAWN if game.draws_types else over if interval is not None else None
        found[name] = Measure(value, interval, where, name not in everywhere)
    return found


def constrained(game: Game, least: Sequence[AtLeast], found: dict[str, Measure]) -> tuple[Constraint, ...]:
    """Whether measures keep these constraints.

    Raises:
        InputError: there is no such measure.
    """
    check_measures(least, list(found))
    return tuple(
        Constraint(own.measure, own.least, found[own.measure].value, bool(holds(game, own, found[own.measure].value)))
        for own in least
    )


def _interval(finite: FiniteGame, which: EquilibriumSet, table: Float[np.ndarray, "k P *actions"]) -> Interval | None:
    """The least and the greatest that the least of k expectations can be over a set; None where they are not found."""
    try:
        least = min(float_extreme(finite, which, "least", objective=own).value for own in table)
        if len(table) == 1:
            return least, max(least, float_extreme(finite, which, "greatest", objective=table[0]).value)
        return least, max(least, _greatest_least(finite, which, table))
    except NoAnswerError:
        return None


def _greatest_least(finite: FiniteGame, which: EquilibriumSet, table: Float[np.ndarray, "k P *actions"]) -> float:
    """The greatest number that all k expectations can reach together: a linear program with one more variable."""
    rows = program(finite, which)
    n, n_blocks = len(rows.plays), int(rows.blocks[-1]) + 1
    values = np.stack([column_values(finite, which, rows.plays, own) for own in table])
    gains = scipy.sparse.csr_array(rows.gains.multiply(1 / rows.scales[:, None]))
    unit = float(np.ptp(values)) or 1.0
    centre = float(values.min())
    # Of each block the weights sum to 1, so that a constant may be taken off the values of one of them.
    lifted = (values - centre) / unit
    common = np.full((len(table), 1), 1.0)
    sums = scipy.sparse.csr_array((np.ones(n), (rows.blocks, np.arange(n))), shape=(n_blocks, n))
    result = minimum(
        np.append(np.zeros(n), -1.0),
        A_ub=scipy.sparse.vstack(
            [
                scipy.sparse.hstack([gains, np.zeros((len(rows.keys), 1))]),
                scipy.sparse.hstack([scipy.sparse.csr_array(-lifted), common]),
            ],
            format="csr",
        ),
        b_ub=np.append(rows.limits / rows.scales, np.zeros(len(table))),
        A_eq=scipy.sparse.csr_array(scipy.sparse.hstack([sums, np.zeros((n_blocks, 1))])),
        b_eq=np.ones(n_blocks),
    )
    return float(result.x[n]) * unit + centre * n_blocks
