"""Pictures of crowds: what tolls and taxes earn with those that were learned, and how unequally households live."""

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from firstmover.core.crowd_play import CrowdPlay
from firstmover.equilibria.inequality import gini, lorenz
from firstmover.evaluators.finite_crowd import simulated
from firstmover.games import CrowdToll, Tax
from firstmover.jobs.finished import Design
from firstmover.report.charts import Chart, Series
from firstmover.solvers.mean_field import crowd_under, earns

TAXES = np.linspace(0, 0.4, 21)
TOLLS = np.linspace(0, 1, 21)
CROWDS_OF = (100, 1_000, 10_000)
_COMPARED = (0.0, 0.3)  # taxes whose households are shown
_POINTS = 3  # of the grid of wealth, in a bar of the histogram


@functools.cache
def economy() -> Tax:
    """The small economy, one instance: what is compiled for it is kept with it."""
    return Tax()


def toll_charts(made: Mapping[str, Design]) -> Sequence[Chart]:
    """Mean cost against the toll of the road that fills up, less that of the other, with the learned ones."""
    (done,) = made.values()
    tables = np.asarray(done.tables)[:, 0]
    roads = CrowdToll()
    costs = np.array([-earns(roads, np.array([toll, 0.0])) for toll in TOLLS])
    learned = Series("learned", tables[:, 0] - tables[:, 1], -np.asarray(done.learned_values), "points")
    return [
        Chart(
            "cost-against-toll",
            "Pigou's roads",
            "toll of the road that fills up less that of the other",
            "mean cost",
            [Series("at the fixed point", TOLLS, costs), learned],
        )
    ]


class Households(NamedTuple):
    """Households under a flat tax of the small economy.

    Attributes:
        statistics: aggregates, prices and Ginis, by name.
        wealth: of every state, and the share of households in it.
        consumption: of every choice, and the share of households that makes it.
    """

    statistics: dict[str, float]
    wealth: tuple[Float[np.ndarray, "S"], Float[np.ndarray, "S"]]
    consumption: tuple[Float[np.ndarray, "S M W"], Float[np.ndarray, "S M W"]]

    @property
    def with_nothing(self) -> float:
        """The share of households that own nothing."""
        owned, shares = self.wealth
        return float(shares[owned == 0].sum())


def households(tax: float) -> Households:
    """At the fixed point under this tax."""
    game, decision = economy(), np.array([tax])
    return _described(game, decision, np.asarray(crowd_under(game, decision).flow))


def at_prices_without_tax(tax: float) -> Households:
    """Households under a tax that is handed back to them, at the prices of the economy without one: no equilibrium."""
    game, decision = economy(), np.array([tax])
    free = crowd_under(game, np.zeros(1))
    with jax.enable_x64(True):
        felt = game.aggregates(jnp.asarray(free.flow[0]), jnp.zeros(1)).at[2].set(tax)
        reply = game.under(jnp.asarray(decision)).reply(felt[None], game.temperature, jnp.asarray(free.values))
        return _described(game, decision, np.asarray(reply.flow), np.asarray(felt))


def _described(game: Tax, decision: np.ndarray, flow: np.ndarray, felt: np.ndarray | None = None) -> Households:
    """Households whose flow is this, at their own aggregates or at those that they feel."""
    with jax.enable_x64(True):
        own = game.aggregates(jnp.asarray(flow[0]), jnp.asarray(decision)) if felt is None else jnp.asarray(felt)
        consumed = np.asarray(game.consumed(own, jnp.asarray(decision)))
        statistics = game.statistics(flow, decision)
    masses = flow[0].sum((1, 2))
    owned = np.repeat(game.wealth, len(game.productivity))
    statistics |= {"gini of wealth": gini(owned, masses), "gini of consumption": gini(consumed, flow[0])}
    return Households(statistics, (owned, masses), (consumed, flow[0]))


def scatter(members: int, tax: float = 0.1, periods: int = 200) -> float:
    """Root mean square distance of so many households' labour from that of the mean field, as a share of it."""
    game, decision = economy(), np.array([tax])
    found = crowd_under(game, decision)
    met, exact = simulated(
        game, CrowdPlay(found.flow, found.policy), decision, members=members, periods=periods, seed=1
    )
    return float(np.sqrt(np.mean((met[:, 1] / exact[1] - 1) ** 2)))


def tax_charts(made: Mapping[str, Design]) -> Sequence[Chart]:
    """Welfare with the learned taxes, Ginis, Lorenz curves, wealth, and how near a finite crowd comes."""
    (done,) = made.values()
    learned = Series(
        "learned", np.asarray(done.tables)[:, 0, 0].astype(float), np.asarray(done.learned_values), "points"
    )
    welfare = np.array([earns(economy(), np.array([tax])) for tax in TAXES])
    compared = {f"tax {tax:g}": households(tax) for tax in _COMPARED}
    return [
        Chart(
            "welfare-against-tax",
            "Welfare under a flat tax",
            "tax",
            "mean utility of a period",
            [Series("at the fixed point", TAXES, welfare), learned],
        ),
        _ginis(),
        *(_lorenz(what, compared) for what in ("wealth", "consumption")),
        _histogram(compared),
        _finite(),
    ]


def _ginis() -> Chart:
    taxes = TAXES[::2]
    told = [households(tax).statistics for tax in taxes]
    series = [
        Series(what, taxes, np.array([own[f"gini of {what}"] for own in told]))
        for what in ("wealth", "income", "consumption")
    ]
    return Chart("ginis", "A tax that is handed back: Ginis move in opposite directions", "tax", "Gini", series)


def _lorenz(what: str, compared: Mapping[str, Households]) -> Chart:
    series = [Series(label, *lorenz(*getattr(own, what))) for label, own in compared.items()]
    even = Series("all alike", np.array([0.0, 1.0]), np.array([0.0, 1.0]), "dashed")
    return Chart(
        f"lorenz-of-{what}",
        f"Lorenz curve of {what}",
        "poorest share of households",
        f"share of {what}",
        [*series, even],
    )


def _histogram(compared: Mapping[str, Households]) -> Chart:
    edges = np.append(economy().wealth[::_POINTS], economy().wealth[-1] + 1e-9)
    series = []
    for label, own in compared.items():
        owned, masses = own.wealth
        held = np.histogram(owned, edges, weights=masses)[0] / np.diff(edges)
        series.append(Series(label, edges, np.append(held, held[-1]), "steps"))
    return Chart("wealth", "Wealth of households", "wealth", "share of households per unit of wealth", series)


def _finite() -> Chart:
    members = np.array(CROWDS_OF, float)
    found = np.array([scatter(n) for n in CROWDS_OF])
    law = found[0] * np.sqrt(members[0] / members)
    return Chart(
        "finite-crowd",
        "A crowd of N households, and the mean field",
        "households",
        "distance of their labour, relative",
        [Series("simulated", members, found, "points"), Series("1 / sqrt(N)", members, law, "dashed")],
        logarithmic=True,
    )
