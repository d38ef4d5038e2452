"""Suppliers that sell to a newsvendor whose demand they do not know: wholesale prices, learnt while selling.

Demand is t0 - t1 p + noise at the retailer's price p, with t0 and t1 unknown. The retailer knows them and replies
exactly; the supplier sees its price and the demand, and knows the noise's distribution. The setting is that of Liu and
Rong 2024; demand is estimated by least squares around a first guess (Abbasi-Yadkori, Pal and Szepesvari 2011).
"""

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from firstmover.errors import require
from firstmover.online.leaders import Exp3, ExploreThenCommit, Ucb
from firstmover.online.learners import OnlineLeader, Setting

_ANGLES = 32  # of the confidence ellipse, at whose border an optimist looks for the best demand


class Chain(NamedTuple):
    """What a supplier knows of the chain before the first round.

    Attributes:
        cost: of a unit.
        rounds: how many there are.
        spread: of the noise.
        dearest: the highest wholesale price that there is.
        most: what it may earn in a round at most.
        least, greatest: between which t0 and t1 lie.
        surplus: orders beyond expected demand, a grid.
        chance: that the noise is below each of them.
        lost: demand lost on average with each.
    """

    cost: Float[Array, ""]
    rounds: Float[Array, ""]
    spread: Float[Array, ""]
    dearest: Float[Array, ""]
    most: Float[Array, ""]
    least: Float[Array, "2"]
    greatest: Float[Array, "2"]
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


class Sale(NamedTuple):
    """What the supplier sees of a round.

    Attributes:
        wholesale: the price that it asked.
        price: the retailer's.
        demand: that there was.
        earned: what it has earned.
    """

    wholesale: Float[Array, ""]
    price: Float[Array, ""]
    demand: Float[Array, ""]
    earned: Float[Array, ""]


@dataclass(frozen=True)
class Supplier(abc.ABC):
    """A supplier that learns which wholesale price to ask."""

    name: ClassVar[str]

    @abc.abstractmethod
    def init(self, chain: Chain, guess: Float[Array, "2"]) -> Any:
        """What it knows before the first round: a first guess of t0 and t1."""

    @abc.abstractmethod
    def ask(self, chain: Chain, state: Any, time: Int[Array, ""], u: Float[Array, ""]) -> Float[Array, ""]:
        """The wholesale price of the round with this number (from 0), with a uniform number for its draw."""

    @abc.abstractmethod
    def learn(self, chain: Chain, state: Any, time: Int[Array, ""], sale: Sale) -> Any:
        """What it knows after the round."""


class Estimate(NamedTuple):
    """Demand estimated by least squares around a first guess.

    Attributes:
        information: the matrix that the estimate's error is measured in.
        evidence: of which the estimate is the solution.
        last: the last estimate between `least` and `greatest`.
    """

    information: Float[Array, "2 2"]
    evidence: Float[Array, "2"]
    last: Float[Array, "2"]

    @classmethod
    def of_guess(cls, guess: Float[Array, "2"], weight: float) -> "Estimate":
        """A guess that counts as much as `weight` observations."""
        information = weight * jnp.eye(2)
        return cls(information, information @ guess, guess)

    def after(self, chain: Chain, sale: Sale) -> "Estimate":
        """With one more observation; an estimate that cannot be is not used."""
        seen = jnp.stack([jnp.ones_like(sale.price), -sale.price])
        information = self.information + seen[:, None] * seen
        evidence = self.evidence + seen * sale.demand
        found = jnp.linalg.solve(information, evidence)
        possible = jnp.all((found >= chain.least) & (found <= chain.greatest))
        return Estimate(information, evidence, jnp.where(possible, found, self.last))

    def border(self, radius: Float[Array, ""]) -> Float[Array, "angles 2"]:
        """Points at the border of the set of demands within this radius of the estimate."""
        angles = jnp.arange(_ANGLES) * (2 * jnp.pi / _ANGLES)
        around = jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1)
        root = jnp.linalg.cholesky(jnp.linalg.inv(self.information))
        return self.last + radius * around @ root.T


@dataclass(frozen=True)
class CertaintyEquivalent(Supplier):
    """Asks what would be best if its estimate were the truth; where it never varies its price it may stay wrong.

    Attributes:
        weight: observations that its first guess counts as much as, positive.
    """

    weight: float = 0.01

    name: ClassVar[str] = "certainty-equivalent"

    def __post_init__(self) -> None:
        """Check the weight.

        Raises:
            InputError: it is out of range.
        """
        require(1e-6 <= self.weight < 1e6, "weight must be from 1e-6 to below a million", self.weight)

    def init(self, chain: Chain, guess: Float[Array, "2"]) -> Estimate:
        del chain
        return Estimate.of_guess(guess, self.weight)

    def ask(self, chain: Chain, state: Estimate, time: Int[Array, ""], u: Float[Array, ""]) -> Float[Array, ""]:
        del time, u
        return chain.best(state.last)[1]

    def learn(self, chain: Chain, state: Estimate, time: Int[Array, ""], sale: Sale) -> Estimate:
        del time
        return state.after(chain, sale)


@dataclass(frozen=True)
class Optimistic(CertaintyEquivalent):
    """Asks what would be best if demand were as good as its confidence set allows, so that its price moves.

    Attributes:
        width: of the confidence set, times that which holds with probability 1 - delta in all rounds.
        delta: how likely that set may fail.
    """

    width: float = 0.1
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
        """The radius of the confidence set, without what the first guess may be wrong by."""
        gained = jnp.linalg.slogdet(state.information)[1] - 2 * jnp.log(self.weight)
        return self.width * chain.spread * jnp.sqrt(gained + 2 * jnp.log(1 / self.delta))

    def ask(self, chain: Chain, state: Estimate, time: Int[Array, ""], u: Float[Array, ""]) -> Float[Array, ""]:
        del time, u
        border = state.border(self.radius(chain, state)).clip(chain.least, chain.greatest)
        earned, wholesale = jax.vmap(chain.best)(jnp.concatenate([state.last[None], border]))
        return wholesale[jnp.argmax(earned)]


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

    def init(self, chain: Chain, guess: Float[Array, "2"]) -> Any:
        del guess
        return self.bandit.init(self._setting(chain))

    def ask(self, chain: Chain, state: Any, time: Int[Array, ""], u: Float[Array, ""]) -> Float[Array, ""]:
        row = self.bandit.act(self._setting(chain), state, time, u)
        return chain.cost + self._step(chain) * row

    def learn(self, chain: Chain, state: Any, time: Int[Array, ""], sale: Sale) -> Any:
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
