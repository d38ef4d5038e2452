"""Taxing a crowd of households that work and save (after Aiyagari 1994): the leader sets the tax on labour income.

Players: a government (the leader), and households, so many that none of them matters.
What happens: in every period a household has wealth on a grid and a productivity that changes by chance. It picks its
hours and its wealth in the next period (on the grid), and consumes what is left: c = (1 + r) a + n + T - a', where n is
what the tax leaves of its labour income w z h and T is what the tax raises, handed back to all alike. It is paid
log c - 2 h^3 / 3 a period, discounted. Firms produce K^(1/3) L^(2/3) of capital (all wealth) and labour (all z h), pay
both what they add, and capital wears off by .08. A household chooses softly, at `temperature`.
The economy is stationary: households reply to prices, and their wealth and labour add up to those that make the prices.
Payoffs: the government is paid the mean of what households are paid in a period (`welfare`).
Rule: `{"do": {"tax": 0.13}}`. `schedule=flat` takes the share `tax` of labour income. `hsv` leaves
(1 - tax) m (y / m)^(1 - progressivity) of the income y, where m is its mean (Heathcote, Storesletten and Violante 2017;
progressivity 0 is flat, below 0 who earns more keeps more of it): `{"do": {"tax": 0.1, "progressivity": 0.2}}`.
`brackets` has marginal rates that rise, on brackets of mean income, all multiplied by `scale`: a stylised schedule of
seven rates from 10 to 37 %.
Known optimum: none. `solve` searches a grid: the best that is known.

`economy=small` has 31 points of wealth, 2 productivities and 4 hours; `large` 100, 3 and 5. A redistributive tax raises
the Gini of wealth and lowers that of consumption: the transfer insures households, who save less against bad luck, so
that wealth is held by fewer, while what all can spend becomes more alike.
"""

from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.catalogue import Parameters
from firstmover.equilibria.crowds import IMPOSSIBLE, Member
from firstmover.equilibria.inequality import gini
from firstmover.errors import InputError, require
from firstmover.games.mean_field import MeanFieldGame
from firstmover.json_types import Parsed
from firstmover.spaces import Box, Discrete

CAPITAL_SHARE, WEAR = 1 / 3, 0.08
_LEAST, _MOST = 1e-3, 20.0  # what a household can consume in a period
# Marginal rates, and where each begins, in units of mean income: stylised.
BRACKETS = ((0.10, 0.2), (0.12, 0.4), (0.22, 0.9), (0.24, 1.6), (0.32, 3.0), (0.35, 3.7), (0.37, 9.0))


def rouwenhorst(points: int, persistence: float, deviation: float) -> tuple[np.ndarray, np.ndarray]:
    """A Markov chain like an autoregression of order one: its values [n] and transitions [n, n].

    Args:
        points: how many values, at least 2.
        persistence: the autocorrelation.
        deviation: the standard deviation of its stationary distribution.

    Source: Rouwenhorst 1995.
    """
    p = (1 + persistence) / 2
    chain = np.array([[p, 1 - p], [1 - p, p]])
    for n in range(3, points + 1):
        wider = np.zeros((n, n))
        wider[:-1, :-1] += p * chain
        wider[:-1, 1:] += (1 - p) * chain
        wider[1:, :-1] += (1 - p) * chain
        wider[1:, 1:] += p * chain
        wider[1:-1] /= 2
        chain = wider
    return deviation * np.sqrt(points - 1) * np.linspace(-1, 1, points), chain


def _large_productivities() -> tuple[np.ndarray, np.ndarray]:
    """Three productivities of mean 1: the binomial weights are those of the stationary distribution."""
    logs, chain = rouwenhorst(3, 0.9, 0.5)
    levels = np.exp(logs)
    return levels / (np.array([0.25, 0.5, 0.25]) @ levels), chain


class Tax(MeanFieldGame):
    """A government taxes the labour of a crowd of households that work and save.

    Example:
        >>> Tax(schedule="hsv").leader_space.names
        ('tax', 'progressivity')
    """

    name = "tax"
    periods = None
    discount = 0.95
    usual_leader_parameters: ClassVar[Parameters] = {"updates": 20, "episodes": 10, "entropy": 0.0}

    def __init__(
        self,
        economy: Literal["small", "large"] = "small",
        schedule: Literal["flat", "hsv", "brackets"] = "flat",
        temperature: float = 0.05,
    ):
        """An economy and a kind of tax.

        Args:
            economy: "small" or "large".
            schedule: "flat", "hsv" (two parameters) or "brackets" (one factor on all rates).
            temperature: how softly households choose, in units of utility, from 0.002 to 1.

        Raises:
            InputError: a parameter is out of range.
        """
        if economy not in ("small", "large"):
            raise InputError(f"economy must be small or large; got {economy!r}.")
        if schedule not in ("flat", "hsv", "brackets"):
            raise InputError(f"schedule must be flat, hsv or brackets; got {schedule!r}.")
        require(0.002 <= temperature <= 1, "temperature must be from 0.002 to 1", temperature)
        self.temperature, self.schedule = temperature, schedule
        if economy == "small":
            self.wealth = 12 * (np.arange(31) / 30) ** 1.5
            self.hours = np.array([0, 0.33, 0.66, 1])
            self.productivity, chain = np.array([0.4, 1.6]), np.array([[0.9, 0.1], [0.1, 0.9]])
            self._likely = (3.85, 0.66), (0.79, 0.46)  # capital and labour without a tax, and by how much each falls
        else:
            self.wealth = 40 * (np.arange(100) / 99) ** 2
            self.hours = np.linspace(0, 1, 5)
            self.productivity, chain = _large_productivities()
            self._likely = (3.3, 0.55), (0.765, 0.42)
        points, kinds, self.ways = len(self.wealth), len(self.productivity), len(self.hours)
        self.states = Discrete(
            [f"wealth {a:.4g} and productivity {z:.3g}" for a in self.wealth for z in self.productivity], "household"
        )
        self.moves = Discrete([f"wealth {a:.4g}" for a in self.wealth], "saves")
        decisions = {
            "flat": Box(["tax"], 0.0, 0.6),
            "hsv": Box(["tax", "progressivity"], [0.0, -0.3], 0.6),
            "brackets": Box(["scale"], 0.0, 2.0),
        }
        self.leader_space = decisions[schedule]
        # What a household has, is and faces, [states, moves, branches]: state a * kinds + z.
        self._a, self._z = np.repeat(self.wealth, kinds), np.tile(self.productivity, points)
        successors = np.arange(points)[None, :, None] * kinds + np.arange(kinds)[None, None]
        self._successors = np.broadcast_to(successors, (points * kinds, points, kinds)).astype(np.int32)
        self._chances = np.ascontiguousarray(
            np.broadcast_to(np.tile(chain, (points, 1))[:, None], (points * kinds, points, kinds))
        )
        low, high = np.log(_LEAST) - 2 / 3, np.log(_MOST)
        self.leader_payoff_range = (float(low), float(high))
        self.follower_payoff_ranges = ((float(low), float(high)),)

    @property
    def status_quo(self) -> list[Parsed]:  # type: ignore[override]
        """No tax; of the brackets, the schedule as it stands."""
        none = {"flat": {"tax": 0.0}, "hsv": {"tax": 0.0, "progressivity": 0.0}, "brackets": {"scale": 1.0}}
        return [{"when": {}, "do": none[self.schedule]}]

    def kept(self, relative: Array, decision: Array) -> Array:
        """What the tax leaves of a labour income, both in units of mean income."""
        if self.schedule == "flat":
            return (1 - decision[0]) * relative
        if self.schedule == "hsv":
            base = jnp.where(relative > 0, relative, 1.0)
            return jnp.where(relative > 0, (1 - decision[0]) * base ** (1 - decision[1]), 0.0)
        owed, before = jnp.zeros_like(relative), 0.0
        for rate, begins in BRACKETS:
            owed += (rate - before) * (relative - begins).clip(0)
            before = rate
        return relative - decision[0] * owed

    def aggregates(self, mu: Float[Array, "S M W"], decision: Array) -> Float[Array, "3"]:
        """Capital, labour, and the share of labour income that the tax takes."""
        worked = mu.sum(1)
        effective = jnp.asarray(self._z, float)[:, None] * jnp.asarray(self.hours, float)
        capital, labour = worked.sum(1) @ jnp.asarray(self._a, float), (worked * effective).sum()
        share = 1 - (worked * self.kept(effective / labour, decision)).sum()
        return jnp.stack([capital, labour, share])

    def prices(self, capital: Array, labour: Array) -> tuple[Array, Array]:
        """Interest and wage."""
        ratio = capital / labour
        interest = CAPITAL_SHARE * ratio ** (CAPITAL_SHARE - 1) - WEAR
        return interest, (1 - CAPITAL_SHARE) * ratio**CAPITAL_SHARE

    def consumed(self, aggregates: Float[Array, "3"], decision: Array) -> Float[Array, "S M W"]:
        """What a household consumes, by its choice."""
        capital, labour, share = aggregates[0].clip(0.05), aggregates[1].clip(0.02), aggregates[2]
        interest, wage = self.prices(capital, labour)
        mean = wage * labour
        kept = mean * self.kept(
            jnp.asarray(self._z, float)[:, None] * jnp.asarray(self.hours, float) / labour, decision
        )
        have = ((1 + interest) * jnp.asarray(self._a, float))[:, None] + kept + share * mean
        return have[:, None, :] - jnp.asarray(self.wealth, float)[:, None]

    def member(self, aggregates: Float[Array, "3"], decision: Array) -> Member:
        consumed = self.consumed(aggregates, decision)
        enough = consumed >= _LEAST
        utility = jnp.log(jnp.where(enough, consumed, 1.0)) - 2 * jnp.asarray(self.hours, float) ** 3 / 3
        rewards = jnp.where(enough, utility, IMPOSSIBLE)
        return Member(rewards, jnp.asarray(self._successors), jnp.asarray(self._chances, rewards.dtype))

    def starts(self, decision: Array) -> Float[Array, "5 1 3"]:
        """Five economies: one that is likely at what the tax takes of one unit more; poor and rich, idle and busy."""
        mean = jnp.ones(())
        kept, margin = jax.value_and_grad(self.kept)(mean, decision)
        capital, labour = (level * (1 - fall * (1 - margin)) for level, fall in self._likely)
        corners = [[2.0, 0.6, 0.2], [7.0, 0.9, 0.2], [2.0, 0.9, 0.2], [7.0, 0.6, 0.2]]
        likely = jnp.stack([capital, labour, mean - kept])
        return jnp.concatenate([likely[None, None], jnp.asarray(corners, float)[:, None]])

    def statistics(self, mu: Float[np.ndarray, "T S M W"], decision: np.ndarray) -> dict[str, float]:
        """Aggregates, prices, and the Ginis of wealth, income before tax, and consumption."""
        felt = self.aggregates(jnp.asarray(mu[0]), jnp.asarray(decision))
        interest, wage = self.prices(felt[0], felt[1])
        income = interest * self._a[:, None] + wage * self._z[:, None] * self.hours
        consumed = np.asarray(self.consumed(felt, jnp.asarray(decision)))
        named: Parsed = {
            "capital": felt[0],
            "labour": felt[1],
            "output": felt[0] ** CAPITAL_SHARE * felt[1] ** (1 - CAPITAL_SHARE),
            "interest": interest,
            "wage": wage,
            "gini of wealth": gini(self._a, mu[0].sum((1, 2))),
            "gini of income": gini(np.asarray(income), mu[0].sum(1)),
            "gini of consumption": gini(consumed, mu[0]),
        }
        return {name: float(value) for name, value in named.items()}

    def crowd_sentence(self, mu: Float[np.ndarray, "T S M W"]) -> str:
        """How much households work and own, in the mean."""
        hours, owned = mu[0].sum((0, 1)) @ self.hours, mu[0].sum((1, 2)) @ self._a
        poor = mu[0].sum((1, 2))[self._a == 0].sum()
        return f"Households work {hours:.3g} hours and own {owned:.4g} in the mean; {poor:.1%} own nothing."
