"""Bullets for sale: two shooting games, and one bullet at a time that one player may sell to the other.

Players: a leader and a follower; `leads` says which of them sells. Each has a screen of its own (`shooting`).
What happens: there are `steps` decisions, and at `trades` random moments among them the seller finds a bullet. The two
may trade it, for one decision; who has it then plays a wave on its screen, `wave` decisions. Waves do not overlap, and
all arrangements of the moments are equally likely. The column in which a wave's first target enters is drawn anew for
every trade, and the follower sees it before it trades. Between waves nothing happens.
Payoffs: the buyer is paid what it hits, less the prices. The seller is paid the prices, and `own` times what it hits.
Where the seller leads, it posts a price for each trade, and the buyer takes it or leaves it. Where the buyer leads, it
names for each trade the most that it pays; the seller asks for one of `prices`, and sells if that is not more, or
keeps the bullet.
Information: the leader knows which trade it is and nothing else, and has said beforehand what it does at each. The
follower sees its screen. The leader's ship is steered by the best play of a wave.
Rule: `{"when": {"trade": 2}, "do": {"price": 0.7}}`, trades from 0 on; the most to be paid where the buyer leads.
Known optimum: `optimum`, at any size. If every shot can hit a target worth 1, a seller that leads sells all bullets at
1, and a buyer that leads buys all at `own`, ties for the leader.

After the domain of Gerstgrasser and Parkes, "Oracles & Followers" (ICML 2023): there two arcade games on pixels, here
two small ones that run in JAX, and have exact answers.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.catalogue import Parameters
from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError, require
from firstmover.games.base import Game, Rewards, Turn
from firstmover.games.shooting import MOVES, Screen
from firstmover.games.units import Units, spread
from firstmover.json_types import Parsed
from firstmover.spaces import Discrete

Leads = Literal["seller", "buyer"]
# What goes on.
_IDLE, _OFFER, _FOLLOWER, _LEADER = range(4)


class _State(NamedTuple):
    """Where play stands; what does not matter is 0.

    Attributes:
        time: decisions made.
        trade: trades that have begun.
        phase: what goes on.
        age: of the wave.
        ship, bullet: of the screen that a wave is played on.
        first: column in which its first target enters, or will enter.
    """

    time: Int[Array, ""]
    trade: Int[Array, ""]
    phase: Int[Array, ""]
    age: Int[Array, ""]
    ship: Int[Array, ""]
    bullet: Int[Array, ""]
    first: Int[Array, ""]


class BulletTrade(Game):
    """Two shooting games whose players trade bullets at prices that one of them has announced.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import BulletTrade
        >>> round(solve(BulletTrade(points=(1.0, 1.0, 1.0), leads="buyer")).value, 6)  # two bullets at 0.1 each
        1.8
    """

    name = "bullet-trade"
    followers_act = "every step"
    has_chance = True
    usual_followers = "best-response"
    # Few prices, and a dear reply to each rule: a plan of all that the follower sees.
    usual_leader_parameters: ClassVar[Parameters] = {"episodes": 16, "updates": 30, "restarts": 1}

    def __init__(
        self,
        leads: Leads = "seller",
        points: tuple[float, ...] = (1.0, 0.6, 0.3),
        rows: int = 2,
        wave: int = 3,
        trades: int = 2,
        steps: int = 9,
        prices: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
        own: float = 0.1,
    ):
        """Two screens, and what may be traded between them.

        Args:
            leads: who announces prices, "seller" or "buyer".
            points: what a target is worth in each column of the screens, at least 0; at least two columns.
            rows: rows of the screens above the ships, at least 1.
            wave: decisions in a wave, at least 1.
            trades: number of trades, at least 1.
            steps: number of decisions, at least trades * (1 + wave).
            prices: the prices that can be named, at least 0 and rising.
            own: what a point of its own is worth to the seller, at least 0.

        Raises:
            InputError: a number is out of range, or there are too few decisions for all waves.
        """
        if leads not in ("seller", "buyer"):
            raise InputError(f"leads must be seller or buyer; got {leads!r}.")
        self.leads, self.own = leads, float(own)
        self.points, self.prices = np.array(points, np.float64), np.array(prices, np.float64)
        fits = self.points.size >= 2 and bool(np.isfinite(self.points).all() and (self.points >= 0).all())
        require(fits, "points needs a finite number of at least 0 for each of two columns or more", list(points))
        for what, number in (("rows", rows), ("wave", wave), ("trades", trades)):
            require(number >= 1, f"{what} must be at least 1", number)
        self.trades, self.steps, self.round = trades, steps, 1 + wave
        least = trades * self.round
        require(steps >= least, f"{trades} trades with waves of {wave} need at least {least} steps", steps)
        rising = self.prices.size > 0 and bool((np.diff(self.prices, prepend=-1e-300) > 0).all())
        fits = rising and bool(np.isfinite(self.prices).all() and self.prices[0] >= 0)
        require(fits, "prices must be finite numbers of at least 0 that rise", list(prices))
        require(0 <= self.own < np.inf, "own must be a number of at least 0", own)
        self.screen = Screen(tuple(self.points.tolist()), rows, wave)
        self.horizon = steps
        self.types = TypeDistribution.independent([[1.0]])
        self.sees, self.leader_space = (Discrete(trades, "trade"),), Discrete(self.prices.tolist(), "price")
        asks = [f"asks {price:g}" for price in self.prices.tolist()]
        self.offers = ["leaves it", "buys"] if leads == "seller" else [*asks, "keeps it"]
        self.n_actions = (max(len(self.offers), len(MOVES)),)
        # Nothing to do; offers by trade and column; a loaded gun by trade, column of the ship, first target and age.
        self.n_obs = (1 + trades * self.screen.columns * (1 + self.screen.columns * wave),)
        self.written_as(points=self.points, prices=self.prices, own=self.own)
        most, dearest = float(self.points.max()), float(self.prices[-1])
        selling, buying = (0.0, trades * max(dearest, self.own * most)), (-trades * dearest, trades * most)
        self.leader_payoff_range = selling if leads == "seller" else buying
        self.follower_payoff_ranges = (buying if leads == "seller" else selling,)
        self.objective = f"the {leads}'s payoff: " + (
            "prices, and its share of what it hits itself" if leads == "seller" else "what it hits, less the prices"
        )

    @property
    def max_leader_decisions(self) -> int:
        return self.trades

    def in_standard_units(self) -> Game:
        # All are paid in one currency, and nothing is nothing.
        low, high = self.leader_payoff_range
        scale = spread(min(low, self.follower_payoff_ranges[0][0]), max(high, 0.0), "the players")
        return self._changed(
            points=self.points / scale,
            prices=self.prices / scale,
            leader_payoff_range=(low / scale, high / scale),
            follower_payoff_ranges=tuple((a / scale, b / scale) for a, b in self.follower_payoff_ranges),
            payoff_units=Units((0.0, 0.0), (scale, scale)),
        )

    # What is played.

    def reset(self, types: Int[Array, "1"], key: Key[Array, ""]) -> _State:
        del types
        return self.begun(self.waiting(), self._drawn(self.waiting(), key))

    def observe(self, state: _State) -> Turn:
        offers, steers = state.phase == _OFFER, self._steers(state)
        nothing, wait = jnp.arange(self.n_actions[0]) == 0, jnp.arange(self.n_actions[0])
        possible = jnp.where(offers, wait < len(self.offers), jnp.where(steers, wait < len(MOVES), nothing))
        return Turn(
            leader_obs=jnp.clip(state.trade - 1, 0, self.trades - 1)[None],
            leader_acts=offers,
            follower_obs=self.follower_sees(state)[None],
            followers_act=(offers | steers)[None],
            follower_mask=possible[None],
        )

    def step(
        self, state: _State, action: Int[Array, ""], follower_actions: Int[Array, "1"], key: Key[Array, ""]
    ) -> tuple[_State, Rewards]:
        following, rewards = self.stepped(state, action, follower_actions[0])
        return self.begun(following, self._drawn(following, key)), rewards

    def stepped(self, state: _State, action: Int[Array, ""], acts: Int[Array, ""]) -> tuple[_State, Rewards]:
        """The state before chance has said whether a round begins now, and the payments."""
        offers = state.phase == _OFFER
        sold, price = self._bargain(action, acts)
        has_it = jnp.where(sold == (self.leads == "seller"), _FOLLOWER, _LEADER)
        # In a wave: the follower steers, or the best play does.
        best = jnp.asarray(self.screen.best_shots.action)[state.age, state.ship, state.first]
        at = state.age, state.ship, state.bullet, state.first, jnp.where(state.phase == _FOLLOWER, acts, best)
        ship, bullet, hit = (jnp.asarray(part)[at] for part in self.screen.moves)
        waves = (state.phase == _FOLLOWER) | (state.phase == _LEADER)
        points = jnp.where(waves & (hit >= 0), jnp.asarray(self.points, float)[hit], 0.0)
        goes_on = waves & (state.age + 1 < self.screen.wave)
        zero = jnp.int32(0)
        following = _State(
            time=jnp.minimum(state.time + 1, self.steps),
            trade=state.trade,
            phase=jnp.where(offers, has_it, jnp.where(goes_on, state.phase, _IDLE)),
            age=jnp.where(goes_on, state.age + 1, zero),
            ship=jnp.where(offers, self.screen.middle, jnp.where(goes_on, ship, zero)),
            bullet=jnp.where(offers, self.screen.loaded, jnp.where(goes_on, bullet, zero)),
            first=jnp.where(offers | goes_on, state.first, zero),
        )
        money = jnp.where(offers & sold, price, 0.0)
        leads = self.leads == "seller"
        shares = (self.own, 1.0) if leads else (1.0, self.own)
        paid = money if leads else -money
        leader = paid + jnp.where(state.phase == _LEADER, shares[0] * points, 0.0)
        follower = -paid + jnp.where(state.phase == _FOLLOWER, shares[1] * points, 0.0)
        return following, Rewards(leader, follower[None], paid)

    def _bargain(self, action: Int[Array, ""], acts: Int[Array, ""]) -> tuple[Bool[Array, ""], Float[Array, ""]]:
        """Whether the bullet is sold, and at which price."""
        prices = jnp.asarray(self.prices, float)
        if self.leads == "seller":
            return acts == 1, prices[action]
        return acts <= action, prices[jnp.minimum(acts, len(self.prices) - 1)]

    # Chance.

    def waiting(self) -> _State:
        """The start, before chance has said whether a round begins at once."""
        return _State(*[jnp.int32(0)] * 7)

    def branches(self, state: _State) -> tuple[Int[Array, "K"], Float[Array, "K"]]:
        """What chance may say in this state, and how likely it is: that nothing begins (-1), or a wave's column."""
        left = self.trades - state.trade
        slots = left + self.steps - state.time - left * self.round
        share = left.astype(float) / jnp.maximum(slots, 1)
        begins = jnp.where((state.phase == _IDLE) & (left > 0), share, 0.0)
        columns = self.screen.columns
        said = jnp.arange(-1, columns, dtype=jnp.int32)
        return said, jnp.where(said < 0, 1 - begins, begins / columns)

    def begun(self, state: _State, said: Int[Array, ""]) -> _State:
        """The state after chance has said this."""
        begins = said >= 0
        return state._replace(
            trade=state.trade + begins,
            phase=jnp.where(begins, _OFFER, state.phase),
            first=jnp.where(begins, said, state.first),
        )

    def _drawn(self, state: _State, key: Key[Array, ""]) -> Int[Array, ""]:
        said, likely = self.branches(state)
        return said[jnp.searchsorted(jnp.cumsum(likely)[:-1], jax.random.uniform(key), side="right")]

    # What the follower sees.

    def _steers(self, state: _State) -> Bool[Array, ""]:
        return (state.phase == _FOLLOWER) & (state.bullet == self.screen.loaded)

    def follower_sees(self, state: _State) -> Int[Array, ""]:
        """The number of the follower's observation."""
        columns, wave, trade = self.screen.columns, self.screen.wave, state.trade - 1
        offer = 1 + trade * columns + state.first
        loaded = ((trade * columns + state.ship) * columns + state.first) * wave + state.age
        steering = 1 + self.trades * columns + loaded
        return jnp.where(state.phase == _OFFER, offer, jnp.where(self._steers(state), steering, 0)).astype(jnp.int32)

    def situation(self, observation: int) -> tuple[int, int, int, int] | None:
        """Trade, column of the first target, age of the wave (-1: an offer) and column of the ship; None: nothing."""
        columns, wave = self.screen.columns, self.screen.wave
        if not observation:
            return None
        if observation <= self.trades * columns:
            trade, first = divmod(observation - 1, columns)
            return trade, first, -1, self.screen.middle
        rest, age = divmod(observation - 1 - self.trades * columns, wave)
        rest, first = divmod(rest, columns)
        trade, ship = divmod(rest, columns)
        return trade, first, age, ship

    def follower_images(
        self, follower: int
    ) -> tuple[Float[np.ndarray, "images planes rows columns"], Int[np.ndarray, "observations"]]:
        """The screen, and a plane for each trade that is full while its bullet is on offer; waves look alike."""
        del follower
        seen: dict[tuple[int, ...], int] = {}
        images: list[np.ndarray] = []
        which: list[int] = []
        for observation in range(self.n_obs[0]):
            situation = self.situation(observation)
            trade, first, age, ship = situation or (0, 0, -2, 0)
            shown = (trade if age == -1 else 0, first, age, ship)
            if shown not in seen:
                seen[shown] = len(images)
                offers = np.zeros((self.trades, self.screen.rows + 1, self.screen.columns))
                offers[trade] = age == -1
                bullet = self.screen.loaded if age >= 0 else self.screen.gone
                screen = self.screen.planes(max(age, 0), ship, bullet, first)
                images.append(np.concatenate([screen if situation else np.zeros_like(screen), offers]))
            which.append(seen[shown])
        return np.array(images), np.array(which, np.int32)

    # What is said about it.

    def sentence(self, entry: Parsed) -> str:
        when = entry["when"]
        at = f"at trade {when['trade']}" if "trade" in when else "at every trade"
        price = entry["do"]["price"]
        return f"{at}, the price is {price:g}" if self.leads == "seller" else f"{at}, pay up to {price:g}"

    def told_observations(self, follower: int) -> Sequence[int]:
        """The offers: how the ship is steered is not put into words."""
        return range(1, 1 + self.trades * self.screen.columns)

    def play_sentence(self, follower: int, type_: int, probabilities: np.ndarray) -> str:
        """What the follower does in one of its observations; it has no types, and `type_` is the observation."""
        who = "the buyer" if self.leads == "seller" else "the seller"
        where = self.situation(type_)
        if where is None:
            return f"{who} waits while there is nothing to do"
        trade, first, age, ship = where
        names = self.offers if age < 0 else MOVES
        does = [f"{name} ({p:.0%})" for name, p in zip(names, probabilities, strict=False) if p >= 0.005]
        at = f"at trade {trade}, a target entering column {first}"
        return f"{at}{'' if age < 0 else f' {age} steps ago, its ship in column {ship}'}: {who} {' or '.join(does)}"
