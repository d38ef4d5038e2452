"""Buy box: a marketplace commits to which sellers it shows at which prices; sellers choose prices on a grid.

Players: a platform (the leader) and 2 or 3 sellers. The sellers price at once, the platform sees the prices and shows
some of them to the buyers, whose demand is logit (`logit_demand`). Who is not shown sells nothing.
Information: a seller knows its cost, drawn independently from `prior` over `costs`; the platform sees prices only:
sorted, with nobody's name on them (`anonymous`), or seller by seller.
Payoffs, in units of the prices: a seller is paid its share of the buyers times (1 - `fee`) * price - cost. The platform
is paid (1 - `revenue_weight`) * the buyers' surplus + `revenue_weight` * its income from the fee.
Rule: for every price profile the highest price that is shown: `{"when": {"prices": [1.05, 1.27]}, "do":
{"show up to": 1.27}}`, where null shows nobody (possible unless somebody charges the lowest price); or with
`display=subset` those that are shown: places in the order of the prices, from 1 (equal prices are shown
together), or numbers of sellers.
In rule files prices are rounded, as far as they stay apart.
Known optimum: none in closed form; against sellers who learn, `solve` tries every symmetric rule.

Source: Brero, Mibuari, Lepore and Parkes, "Learning to mitigate AI collusion on economic platforms" (NeurIPS 2022);
demand and sellers are those of Calvano, Calzolari, Denicolo and Pastorello (AER 2020).
"""

import itertools
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError, require
from firstmover.exact_numbers import probabilities
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.demand_tables import TableDemand, table_demand
from firstmover.games.display import DYNAMIC, FIXED, Display, displays, fixed_rule
from firstmover.games.logit_demand import LogitDemand
from firstmover.games.sellers import sellers_of
from firstmover.games.units import Units
from firstmover.games.words import NOBODY
from firstmover.json_types import Parsed
from firstmover.spaces import Discrete

StatusQuo = Literal["none", "lowest", "pdp", "block-equal"]


class _State(NamedTuple):
    time: Int[Array, ""]
    types: Int[Array, "n"]
    prices: Int[Array, "n"]


class BuyBox(Game):
    """A marketplace decides which sellers it shows at which prices; the sellers may learn to collude.

    Example:
        >>> from firstmover.games import BuyBox
        >>> market = BuyBox(costs=(1.0,))
        >>> market.n_followers, market.n_actions
        (2, (4, 4))
    """

    name = "buy-box"
    horizon = 2
    followers_act = "once"
    has_chance = False
    objective = "the buyers' surplus"
    usual_followers = "repeated-q-learning"
    usual_leader = "local-search"

    def __init__(
        self,
        sellers: Annotated[Any, "sellers"] = 2,
        costs: tuple[float, ...] = (1.0, 1.3),
        prior: Annotated[Any, "probabilities"] | None = None,
        prices: tuple[float, ...] | None = None,
        grid: int = 4,
        lowest: float = 1.05,
        highest: float = 1.70,
        quality: float = 2.0,
        outside: float = 0.0,
        mu: float = 0.25,
        demand: Annotated[Any, "demand"] | None = None,
        display: Literal["threshold", "subset"] = "threshold",
        anonymous: bool = True,
        fee: float = 0.0,
        revenue_weight: float = 0.0,
        profit_floor: float | None = None,
        status_quo: StatusQuo | float = "none",
    ):
        """A market of these sellers and buyers.

        Args:
            sellers: 2 or 3 sellers that are alike; or a CSV file (a dict of columns) with the columns seller, cost and
                maybe quality and weight, whose rows with the same seller are its possible costs. It then takes the
                place of `costs`, `prior` and `quality`.
            costs: the possible costs of every seller, any numbers.
            prior: their probabilities, the same for every seller; uniform if not given.
            prices: the prices that can be charged, at least 2, the lowest first; the grid if not given.
            grid: how many prices there are, equally far apart, at least 2.
            lowest: the lowest of them, any number.
            highest: the highest of them, more than `lowest`.
            quality: of every seller's good; any number.
            outside: what buying nothing is worth to buyers; any number.
            mu: how little buyers are alike, positive; see `LogitDemand`.
            demand: in place of `outside` and `mu`, a CSV file (a dict) with these two columns and one row; or a table
                of shares by prices and by who is shown, which brings its prices along (see `games.demand_tables`).
            display: what the platform decides: the highest price that is shown ("threshold"), or who is ("subset").
            anonymous: whether it sees the prices sorted, without names.
            fee: the part of a price that goes to the platform, in [0, 1).
            revenue_weight: weight of that income beside the buyers' surplus, in [0, 1].
            profit_floor: what every seller has to earn at least, in expectation, or it would leave; any number.
            status_quo: the rule that a design is compared with: "none" (everybody is shown), "lowest" (only the lowest
                price of the grid), "pdp" (only the cheapest), "block-equal" (everybody, unless all charge the same), or
                a number: a cap on prices, positive.

        Raises:
            InputError: a number is out of range, or a cost lies on the price grid.
        """
        rows = sellers_of(sellers, costs, prior, quality)
        scalars = {"outside": outside, "mu": mu}
        self.demand: LogitDemand | TableDemand
        if demand is None or set(demand) == set(scalars):
            scalars = scalars if demand is None else {name: float(own) for name, own in demand.items()}
            self.demand = LogitDemand(tuple(own.quality for own in rows), scalars["outside"], scalars["mu"])
            self.prices = _grid(prices, grid, lowest, highest)
        else:
            self.demand = table_demand(demand, [own.name for own in rows])
            self.prices = _grid(self.demand.grid.tolist(), grid, lowest, highest)
        self.costs = tuple(own.costs for own in rows)
        n, k = len(rows), len(self.prices)
        require(0 <= fee < 1, "fee must lie between 0 and 1, and be less than 1", fee)
        require(0 <= revenue_weight <= 1, "revenue_weight must lie between 0 and 1", revenue_weight)
        if revenue_weight and not fee:
            raise InputError("revenue_weight weighs the income from a fee; give a fee too, such as fee=0.1.")
        self.fee, self.revenue_weight = fee, revenue_weight
        if revenue_weight:
            whole = revenue_weight == 1
            self.objective = (
                "the platform's income" if whole else "the buyers' surplus and the platform's income, weighed"
            )
        self._refuse_ties()
        self.types = TypeDistribution.independent([own.weights for own in rows])
        # A state of knowledge has a name where it is one of several.
        self.knows = tuple(Discrete(own.costs, "cost") if len(own.costs) > 1 else NOBODY for own in rows)
        labels = _labels(self.prices)
        self.acts = (Discrete(labels, "price"),) * n
        self.shown: Display = displays(n, k, display, anonymous)
        self.sees = (Discrete([[labels[p] for p in profile] for profile in self.shown.profiles], "prices"),)
        self._word = "show up to" if display == "threshold" else "show"
        self.leader_space = Discrete(labels if display == "threshold" else _subsets(n, anonymous), self._word)
        self.names = tuple(own.name for own in rows)
        self.profit_floor = profit_floor
        if profit_floor is not None:
            self.at_least = tuple(f"{label}'s payoff={profit_floor}" for label in self.player_labels()[1:])
        self.written_as(prior=None if prior is None else probabilities(prior, "the prior").written())
        self._fill_in()
        fixed_rule(self, status_quo)  # refuses what is none

    def _refuse_ties(self) -> None:
        """Refuse a seller that would not care whether it sells at some price.

        Raises:
            InputError: there is one.
        """
        for price, cost in itertools.product(self.prices, set(itertools.chain(*self.costs))):
            if abs((1 - self.fee) * price - cost) < 1e-9 * max(1.0, abs(cost)):
                kept = f" less the fee of {self.fee:g}" if self.fee else ""
                raise InputError(
                    f"a cost of {cost:g} lies on the price grid (price {price:g}{kept}): a seller that charges it "
                    "earns nothing whether it is shown or not, and such ties decide what sellers learn; move the cost "
                    "or the grid a little."
                )

    def _fill_in(self) -> None:
        """What every display at every price profile comes to: shares, the platform's payoff, its income."""
        n = len(self.costs)
        profiles = np.indices((len(self.prices),) * n).reshape(n, -1).T
        prices = self.prices[profiles][:, None, :]  # [profiles, 1, n]
        shares, surplus = self.demand.of(np.broadcast_to(prices, self.shown.by_action.shape), self.shown.by_action)
        self.shares, self.surplus = shares, surplus  # [profiles, decisions, n] and [profiles, decisions]
        self.income = self.fee * (shares * prices).sum(axis=-1)
        self.aims = (1 - self.revenue_weight) * surplus + self.revenue_weight * self.income
        self.margins = tuple(
            (1 - self.fee) * self.prices - np.asarray(own)[:, None] for own in self.costs
        )  # [costs, prices] each
        self._units = Units((0.0,) * (n + 1), (1.0,) * (n + 1))
        self.leader_payoff_range = float(self.aims.min()), float(self.aims.max())
        ranges = []
        for i, margins in enumerate(self.margins):
            profits = shares[None, :, :, i] * margins[:, profiles[:, i], None]
            ranges.append((min(0.0, float(profits.min())), max(0.0, float(profits.max()))))
        self.follower_payoff_ranges = tuple(ranges)

    # What is played.

    def reset(self, types: Int[Array, "n"], key: Key[Array, ""]) -> _State:
        del key
        return _State(jnp.int32(0), types, jnp.zeros_like(types))

    def observe(self, state: _State) -> Turn:
        return Turn(
            leader_obs=jnp.asarray(self.shown.rows)[self.profile_index(state.prices)][None],
            leader_acts=state.time == 1,
            follower_obs=state.types,
            followers_act=jnp.full(self.n_followers, state.time == 0),
            follower_mask=jnp.ones((self.n_followers, len(self.prices)), bool),
        )

    def leader_mask(self, obs: Int[Array, "1"]) -> Array:
        return jnp.asarray(self.shown.possible)[obs[0]]

    def step(
        self, state: _State, action: Int[Array, ""], follower_actions: Int[Array, "n"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        del key
        prices = jnp.where(state.time == 0, follower_actions, state.prices)
        at, over = (self.profile_index(prices), action), state.time == 1
        margins = jnp.stack(
            [jnp.asarray(m, float)[t, p] for m, t, p in zip(self.margins, state.types, prices, strict=True)]
        )
        leader, followers, money = self._units.counted(
            jnp.asarray(self.aims, float)[at],
            jnp.asarray(self.shares, float)[at] * margins,
            jnp.asarray(self.income, float)[at] if self.fee else None,
        )
        after = _State(state.time + 1, state.types, prices)
        return after, jax.tree.map(lambda part: jnp.where(over, part, 0), Rewards(leader, followers, money))

    def profile_index(self, prices: Int[Array, "n"]) -> Int[Array, ""]:
        """The number of a price profile, the last seller's price varying fastest."""
        index = jnp.int32(0)
        for i in range(self.n_followers):
            index = index * len(self.prices) + prices[i]
        return index

    def rule_named(self, name: str) -> np.ndarray | None:
        if name == DYNAMIC:
            raise InputError(
                f"{name} remembers whom it showed, so it is no rule by the current prices; 'firstmover report RUN "
                "--economics DIR' plays it beside the others."
            )
        if name in FIXED:
            return fixed_rule(self, name)
        try:
            cap = float(name)
        except ValueError:
            return None
        return fixed_rule(self, cap)

    @property
    def max_leader_decisions(self) -> int:
        return 1

    def in_standard_units(self) -> Game:
        ranges = (self.leader_payoff_range, *self.follower_payoff_ranges)
        units = Units(tuple(low for low, _ in ranges), tuple(high - low or 1.0 for low, high in ranges))
        scaled = [(0.0, (high - low) / scale) for (low, high), scale in zip(ranges, units.scales, strict=True)]
        return self._changed(
            _units=units,
            leader_payoff_range=scaled[0],
            follower_payoff_ranges=tuple(scaled[1:]),
            payoff_units=units,
            stakes=(1.0,) * self.n_followers,
        )

    # What is said about it.

    def entry(self, observation: Sequence[int], action: np.ndarray) -> Parsed:
        told = super().entry(observation, action)
        nobody = not self.shown.shows_anybody[int(observation[0]), int(action)]
        return told | {"do": {self._word: None}} if nobody and self.shown.threshold else told

    def decision(self, when: Parsed, do: Parsed) -> np.ndarray:
        row = self.sees[0].read(when)
        if self.shown.threshold and set(do) == {self._word} and do[self._word] is None:
            if self.shown.shows_anybody[row, 0]:
                raise InputError(f"a seller that charges {self.acts[0].labels[0]}, the lowest price, is always shown.")
            return np.asarray(0, np.int32)
        return np.asarray(self.shown.canonical[row, int(self.leader_space.read(do))], np.int32)

    def sentence(self, entry: Parsed) -> str:
        prices = " and ".join(f"{price:g}" for price in entry["when"]["prices"])
        what = entry["do"][self._word]
        if what is None or what == []:
            return f"at prices {prices}: show nobody"
        if self.shown.threshold:
            return f"at prices {prices}: show who charges at most {what:g}"
        whom = " and ".join(map(str, what))
        return f"at prices {prices}: show {'number ' if self.shown.anonymous else 'seller '}{whom}"

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        cost = f"{self.costs[follower][type_]:g}"
        return f"seller {self.names[follower]} with cost {cost} charges {self.acts[follower].mixed(probabilities)}"

    def player_labels(self) -> list[str]:
        return ["platform", *(f"seller {name}" for name in self.names)]

    def type_labels(self, follower: int) -> list[str]:
        return [f"cost {cost:g}" for cost in self.costs[follower]]


def _grid(prices: Sequence[float] | None, grid: int, lowest: float, highest: float) -> np.ndarray:
    """The prices, ascending.

    Raises:
        InputError: there are fewer than two or more than 40, or they do not ascend.
    """
    if prices is None:
        require(2 <= grid <= 40, "grid must be from 2 to 40 prices", grid)
        if not -1e6 < lowest < highest < 1e6:
            raise InputError(f"lowest must be less than highest; got {lowest:g} and {highest:g}.")
        return np.linspace(lowest, highest, grid)
    ascending = np.asarray(prices, np.float64)
    if not 2 <= len(ascending) <= 40 or not np.all(np.isfinite(ascending)) or not np.all(np.diff(ascending) > 1e-6):
        raise InputError(f"prices must be from 2 to 40 different numbers, the lowest first; got {list(prices)}.")
    return ascending


def _labels(prices: np.ndarray) -> list[float]:
    """The prices with as few digits, at least two, as tell each from its neighbours by a tenth of their distance."""
    digits = next(d for d in range(2, 17) if np.all(np.abs(np.round(prices, d) - prices) < np.diff(prices).min() / 10))
    return np.round(prices, digits).tolist()


def _subsets(n: int, anonymous: bool) -> list[list[int]]:
    """Who is shown, in the order of the bits of a decision: places from 1, or sellers from 0."""
    first = int(anonymous)
    return [[first + i for i in range(n) if mask >> i & 1] for mask in range(2**n)]
