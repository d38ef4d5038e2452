"""Suppliers that sell to a newsvendor whose demand they do not know: wholesale prices, learnt while selling.

Demand is t0 - t1 p + noise at the retailer's price p, with t0 and t1 unknown. The retailer knows them and replies
exactly; the supplier sees its order, and its price and the demand where anything is ordered, and knows the noise's
distribution. The setting is that of Liu and Rong 2024; demand is estimated by least squares around a first guess
(Abbasi-Yadkori, Pal and Szepesvari 2011).
"""

import abc
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from firstmover.errors import require
from firstmover.online.leaders import Exp3, ExploreThenCommit, Ucb
from firstmover.online.learners import OnlineLeader, Setting

WITHIN = 2.0  # the factor by which t0 and t1 are known before the first round
_ANGLES, _RINGS = 16, 4  # of the confidence ellipse, in which an optimist looks for the best demand


class Chain(NamedTuple):
    """What a supplier knows of the chain before the first round.

    Attributes:
        cost: of a unit.
        rounds: how many there are.
        spread: of the noise.
        dearest: the highest wholesale price that there is.
        most: what it may earn in a round at most.
        surplus: orders beyond expected demand, a grid.
        chance: that the noise is below each of them.
        lost: demand lost on average with each.
    """

    cost: Float[Array, ""]
    rounds: Float[Array, ""]
    spread: Float[Array, ""]
    dearest: Float[Array, ""]
    most: Float[Array, ""]
    surplus: Float[Array, "z"]
    chance: Float[Array, "z"]
    lost: Float[Array, "z"]

    def best(self, demand: Float[Array, "2"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """What is earned by the best wholesale price if this were the demand, and that price."""
        t0, t1 = demand
        price = (t0 - self.lost) / (t1 * (1 + self.chance))
        wholesale = price * (1 - self.chance)
        order = t0 - t1 * price + self.surplus
        earned = jnp.where(order > 0, (wholesale - self.cost) * order, -jnp.inf)
        return earned.max(), wholesale[jnp.argmax(earned)]

    def dearest_taken(self, demand: Float[Array, "2"]) -> Float[Array, ""]:
        """The highest wholesale price at which the retailer orders, if this were the demand."""
        t0, t1 = demand
        price = (t0 - self.lost) / (t1 * (1 + self.chance))
        wholesale, order = price * (1 - self.chance), t0 - t1 * price + self.surplus
        taken = (order > 0) & (price * (t0 - t1 * price - self.lost) >= wholesale * order)
        return jnp.where(taken, wholesale, 0.0).max()


class Sale(NamedTuple):
    """What the supplier sees of a round: of one without an order, no more than that.

    Attributes:
        wholesale: the price that it asked.
        order: how much it ships.
        price: the retailer's.
        demand: that there was.
        earned: what it has earned.
    """

    wholesale: Float[Array, ""]
    order: Float[Array, ""]
    price: Float[Array, ""]
    demand: Float[Array, ""]
    earned: Float[Array, ""]


@dataclass(frozen=True)
class Supplier(abc.ABC):
    """A supplier that learns which wholesale price to ask."""

    name: ClassVar[str]

    @abc.abstractmethod
    def init(self, chain: Chain, guess: Float[Array, "2"]) -> PyTree:
        """What it knows before the first round: a first guess of t0 and t1."""

    @abc.abstractmethod
    def ask(self, chain: Chain, state: PyTree, time: Int[Array, ""], u: Float[Array, ""]) -> Float[Array, ""]:
        """The wholesale price of the round with this number (from 0), with a uniform number for its draw."""

    @abc.abstractmethod
    def learn(self, chain: Chain, state: PyTree, time: Int[Array, ""], sale: Sale) -> PyTree:
        """What it knows after the round."""


class Estimate(NamedTuple):
    """Demand by least squares around a first guess, from what was sold and from what the retailer's reply says.

    Attributes:
        guess: of t0 and t1, off by a factor of up to `WITHIN` each.
        information: the matrix that the estimate's error is measured in, as far as demand tells.
        evidence: of which the estimate is the solution, as far.
        reply: the same two of the one reply that tells most.
        sold: whether anything was sold yet.
        refused: the lowest price at which nothing was ordered.
        last: the estimate.
    """

    guess: Float[Array, "2"]
    information: Float[Array, "2 2"]
    evidence: Float[Array, "2"]
    reply: tuple[Float[Array, "2 2"], Float[Array, "2"]]
    sold: Bool[Array, ""]
    refused: Float[Array, ""]
    last: Float[Array, "2"]

    @classmethod
    def of_guess(cls, guess: Float[Array, "2"], weight: float) -> "Estimate":
        """A guess that counts as much as `weight` observations."""
        information = weight * jnp.eye(2)
        none = jnp.zeros((2, 2)), jnp.zeros(2)
        return cls(guess, information, information @ guess, none, jnp.array(False), jnp.array(jnp.inf), guess)

    @property
    def whole(self) -> Float[Array, "2 2"]:
        """The information of demand and of the reply."""
        return self.information + self.reply[0]

    def after(self, chain: Chain, sale: Sale, tolerance: float | None) -> "Estimate":
        """With one more observation: least squares among the demands that the guess leaves.

        Args:
            chain: what is known of the chain.
            sale: what was seen.
            tolerance: by how much the retailer's reply may be off, in units of the noise's spread; None if its reply is
                not read.
        """
        sold = sale.order > 0
        seen = jnp.where(sold, jnp.stack([jnp.ones_like(sale.price), -sale.price]), 0.0)
        information = self.information + seen[:, None] * seen
        evidence = self.evidence + seen * jnp.where(sold, sale.demand, 0.0)
        reply = self.reply
        if tolerance is not None:
            own = what_a_reply_says(chain, sale, tolerance)
            more = sold & (jnp.linalg.det(own[0]) > jnp.linalg.det(reply[0]))
            reply = jax.tree.map(lambda new, old: jnp.where(more, new, old), own, reply)
        free = jnp.linalg.solve(information + reply[0], evidence + reply[1])
        return Estimate(
            self.guess,
            information,
            evidence,
            reply,
            self.sold | sold,
            jnp.where(sold, self.refused, jnp.minimum(self.refused, sale.wholesale)),
            nearest(information + reply[0], free, self.guess / WITHIN, self.guess * WITHIN),
        )

    def within(self, radius: Float[Array, ""]) -> Float[Array, "points 2"]:
        """Points of the set of demands within this radius of the estimate: its border, and rings inside it."""
        angles = jnp.arange(_ANGLES) * (2 * jnp.pi / _ANGLES)
        around = jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1)
        rings = (jnp.arange(1, _RINGS + 1) / _RINGS)[:, None, None] * around
        root = jnp.linalg.cholesky(jnp.linalg.inv(self.whole))
        return self.last + radius * rings.reshape(-1, 2) @ root.T

    def leaves(self, chain: Chain, demand: Float[Array, "2"]) -> Bool[Array, ""]:
        """Whether the guess and the refusals leave this demand."""
        near = jnp.all((demand >= self.guess / WITHIN) & (demand <= self.guess * WITHIN))
        return near & (chain.dearest_taken(demand) <= self.refused)


def nearest(
    information: Float[Array, "2 2"], free: Float[Array, "2"], low: Float[Array, "2"], high: Float[Array, "2"]
) -> Float[Array, "2"]:
    """The point of a box that is nearest to another, in the norm of a matrix: that point, or the best of the edges."""

    def on_edge(i: int, end: Float[Array, "2"]) -> Float[Array, "2"]:
        j = 1 - i
        other = free[j] - information[i, j] * (end[i] - free[i]) / information[j, j]
        return end.at[j].set(other.clip(low[j], high[j]))

    edges = jnp.stack([on_edge(i, end) for i in (0, 1) for end in (low, high)])
    off = edges - free
    best = edges[jnp.argmin(jnp.einsum("ei,ij,ej->e", off, information, off))]
    return jnp.where(jnp.all((free >= low) & (free <= high)), free, best)


def what_a_reply_says(chain: Chain, sale: Sale, tolerance: float) -> tuple[Float[Array, "2 2"], Float[Array, "2"]]:
    """Two equations in t0 and t1 that a retailer's best reply solves, as information and evidence.

    A retailer that knows demand orders up to the chance 1 - w / p of selling it all, z beyond expected demand, at the
    price where N = t1 p (2 - w / p). So order - z = t0 - t1 p, and t0 - t1 p (2 - w / p) is the demand lost with z.
    """
    chance = 1 - sale.wholesale / sale.price
    surplus = jnp.interp(chance, chain.chance, chain.surplus)
    lost = jnp.interp(surplus, chain.surplus, chain.lost)
    one = jnp.ones_like(chance)
    rows = jnp.stack([jnp.stack([one, -sale.price]), jnp.stack([one, -sale.price * (1 + chance)])])
    weight = 1 / tolerance**2
    return weight * rows.T @ rows, weight * rows.T @ jnp.stack([sale.order - surplus, lost])


@dataclass(frozen=True)
class CertaintyEquivalent(Supplier):
    """Asks what would be best if its estimate were the truth; where it never varies its price it may stay wrong.

    Attributes:
        weight: observations that its first guess counts as much as, positive.
        sees: what it learns from: "demand", or "replies" beside it, the retailer's price and order, which a retailer
            that knows demand chooses by it.
        tolerance: by how much a reply may be off, in units of the noise's spread, positive.
    """

    weight: float = 0.01
    sees: Literal["demand", "replies"] = "replies"
    tolerance: float = 0.01

    name: ClassVar[str] = "certainty-equivalent"

    def __post_init__(self) -> None:
        """Check the weight.

        Raises:
            InputError: it is out of range.
        """
        require(1e-6 <= self.weight < 1e6, "weight must be from 1e-6 to below a million", self.weight)
        require(1e-3 <= self.tolerance < 1e6, "tolerance must be from 0.001 to below a million", self.tolerance)

    def init(self, chain: Chain, guess: Float[Array, "2"]) -> Estimate:
        del chain
        return Estimate.of_guess(guess, self.weight)

    def ask(self, chain: Chain, state: Estimate, time: Int[Array, ""], u: Float[Array, ""]) -> Float[Array, ""]:
        del time, u
        return chain.best(state.last)[1]

    def learn(self, chain: Chain, state: Estimate, time: Int[Array, ""], sale: Sale) -> Estimate:
        del time
        return state.after(chain, sale, self.tolerance if self.sees == "replies" else None)


@dataclass(frozen=True)
class Optimistic(CertaintyEquivalent):
    """Asks what would be best if demand were as good as its confidence set allows, so that its price moves.

    Until something is sold there is no such set: it goes by its guess, and by what refusals rule out.

    Attributes:
        width: of the confidence set, times that which holds with probability 1 - delta in all rounds.
        delta: how likely that set may fail.
    """

    width: float = 1.0
    delta: float = 0.05

    name: ClassVar[str] = "optimistic"

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            InputError: one is out of range.
        """
        super().__post_init__()
        require(0 < self.width < 1e6, "width must be a positive number", self.width)
        require(0 < self.delta < 1, "delta must be between 0 and 1", self.delta)

    def radius(self, chain: Chain, state: Estimate) -> Float[Array, ""]:
        """The radius of the confidence set: of noise, of the first guess, and of a reply that is read.

        A guess that is off by d adds sqrt(weight) |d|; a reply's two equations, each off by the tolerance at most, add
        sqrt(2) spreads.
        """
        gained = jnp.linalg.slogdet(state.information)[1] - 2 * jnp.log(self.weight)
        noise = chain.spread * jnp.sqrt(gained + 2 * jnp.log(1 / self.delta))
        guess = self.weight**0.5 * (WITHIN - 1) * jnp.linalg.norm(state.guess)
        reply = jnp.where(state.reply[0][0, 0] > 0, 2**0.5 * chain.spread, 0.0)
        return self.width * (noise + guess + reply)

    def ask(self, chain: Chain, state: Estimate, time: Int[Array, ""], u: Float[Array, ""]) -> Float[Array, ""]:
        del time, u
        around = state.within(jnp.where(state.sold, self.radius(chain, state), 0.0))
        earned, wholesale = jax.vmap(chain.best)(around)
        hoped = jnp.where(jax.vmap(partial(state.leaves, chain))(around), earned, -jnp.inf)
        own, price = chain.best(state.last)
        # Without noise the best price is halfway from the cost to the dearest that is taken.
        sure = jnp.minimum(price, (chain.cost + state.refused) / 2)
        return jnp.where(hoped.max() > own, wholesale[jnp.argmax(hoped)], sure)


@dataclass(frozen=True)
class OnPrices(Supplier):
    """A bandit on a grid of wholesale prices, which knows nothing of demand.

    Attributes:
        prices: how many, from the cost to the dearest, at least 2.
    """

    prices: int = 30

    bandit: ClassVar[OnlineLeader]

    def __post_init__(self) -> None:
        """Check the number.

        Raises:
            InputError: it is out of range.
        """
        require(2 <= self.prices <= 1000, "prices must be from 2 to 1000", self.prices)

    def init(self, chain: Chain, guess: Float[Array, "2"]) -> PyTree:
        del guess
        return self.bandit.init(self._setting(chain))

    def ask(self, chain: Chain, state: PyTree, time: Int[Array, ""], u: Float[Array, ""]) -> Float[Array, ""]:
        row = self.bandit.act(self._setting(chain), state, time, u)
        return chain.cost + self._step(chain) * row

    def learn(self, chain: Chain, state: PyTree, time: Int[Array, ""], sale: Sale) -> PyTree:
        row = jnp.round((sale.wholesale - chain.cost) / self._step(chain)).astype(jnp.int32)
        return self.bandit.learn(self._setting(chain), state, time, row, (sale.earned / chain.most).clip(0, 1))

    def _setting(self, chain: Chain) -> Setting:
        return Setting(self.prices, 1, chain.rounds)

    def _step(self, chain: Chain) -> Float[Array, ""]:
        return (chain.dearest - chain.cost) / (self.prices - 1)


@dataclass(frozen=True)
class UcbPrices(OnPrices):
    """UCB on a grid of prices."""

    name: ClassVar[str] = "ucb"
    bandit: ClassVar[OnlineLeader] = Ucb()


@dataclass(frozen=True)
class Exp3Prices(OnPrices):
    """EXP3 on a grid of prices."""

    name: ClassVar[str] = "exp3"
    bandit: ClassVar[OnlineLeader] = Exp3()


@dataclass(frozen=True)
class EtcPrices(OnPrices):
    """Explore, then commit, on a grid of prices."""

    name: ClassVar[str] = "etc"
    bandit: ClassVar[OnlineLeader] = ExploreThenCommit()


SUPPLIERS = {cls.name: cls for cls in (Optimistic, CertaintyEquivalent, UcbPrices, Exp3Prices, EtcPrices)}
